//! The config: YAML in, validated targets out, or everything that is wrong with it at once.
//!
//! Text → tree with places (`node`) → variables (`env`) → raw types (`decode`, `raw`) → targets (`lower`). Files of targets
//! (`files`) and what sources answer go the same way as lists beside it (`list`).
//!
//! Promises: a [`Config`] that exists is usable as it stands; loading never panics and is bounded in memory; no
//! problem, debug output or effective config shows a key, a proxy's user or password, a header's value, or the path of a
//! URL taken from the environment, and no problem any value taken from there.

mod decode;
mod env;
mod files;
mod json;
mod list;
mod lower;
mod near;
mod node;
mod of_url;
mod problem;
mod profile;
mod raw;
mod reference;
mod retention;
mod schema;
mod show;
mod source;

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize as _;

use crate::target::{Endpoint, Resolver, Route, Slo, Target};
pub use env::{Env, EnvError};
pub use files::{FilePattern, FoundFile, find};
use list::Ground;
pub use list::{Arranged, Candidate, Format, ListText, TargetList, text_of};
pub use near::did_you_mean;
pub use of_url::{UrlError, UrlOptions, endpoint_of, same_place};
pub use problem::{Position, Problem, Problems};
pub use profile::Profile;
pub use reference::reference;
pub use retention::Retention;
pub use schema::json_schema;
pub use show::{effective, effective_target, without_queries};
pub use source::TargetSource;

/// The config that is used where none is given: the Claude API, every other key as a comment.
pub const DEFAULT: &str = include_str!("config/default.yml");

/// Where a config is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A file.
    File(PathBuf),
    /// [`DEFAULT`].
    Default,
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Default => f.write_str("<default config>"),
        }
    }
}

/// A validated config.
#[derive(Debug, Clone)]
pub struct Config {
    /// What is watched: the targets of the config itself, then those of its lists; names are unique. Empty only where
    /// they all stand elsewhere.
    pub targets: Vec<Arc<Target>>,
    /// The resolvers the file declares, in its order; `system` is not among them.
    pub resolvers: Vec<Resolver>,
    /// The routes the file declares, in its order; `direct` and `env` are not among them.
    pub routes: Vec<Route>,
    /// Hosts that are called in follow-ups only: is it them or us? Never called with a key.
    pub controls: Vec<Endpoint>,
    /// Where this canary stands, if that is said.
    pub vantage: Option<Arc<str>>,
    /// What targets promise, in their order; most have none.
    pub slos: Vec<Slo>,
    /// How much of what was is kept.
    pub history: Retention,
    /// How `/probe` answers.
    pub probe: ProbeOptions,
    /// Which series there are.
    pub profile: Profile,
    /// The files that hold more targets.
    pub files: Vec<FilePattern>,
    /// The URLs that answer with more targets; loading a config asks none of them.
    pub sources: Vec<TargetSource>,
    /// The lists that are in force, in the order of their targets: after loading, those of the files.
    pub lists: Vec<TargetList>,
    own: TargetList,
    ground: Ground,
}

impl PartialEq for Config {
    /// Whether they mean the same, wherever their targets stand.
    fn eq(&self, other: &Self) -> bool {
        let Self {
            targets,
            resolvers,
            routes,
            controls,
            vantage,
            slos,
            history,
            probe,
            profile,
            files,
            sources,
            lists: _,
            own: _,
            ground: _,
        } = self;
        targets == &other.targets
            && resolvers == &other.resolvers
            && routes == &other.routes
            && controls == &other.controls
            && vantage == &other.vantage
            && slos == &other.slos
            && history == &other.history
            && probe == &other.probe
            && profile == &other.profile
            && files == &other.files
            && sources == &other.sources
    }
}

/// How `/probe` answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProbeOptions {
    /// A result younger than this is answered again.
    pub min_interval: Duration,
}

