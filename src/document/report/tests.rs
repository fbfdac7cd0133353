//! The report of the fixed results, and its escapes.

use super::*;
use crate::document::generated::generated;
use crate::document::samples::document;

#[test]
fn the_generated_reports_are_as_before() {
    for language in Language::ALL {
        let path = format!("tests/snapshots/diagnose.{language}.md");
        generated(&path, &markdown(&document(language), language, false));
    }
}

#[test]
fn every_row_of_a_table_has_the_cells_of_its_heading() {
    let text = markdown(&document(Language::English), Language::English, true);
    assert!(text.contains("Internal addresses and names are replaced"));
    let cells = |row: &str| row.replace("\\|", "").matches('|').count();
    let lines: Vec<&str> = text.lines().collect();
    let mut seen = 0;
    for (row, next) in lines.iter().zip(lines.iter().skip(1)) {
        if row.starts_with('|') && next.starts_with('|') {
            assert_eq!(cells(row), cells(next), "{row}\n{next}");
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen}");
}

#[test]
fn what_peers_said_cannot_become_markup() {
    assert_eq!(escaped("a|b <img> `x` [l](u)\n# h"), "a\\|b &lt;img> \\`x\\` \\[l\\](u) \\# h");
    assert_eq!(escaped_but_code("run `a_b <x>` or c_d"), "run `a_b <x>` or c\\_d");
    assert_eq!(escaped_but_code("a ` b_c"), "a \\` b\\_c");
}
