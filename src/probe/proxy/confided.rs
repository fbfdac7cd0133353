//! What a proxy was told in confidence, and leaving it out of what it says.
//!
//! Promises: all words of a proxy pass through here on their way to a detail or to evidence, and come out without
//! credentials, without control characters, and short.

use crate::target::{Credentials, Secret};

/// Shorter users and passwords are letters of any word.
const SHORTEST: usize = 4;

/// So much of the beginning of a credential at the end of a text is its beginning, not chance.
const BEGINNING: usize = 3;

const REDACTED: &str = "[redacted]";

/// What a proxy was told in confidence.
#[derive(Debug, Default)]
pub(super) struct Confided {
    /// The longest first: one may be part of another.
    words: Vec<Secret>,
}

impl Confided {
    /// What a proxy with these credentials is told; `token` is both of them as HTTP sends them.
    pub(super) fn of(credentials: Option<&Credentials>, token: Option<String>) -> Self {
        let own = credentials.into_iter().flat_map(|one| [one.user.clone(), one.password.clone()]);
        let mut words: Vec<Secret> = own.chain(token.map(Secret::new)).collect();
        words.retain(|word| word.expose().len() >= SHORTEST);
        words.sort_unstable_by_key(|word| std::cmp::Reverse(word.expose().len()));
        Self { words }
    }

    /// Bytes of the proxy as words of at most so many characters, of one line.
    pub(super) fn quote(&self, bytes: &[u8], longest: usize) -> String {
        let mut text = String::from_utf8_lossy(bytes).into_owned();
        // Before anything is cut off: a text that was cut may end in half a password. It may be cut already, where the
        // proxy went silent.
        for word in self.words.iter().map(Secret::expose) {
            if text.contains(word) {
                text = text.replace(word, REDACTED);
            }
            let beginnings = word.char_indices().map(|(at, _)| at).rev().filter(|at| *at >= BEGINNING);
            let tail = beginnings.filter_map(|at| word.get(..at)).find(|part| text.ends_with(part));
            if let Some(tail) = tail {
                text.truncate(text.len() - tail.len());
                text.push_str(REDACTED);
            }
        }
        text.trim()
            .chars()
            .take_while(|c| !matches!(c, '\r' | '\n'))
            .map(|c| if c.is_control() { '.' } else { c })
            .take(longest)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn confided(user: &str, password: &str, token: &str) -> Confided {
        let secret = |text: &str| Secret::new(text.to_owned());
        let credentials = Credentials { user: secret(user), password: secret(password) };
        Confided::of(Some(&credentials), Some(token.to_owned()))
    }

    #[test]
    fn credentials_are_left_out_before_words_are_cut() {
        let confided = confided("alice", "hunter2hunter2", "YWxpY2U6aHVudGVyMg==");
        for (said, words) in [
            ("no hunter2hunter2 for alice", "no [redacted] for [redacted]"),
            ("Basic YWxpY2U6aHVudGVyMg==", "Basic [redacted]"),
            ("HTTP/1.1 403 hunter2hunt", "HTTP/1.1 403 [redacted]"),
            ("Basic YWxpY2U", "Basic [redacted]"),
            (" one\tline\r\nand another", "one.line"),
            ("0123456789012345678901234hunter2hunter2", "0123456789012345678901234[reda"),
        ] {
            assert_eq!(confided.quote(said.as_bytes(), 30), words);
        }
        assert!(!format!("{confided:?}").contains("hunter2"));
    }

    #[test]
    fn credentials_of_a_few_letters_do_not_make_words_unreadable() {
        assert_eq!(
            confided("u", "", "dTo=").quote(b"Unauthorized user \xff", 50),
            "Unauthorized user \u{fffd}"
        );
    }
}