impl Config {
    /// Reads and validates a config, and reads the keys and certificates it names.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn load(source: &Source, env: &Env) -> Result<Self, Problems> {
        match source {
            Source::Default => Self::of_text(DEFAULT, source.to_string(), PathBuf::new(), env),
            Source::File(path) => {
                let text = read(path)
                    .map_err(|(message, help)| Problems::of_file(source.to_string(), message, help))?;
                let directory = path.parent().unwrap_or(Path::new(""));
                // Absolute, so that the effective config means the same wherever it is stored.
                let directory = match std::path::absolute(directory.join(".")) {
                    Ok(absolute) => absolute.components().collect(),
                    Err(_) => directory.to_owned(),
                };
                Self::of_text(&text, source.to_string(), directory, env)
            }
        }
    }

    /// The same with only those targets, and what they promise, whose names are wanted.
    #[must_use]
    pub fn only(&self, wanted: impl Fn(&str) -> bool) -> Self {
        let mut only = self.clone();
        only.targets.retain(|target| wanted(&target.name));
        only.slos.retain(|slo| wanted(&slo.target));
        only
    }

    /// A config from its text; `name` stands in problems, relative paths start at `directory`.
    fn of_text(text: &str, name: String, directory: PathBuf, env: &Env) -> Result<Self, Problems> {
        let report = problem::Report::default();
        let lowered = read_text(text, directory.clone(), env, &report);
        let problems = report.finish();
        let mut wrong = Vec::new();
        if !problems.is_empty() {
            wrong.push(Problems::new(name.clone(), problems));
        }
        let config = lowered.and_then(|lower::Lowered { shared, files, rest }| {
            let ground = Ground { shared: Arc::new(shared), directory };
            let files = files.unwrap_or_default();
            let (lists, of_lists) = list::of_files(&files, &ground, env);
            wrong.extend(of_lists);
            let lower::Rest { own, resolvers, routes, controls, vantage, sources, history, probe, profile } =
                rest.ok()?;
            let own = TargetList::new(name.clone().into(), Arc::default(), own);
            let candidates = lists.into_iter().map(|list| Candidate { before: None, now: Some(list) });
            let mut lists = Vec::new();
            for Arranged { list, problems } in list::arrange(&own, candidates.collect()) {
                lists.extend(list);
                wrong.extend(problems);
            }
            let config = Self {
                targets: Vec::new(),
                resolvers,
                routes,
                controls,
                vantage,
                slos: Vec::new(),
                history,
                probe,
                profile,
                files,
                sources,
                lists: Vec::new(),
                own,
                ground,
            };
            Some(config.with_lists(lists))
        });
        match (config, Problems::together(wrong)) {
            (Some(config), None) => Ok(config),
            // Cannot be: what is not usable has been reported. A silent failure would be worse than a vague one.
            (None, None) => Err(Problems::of_file(name, "cannot be used".to_owned(), None)),
            (Some(_) | None, Some(problems)) => Err(problems),
        }
    }
}

/// What is told of a config with nothing in it, and what to do about it.
const NOTHING: (&str, &str) = (
    "there is nothing in it: a config needs at least `targets`",
    "`api-canary config --default` prints a commented config to start from",
);

/// Text to config; `None` only if the report says why.
fn read_text(text: &str, directory: PathBuf, env: &Env, report: &problem::Report) -> Option<lower::Lowered> {
    let mut tree = node::parse(text, NOTHING, report)?;
    env::expand(&mut tree, node::Path::Root, env, report);
    let decoder = decode::Decoder::root(&tree, report);
    let field = decode::Field::<raw::RawConfig>::deserialize(decoder).ok()?;
    let (raw, _) = field.checked().ok()??;
    let context = lower::Context::new(env, directory, report, lower::Trust::Ours);
    Some(lower::lower(raw, &context))
}

/// Why a file cannot be read, and what to do about it.
type Unreadable = (String, Option<String>);

fn read(path: &Path) -> Result<String, Unreadable> {
    let unreadable = |error: std::io::Error| (format!("cannot be read: {error}"), None);
    let mut bytes = Vec::new();
    let limit = u64::try_from(node::MAX_BYTES).unwrap_or(u64::MAX);
    // A pipe is fine, such as /dev/stdin or a shell's `<(…)`: who names it means to write it. It can be read once, so
    // that a reload of it keeps the old config.
    let kind = std::fs::metadata(path).map_err(unreadable)?.file_type();
    if !kind.is_file() && !kind.is_fifo() {
        return Err(("cannot be read: it is neither a regular file nor a pipe".to_owned(), None));
    }
    let file = File::open(path).map_err(unreadable)?;
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > node::MAX_BYTES {
        return Err(("larger than 16 MiB".to_owned(), None));
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes().iter().take(good).filter(|byte| **byte == b'\n').count();
        (format!("not UTF-8 (line {line})"), Some("save the file as UTF-8".to_owned()))
    })
}

/// Loads a text as the tests do: as `config.yml`, relative paths from the root.
#[cfg(test)]
fn load_text(text: &str, env: &Env) -> Result<Config, Problems> {
    Config::of_text(text, "config.yml".to_owned(), PathBuf::from("/"), env)
}

#[cfg(test)]
mod tests;
