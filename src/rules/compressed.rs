//! Rules on a clock that runs faster, to see in seconds what takes hours.
//!
//! Promises: only times of rules change, and the text stays valid; names such as `ratio_rate1h` keep the time they were made
//! for.

use std::time::Duration;

use crate::units::{PromDuration, parse_duration};

/// The least time that a rule waits.
const LEAST: Duration = Duration::from_secs(1);

/// The shortest range: with scrapes every second, a rate still has a few samples there.
const SHORTEST_RANGE: Duration = Duration::from_secs(5);

/// Keys of a rule or group whose values are times.
const KEYS: [&str; 3] = ["for:", "keep_firing_for:", "interval:"];

/// Divides every time that rules wait or look back by `factor`: `for`, `keep_firing_for`, `interval`, ranges, steps of
/// subqueries and offsets. Waits stay at least 1s and ranges 5s long; nothing becomes longer than it was.
#[must_use]
pub fn compressed(text: &str, factor: f64) -> String {
    let lines = text.split_inclusive('\n').map(|line| {
        let content = line.trim_start().trim_start_matches("- ");
        if content.starts_with('#') {
            return line.to_owned();
        }
        match KEYS.iter().find_map(|key| content.strip_prefix(key)) {
            Some(value) => {
                let start = line.len() - value.len();
                let (key, value) = line.split_at(start);
                format!("{key}{}", first_time(value, factor))
            }
            None => offsets(&ranges(line, factor), factor),
        }
    });
    lines.collect()
}

/// A time, divided; `None` where the text is none.
fn divided(text: &str, factor: f64, least: Duration) -> Option<String> {
    let time = parse_duration(text).ok()?;
    let shorter = Duration::try_from_secs_f64(time.as_secs_f64() / factor).unwrap_or(time);
    Some(PromDuration(shorter.max(least).min(time)).to_string())
}

/// The first word of a text, divided if it is a time.
fn first_time(text: &str, factor: f64) -> String {
    let start = text.len() - text.trim_start().len();
    let (space, rest) = text.split_at(start);
    let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
    let (word, after) = rest.split_at(end);
    match divided(word, factor, LEAST) {
        Some(time) => format!("{space}{time}{after}"),
        None => text.to_owned(),
    }
}

/// Divides what stands in brackets: `[5m]`, `[30d:5m]`, `[1h:]`.
fn ranges(line: &str, factor: f64) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('[') {
        out.push_str(before);
        out.push('[');
        rest = after;
        let Some((inside, behind)) = after.split_once(']') else { break };
        let (range, step) =
            inside.split_once(':').map_or((inside, None), |(range, step)| (range, Some(step)));
        let range = divided(range.trim(), factor, SHORTEST_RANGE);
        let step = step.map(|step| divided(step.trim(), factor, LEAST).unwrap_or_default());
        if let Some(range) = range {
            out.push_str(&range);
            if let Some(step) = step {
                out.push(':');
                out.push_str(&step);
            }
            rest = behind;
            out.push(']');
        }
    }
    out + rest
}

/// Divides what stands behind `offset`.
fn offsets(line: &str, factor: f64) -> String {
    let mut parts = line.split(" offset ");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(part.len());
        let (time, after) = part.split_at(end);
        let time = divided(time, factor, LEAST).unwrap_or_else(|| time.to_owned());
        out.push_str(&format!(" offset {time}{after}"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_divided_and_nothing_else_is() {
        for (before, after) in [
            ("    for: 10m\n", "    for: 10s\n"),
            ("  - interval: 30s # often\n", "  - interval: 1s # often\n"),
            ("keep_firing_for: 1h", "keep_firing_for: 1m"),
            ("for: 0s", "for: 0s"),
            ("rate(x[5m])", "rate(x[5s])"),
            ("max_over_time(rate(x[1h])[3d:30m]) > 0.5", "max_over_time(rate(x[1m])[1h12m:30s]) > 0.5"),
            ("x[1h:]", "x[1m:]"),
            ("avg_over_time(x[1d] offset 1h) > 3", "avg_over_time(x[24m] offset 1m) > 3"),
            ("x{y=~\"[0-9]+\"}[5m]", "x{y=~\"[0-9]+\"}[5s]"),
            ("y{z=~\"[a\"}", "y{z=~\"[a\"}"),
            ("rate(x[2m])", "rate(x[5s])"),
            ("rate(x[3s])", "rate(x[3s])"),
            ("    # for: 10m\n", "    # for: 10m\n"),
            ("slo:sli_error:ratio_rate1h > 0.5", "slo:sli_error:ratio_rate1h > 0.5"),
        ] {
            assert_eq!(compressed(before, 60.0), after);
        }
    }

    #[test]
    fn a_clock_that_does_not_run_faster_changes_nothing() {
        let text = "for: 10m\nexpr: rate(x[5m] offset 1h)\n";
        assert_eq!(compressed(text, 1.0), text);
        assert_eq!(compressed(text, 0.0), text);
    }
}
