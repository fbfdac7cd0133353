//! What a target promises to those who depend on it: a share of good runs over a time, and how fast a call is.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The bounds of `api_latency_seconds` in seconds. An objective of latency is one of them, as what lies between two is not
/// counted.
pub const CALL_BOUNDS: [f64; 10] = [0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 120.0];

/// Those of them that the lean profile shows: most calls are between the first and the last, and objectives are round.
pub const LEAN_CALL_BOUNDS: [f64; 5] = [0.1, 0.5, 1.0, 2.0, 5.0];

/// Parts of an objective in one whole.
const WHOLE: u32 = 1_000_000;

/// The objective of one target. It is no part of the target: a target with another objective is probed in the same way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slo {
    /// The name of the target.
    pub target: Arc<str>,
    /// The share of runs that must be good.
    pub objective: Objective,
    /// Over how long.
    pub window: Duration,
    /// How fast a call must be, for the same share of the calls; one of [`CALL_BOUNDS`].
    pub latency: Option<Duration>,
}

/// A share of what must be good, from 50 % to less than 100 %, exact to a ten-thousandth of a percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Objective {
    /// Millionths that must be good.
    parts: u32,
}

impl Objective {
    /// The share that a number of percent such as `99.5` says; `None` where it says none.
    #[must_use]
    pub fn parse(percent: &str) -> Option<Self> {
        let (whole, fraction) = percent.split_once('.').unwrap_or((percent, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || fraction.len() > 4 {
            return None;
        }
        let parts = whole.parse::<u32>().ok()?.checked_mul(WHOLE / 100)?;
        let parts = parts.checked_add(format!("{fraction:0<4}").parse().ok()?)?;
        (WHOLE / 2..WHOLE).contains(&parts).then_some(Self { parts })
    }

    /// What must be good, from 0.5 to less than 1.
    #[must_use]
    pub fn ratio(self) -> f64 {
        f64::from(self.parts) / f64::from(WHOLE)
    }

    /// What may be bad: exactly what [`Self::ratio`] leaves.
    #[must_use]
    pub fn budget(self) -> f64 {
        f64::from(WHOLE - self.parts) / f64::from(WHOLE)
    }
}

/// In percent, such as `99.5`.
impl fmt::Display for Objective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (self.parts / (WHOLE / 100), self.parts % (WHOLE / 100));
        if fraction == 0 {
            return write!(f, "{whole}");
        }
        let fraction = format!("{fraction:04}");
        write!(f, "{whole}.{}", fraction.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_objective_is_read_exactly_and_shown_as_it_was() {
        for (text, ratio, budget) in
            [("99.5", 0.995, 0.005), ("50", 0.5, 0.5), ("99.9999", 0.999_999, 0.000_001), ("95", 0.95, 0.05)]
        {
            let objective = Objective::parse(text).unwrap();
            assert_eq!((objective.ratio(), objective.budget()), (ratio, budget), "{text}");
            assert_eq!(objective.to_string(), text);
        }
        assert_eq!(Objective::parse("99.50").unwrap().to_string(), "99.5");
    }

    #[test]
    fn what_is_no_objective_is_refused() {
        for text in [
            "",
            "100",
            "49.9999",
            "0.995",
            "99.99999",
            "-99",
            "99.",
            ".5",
            "99,5",
            "99.5%",
            "1e2",
            "99999999999",
        ] {
            assert_eq!(Objective::parse(text), None, "{text}");
        }
    }
}
