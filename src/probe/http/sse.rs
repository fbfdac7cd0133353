//! Server-sent events out of the bytes of a stream, as the HTML standard reads them (§9.2).
//!
//! Promises: what is kept is bounded however long the stream, an event or a line is; how the bytes are cut into chunks
//! makes no difference; no bytes are an error, and an event that is too long is told and left out.
//!
//! It is our own because the kept crates have no such bound: `eventsource-stream` gathers a line, and `sse-stream` an
//! event, until its end comes, and a peer need not send one. Neither tells of comments, which are signs of life.

use crate::provider::Event;

/// The longest data of an event that is read; what is known to be sent is far shorter.
const DATA_LIMIT: usize = 64 * 1024;

/// How much of an event's type is kept; a longer one is none that is known.
const NAME_LIMIT: usize = 64;

/// One byte more than the longest name of a field that means something here.
const FIELD_LIMIT: usize = "event".len() + 1;

/// May stand at the very beginning, and means nothing.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// What is told of a stream.
#[derive(Debug)]
pub(super) enum Part<'a> {
    /// An event is complete.
    Event(Event<'a>),
    /// An event is complete whose data is too long to be read.
    TooLong,
    /// A comment.
    Comment,
}

/// The field that a line sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Data,
    Event,
    Ignored,
}

/// Where in a line the bytes stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// At the beginning of the stream, behind so many bytes of a byte order mark.
    Mark(usize),
    /// In the name of a field, or before it.
    Name,
    /// Behind the colon, where one space is left out.
    Colon(Field),
    /// In the value.
    Value(Field),
    /// In a comment.
    Comment,
}

/// Reads events out of chunks of bytes.
#[derive(Debug)]
pub(super) struct Parser {
    at: At,
    /// The line ended with a carriage return; a line feed behind it belongs to it.
    after_return: bool,
    /// The name of the field, as far as it matters.
    field: Vec<u8>,
    /// The event's type.
    name: Vec<u8>,
    /// The event's data; absent without a line of it, which is not the same as an empty one.
    data: Option<Data>,
    /// Kept for the next event.
    spare: Vec<u8>,
}

/// The data of an event that is not complete yet.
#[derive(Debug)]
enum Data {
    Kept(Vec<u8>),
    TooLong,
}

impl Default for Parser {
    fn default() -> Self {
        Self {
            at: At::Mark(0),
            after_return: false,
            field: Vec::with_capacity(FIELD_LIMIT),
            name: Vec::new(),
            data: None,
            spare: Vec::new(),
        }
    }
}

impl Parser {
    /// Reads the next bytes; `tell` is given what they complete.
    pub(super) fn push(&mut self, chunk: &[u8], mut tell: impl FnMut(Part<'_>)) {
        let mut rest = chunk;
        while let Some((&first, behind)) = rest.split_first() {
            if std::mem::take(&mut self.after_return) && first == b'\n' {
                rest = behind;
                continue;
            }
            let line = rest.split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
            self.in_line(line);
            let Some((ending, behind)) = rest.get(line.len()..).and_then(<[u8]>::split_first) else { return };
            self.after_return = *ending == b'\r';
            self.end_line(&mut tell);
            rest = behind;
        }
    }

    /// Whether a part of an event is there that is not complete.
    pub(super) fn is_inside_event(&self) -> bool {
        self.data.is_some()
            || !self.name.is_empty()
            || match self.at {
                At::Mark(_) | At::Comment => false,
                At::Name => !self.field.is_empty(),
                At::Colon(_) | At::Value(_) => true,
            }
    }

    fn in_line(&mut self, part: &[u8]) {
        let mut part = part;
        if let At::Mark(seen) = self.at {
            part = self.in_mark(seen, part);
        }
        if self.at == At::Name {
            part = self.in_name(part);
        }
        if let At::Colon(field) = self.at
            && !part.is_empty()
        {
            part = part.strip_prefix(b" ").unwrap_or(part);
            self.at = At::Value(field);
        }
        if let At::Value(field) = self.at {
            self.append(field, part);
        }
    }

    /// What is left behind the byte order mark.
    fn in_mark<'a>(&mut self, seen: usize, part: &'a [u8]) -> &'a [u8] {
        let (before, missing) = BYTE_ORDER_MARK.split_at(seen);
        if let Some(behind) = part.strip_prefix(missing) {
            self.at = At::Name;
            return behind;
        }
        if missing.starts_with(part) {
            self.at = At::Mark(seen + part.len());
            return &[];
        }
        // No mark: what looked like one is the beginning of a name.
        self.at = At::Name;
        self.field.extend_from_slice(before);
        part
    }

    /// What is left behind the name and its colon.
    fn in_name<'a>(&mut self, part: &'a [u8]) -> &'a [u8] {
        let mut halves = part.splitn(2, |byte| *byte == b':');
        let name = halves.next().unwrap_or_default();
        let room = FIELD_LIMIT.saturating_sub(self.field.len());
        self.field.extend(name.iter().take(room));
        let Some(value) = halves.next() else { return &[] };
        self.at = if self.field.is_empty() { At::Comment } else { At::Colon(self.begin_value()) };
        value
    }

    /// The field that is set by the line.
    fn begin_value(&mut self) -> Field {
        match self.field.as_slice() {
            b"data" => {
                match &mut self.data {
                    None => self.data = Some(Data::Kept(std::mem::take(&mut self.spare))),
                    Some(_) => self.append(Field::Data, b"\n"),
                }
                Field::Data
            }
            b"event" => {
                self.name.clear();
                Field::Event
            }
            _ => Field::Ignored,
        }
    }

    fn append(&mut self, field: Field, value: &[u8]) {
        match (field, &mut self.data) {
            (Field::Data, Some(Data::Kept(data))) => {
                if data.len() + value.len() <= DATA_LIMIT {
                    data.extend_from_slice(value);
                } else {
                    self.data = Some(Data::TooLong);
                }
            }
            (Field::Event, _) => {
                let room = NAME_LIMIT.saturating_sub(self.name.len());
                self.name.extend(value.iter().take(room));
            }
            (Field::Data, _) | (Field::Ignored, _) => {}
        }
    }

    fn end_line(&mut self, tell: &mut impl FnMut(Part<'_>)) {
        match std::mem::replace(&mut self.at, At::Name) {
            At::Mark(0) => self.end_event(tell),
            At::Name if self.field.is_empty() => self.end_event(tell),
            At::Name => {
                // A field without a value.
                self.begin_value();
            }
            At::Comment => tell(Part::Comment),
            At::Mark(_) | At::Colon(_) | At::Value(_) => {}
        }
        self.field.clear();
    }

    fn end_event(&mut self, tell: &mut impl FnMut(Part<'_>)) {
        match self.data.take() {
            // A type without data is no event.
            None => {}
            Some(Data::TooLong) => tell(Part::TooLong),
            Some(Data::Kept(mut data)) => {
                let name = String::from_utf8_lossy(&self.name);
                let name = if name.is_empty() { "message" } else { &name };
                tell(Part::Event(Event { name, data: &String::from_utf8_lossy(&data) }));
                data.clear();
                self.spare = data;
            }
        }
        self.name.clear();
    }
}

#[cfg(test)]
mod tests;
