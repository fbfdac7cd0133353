//! Placeholders: words in braces that are filled with what is known.

use std::iter;

/// A piece of a text.
enum Piece<'a> {
    /// As it stands.
    Plain(&'a str),
    /// The name of a placeholder.
    Blank(&'a str),
}

/// The pieces of a text. Only `{small_letters}` is a placeholder, so that JSON and shell may stand in a text.
fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (name, behind) = match rest.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
            Some((name, behind)) if is_name(name) => (name, behind),
            _ => {
                let first = rest.chars().next().map_or(0, char::len_utf8);
                let end =
                    rest.get(first..).and_then(|behind| behind.find('{')).map_or(rest.len(), |at| first + at);
                let (plain, behind) = rest.split_at(end);
                rest = behind;
                return Some(Piece::Plain(plain));
            }
        };
        rest = behind;
        Some(Piece::Blank(name))
    })
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b == b'_' || b.is_ascii_lowercase())
}

/// Fills the placeholders of a text once: what is put in is not filled again, and loses its control characters. `with` is
/// given the name, and whether it stands in a command; a placeholder for which it has nothing stays as it is.
pub(super) fn fill(text: &str, with: impl Fn(&str, bool) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_command = false;
    for piece in pieces(text) {
        match piece {
            Piece::Plain(plain) => {
                in_command ^= plain.matches('`').count() % 2 == 1;
                out.push_str(plain);
            }
            Piece::Blank(name) => match with(name, in_command) {
                Some(value) => out.extend(value.chars().filter(|c| !c.is_control())),
                None => out.extend(["{", name, "}"]),
            },
        }
    }
    out
}

/// A Chinese text without the blanks that a placeholder needed between Chinese and Latin, where Chinese was put in.
pub(super) fn tightened(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let between =
            out.chars().next_back().is_some_and(is_chinese) && chars.peek().copied().is_some_and(is_chinese);
        if !(c == ' ' && between) {
            out.push(c);
        }
    }
    out
}

/// Whether a character is Chinese or of its punctuation.
fn is_chinese(c: char) -> bool {
    matches!(c, '\u{3000}'..='\u{303f}' | '\u{4e00}'..='\u{9fff}' | '\u{ff00}'..='\u{ffef}')
}

/// The placeholders of a text, and whether each stands in a command.
#[cfg(test)]
pub(super) fn placeholders(text: &str) -> impl Iterator<Item = (&str, bool)> {
    let mut in_command = false;
    pieces(text).filter_map(move |piece| match piece {
        Piece::Plain(plain) => {
            in_command ^= plain.matches('`').count() % 2 == 1;
            None
        }
        Piece::Blank(name) => Some((name, in_command)),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_small_letters_in_braces_are_filled() {
        let with = |name: &str, in_command: bool| {
            (name == "host").then(|| if in_command { "H" } else { "h" }.to_owned())
        };
        for (text, filled) in [
            ("{host} and `dig {host}` and {host}", "h and `dig H` and h"),
            ("`${HOST}` {\"host\": 1} {} {host", "`${HOST}` {\"host\": 1} {} {host"),
            ("{{host}} {other}", "{h} {other}"),
            ("", ""),
            ("中{host}文", "中h文"),
        ] {
            assert_eq!(fill(text, with), filled);
        }
    }

    #[test]
    fn what_is_put_in_is_not_filled_again_and_controls_nothing() {
        let filled = fill("{a}", |_, _| Some("{a}\n\u{1b}[31m".to_owned()));
        assert_eq!(filled, "{a}[31m");
    }

    #[test]
    fn blanks_go_only_from_between_chinese() {
        assert_eq!(
            tightened("只有 该解析器 不认识 DNS 的，（见 `a b`）"),
            "只有该解析器不认识 DNS 的，（见 `a b`）"
        );
    }

    proptest! {
        #[test]
        fn a_text_that_is_filled_with_itself_stays(text in "[{}a_`$中 ]{0,40}") {
            prop_assert_eq!(fill(&text, |_, _| None), text);
        }
    }
}
