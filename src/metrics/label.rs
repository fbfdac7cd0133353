//! Label blocks: `name="value",…` as it stands between the braces, escaped.
//!
//! Promises: whatever a value holds, the block reads back as exactly these labels.

use std::borrow::Cow;

/// Appends a value with backslash, double quote and newline escaped.
fn escape(out: &mut String, value: &str) {
    for part in value.split_inclusive(['\\', '"', '\n']) {
        let mut plain = part.chars();
        match plain.next_back() {
            Some('\\') => out.extend([plain.as_str(), "\\\\"]),
            Some('"') => out.extend([plain.as_str(), "\\\""]),
            Some('\n') => out.extend([plain.as_str(), "\\n"]),
            _ => out.push_str(part),
        }
    }
}

/// The block of some labels and their values.
pub(super) fn block(names: &[&str], values: &[&str]) -> String {
    let length = names.iter().zip(values).map(|(name, value)| name.len() + value.len() + 4).sum();
    let mut out = String::with_capacity(length);
    append(&mut out, names, values);
    out
}

/// Appends such a block to an empty text.
pub(super) fn append(out: &mut String, names: &[&str], values: &[&str]) {
    debug_assert!(values.len() <= names.len(), "more values than labels");
    for (name, value) in names.iter().zip(values) {
        if !out.is_empty() {
            out.push(',');
        }
        out.push_str(name);
        out.push_str("=\"");
        escape(out, value);
        out.push('"');
    }
}

/// Two blocks as one; either may be empty.
pub(super) fn joined<'a>(first: &str, second: &'a str) -> Cow<'a, str> {
    match (first, second) {
        ("", _) => Cow::Borrowed(second),
        (_, "") => Cow::Owned(first.to_owned()),
        _ => Cow::Owned([first, ",", second].concat()),
    }
}

/// A help text for its line: backslash and newline are escaped in both expositions, the double quote in OpenMetrics.
pub(super) fn help(text: &str, quotes: bool) -> String {
    let text = text.replace('\\', "\\\\").replace('\n', "\\n");
    if quotes { text.replace('"', "\\\"") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn label_values_are_escaped() {
        for (value, expected) in [
            ("plain", r#"a="plain""#),
            ("", r#"a="""#),
            (r"back\slash", r#"a="back\\slash""#),
            (r#"quo"te"#, r#"a="quo\"te""#),
            ("two\nlines", r#"a="two\nlines""#),
            ("\\\"\n", r#"a="\\\"\n""#),
            ("ümlaut, {brace}=", r#"a="ümlaut, {brace}=""#),
        ] {
            assert_eq!(block(&["a"], &[value]), expected);
        }
        assert_eq!(block(&["a", "b"], &["1", "2"]), r#"a="1",b="2""#);
        assert_eq!(block(&[], &[]), "");
    }

    #[test]
    fn help_is_escaped_for_its_format() {
        assert_eq!(help("a \"b\" \\ \n", false), r#"a "b" \\ \n"#);
        assert_eq!(help("a \"b\" \\ \n", true), r#"a \"b\" \\ \n"#);
    }
}
