//! The story of the fixed results: as it was told before, in every language and width.

use super::*;
use crate::document::generated::generated;
use crate::document::samples::document;

fn told(language: Language, width: usize, colour: bool) -> String {
    tell(&document(language), Manner { language, width, colour })
}

#[test]
fn the_generated_stories_are_told_as_before() {
    for language in Language::ALL {
        for width in [80, 120] {
            let path = format!("tests/snapshots/diagnose.{language}.{width}.txt");
            generated(&path, &told(language, width, false));
        }
    }
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    for language in Language::ALL {
        for width in [40, 60, 80, 100, 120, 200] {
            for line in told(language, width, false).lines() {
                assert!(wrap::columns(line) <= width.min(120), "{language} {width}: {line}");
                assert_eq!(line, line.trim_end_matches(' '), "no spaces at the end");
            }
        }
    }
}

#[test]
fn colours_add_nothing_but_colours() {
    for language in Language::ALL {
        let plain = told(language, 80, false);
        let coloured = told(language, 80, true);
        assert!(!plain.contains('\u{1b}'));
        let mut stripped = String::new();
        let mut parts = coloured.split('\u{1b}');
        stripped.push_str(parts.next().unwrap());
        for part in parts {
            stripped.push_str(part.split_once('m').expect("an escape ends").1);
        }
        assert_eq!(stripped, plain);
        assert!(coloured.contains("\u{1b}[32m✓ "), "what passed is green");
        assert!(coloured.contains("\u{1b}[31m✗ "), "what failed is red");
        assert!(coloured.contains("\u{1b}[2m· "), "what was not reached is dim");
    }
}

#[test]
fn a_story_without_a_target_is_none() {
    let none = Document { targets: Vec::new(), exit_code: 0 };
    let manner = Manner { language: Language::English, width: 80, colour: false };
    assert_eq!(tell(&none, manner), "");
}

#[test]
fn that_the_canary_was_slow_is_told_of_its_path() {
    for language in Language::ALL {
        let mut document = document(language);
        let told = |document: &Document| tell(document, Manner { language, width: 120, colour: false });
        let words = texts::canary_slow(0.035, language);
        assert!(!told(&document).contains(&words));
        let path = &mut document.targets[0].paths[0];
        (path.late_seconds, path.canary_slow) = (0.035, true);
        assert!(told(&document).contains(&words), "{}", told(&document));
    }
}
