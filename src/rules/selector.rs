//! Which series the rules are about: label matchers as Prometheus has them, such as `job="api-canary"`.
//!
//! Promises: a selector can stand wherever the bundled files have theirs, be it a query, YAML or a template.

use std::fmt;
use std::str::FromStr;

use regex::Regex;

/// The selector that is written in the bundled files.
pub(super) const BUNDLED: &str = "job=\"api-canary\"";

/// What would end a query, a YAML scalar or a template that holds the selector.
const UNFIT: [&str; 7] = ["'", "`", "%", "{{", "}}", ": ", " #"];

/// Label matchers, at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector {
    text: String,
    matchers: Vec<Matcher>,
}

/// One label and what its value has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Matcher {
    pub(super) label: String,
    pub(super) operator: Operator,
    /// Without quotes and escapes.
    pub(super) value: String,
    /// As it is written.
    text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Is,
    IsNot,
    Matches,
    MatchesNot,
}

/// The operators as they are written, the longer ones first.
const OPERATORS: [(&str, Operator); 4] =
    [("=~", Operator::Matches), ("!~", Operator::MatchesNot), ("!=", Operator::IsNot), ("=", Operator::Is)];

/// Why a text is no selector.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a list of label matchers such as job=\"api-canary\": {problem}")]
pub struct SelectorError {
    text: String,
    problem: String,
}

impl Selector {
    /// What it says of the job alone.
    pub(super) fn of_jobs(&self) -> String {
        let of_jobs = self.matchers.iter().filter(|matcher| matcher.label == "job");
        let texts: Vec<_> = of_jobs.map(|matcher| matcher.text.as_str()).collect();
        if texts.is_empty() { "job=~\".+\"".to_owned() } else { texts.join(", ") }
    }

    /// Each of its matchers.
    pub(super) fn matchers(&self) -> &[Matcher] {
        &self.matchers
    }
}

impl Default for Selector {
    fn default() -> Self {
        let value = "api-canary".to_owned();
        let matcher =
            Matcher { label: "job".to_owned(), operator: Operator::Is, value, text: BUNDLED.to_owned() };
        Self { text: BUNDLED.to_owned(), matchers: vec![matcher] }
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Selector {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        read(text).map_err(|problem| SelectorError { text: text.to_owned(), problem })
    }
}

fn read(text: &str) -> Result<Selector, String> {
    let mut matchers = Vec::new();
    let mut rest = text.trim();
    loop {
        let (matcher, after) = matcher(rest)?;
        matchers.push(matcher);
        match after.trim_start() {
            "" => break,
            more => {
                rest = more
                    .strip_prefix(',')
                    .ok_or(format!("{more:?} comes where a comma should be"))?
                    .trim_start();
            }
        }
    }
    let texts: Vec<_> = matchers.iter().map(|matcher| matcher.text.as_str()).collect();
    Ok(Selector { text: texts.join(", "), matchers })
}

/// The first matcher, and what follows it.
fn matcher(text: &str) -> Result<(Matcher, &str), String> {
    let end = text.find(|c: char| c != '_' && !c.is_ascii_alphanumeric()).unwrap_or(text.len());
    let (label, rest) = text.split_at(end);
    if label.is_empty() || label.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(format!("a label is missing before {text:?}"));
    }
    if matches!(label, "__name__" | "target" | "le") {
        return Err(format!("the label {label} is what the rules themselves select by"));
    }
    let rest = rest.trim_start();
    let (operator, rest) = OPERATORS
        .iter()
        .find_map(|(sign, operator)| Some((*operator, rest.strip_prefix(sign)?.trim_start())))
        .ok_or(format!("one of = != =~ !~ is missing behind {label}"))?;
    let quoted = rest.strip_prefix('"').ok_or(format!("the value of {label} is not in double quotes"))?;
    let (value, length) = unquoted(quoted).map_err(|problem| format!("the value of {label} {problem}"))?;
    let (written, after) = quoted.split_at(length);
    if matches!(operator, Operator::Matches | Operator::MatchesNot) {
        whole(&value).map_err(|_| format!("the value of {label} is not a regular expression"))?;
    }
    let sign = OPERATORS.iter().find(|(_, known)| *known == operator).map_or("=", |(sign, _)| sign);
    let text = format!("{label}{sign}\"{written}");
    Ok((Matcher { label: label.to_owned(), operator, value, text }, after))
}

