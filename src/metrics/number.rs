//! Numbers as both expositions write them.
//!
//! Promises: the shortest digits that read back as the same number; `+Inf`, `-Inf` and `NaN` as Prometheus has them.

use std::io::Write as _;

/// Whole numbers below this are exact in an `f64`.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Appends a count.
pub(super) fn count(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        // A decimal digit always fits.
        digits[at] = b'0' + u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// Appends a value.
pub(super) fn value(out: &mut Vec<u8>, number: f64) {
    if number.is_nan() {
        out.extend_from_slice(b"NaN");
    } else if number.is_infinite() {
        out.extend_from_slice(if number > 0.0 { b"+Inf" } else { b"-Inf" });
    } else if (0.0..EXACT).contains(&number) && number.fract() == 0.0 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is whole, not negative and below 2^53"
        )]
        count(out, number as u64);
    } else {
        // Writing to a Vec cannot fail.
        let _ = write!(out, "{number}");
    }
}

/// A bucket's bound as the `le` label has it: always with a fraction, so that `1.0` is one label value everywhere.
pub(super) fn bound(number: f64) -> String {
    if number.is_infinite() { "+Inf".to_owned() } else { format!("{number:?}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(number: f64) -> String {
        let mut out = Vec::new();
        value(&mut out, number);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn values_are_written_as_prometheus_reads_them() {
        for (number, expected) in [
            (0.0, "0"),
            (1.0, "1"),
            (-1.0, "-1"),
            (0.25, "0.25"),
            (1_790_000_000.5, "1790000000.5"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(text(number), expected);
        }
    }

    #[test]
    fn bounds_are_always_in_float_form() {
        for (number, expected) in
            [(1.0, "1.0"), (0.0005, "0.0005"), (120.0, "120.0"), (f64::INFINITY, "+Inf")]
        {
            assert_eq!(bound(number), expected);
        }
    }

    proptest! {
        #[test]
        fn counts_are_written_exactly(number: u64) {
            let mut out = Vec::new();
            count(&mut out, number);
            prop_assert_eq!(String::from_utf8(out).unwrap(), number.to_string());
        }

        #[test]
        fn values_read_back_the_same(number in proptest::num::f64::NORMAL | proptest::num::f64::ZERO) {
            prop_assert!(text(number).parse::<f64>().unwrap() == number);
        }
    }
}
