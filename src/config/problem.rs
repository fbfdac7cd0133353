//! What is wrong with a config: problems with their place, collected so that all are told at once.
//!
//! Promises: a problem never holds a neighbouring line or a value that came from the environment.

use std::cell::RefCell;
use std::fmt;

/// Problems told of one file; the rest is only counted.
const MOST: usize = 100;

/// The longest part of a value that is repeated in a problem, in characters.
const LONGEST_SHOWN: usize = 80;

/// The longest message, in characters; an error's own words may repeat a value of any length.
const LONGEST_MESSAGE: usize = 500;

/// A place in a text, counted from 1; columns are characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where in the text; `None` where there is no text.
    pub position: Option<Position>,
    /// The key path, such as `targets[0].tls.ca_file`; empty for the whole file.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// Everything that is wrong with one config, in the order of the text, and then with each of its files of targets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems {
    file: String,
    list: Vec<Problem>,
    others: Vec<Problems>,
}

impl Problems {
    /// Problems of a text, sorted by position.
    pub(super) fn new(file: String, mut list: Vec<Problem>) -> Self {
        list.sort_by_key(|problem| problem.position);
        // What stands once and holds for several targets is told once.
        list.dedup();
        Self { file, list, others: Vec::new() }
    }

    /// These, and then those of other files; `None` where there are none at all.
    pub(super) fn together(all: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut all = all.into_iter();
        let mut first = all.next()?;
        first.others.extend(all);
        Some(first)
    }

    /// One problem with the file as a whole.
    pub(super) fn of_file(file: String, message: String, help: Option<String>) -> Self {
        let list = vec![Problem { position: None, path: String::new(), message, help }];
        Self { file, list, others: Vec::new() }
    }

    /// The file, as it was given.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The problems of the first file that has any; never empty.
    #[must_use]
    pub fn list(&self) -> &[Problem] {
        &self.list
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.list.iter().take(MOST).enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            f.write_str(&self.file)?;
            if let Some(position) = problem.position {
                write!(f, ":{position}")?;
            }
            if !problem.path.is_empty() {
                write!(f, ": {}", problem.path)?;
            }
            write!(f, ": {}", problem.message)?;
            if let Some(help) = &problem.help {
                write!(f, "\n    help: {help}")?;
            }
        }
        match self.list.len().saturating_sub(MOST) {
            0 => {}
            more => write!(f, "\n{}: and {more} more problems", self.file)?,
        }
        self.others.iter().try_for_each(|other| write!(f, "\n{other}"))
    }
}

impl std::error::Error for Problems {}

/// Where a value stands: in the text, in the tree of keys, and in the environment if it was taken from there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) position: Position,
    pub(super) path: String,
    /// The variables a value was made of; such a value is never shown.
    pub(super) from_env: Option<String>,
}

impl Place {
    /// The place of a key inside this one that is not there.
    pub(super) fn key(&self, name: &str) -> Self {
        let path = if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) };
        Self { position: self.position, path, from_env: None }
    }

    /// The value of this place as a problem may show it.
    pub(super) fn show(&self, text: &str) -> String {
        match &self.from_env {
            Some(variables) => format!("[from {variables}]"),
            None => quoted(text),
        }
    }
}

/// A text in quotes, on one line, cut where it is long.
pub(super) fn quoted(text: &str) -> String {
    match text.char_indices().nth(LONGEST_SHOWN) {
        Some((end, _)) => format!("{:?}…", text.get(..end).unwrap_or_default()),
        None => format!("{text:?}"),
    }
}

/// That a value is not usable, and that the report says why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reported;

/// A value, or the knowledge that its problem is in the report.
pub(super) type Checked<T> = Result<T, Reported>;

/// Collects problems.
#[derive(Debug, Default)]
pub(super) struct Report(RefCell<Vec<Problem>>);

impl Report {
    /// Adds a problem.
    pub(super) fn add(&self, place: &Place, message: impl Into<String>) -> Reported {
        self.put(place, message.into(), None)
    }

    /// Adds a problem that can say what to do.
    pub(super) fn add_with_help(
        &self,
        place: &Place,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Reported {
        self.put(place, message.into(), Some(help.into()))
    }

    /// Adds a problem with an optional help.
    pub(super) fn put(&self, place: &Place, mut message: String, help: Option<String>) -> Reported {
        if let Some((end, _)) = message.char_indices().nth(LONGEST_MESSAGE) {
            message.truncate(end);
            message.push('…');
        }
        let (position, path) = (Some(place.position), place.path.clone());
        self.0.borrow_mut().push(Problem { position, path, message, help });
        Reported
    }

    /// All problems so far.
    pub(super) fn finish(self) -> Vec<Problem> {
        self.0.into_inner()
    }
}