/// A value and how long it is written with the quote that ends it.
fn unquoted(text: &str) -> Result<(String, usize), String> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => {
                let unfit =
                    UNFIT.iter().find(|unfit| text.get(..at).is_some_and(|text| text.contains(**unfit)));
                return match unfit {
                    Some(unfit) => Err(format!("holds {unfit:?}, which cannot stand in a file of rules")),
                    None => Ok((value, at + 1)),
                };
            }
            '\\' => match chars.next() {
                Some((_, escaped @ ('\\' | '"'))) => value.push(escaped),
                _ => return Err("holds a single backslash: write \\\\".to_owned()),
            },
            // Of the others, YAML takes some for the end of a line.
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                return Err("holds a control character".to_owned());
            }
            c => value.push(c),
        }
    }
    Err("does not end".to_owned())
}

/// A regular expression as Prometheus takes it: of the whole value.
fn whole(expression: &str) -> Result<Regex, regex::Error> {
    Regex::new(&format!("^(?s:{expression})$"))
}

impl Matcher {
    /// A value that it selects, where one is easily thought of; `Some(None)` where the label need not be there.
    pub(super) fn sample(&self) -> Option<Sample> {
        let fits = |value: &str| match self.operator {
            Operator::Is => value == self.value,
            Operator::IsNot => value != self.value,
            Operator::Matches => whole(&self.value).is_ok_and(|regex| regex.is_match(value)),
            Operator::MatchesNot => whole(&self.value).is_ok_and(|regex| !regex.is_match(value)),
        };
        if self.operator == Operator::Is {
            return Some(if self.value.is_empty() {
                Sample::Absent
            } else {
                Sample::Value(self.value.clone())
            });
        }
        let plain = self.value.replace(".+", "x").replace(".*", "").replace('\\', "");
        let parts = plain.split('|').map(|part| part.trim_matches(['(', ')']).to_owned());
        let tries = [plain.clone(), "api-canary".to_owned(), "other".to_owned()];
        if fits("") {
            return Some(Sample::Absent);
        }
        tries.into_iter().chain(parts).find(|value| fits(value)).map(Sample::Value)
    }
}

/// What a label may be in a series that is selected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sample {
    /// Not there.
    Absent,
    /// This.
    Value(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matchers_are_read_as_prometheus_reads_them() {
        for (text, shown) in [
            ("job=\"x\"", "job=\"x\""),
            (" job = \"x\" , instance=~\"a.+\" ", "job=\"x\", instance=~\"a.+\""),
            ("job!=\"\",cluster!~\"a|b\"", "job!=\"\", cluster!~\"a|b\""),
            ("job=~\"a\\\\.b\"", "job=~\"a\\\\.b\""),
            ("job=\"a, b=c\"", "job=\"a, b=c\""),
        ] {
            assert_eq!(text.parse::<Selector>().unwrap().to_string(), shown, "{text}");
        }
        assert_eq!(BUNDLED.parse(), Ok(Selector::default()));
    }

    #[test]
    fn what_is_no_list_of_matchers_is_refused() {
        for text in [
            "",
            "job",
            "job=x",
            "job='x'",
            "job=\"x",
            "=\"x\"",
            "1job=\"x\"",
            "job==\"x\"",
            "job=\"x\" instance=\"y\"",
            "job=\"x\",",
            "{job=\"x\"}",
            "job=~\"(\"",
            "job=\"a\\d\"",
            "job=\"a\nb\"",
            "job=\"a\u{2028}b\"",
            "job=\"{{ x }}\"",
            "job=\"a: b\"",
            "job=\"100%\"",
            "target=\"x\"",
            "__name__=\"up\"",
        ] {
            assert!(text.parse::<Selector>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_series_that_is_selected_can_be_thought_of() {
        let sample = |text: &str| text.parse::<Selector>().unwrap().matchers()[0].sample();
        let value = |text: &str| Some(Sample::Value(text.to_owned()));
        assert_eq!(sample("job=\"x\""), value("x"));
        assert_eq!(sample("job=\"\""), Some(Sample::Absent));
        assert_eq!(sample("job!=\"x\""), Some(Sample::Absent));
        assert_eq!(sample("job!=\"\""), value("api-canary"));
        assert_eq!(sample("job=~\"canary-.+\""), value("canary-x"));
        assert_eq!(sample("job=~\"(a|b)\""), value("a"));
        assert_eq!(sample("job=~\"[0-9]{4}\""), None);
    }
}
