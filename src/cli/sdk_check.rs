//! `sdk-check`: which LLM client SDKs of a project are too old?

mod walk;

use std::path::PathBuf;
use std::process::ExitCode;

use super::{print, usage};
use crate::sdk_check::{SdkCheck, Table};

/// The exit code where an SDK is older than its minimum.
const EXIT_OUTDATED: u8 = 1;

#[derive(Debug, clap::Args)]
pub(super) struct SdkCheckArgs {
    /// Where to look for lock and manifest files, in all directories below it too.
    #[arg(value_name = "DIR", default_value = ".")]
    directory: PathBuf,

    /// Print for machines; docs/sdk-check.md tells the keys.
    #[arg(long)]
    json: bool,

    /// Print the table of minimum versions instead of looking at files.
    #[arg(long, conflicts_with = "directory")]
    list: bool,
}

pub(super) fn run(arguments: &SdkCheckArgs) -> ExitCode {
    match text(arguments) {
        Ok((text, outdated)) => {
            let printed = print(&text);
            if outdated && printed == ExitCode::SUCCESS { ExitCode::from(EXIT_OUTDATED) } else { printed }
        }
        Err(problem) => usage(&problem),
    }
}

/// What to print, and whether an SDK is too old.
fn text(arguments: &SdkCheckArgs) -> Result<(String, bool), String> {
    let table = Table::embedded().map_err(|error| error.to_string())?;
    let json = |error: serde_json::Error| format!("cannot write JSON: {error}");
    if arguments.list {
        let text = if arguments.json { table.json().map_err(json)? } else { table.text() };
        return Ok((text, false));
    }
    let mut check = SdkCheck::new(&table);
    walk::walk(&arguments.directory, &mut check)?;
    let report = check.report();
    let text = if arguments.json { report.json().map_err(json)? } else { report.text() };
    Ok((text, !report.findings().is_empty()))
}
