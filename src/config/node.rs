//! YAML text to a tree in which every value knows its place.
//!
//! Promises: bounded in size and depth; never recurses while parsing; refuses what a config has no need of (anchors,
//! aliases, tags, several documents), so no text can grow while it is read.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError};

use super::problem::{Place, Position, Report, quoted};

/// The largest text that is read, in bytes.
pub(super) const MAX_BYTES: usize = 16 * 1024 * 1024;

/// The deepest nesting; a valid config needs seven levels.
const MAX_DEPTH: usize = 32;

const TOO_DEEP: &str = "nested more than 32 levels deep";

/// A value and its place.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) position: Position,
    pub(super) value: Value,
}

/// What stands at a place.
#[derive(Debug)]
pub(super) enum Value {
    Scalar(Scalar),
    Sequence(Vec<Node>),
    Mapping(Vec<(Key, Node)>),
    /// Nothing usable, and the report says why.
    Refused,
}

/// A text.
#[derive(Debug)]
pub(super) struct Scalar {
    pub(super) text: String,
    /// Without quotes, so that it may stand for nothing at all.
    pub(super) plain: bool,
    /// The variables it was made of.
    pub(super) from_env: Option<String>,
}

/// A key of a mapping.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) text: String,
    pub(super) position: Position,
}

impl Node {
    /// Whether the value says that there is no value.
    pub(super) fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar(scalar) if scalar.plain && matches!(scalar.text.as_str(), "" | "~" | "null"))
    }
}

/// A key path while the tree is walked.
#[derive(Debug, Clone, Copy)]
pub(super) enum Path<'a> {
    Root,
    Key(&'a Path<'a>, &'a str),
    Item(&'a Path<'a>, usize),
}

impl Path<'_> {
    /// The path as people read it.
    pub(super) fn show(&self) -> String {
        match self {
            Self::Root => String::new(),
            Self::Key(parent, key) => join(&parent.show(), key),
            Self::Item(parent, index) => format!("{}[{index}]", parent.show()),
        }
    }
}

/// A path and one more key; a key that would not be plain to read is put in quotes.
fn join(parent: &str, key: &str) -> String {
    let simple = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    match (simple, parent.is_empty()) {
        (true, true) => key.to_owned(),
        (true, false) => format!("{parent}.{key}"),
        (false, _) => format!("{parent}[{}]", quoted(key)),
    }
}

/// Reads a text; `None` where nothing more can be said about it than what the report says.
/// `nothing` is what is told, with what to do, where there is nothing in it.
pub(super) fn parse(text: &str, nothing: (&str, &str), report: &Report) -> Option<Node> {
    let mut builder = Builder { report, open: Vec::new(), root: None };
    for event in Parser::new_from_str(text) {
        match event {
            Ok((event, span)) => builder.take(event, position(&span.start)).ok()?,
            Err(error) => {
                builder.scan_error(&error, text);
                return None;
            }
        }
    }
    match builder.root {
        Some(root) if !root.is_null() => Some(root),
        _ => {
            let place = Place { position: START, path: String::new(), from_env: None };
            report.add_with_help(&place, nothing.0, nothing.1);
            None
        }
    }
}

const START: Position = Position { line: 1, column: 1 };

fn position(marker: &Marker) -> Position {
    Position { line: marker.line().max(1), column: marker.col() + 1 }
}

/// Just after the last character; the parser counts a line more where a text does not end in a line break.
fn end(text: &str) -> Position {
    let last = text.lines().enumerate().last();
    last.map_or(START, |(index, line)| Position { line: index + 1, column: line.chars().count() + 1 })
}

/// That reading cannot go on.
struct Stop;

/// A collection whose end has not been read.
struct Open {
    position: Position,
    kind: Kind,
}

enum Kind {
    Sequence(Vec<Node>),
    Mapping { entries: Vec<(Key, Node)>, seen: HashMap<String, usize>, key: Option<Waiting> },
}

/// A key whose value has not been read; `None` where the value is to be dropped.
type Waiting = Option<Key>;

