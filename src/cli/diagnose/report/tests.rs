//! The report of the fixed results, its escapes, and how it is written.

use super::*;
use crate::cli::diagnose::document::samples::document;
use crate::cli::diagnose::generated::generated;

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

#[test]
fn a_report_is_written_whole_or_not_at_all() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("report.md");
    std::fs::write(&file, "a much longer text that was there before\n").unwrap();
    write(&file, "new\n").unwrap();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "new\n");
    let link = directory.path().join("link.md");
    std::os::unix::fs::symlink(&file, &link).unwrap();
    write(&link, "newer\n").unwrap();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "newer\n", "a link is followed");
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 2, "nothing is left behind");
    for (file, why) in [
        (directory.path().join("no/such/report.md"), "there is no such directory"),
        (directory.path().into(), "is a directory"),
    ] {
        let told = format!("cannot write the report to {}: {why}", file.display());
        assert_eq!(check(&file), Err(told.clone()));
        assert_eq!(write(&file, "x"), Err(told));
    }
    for file in [Path::new("/dev/null"), &file, &directory.path().join("new.md")] {
        assert_eq!(check(file), Ok(()));
    }
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 2, "to look leaves nothing behind");
    write(Path::new("/dev/null"), "x").unwrap();
}
