//! The part of a link behind the question mark.

use std::fmt::Write as _;

/// Names and values, escaped.
#[derive(Debug, Default)]
pub(super) struct Query {
    pub(super) text: String,
}

impl Query {
    pub(super) fn add(&mut self, name: &str, value: &str) {
        if !self.text.is_empty() {
            self.text.push('&');
        }
        self.escaped(name);
        self.text.push('=');
        self.escaped(value);
    }

    fn escaped(&mut self, text: &str) {
        for byte in text.bytes() {
            // Writing to a String cannot fail.
            let _ = match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'/' => {
                    write!(self.text, "{}", char::from(byte))
                }
                _ => write!(self.text, "%{byte:02X}"),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_added_is_escaped() {
        let mut query = Query::default();
        query.add("lang", "zh");
        query.add("q&a", "a b/\"中");
        assert_eq!(query.text, "lang=zh&q%26a=a%20b/%22%E4%B8%AD");
    }
}
