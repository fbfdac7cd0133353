//! Texts from outside, made fit for a log line: one line, no control characters, and nothing that looks like a key.
//!
//! Some providers repeat a rejected key in their error message. Which key was sent is not known here, so what has the
//! form of one goes: the prefixes that the providers give their keys, and long runs of letters and digits.

/// What is shown at the most.
const LONGEST: usize = 160;

/// How keys begin that have a prefix: Anthropic, OpenAI, `OpenRouter`; Groq; Google; Bedrock; any JSON web token.
const PREFIXES: [&str; 11] = [
    "sk-ant-",
    "sk-proj-",
    "sk-or-",
    "sk-svcacct-",
    "sk-",
    "gsk_",
    "AIza",
    "ya29.",
    "ABSK",
    "bedrock-api-key-",
    "eyJ",
];

/// Keys without a prefix (Azure, Mistral) are at least this many letters and digits without a break.
const LONG_RUN: usize = 32;

/// A text from outside as one line of at most 160 printable characters; what looks like a key is left out.
pub(super) fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let words: Vec<_> = words.map(without_key).collect();
    words.join(" ").chars().take(LONGEST).collect()
}

/// The word up to the first key in it.
fn without_key(word: &str) -> String {
    let by_prefix = PREFIXES.iter().filter_map(|prefix| {
        word.match_indices(prefix)
            .map(|(at, _)| at)
            .find(|at| starts_key(word, *at, prefix))
            .map(|at| (at, *prefix))
    });
    // Of two that start at the same place, the shorter prefix tells enough.
    let by_prefix = by_prefix.min_by_key(|(at, prefix)| (*at, prefix.len()));
    let by_length = long_run(word);
    match (by_prefix, by_length) {
        (Some((at, prefix)), run) if run.is_none_or(|run| at <= run) => {
            format!("{}{prefix}[redacted]", word.get(..at).unwrap_or_default())
        }
        (_, Some(at)) => format!("{}[redacted]", word.get(..at).unwrap_or_default()),
        (_, None) => word.to_owned(),
    }
}

/// Whether a key can start here: the short prefix is also inside of ordinary words, as in `risk-free`.
fn starts_key(word: &str, at: usize, prefix: &str) -> bool {
    let before = word.get(..at).and_then(|before| before.chars().next_back());
    prefix.len() > 4 || before.is_none_or(|before| !before.is_ascii_lowercase())
}

/// Where the first long run of letters and digits, both of them, starts.
fn long_run(word: &str) -> Option<usize> {
    let mut start = 0;
    for run in word.split(|c: char| !c.is_ascii_alphanumeric()) {
        let mixed = run.bytes().any(|b| b.is_ascii_digit()) && run.bytes().any(|b| b.is_ascii_alphabetic());
        if run.len() >= LONG_RUN && mixed {
            return Some(start);
        }
        let rest = word.get(start + run.len()..).and_then(|rest| rest.chars().next());
        start += run.len() + rest.map_or(0, char::len_utf8);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_key_is_left_out_and_ordinary_words_stay() {
        for (text, shown) in [
            ("bad key sk-ant-api03-abc.", "bad key sk-[redacted]"),
            ("Incorrect API key provided: sk-proj-aBc***xyz.", "Incorrect API key provided: sk-[redacted]"),
            (r#"{"key":"gsk_abc"}"#, r#"{"key":"gsk_[redacted]"#),
            ("key=AIzaSyD-x", "key=AIza[redacted]"),
            ("(0123456789abcdef0123456789abcdef)", "([redacted]"),
            ("%3Dsk-ant-x", "%3Dsk-[redacted]"),
            ("a risk-free task-force on a disk-2", "a risk-free task-force on a disk-2"),
            (
                "claude-haiku-4-5-20251001 req_011CSHoEeqs5C35K2UUqR7Fy",
                "claude-haiku-4-5-20251001 req_011CSHoEeqs5C35K2UUqR7Fy",
            ),
            ("two\r\nlines\u{0}", "two lines"),
        ] {
            assert_eq!(one_line(text), shown, "{text}");
        }
        assert_eq!(one_line(&"é".repeat(500)).chars().count(), LONGEST);
    }
}
