//! What people and machines are given to read.

use super::{check, table};

const FILES: &[(&str, &str)] = &[
    ("services/chat/requirements.txt", "\nanthropic>=0.4,<2\n"),
    ("services/web/package.json", "{\"dependencies\": {\"openai\": \"latest\"}}"),
    ("services/web/package-lock.json", "{"),
];

#[test]
fn the_report_fits_eighty_columns() {
    let table = table();
    let text = check(&table, FILES).text();
    assert_eq!(
        text,
        "services/chat/requirements.txt:2: anthropic (pypi): allows 0.4 (>=0.4,<2), older\n  than the minimum 1.0.0\n  \
         0.5.0 (2025-01-02): Keepalive finds a dead peer during a long answer, which\n    before took until the read timeout and could look like a slow model.\n  \
         1.0.0 (2026-01-02): Retry-After is honoured.\n  https://example.com/anthropic/CHANGELOG.md\n\n\
         services/web/package.json: openai (npm): no version is said that can be\n  compared; the minimum is 6.0.0\n\
         warning: services/web/package-lock.json: not JSON: EOF while parsing an object\n  at line 1 column 1\n\n\
         2 files read, 2 SDKs found, 1 outdated, 1 of unknown version\n"
    );
    let long = super::super::Table::embedded().unwrap().text();
    let text = text.lines().chain(long.lines()).filter(|line| !line.trim().starts_with("https://"));
    for line in text {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn the_report_for_machines_has_the_keys_that_are_promised() {
    let table = table();
    let json = check(&table, FILES).json().unwrap();
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        report,
        serde_json::json!({
            "table_read": "2026-02-03",
            "files_read": 2,
            "sdks_found": 2,
            "sdks_outdated": 1,
            "findings": [{
                "path": "services/chat/requirements.txt",
                "line": 2,
                "ecosystem": "pypi",
                "package": "anthropic",
                "how": "allows",
                "version": "0.4",
                "requirement": ">=0.4,<2",
                "minimum": "1.0.0",
                "changes": [
                    {
                        "version": "0.5.0",
                        "date": "2025-01-02",
                        "why": "Keepalive finds a dead peer during a long answer, which before took until the read \
                                timeout and could look like a slow model.",
                    },
                    { "version": "1.0.0", "date": "2026-01-02", "why": "Retry-After is honoured." },
                ],
                "source": "https://example.com/anthropic/CHANGELOG.md",
            }],
            "undecided": [{
                "path": "services/web/package.json",
                "line": null,
                "ecosystem": "npm",
                "package": "openai",
                "minimum": "6.0.0",
            }],
            "warnings": [{
                "path": "services/web/package-lock.json",
                "problem": "not JSON: EOF while parsing an object at line 1 column 1",
            }],
        })
    );
}

#[test]
fn the_table_is_printed_whole() {
    let table = table();
    let text = table.text();
    let json: serde_json::Value = serde_json::from_str(&table.json().unwrap()).unwrap();
    assert_eq!(json["table_read"], "2026-02-03");
    assert_eq!(json["packages"].as_array().unwrap().len(), table.packages().len());
    for package in table.packages() {
        let head = format!("{} ({}): at least {}\n", package.name, package.ecosystem, package.minimum);
        assert!(text.contains(&head), "{head}{text}");
        assert!(text.contains(&package.source), "{text}");
    }
    assert!(text.ends_with("7 packages; their changelogs were last read on 2026-02-03\n"), "{text}");
}
