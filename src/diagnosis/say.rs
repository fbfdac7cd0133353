//! What a diagnosis says beside its verdict: data, so that it can be told in every language.
//!
//! Promises: every line in every language; what peers sent cannot steer a terminal, since control characters and marks
//! that turn the direction of text are replaced.

mod dns;
mod http;
mod others;
mod paths;
mod tls;
mod us;

use std::fmt;
use std::time::Duration;

pub(super) use dns::{Dns, is_denial};
pub(super) use http::Http;
pub(super) use others::Others;
pub(super) use paths::Paths;
pub(super) use tls::Tls;
pub(super) use us::Us;

use super::Language;

/// One line of evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Say {
    /// In the words of the journey that failed.
    Detail(String),
    /// Of the canary itself.
    Us(Us),
    /// Of control hosts and other targets.
    Others(Others),
    /// Of names and resolvers.
    Dns(Dns),
    /// Of paths, connections and proxies.
    Paths(Paths),
    /// Of TLS and certificates.
    Tls(Tls),
    /// Of calls and answers.
    Http(Http),
}

/// A line in every language.
struct Told {
    en: String,
    zh: String,
}

impl Told {
    fn of(en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self { en: en.into(), zh: zh.into() }
    }
}

impl Say {
    /// The line in a language.
    #[must_use]
    pub fn tell(&self, language: Language) -> String {
        let told = match self {
            // What a journey said is not translated: it is what one searches for.
            Self::Detail(words) => Told::of(words, format!("原始信息：{words}")),
            Self::Us(say) => say.told(),
            Self::Others(say) => say.told(),
            Self::Dns(say) => say.told(),
            Self::Paths(say) => say.told(),
            Self::Tls(say) => say.told(),
            Self::Http(say) => say.told(),
        };
        let line = match language {
            Language::English => told.en,
            Language::Chinese => told.zh,
        };
        line.chars().map(harmless).collect()
    }
}

macro_rules! says {
    ($($theme:ident)*) => {
        $(impl From<$theme> for Say {
            fn from(say: $theme) -> Self {
                Self::$theme(say)
            }
        })*
    };
}

says! { Us Others Dns Paths Tls Http }

fn harmless(c: char) -> char {
    let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if c.is_control() || turns { '\u{fffd}' } else { c }
}

/// A count with its noun in English.
fn counted(number: usize, one: &str, more: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { more })
}

/// A time as people read it: `3 ms`, `1.2 s`.
struct Time(Duration);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs_f64();
        if seconds >= 60.0 {
            write!(f, "{seconds:.0} s")
        } else if seconds >= 1.0 {
            write!(f, "{seconds:.1} s")
        } else if seconds >= 0.001 {
            write!(f, "{:.0} ms", seconds * 1000.0)
        } else if seconds >= 0.0001 {
            write!(f, "{:.1} ms", seconds * 1000.0)
        } else {
            write!(f, "{:.0} µs", seconds * 1_000_000.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_line() -> Vec<Say> {
        let detail = Say::Detail("connecting to 192.0.2.1:443: no answer in 3.0 s".to_owned());
        [
            vec![detail],
            us::samples(),
            others::samples(),
            dns::samples(),
            paths::samples(),
            tls::samples(),
            http::samples(),
        ]
        .concat()
    }

    fn is_chinese(c: char) -> bool {
        ('\u{4e00}'..='\u{9fff}').contains(&c)
    }

    /// Words that are data rather than language: numbers, names, addresses, labels of reasons, times.
    fn data(line: &str) -> Vec<&str> {
        let words = line.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | ',' | ';' | '"'));
        let bare = words.map(|word| word.trim_matches(|c: char| matches!(c, ':' | '.' | '\'')));
        let names = |word: &&str| {
            !word.is_empty()
                && word.contains(|c: char| c.is_ascii_digit() || matches!(c, '.' | '/' | '_' | '='))
        };
        bare.filter(names).collect()
    }

    #[test]
    fn every_line_is_told_in_every_language_with_the_same_numbers_and_names() {
        for say in every_line() {
            let (en, zh) = (say.tell(Language::English), say.tell(Language::Chinese));
            assert!(!en.chars().any(is_chinese), "{en}");
            assert!(zh.chars().any(is_chinese), "{en}: {zh}");
            for word in data(&en) {
                assert!(zh.contains(word), "{word:?} of {en:?} is missing in {zh:?}");
            }
            assert!(!en.contains("  ") && !en.ends_with(' ') && !en.is_empty(), "{en:?}");
        }
    }

    #[test]
    fn no_two_lines_say_the_same() {
        let mut told: Vec<_> = every_line().iter().map(|say| say.tell(Language::English)).collect();
        let count = told.len();
        told.sort();
        told.dedup();
        assert_eq!(told.len(), count);
    }

    #[test]
    fn what_peers_sent_cannot_steer_a_terminal() {
        let say = Say::Detail("a\u{1b}[2Jb\nc\u{202e}d\u{9b}e".to_owned());
        assert_eq!(say.tell(Language::English), "a\u{fffd}[2Jb\u{fffd}c\u{fffd}d\u{fffd}e");
        assert!(!say.tell(Language::Chinese).contains(|c: char| c.is_control()));
    }

    #[test]
    fn times_are_short() {
        for (time, told) in [
            (Duration::from_micros(300), "0.3 ms"),
            (Duration::from_micros(12_400), "12 ms"),
            (Duration::from_millis(1250), "1.2 s"),
            (Duration::from_secs(90), "90 s"),
        ] {
            assert_eq!(Time(time).to_string(), told);
        }
    }
}
