//! How providers write down how long it takes until a limit is full again.

/// As Go prints a duration: `0s`, `60ms`, `7.66s`, `6m0s`, `1h0m2.5s`.
pub(super) fn go(seconds: f64) -> String {
    let milliseconds = (seconds * 1000.0).round();
    if milliseconds <= 0.0 {
        return "0s".to_owned();
    }
    if milliseconds < 1000.0 {
        return format!("{milliseconds}ms");
    }
    let (minutes, rest) = ((milliseconds / 60_000.0).floor(), milliseconds % 60_000.0 / 1000.0);
    let (hours, minutes_left) = ((minutes / 60.0).floor(), minutes % 60.0);
    match (hours > 0.0, minutes > 0.0) {
        (true, _) => format!("{hours}h{minutes_left}m{rest}s"),
        (false, true) => format!("{minutes}m{rest}s"),
        (false, false) => format!("{rest}s"),
    }
}

/// Whole seconds.
pub(super) fn whole(seconds: f64) -> String {
    seconds.ceil().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_go_writes_them() {
        for (seconds, text) in [
            (0.0, "0s"),
            (0.06, "60ms"),
            (1.0, "1s"),
            (7.66, "7.66s"),
            (179.56, "2m59.56s"),
            (360.0, "6m0s"),
            (3602.5, "1h0m2.5s"),
        ] {
            assert_eq!(go(seconds), text);
        }
        assert_eq!((whole(0.06), whole(7.0)), ("1".to_owned(), "7".to_owned()));
    }
}
