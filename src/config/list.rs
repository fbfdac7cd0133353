//! Targets that stand in lists of their own: files beside the config, and what sources answer.
//!
//! Promises: a list goes through the same code as `targets` of the config, with the same defaults, resolvers and routes;
//! a list is used as a whole or not at all; a name is only ever that of one target, and of two lists that claim one the
//! list that was there first keeps it; a list that is not trusted has nothing of this machine put in or sent along.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::env::{self, Env};
use super::files::FilePattern;
use super::lower::{self, Context, Shared, Trust};
use super::problem::{Place, Position, Problem, Problems, Report};
use super::{Config, json, node};
use crate::target::{Slo, Target};

/// What is told of a list with nothing in it, and what to do about it.
const NOTHING: (&str, &str) = ("there is nothing in it", "write [] for a list without targets");

/// The text of a list.
#[derive(Debug, Clone)]
pub struct ListText {
    /// Where it is from, as problems and metrics have it.
    pub origin: Arc<str>,
    /// The text.
    pub text: Arc<str>,
    /// How it is written.
    pub format: Format,
    /// Whether it may name keys, files and variables of this machine.
    pub trusted: bool,
    /// How many targets it may have.
    pub most: usize,
}

/// How a list is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// YAML, of which JSON is a part for most purposes.
    Yaml,
    /// JSON and nothing else.
    Json,
}

/// The targets of a list.
#[derive(Debug, Clone)]
pub struct TargetList {
    origin: Arc<str>,
    text: Arc<str>,
    entries: Arc<[Listed]>,
}

/// A target of a list.
#[derive(Debug, Clone)]
pub(super) struct Listed {
    pub(super) target: Arc<Target>,
    pub(super) slo: Option<Slo>,
    /// Where its name stands.
    pub(super) place: Place,
}

/// What lists have of their config.
#[derive(Debug, Clone)]
pub(super) struct Ground {
    pub(super) shared: Arc<Shared>,
    /// Where relative paths start.
    pub(super) directory: PathBuf,
}

/// A list as it was, and as it is to be.
#[derive(Debug)]
pub struct Candidate {
    /// What is in force of it.
    pub before: Option<TargetList>,
    /// What is to be in force; none where that cannot be used or is no other.
    pub now: Option<TargetList>,
}

/// What becomes of a candidate.
#[derive(Debug)]
pub struct Arranged {
    /// What is in force of it from now on.
    pub list: Option<TargetList>,
    /// Why it is not all that was to be.
    pub problems: Option<Problems>,
}

// === impl TargetList ===

impl TargetList {
    pub(super) fn new(origin: Arc<str>, text: Arc<str>, entries: Vec<Listed>) -> Self {
        Self { origin, text, entries: entries.into() }
    }

    /// Where it is from.
    #[must_use]
    pub fn origin(&self) -> &Arc<str> {
        &self.origin
    }

    /// What it was made of.
    #[must_use]
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// How many targets it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Its targets, in their order.
    pub fn targets(&self) -> impl Iterator<Item = &Arc<Target>> {
        self.entries.iter().map(|entry| &entry.target)
    }

    /// Its targets with what they promise.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&Target, Option<&Slo>)> {
        self.entries.iter().map(|entry| (&*entry.target, entry.slo.as_ref()))
    }

    /// Has those of its targets that are as they were be the same ones.
    fn keep(&mut self, before: &HashMap<&str, &Arc<Target>>) {
        let entries = self.entries.iter().cloned().map(|mut entry| {
            if let Some(known) = before.get(&*entry.target.name).filter(|known| ***known == entry.target) {
                entry.target = Arc::clone(known);
            }
            entry
        });
        self.entries = entries.collect();
    }

    fn slos(&self) -> impl Iterator<Item = &Slo> {
        self.entries.iter().filter_map(|entry| entry.slo.as_ref())
    }

    /// A problem for each target whose name another one has.
    fn clashes(&self, taken: &HashMap<Arc<str>, (Arc<str>, Position)>) -> Vec<Problem> {
        let clash = |entry: &Listed| {
            let (origin, position) = taken.get(&entry.target.name)?;
            let shown = entry.place.show(&entry.target.name);
            let line = position.line;
            let message = format!("{shown} is the name of a target in {origin} on line {line} already");
            let help = "names must be unique over the config, its target files and its target sources";
            Some(Problem {
                position: Some(entry.place.position),
                path: entry.place.path.clone(),
                message,
                help: Some(help.to_owned()),
            })
        };
        self.entries.iter().filter_map(clash).collect()
    }
}

// === impl Ground ===

impl Ground {
    /// The targets of a list.
    pub(super) fn list(&self, list: &ListText, env: &Env) -> Result<TargetList, Problems> {
        let report = Report::default();
        let entries = self.entries(list, env, &report);
        let problems = report.finish();
        match entries {
            Some(entries) if problems.is_empty() => {
                Ok(TargetList::new(Arc::clone(&list.origin), Arc::clone(&list.text), entries))
            }
            _ => Err(Problems::new(list.origin.to_string(), problems)),
        }
    }

