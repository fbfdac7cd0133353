//! The law on the log: whatever the program may write in it is explained in docs/logging.md, held by reading the source.

use std::collections::BTreeSet;
use std::{fs, io};

use walkdir::WalkDir;

const LEVELS: [&str; 4] = ["error", "warn", "info", "debug"];

/// The text literals in a call, whose code begins behind its parenthesis; those of fields and the message, which is last.
fn literals(code: &str) -> Vec<String> {
    let (mut depth, mut found, mut rest) = (1_usize, Vec::new(), code.chars());
    while depth > 0 {
        match rest.next() {
            Some('(') => depth += 1,
            Some(')') => depth -= 1,
            Some('"') => found.push(literal(&mut rest)),
            Some(_) => {}
            None => break,
        }
    }
    found
}

/// The text up to the closing quote; a backslash at the end of a line leaves out what indents the next one.
fn literal(rest: &mut std::str::Chars<'_>) -> String {
    let mut text = String::new();
    while let Some(sign) = rest.next() {
        match sign {
            '"' => break,
            '\\' => match rest.next() {
                Some('\n') => *rest = rest.as_str().trim_start().chars(),
                Some(escaped) => text.push(escaped),
                None => break,
            },
            sign => text.push(sign),
        }
    }
    text
}

/// Every message in this code.
fn messages(code: &str) -> Vec<String> {
    let calls = LEVELS.iter().flat_map(|level| {
        let call = format!("tracing::{level}!(");
        let places: Vec<usize> = code.match_indices(&call).map(|(at, _)| at + call.len()).collect();
        places
    });
    calls.filter_map(|at| literals(&code[at..]).pop()).collect()
}

#[test]
fn every_message_is_explained() -> io::Result<()> {
    let guide = fs::read_to_string("docs/logging.md")?;
    let mut said = BTreeSet::new();
    for entry in WalkDir::new("src").into_iter().collect::<Result<Vec<_>, _>>()? {
        let path = entry.path().display().to_string();
        // What the simulator says of its hosts is for those who write tests.
        if path.ends_with(".rs") && !path.starts_with("src/simulate/") {
            said.extend(messages(&fs::read_to_string(entry.path())?));
        }
    }
    assert!(said.len() > 50, "{said:?}");
    let missing: Vec<_> = said.iter().filter(|message| !guide.contains(&format!("`{message}`"))).collect();
    assert!(missing.is_empty(), "docs/logging.md says nothing of {missing:#?}");
    let quoted = guide.lines().filter(|line| line.starts_with("| `")).flat_map(|line| {
        let first = line.trim_start_matches("| ").split(" | ").next().unwrap_or_default();
        first.split("`, `").map(|message| message.trim_matches('`').to_owned()).collect::<Vec<_>>()
    });
    let gone: Vec<_> = quoted.filter(|message| !said.contains(message)).collect();
    assert!(gone.is_empty(), "docs/logging.md explains what nothing says: {gone:#?}");
    Ok(())
}

#[test]
fn messages_are_found_behind_their_fields() {
    let code = r#"tracing::warn!(target = "a (b", x = f(1), "it is \
                   broken"); tracing::info!("works");"#;
    assert_eq!(messages(code), ["it is broken", "works"]);
}
