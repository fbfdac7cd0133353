//! Money: US dollars as whole millionths of a millionth, so that sums of many small prices stay exact.

use std::fmt;
use std::iter::Sum;

/// Millionths of a millionth in a dollar.
const SCALE: u64 = 1_000_000_000_000;

/// Digits behind the point that are kept.
const DIGITS: usize = 12;

/// An amount of US dollars; additions and multiplications stop at the largest amount, some 18 million dollars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Usd(u64);

/// Why a text is not an amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an amount of US dollars: write it like 0.10 or 5, from 0 to a million")]
pub struct UsdError(String);

impl Usd {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// The price of one token where a million tokens cost so many thousandths of a dollar.
    #[must_use]
    pub const fn per_token(mills_per_million_tokens: u32) -> Self {
        Self(mills_per_million_tokens as u64 * 1000)
    }

    /// The millionth part, as of a price for a million tokens.
    #[must_use]
    pub const fn millionth(self) -> Self {
        Self(self.0 / 1_000_000)
    }

    /// Reads a plain decimal number such as `0.10`.
    ///
    /// # Errors
    /// If it is not one, is negative, is beyond a million, or has more than twelve digits behind the point.
    pub fn parse(text: &str) -> Result<Self, UsdError> {
        let fail = || UsdError(text.to_owned());
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(part) || part.len() > DIGITS {
            return Err(fail());
        }
        let whole: u64 = whole.parse().map_err(|_| fail())?;
        let part: u64 = format!("{part:0<DIGITS$}").parse().map_err(|_| fail())?;
        if whole > 1_000_000 {
            return Err(fail());
        }
        Ok(Self(whole * SCALE + part))
    }

    /// So many times the amount.
    #[must_use]
    pub const fn times(self, count: u64) -> Self {
        Self(self.0.saturating_mul(count))
    }

    /// Both amounts together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// What is left of it; never less than nothing.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// In dollars, for where a number leaves the program.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "what leaves the program need not be exact beyond 53 bits"
    )]
    pub fn dollars(self) -> f64 {
        self.0 as f64 / SCALE as f64
    }
}

impl Sum for Usd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Self::plus)
    }
}

impl fmt::Display for Usd {
    /// The exact amount, with two digits behind the point at least.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = format!("{:0DIGITS$}", self.0 % SCALE);
        let kept = part.trim_end_matches('0').len().max(2);
        write!(f, "{}.{}", self.0 / SCALE, part.get(..kept).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_are_read_exactly_and_shown_again() {
        for (text, shown) in [
            ("0", "0.00"),
            ("0.10", "0.10"),
            ("5", "5.00"),
            ("0.000015", "0.000015"),
            ("1000000", "1000000.00"),
            ("0.000000000001", "0.000000000001"),
        ] {
            assert_eq!(Usd::parse(text).unwrap().to_string(), shown, "{text}");
        }
        for text in ["", ".5", "-1", "1e3", "NaN", "1,5", "1.0000000000001", "1000001", " 1", "$1"] {
            assert!(Usd::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_token_costs_the_millionth_of_what_a_million_cost() {
        assert_eq!(Usd::per_token(5_000), Usd::parse("5").unwrap().millionth());
        let call = Usd::per_token(1_000).times(10).plus(Usd::per_token(5_000));
        assert_eq!(call.to_string(), "0.000015");
        assert!((call.dollars() - 0.000_015).abs() < 1e-15);
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(amount in 0..=1_000_000 * SCALE) {
            prop_assert_eq!(Usd::parse(&Usd(amount).to_string()), Ok(Usd(amount)));
        }

        #[test]
        fn sums_never_go_below_nothing_or_around(a: u64, b: u64) {
            let (a, b) = (Usd(a), Usd(b));
            prop_assert!(a.plus(b) >= a && a.minus(b) <= a);
        }
    }
}
