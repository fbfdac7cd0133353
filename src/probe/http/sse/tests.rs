//! Events as the standard's own examples have them, and as a plain reading of a whole stream gives them.

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Told {
    Event(String, String),
    TooLong,
    Comment,
}

fn event(name: &str, data: &str) -> Told {
    Told::Event(name.to_owned(), data.to_owned())
}

fn told<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<Told> {
    let mut parser = Parser::default();
    let mut told = Vec::new();
    for chunk in chunks {
        parser.push(chunk, |part| {
            told.push(match part {
                Part::Event(Event { name, data }) => event(name, data),
                Part::TooLong => Told::TooLong,
                Part::Comment => Told::Comment,
            });
        });
    }
    told
}

#[test]
fn streams_are_read_as_the_standard_says() {
    let message = |data| event("message", data);
    let cases: Vec<(&str, Vec<Told>)> = vec![
        ("", vec![]),
        ("\n\n\r\r\n", vec![]),
        ("data: YHOO\ndata: +2\ndata: 10\n\n", vec![message("YHOO\n+2\n10")]),
        (
            ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event",
            vec![Told::Comment, message("first event"), message("second event")],
        ),
        ("data\n\ndata\ndata\n\ndata:", vec![message(""), message("\n")]),
        ("data:test\n\ndata: test\n\n", vec![message("test"), message("test")]),
        ("event: ping\ndata: {}\r\n\r\n", vec![event("ping", "{}")]),
        ("data: a\r\rdata: b\r\n\r\ndata: c\n\n", vec![message("a"), message("b"), message("c")]),
        ("event: first\nevent: second\ndata: a\n\ndata: b\n\n", vec![event("second", "a"), message("b")]),
        ("event: gone\n\ndata: a\n\n", vec![message("a")]),
        ("event: gone\nevent\ndata: a\n\n", vec![message("a")]),
        ("\u{feff}data: a\n\n\u{feff}data: b\n\n", vec![message("a")]),
        ("\u{feff}\n\u{feff}data: a\n\n", vec![]),
        ("dataa: a\ndat: b\nDATA: c\nevents: d\n data: e\n\n", vec![]),
        ("data: a: b\n: c: d\n:\n\n", vec![Told::Comment, Told::Comment, message("a: b")]),
        ("retry: 10\ndata: a\0\n\n", vec![message("a\0")]),
    ];
    for (stream, expected) in cases {
        assert_eq!(told([stream.as_bytes()]), expected, "{stream:?}");
        let bytes = stream.as_bytes().chunks(1);
        assert_eq!(told(bytes), expected, "{stream:?}, byte by byte");
    }
}

#[test]
fn bytes_that_are_no_utf_8_are_replaced() {
    assert_eq!(
        told([&b"\xef\xbbdata: a\ndata: \xe2\x82\xc3\n\n"[..]]),
        [event("message", "\u{fffd}\u{fffd}")]
    );
    assert_eq!(told([&b"\xef"[..], b"\ndata: a\n\n"]), [event("message", "a")]);
}

#[test]
fn what_is_too_long_is_told_and_left_out() {
    let fits = format!("data: {}\n\n", "x".repeat(DATA_LIMIT));
    assert_eq!(told([fits.as_bytes()]), [event("message", &"x".repeat(DATA_LIMIT))]);
    let line = format!("event: a\ndata: {}\ndata: b\n\ndata: c\n\n", "x".repeat(DATA_LIMIT + 1));
    assert_eq!(told([line.as_bytes()]), [Told::TooLong, event("message", "c")]);
    assert_eq!(told(line.as_bytes().chunks(1000)), [Told::TooLong, event("message", "c")]);
    let lines = format!("{}\ndata: c\n\n", "data: x\n".repeat(DATA_LIMIT / 2 + 1));
    assert_eq!(told([lines.as_bytes()]), [Told::TooLong, event("message", "c")]);
    let ignored = format!(":{0}\n{0}\n{0}:{0}\nevent: {0}\ndata: c\n\n", "x".repeat(DATA_LIMIT * 2));
    assert_eq!(told([ignored.as_bytes()]), [Told::Comment, event(&"x".repeat(NAME_LIMIT), "c")]);
}

#[test]
fn what_is_kept_is_bounded_however_long_lines_events_and_stream_are() {
    let mut parser = Parser::default();
    let mut events = 0_u32;
    let small = b"event: e\ndata: 0123456789\n\n".repeat(1000);
    for _ in 0..1000 {
        parser.push(&small, |_| events += 1);
    }
    assert_eq!(events, 1_000_000);
    let held = |parser: &Parser| {
        let data = match &parser.data {
            Some(Data::Kept(data)) => data.capacity(),
            Some(Data::TooLong) | None => 0,
        };
        data + parser.spare.capacity() + parser.name.capacity() + parser.field.capacity()
    };
    assert!(held(&parser) < 256, "{}", held(&parser));
    let part = [b'x'; 4096];
    for start in ["", "\n:", "\ndata:", "\nevent:", "\nx:", "\n\ndata: "] {
        parser.push(start.as_bytes(), |_| ());
        for _ in 0..1000 {
            parser.push(&part, |_| ());
            assert!(held(&parser) <= 2 * DATA_LIMIT + 1024, "{start:?}: {}", held(&parser));
        }
    }
}

/// What the standard says of a whole stream, done step by step.
fn plainly(stream: &[u8]) -> Vec<Told> {
    let text = String::from_utf8_lossy(stream).replace("\r\n", "\n").replace('\r', "\n");
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut lines: Vec<_> = text.split('\n').collect();
    lines.pop();
    let (mut told, mut name, mut data) = (Vec::new(), String::new(), String::new());
    for line in lines {
        if line.is_empty() {
            if let Some(data) = data.strip_suffix('\n') {
                told.push(event(if name.is_empty() { "message" } else { &name }, data));
            }
            name.clear();
            data.clear();
            continue;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "" => told.push(Told::Comment),
            "event" => value.clone_into(&mut name),
            "data" => data += &format!("{value}\n"),
            _ => {}
        }
    }
    told
}

/// Bytes that are often a stream of events.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => prop::sample::select(vec![
            "data", "event", ":", ": ", " ", "\n", "\r", "\r\n", "\n\n", "x", "ä", "\u{feff}", "data: a\n\n", "event: b\n",
        ])
        .prop_map(|piece| piece.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..4),
    ];
    prop::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn chunks_make_no_difference(stream in stream(), cuts in prop::collection::vec(0..200_usize, 0..8)) {
        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(stream.len())).collect();
        cuts.extend([0, stream.len()]);
        cuts.sort_unstable();
        let chunks = cuts.windows(2).map(|ends| &stream[ends[0]..ends[1]]);
        prop_assert_eq!(told(chunks), plainly(&stream));
    }

    #[test]
    fn any_bytes_are_taken(stream in prop::collection::vec(any::<u8>(), 0..2000)) {
        prop_assert_eq!(told([stream.as_slice()]), plainly(&stream));
    }
}
