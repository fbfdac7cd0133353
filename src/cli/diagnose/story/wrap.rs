//! Breaking lines, also of text without spaces.
//!
//! Promises: no line is wider than asked for; a line of Chinese breaks between any two characters, but not before a mark that
//! closes or after one that opens; no line breaks between a number and the unit of its time; addresses and names are only
//! broken where they are wider than a line.

use textwrap::core::{Word, display_width};
use textwrap::{Options, WordSeparator, WordSplitter};

/// Marks that do not begin a line.
const CLOSING: &str = "，。、；：？！）」』】》〉”’…,.;:?!)]}%";

/// Marks that do not end one.
const OPENING: &str = "（「『【《〈“‘([{";

/// The lines of a text, none wider than `width` columns.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let options = Options::new(width.max(1))
        .word_separator(WordSeparator::Custom(words))
        .word_splitter(WordSplitter::NoHyphenation);
    // Some of what is told comes from peers, and may be meant for a terminal.
    let shown = |line: &str| line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>();
    let wrapped = |line: String| textwrap::wrap(&line, &options).into_iter().map(Into::into).collect();
    text.lines().flat_map(|line| -> Vec<String> { wrapped(shown(line)) }).collect()
}

/// How many columns a text takes.
pub(super) fn columns(text: &str) -> usize {
    display_width(text)
}

/// The parts between which a line may break; each ends with its spaces.
fn words(line: &str) -> Box<dyn Iterator<Item = Word<'_>> + '_> {
    let mut from = 0;
    let ends = line
        .char_indices()
        .zip(line.char_indices().skip(1))
        .filter(|((_, before), (at, after))| may_break(*before, *after) && !parts_a_unit(line, *at))
        .map(|(_, (at, _))| at);
    let ends = ends.chain(std::iter::once(line.len()));
    Box::new(ends.filter_map(move |end| {
        let word = line.get(from..end).filter(|word| !word.is_empty())?;
        from = end;
        Some(Word::from(word))
    }))
}

fn may_break(before: char, after: char) -> bool {
    if after == ' ' {
        return false;
    }
    if before == ' ' {
        return true;
    }
    (is_wide(before) || is_wide(after)) && !CLOSING.contains(after) && !OPENING.contains(before)
}

/// Whether a number stands before this place, and the unit of its time behind it.
fn parts_a_unit(line: &str, at: usize) -> bool {
    let Some((before, after)) = line.split_at_checked(at) else { return false };
    let number = before.trim_end_matches(' ').ends_with(|c: char| c.is_ascii_digit());
    let ends = |rest: &str| !rest.starts_with(char::is_alphanumeric);
    number && ["s", "ms", "µs"].iter().any(|unit| after.strip_prefix(unit).is_some_and(ends))
}

fn is_wide(c: char) -> bool {
    unicode_width::UnicodeWidthChar::width(c) == Some(2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_break_at_spaces_and_between_chinese_characters() {
        for (text, width, lines) in [
            ("one two three", 8, &["one two", "three"][..]),
            ("https://api.anthropic.com/v1 is up", 28, &["https://api.anthropic.com/v1", "is up"]),
            ("网络在看到此服务器名时切断 TLS。", 10, &["网络在看到", "此服务器名", "时切断", "TLS。"]),
            ("原因在（网络）", 9, &["原因在", "（网络）"]),
            ("上面。\n下面", 20, &["上面。", "下面"]),
            ("a\u{1b}[31mb", 20, &["a [31mb"]),
            ("no answer in 10.0 s, 3 sent", 14, &["no answer in", "10.0 s, 3 sent"]),
            ("no answer in 10.0 sent", 17, &["no answer in 10.0", "sent"]),
        ] {
            assert_eq!(wrap(text, width), lines, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_line_is_too_wide_and_nothing_is_lost(text in "([a-z./:（）。网络 -]){0,200}", width in 2_usize..60) {
            let lines = wrap(&text, width);
            for line in &lines {
                prop_assert!(columns(line) <= width, "{line:?}");
            }
            let bare = |text: &str| text.replace(' ', "");
            prop_assert_eq!(bare(&lines.concat()), bare(&text));
        }
    }
}