    fn entries(&self, list: &ListText, env: &Env, report: &Report) -> Option<Vec<Listed>> {
        let text = match list.format {
            Format::Yaml => std::borrow::Cow::Borrowed(&*list.text),
            Format::Json => json::as_yaml(&list.text, list.most, report).ok()?,
        };
        let mut tree = node::parse(&text, NOTHING, report)?;
        let trust = if list.trusted {
            env::expand(&mut tree, node::Path::Root, env, report);
            Trust::Ours
        } else {
            Trust::Foreign
        };
        let context = Context::new(env, self.directory.clone(), report, trust);
        lower::list(&tree, list.most, &self.shared, &context).ok()
    }
}

// === impl Config ===

impl Config {
    /// Reads a list of targets as it would stand in this config.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn list(&self, list: &ListText, env: &Env) -> Result<TargetList, Problems> {
        self.ground.list(list, env)
    }

    /// Which of these lists can be used beside each other and beside the targets of the config's own. What is in force
    /// goes before what is to be, and of both the order counts.
    #[must_use]
    pub fn arrange(&self, candidates: Vec<Candidate>) -> Vec<Arranged> {
        arrange(&self.own, candidates)
    }

    /// The same config with these lists beside its own targets; their names must be unique.
    #[must_use]
    pub fn with_lists(&self, lists: Vec<TargetList>) -> Self {
        let all = || std::iter::once(&self.own).chain(&lists);
        let targets = all().flat_map(TargetList::targets).cloned().collect();
        let slos = all().flat_map(TargetList::slos).cloned().collect();
        Self { targets, slos, lists, ..self.clone() }
    }

    /// The same config, whose targets are those of the one before where they are as they were: none is held twice, by who
    /// watches it still and by who asks what is watched.
    #[must_use]
    pub fn after(mut self, before: &Self) -> Self {
        let known: HashMap<&str, &Arc<Target>> =
            before.targets.iter().map(|target| (&*target.name, target)).collect();
        self.own.keep(&known);
        let mut lists = std::mem::take(&mut self.lists);
        lists.iter_mut().for_each(|list| list.keep(&known));
        self.with_lists(lists)
    }
}

pub(super) fn arrange(own: &TargetList, candidates: Vec<Candidate>) -> Vec<Arranged> {
    /// One list on its way.
    struct Claim {
        list: Option<TargetList>,
        /// Whether it is to be, and not in force yet.
        new: bool,
        /// What it goes back to where it is new and cannot be.
        before: Option<TargetList>,
        problems: Option<Problems>,
    }
    let claim = |Candidate { before, now }| match now {
        Some(now) => Claim { list: Some(now), new: true, before, problems: None },
        None => Claim { list: before, new: false, before: None, problems: None },
    };
    let mut claims: Vec<Claim> = candidates.into_iter().map(claim).collect();
    loop {
        let mut taken = HashMap::new();
        take(own, &mut taken);
        let mut refused = None;
        let settled = claims.iter().enumerate().filter(|(_, claim)| !claim.new);
        let new = claims.iter().enumerate().filter(|(_, claim)| claim.new);
        for (index, claim) in settled.chain(new) {
            let Some(list) = &claim.list else { continue };
            let clashes = list.clashes(&taken);
            if !clashes.is_empty() {
                refused = Some((index, Problems::new(list.origin.to_string(), clashes)));
                break;
            }
            take(list, &mut taken);
        }
        let Some((claim, problems)) =
            refused.and_then(|(index, problems)| Some((claims.get_mut(index)?, problems)))
        else {
            break;
        };
        if std::mem::take(&mut claim.new) {
            claim.list = claim.before.take();
        } else if let Some(list) = &mut claim.list {
            // Only where the config's own targets are others now: what is left of the list stays.
            let left = list.entries.iter().filter(|entry| !taken.contains_key(&entry.target.name));
            list.entries = left.cloned().collect();
        }
        claim.problems = Some(problems);
    }
    claims.into_iter().map(|Claim { list, problems, .. }| Arranged { list, problems }).collect()
}

fn take(list: &TargetList, taken: &mut HashMap<Arc<str>, (Arc<str>, Position)>) {
    taken.extend(
        list.entries
            .iter()
            .map(|entry| (Arc::clone(&entry.target.name), (Arc::clone(&list.origin), entry.place.position))),
    );
}

/// The lists in the files of a config, or what is wrong with each. Reads the disk.
pub(super) fn of_files(
    patterns: &[FilePattern],
    ground: &Ground,
    env: &Env,
) -> (Vec<TargetList>, Vec<Problems>) {
    let (mut lists, mut wrong) = (Vec::new(), Vec::new());
    let found = match super::files::find(patterns) {
        Ok(found) => found,
        Err((what, error)) => return (lists, vec![Problems::of_file(what, error, None)]),
    };
    for found in found {
        let list = match found.read() {
            Ok(None) => continue,
            Ok(Some(text)) => ground.list(&text_of(&found.path, text), env),
            Err(_) if env.is_elsewhere() => continue,
            Err(error) => Err(Problems::of_file(found.path.display().to_string(), error, None)),
        };
        match list {
            Ok(list) => lists.push(list),
            // Nothing is told where the config it stands beside is to blame, which is told of that.
            Err(problems) if problems.list().is_empty() => {}
            Err(problems) => wrong.push(problems),
        }
    }
    (lists, wrong)
}

/// The text of a file of targets.
#[must_use]
pub fn text_of(path: &Path, text: Arc<str>) -> ListText {
    let json = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    ListText {
        origin: path.display().to_string().into(),
        text,
        format: if json { Format::Json } else { Format::Yaml },
        trusted: true,
        most: usize::MAX,
    }
}
