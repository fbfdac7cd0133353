//! Puts together what all files say, and judges it by the table.

use std::collections::HashSet;
use std::path::{Component, Path, PathBuf};

use super::dependency::{Dependencies, Dependency, Said};
use super::read::read;
use super::report::{Finding, Report, Undecided, Warning, plain};
use super::{How, Kind, Table, Version};

/// A check that goes on: files are added one by one, in the order in which they are to be reported.
#[derive(Debug)]
pub struct SdkCheck<'a> {
    table: &'a Table,
    files: Vec<File>,
    /// How many of the files were read to their end.
    whole: usize,
    warnings: Vec<Warning>,
}

#[derive(Debug)]
struct File {
    path: PathBuf,
    kind: Kind,
    dependencies: Vec<Dependency>,
    /// The directories of projects that a lock file speaks for.
    projects: Vec<PathBuf>,
}

impl<'a> SdkCheck<'a> {
    /// Begins a check against a table.
    #[must_use]
    pub fn new(table: &'a Table) -> Self {
        Self { table, files: Vec::new(), whole: 0, warnings: Vec::new() }
    }

    /// Adds a file, its path relative to the directory that is checked. What is wrong with it becomes a warning.
    pub fn add(&mut self, path: &Path, kind: Kind, text: &str) {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut found = Dependencies::new(self.table, kind.ecosystem());
        match read(kind, text, &mut found).and_then(|()| found.check()) {
            Ok(()) => self.whole += 1,
            Err(problem) => self.warn(path, &problem),
        }
        let (dependencies, members) = found.into_parts();
        let project = kind.project(path);
        let members = members.iter().filter_map(|member| below(project, member));
        let projects = if kind.is_lock() {
            std::iter::once(project.to_owned()).chain(members).collect()
        } else {
            Vec::new()
        };
        self.files.push(File { path: path.to_owned(), kind, dependencies, projects });
    }

    /// Tells that something could not be read.
    pub fn warn(&mut self, path: &Path, problem: &str) {
        self.warnings.push(Warning { path: plain(&path.to_string_lossy()), problem: plain(problem) });
    }

    /// Judges all that was added.
    #[must_use]
    pub fn report(self) -> Report<'a> {
        // What lock files decide: a manifest in the same project is not heard.
        let locks = self.files.iter().filter(|file| file.kind.is_lock());
        let locked: HashSet<(&Path, usize)> = locks
            .flat_map(|file| {
                let packages = file.dependencies.iter().map(|dependency| dependency.package);
                packages.flat_map(|package| file.projects.iter().map(move |at| (at.as_path(), package)))
            })
            .collect();
        let mut report = Report::new(self.table, self.whole);
        for file in &self.files {
            let path = plain(&file.path.to_string_lossy());
            let project = file.kind.project(&file.path);
            for dependency in &file.dependencies {
                if !file.kind.is_lock() && locked.contains(&(project, dependency.package)) {
                    continue;
                }
                let Some(package) = self.table.packages().get(dependency.package) else { continue };
                report.found += 1;
                let line = dependency.line;
                match judge(&dependency.said, &package.minimum) {
                    None => report.undecided.push(Undecided { path: path.clone(), line, package }),
                    Some(Judged { below: false, .. }) => {}
                    Some(Judged { version, how, requirement, below: true }) => {
                        report.findings.push(Finding {
                            path: path.clone(),
                            line,
                            package,
                            how,
                            version: version.as_str().to_owned(),
                            requirement: requirement.map(str::to_owned),
                            changes: package
                                .changes
                                .iter()
                                .filter(|change| version.is_older_than(&change.version))
                                .collect(),
                        });
                    }
                }
            }
        }
        report.warnings = self.warnings;
        report
    }
}

struct Judged<'a> {
    version: &'a Version,
    how: How,
    requirement: Option<&'a str>,
    below: bool,
}

fn judge<'a>(said: &'a Said, minimum: &Version) -> Option<Judged<'a>> {
    match said {
        Said::Locked(version) => {
            let below = version.is_older_than(minimum);
            Some(Judged { version, how: How::Locked, requirement: None, below })
        }
        Said::Required(requirement) => {
            let (version, below) = requirement.judge(minimum)?;
            Some(Judged { version, how: requirement.how(), requirement: Some(requirement.as_str()), below })
        }
        Said::Nothing => None,
    }
}

/// A directory that a lock file names, seen from the directory that is checked; `None` if it lies outside.
fn below(project: &Path, member: &str) -> Option<PathBuf> {
    let mut path = PathBuf::new();
    for component in project.join(member).components() {
        match component {
            Component::Normal(name) => path.push(name),
            Component::CurDir => {}
            Component::ParentDir => {
                if !path.pop() {
                    return None;
                }
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(path)
}