struct Builder<'a> {
    report: &'a Report,
    open: Vec<Open>,
    root: Option<Node>,
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, position: Position) -> Result<(), Stop> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let usable = self.plain_yaml(anchor, tag.is_some(), position);
                let scalar =
                    Scalar { text: text.into_owned(), plain: style == ScalarStyle::Plain, from_env: None };
                let value = if usable { Value::Scalar(scalar) } else { Value::Refused };
                self.add(Node { position, value });
            }
            Event::SequenceStart(anchor, tag) => {
                self.plain_yaml(anchor, tag.is_some(), position);
                self.start(position, Kind::Sequence(Vec::new()))?;
            }
            Event::MappingStart(anchor, tag) => {
                self.plain_yaml(anchor, tag.is_some(), position);
                let kind = Kind::Mapping { entries: Vec::new(), seen: HashMap::new(), key: None };
                self.start(position, kind)?;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(open) = self.open.pop() {
                    let value = match open.kind {
                        Kind::Sequence(items) => Value::Sequence(items),
                        Kind::Mapping { entries, .. } => Value::Mapping(entries),
                    };
                    self.add(Node { position: open.position, value });
                }
            }
            Event::Alias(_) => {
                self.problem(position, "aliases (*) are not supported: write the value out");
                self.add(Node { position, value: Value::Refused });
            }
            Event::DocumentStart(_) if self.root.is_some() => {
                self.problem(position, "a second document (---) starts here: a config is one document");
                return Err(Stop);
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => {}
        }
        Ok(())
    }

    /// Reports what YAML can do and a config has no need of; false where a scalar's meaning is lost with it.
    fn plain_yaml(&self, anchor: usize, tag: bool, position: Position) -> bool {
        if anchor != 0 {
            self.problem(position, "anchors (&) are not supported: write the value out where it is needed");
        }
        if tag {
            self.problem(position, "tags (!) are not supported: every key knows the type of its value");
        }
        anchor == 0 && !tag
    }

    fn start(&mut self, position: Position, kind: Kind) -> Result<(), Stop> {
        if self.open.len() >= MAX_DEPTH {
            let place = Place { position, path: String::new(), from_env: None };
            self.report.add(&place, TOO_DEEP);
            return Err(Stop);
        }
        self.open.push(Open { position, kind });
        Ok(())
    }

    fn add(&mut self, node: Node) {
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return;
        };
        let Kind::Mapping { entries, seen, key } = &mut open.kind else {
            if let Kind::Sequence(items) = &mut open.kind {
                items.push(node);
            }
            return;
        };
        let Node { position, value } = node;
        match (key.take(), value) {
            (Some(Some(waiting)), value) => entries.push((waiting, Node { position, value })),
            (Some(None), _) => {}
            (None, Value::Scalar(Scalar { text, .. })) => match seen.entry(text) {
                Entry::Vacant(free) => {
                    *key = Some(Some(Key { text: free.key().clone(), position }));
                    free.insert(position.line);
                }
                Entry::Occupied(first) => {
                    let message = format!("the key stands already on line {}", first.get());
                    let text = first.key().clone();
                    *key = Some(None);
                    let path = join(&self.path(), &text);
                    self.report.add(&Place { position, path, from_env: None }, message);
                }
            },
            (None, value) => {
                *key = Some(None);
                if !matches!(value, Value::Refused) {
                    self.problem(position, "a key must be a text, not a list or a mapping");
                }
            }
        }
    }

    fn path(&self) -> String {
        let mut path = String::new();
        for open in &self.open {
            match &open.kind {
                Kind::Sequence(items) => path.push_str(&format!("[{}]", items.len())),
                Kind::Mapping { key: Some(Some(key)), .. } => path = join(&path, &key.text),
                Kind::Mapping { .. } => {}
            }
        }
        path
    }

    fn problem(&self, position: Position, message: impl Into<String>) {
        self.report.add(&Place { position, path: self.path(), from_env: None }, message);
    }

    fn scan_error(&self, error: &ScanError, text: &str) {
        let position = position(error.marker()).min(end(text));
        let place = Place { position, path: String::new(), from_env: None };
        let info = error.info();
        let (message, help) = if info.contains("unknown anchor") {
            ("aliases (*) are not supported: write the value out".to_owned(), None)
        } else if info.contains("recursion limit") {
            (TOO_DEEP.to_owned(), None)
        } else if info.contains("tab") {
            (format!("not YAML: {info}"), Some("indent with spaces"))
        } else if info.contains("mapping values are not allowed") {
            (format!("not YAML: {info}"), Some("check the indentation; a value that holds `: ` needs quotes"))
        } else {
            (format!("not YAML: {info}"), None)
        };
        self.report.put(&place, message, help.map(str::to_owned));
    }
}
