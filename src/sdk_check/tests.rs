//! Whole checks: what is found in each format, which file is heard, how it is printed, and that nothing panics.

mod formats;
mod hostile;
mod precedence;
mod printed;

use std::path::Path;

use super::{Kind, Report, SdkCheck, Table};

/// A table that does not change with the world.
const TABLE: &str = r#"
read = "2026-02-03"

[[package]]
ecosystem = "pypi"
name = "anthropic"
minimum = "1.0.0"
source = "https://example.com/anthropic/CHANGELOG.md"

[[package.change]]
version = "0.5.0"
date = "2025-01-02"
why = "Keepalive finds a dead peer during a long answer, which before took until the read timeout and could look like a slow model."

[[package.change]]
version = "1.0.0"
date = "2026-01-02"
why = "Retry-After is honoured."

[[package]]
ecosystem = "pypi"
name = "google-genai"
minimum = "1.0.0"
source = "https://example.com/genai/CHANGELOG.md"

[[package.change]]
version = "1.0.0"
date = "2026-01-02"
why = "It is safer."

[[package]]
ecosystem = "npm"
name = "@anthropic-ai/sdk"
minimum = "1.0.0"
source = "https://example.com/sdk/CHANGELOG.md"

[[package.change]]
version = "1.0.0"
date = "2026-01-02"
why = "Streams are closed."

[[package]]
ecosystem = "npm"
name = "openai"
minimum = "6.0.0"
source = "https://example.com/openai/CHANGELOG.md"

[[package.change]]
version = "6.0.0"
date = "2026-01-02"
why = "Errors are told."

[[package]]
ecosystem = "maven"
name = "com.anthropic:anthropic-java"
minimum = "2.10.0"
source = "https://example.com/java/CHANGELOG.md"

[[package.change]]
version = "2.10.0"
date = "2026-01-02"
why = "Retries end."

[[package]]
ecosystem = "go"
name = "github.com/openai/openai-go"
minimum = "3.0.0"
source = "https://example.com/go/CHANGELOG.md"

[[package.change]]
version = "3.0.0"
date = "2026-01-02"
why = "A body is closed."

[[package]]
ecosystem = "crates"
name = "some-sdk"
minimum = "1.0.0"
source = "https://example.com/crate/CHANGELOG.md"

[[package.change]]
version = "1.0.0"
date = "2026-01-02"
why = "It reconnects."
"#;

fn table() -> Table {
    Table::parse(TABLE).unwrap()
}

/// Checks files of these paths and texts.
fn check<'a>(table: &'a Table, files: &[(&str, &str)]) -> Report<'a> {
    let mut check = SdkCheck::new(table);
    for (path, text) in files {
        let path = Path::new(path);
        check.add(path, Kind::of(path).unwrap(), text);
    }
    check.report()
}

/// What is too old or unknown, a line each: place, package, what is said.
fn told(report: &Report<'_>) -> Vec<String> {
    let place = |path: &str, line: Option<usize>| match line {
        Some(line) => format!("{path}:{line}"),
        None => path.to_owned(),
    };
    let findings = report.findings().iter().map(|finding| {
        let place = place(&finding.path, finding.line);
        format!("{place} {} {:?} {}", finding.package.name, finding.how, finding.version)
    });
    let undecided = report.undecided().iter().map(|undecided| {
        format!("{} {} unknown", place(&undecided.path, undecided.line), undecided.package.name)
    });
    findings.chain(undecided).collect()
}

fn warned(report: &Report<'_>) -> Vec<String> {
    report.warnings().iter().map(|warning| format!("{}: {}", warning.path, warning.problem)).collect()
}
