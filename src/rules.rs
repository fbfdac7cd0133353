//! Rules for Prometheus: the bundled alerts, and what a config's targets and objectives add to them.
//!
//! Promises: pure, a config and the bundled texts in, text out; the same config gives the same bytes; what is written is
//! accepted by `promtool check rules --lint=all` and by vmalert; several canaries, be they shards or vantages, count as one.

mod absent;
mod alert;
mod bundled;
mod burn;
mod compressed;
mod group;
mod objective;
mod proof;
mod selector;
mod sli;

use crate::config::Config;

pub use bundled::{Substitution, UrlError, base_url, bundled};
pub use compressed::compressed;
pub use selector::{Selector, SelectorError};

/// What is to be written.
#[derive(Debug, Clone)]
pub struct Options {
    /// What stands in place of the literals of the bundled files.
    pub substitution: Substitution,
    /// Whether the bundled files are part of it, or only what the config adds.
    pub bundled: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { substitution: Substitution::default(), bundled: true }
    }
}

/// A file of rules, and what its reader should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// The file.
    pub text: String,
    /// Objectives that are hard to measure, one a line; the text says the same in comments.
    pub warnings: Vec<String>,
}

/// Why rules or their tests could not be written.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// The YAML could not be written; a mistake of ours, never of the user.
    #[error("failed to write a group of rules")]
    Yaml(#[from] serde_saphyr::ser::Error),
    /// No label value that the selector selects could be thought of.
    #[error(
        "cannot think of a value of the label `{label}` that {matcher} selects: write tests with an exact selector"
    )]
    NoSample {
        /// The label.
        label: String,
        /// The matcher.
        matcher: String,
    },
}

/// What a file begins with.
fn config_head(what: &str) -> String {
    format!("# {what} that `api-canary rules` makes of a configuration. Make them again when it changes.\n")
}

/// One file of rules for a config: the bundled ones, an alert for each target that nobody watches, and records and alerts
/// of the objectives.
///
/// # Errors
/// None that a config could cause.
pub fn rules(config: &Config, options: &Options) -> Result<Rules, RulesError> {
    let mut text = config_head("Rules for Prometheus");
    if options.bundled {
        text.push_str(&bundled(&options.substitution));
    } else {
        text.push_str("\ngroups:\n");
    }
    text.push_str("\n  # Targets that nobody watches.\n\n");
    text.push_str(&absent::group(config, &options.substitution).yaml()?);
    let mut warnings = Vec::new();
    for objective in objective::objectives(config) {
        let told = objective.warnings();
        text.push_str(&format!("\n  # {}\n", objective.headline()));
        text.extend(told.iter().map(|warning| format!("  # Warning: {warning}\n")));
        text.push('\n');
        let groups = objective.groups(&options.substitution);
        let yaml = groups.iter().map(group::Group::yaml).collect::<Result<Vec<_>, _>>()?;
        text.push_str(&yaml.join("\n"));
        warnings.extend(told.into_iter().map(|warning| format!("{}: {warning}", objective.id())));
    }
    Ok(Rules { text, warnings })
}

/// Tests for `promtool test rules` of what [`rules`] adds to the bundled files, which stand in `file`.
///
/// # Errors
/// If the selector is one for which no series can be thought of.
pub fn tests(config: &Config, options: &Options, file: &str) -> Result<String, RulesError> {
    proof::tests(config, &options.substitution, file)
}
