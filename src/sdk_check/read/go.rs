//! `go.mod`: the required modules, with what replaces them.

use std::collections::HashMap;

use super::{no_conflict, numbered};
use crate::sdk_check::dependency::{Dependencies, Said};

pub(super) fn read(text: &str, found: &mut Dependencies<'_>) -> Result<(), String> {
    no_conflict(text)?;
    let mut block: Option<&str> = None;
    let mut required: Vec<(usize, &str, &str)> = Vec::new();
    let mut replaced: HashMap<&str, Vec<&str>> = HashMap::new();
    let mut is_module = false;
    for (number, line) in numbered(text) {
        let line = line.split("//").next().unwrap_or_default().trim();
        let mut words = line.split_whitespace().peekable();
        let Some(first) = words.peek().copied() else { continue };
        if first == ")" {
            block = None;
            continue;
        }
        let directive = match block {
            Some(directive) => directive,
            None => {
                words.next();
                if words.peek() == Some(&"(") {
                    block = Some(first);
                    continue;
                }
                first
            }
        };
        let words: Vec<_> = words.map(|word| word.trim_matches(['"', '`'])).collect();
        match (directive, words.as_slice()) {
            ("module", _) => is_module = true,
            ("require", [module, version]) => required.push((number, module, version)),
            ("replace", [module, "=>", new @ ..] | [module, _, "=>", new @ ..]) => {
                replaced.insert(module, new.to_vec());
            }
            _ => {}
        }
    }
    let ecosystem = found.ecosystem();
    for (number, module, version) in required {
        match replaced.get(module).map(Vec::as_slice) {
            None => found.lock(module, Some(number), version),
            Some([new, version]) => found.lock(new, Some(number), version),
            // A directory: whatever lies there.
            Some(_) => found.add(module, Some(number), || Said::locked(ecosystem, "")),
        }
    }
    if is_module { Ok(()) } else { Err("not a module of Go: it does not say which".to_owned()) }
}
