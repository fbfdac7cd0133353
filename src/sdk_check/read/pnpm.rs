//! `pnpm-lock.yaml`, of the versions 5 to 9: only the keys of two of its mappings matter.

use saphyr_parser::{Event, Parser};

use crate::sdk_check::dependency::Dependencies;

/// Where in the document the walk is: the key of the outermost mapping that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Section {
    Packages,
    Importers,
    Other,
}

pub(super) fn read(text: &str, found: &mut Dependencies<'_>) -> Result<(), String> {
    let mut depth = 0_usize;
    // Whether the next thing in the outermost mapping, and in a section, is a key.
    let (mut outer_key, mut inner_key) = (true, true);
    let mut section = Section::Other;
    let mut is_lock = false;
    for event in Parser::new_from_str(text) {
        let (event, span) =
            event.map_err(|error| format!("not YAML at line {}: {}", error.marker().line(), error.info()))?;
        let (opens, closes, scalar) = match &event {
            Event::MappingStart(..) | Event::SequenceStart(..) => (true, false, None),
            Event::MappingEnd | Event::SequenceEnd => (false, true, None),
            Event::Scalar(value, ..) => (false, false, Some(value.as_ref())),
            Event::Alias(_) => (false, false, None),
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => continue,
        };
        if closes {
            depth = depth.saturating_sub(1);
            continue;
        }
        match depth {
            1 if outer_key => {
                section = match scalar {
                    Some("packages") => Section::Packages,
                    Some("importers") => Section::Importers,
                    _ => Section::Other,
                };
                is_lock |= section != Section::Other || scalar == Some("lockfileVersion");
                (outer_key, inner_key) = (false, true);
            }
            1 => outer_key = true,
            2 if inner_key => {
                match (section, scalar) {
                    (Section::Packages, Some(key)) => package(key, span.start.line(), found),
                    (Section::Importers, Some(directory)) => found.add_member(directory),
                    (Section::Packages | Section::Importers | Section::Other, _) => {}
                }
                inner_key = false;
            }
            2 => inner_key = true,
            _ => {}
        }
        if opens {
            depth += 1;
        }
    }
    if is_lock { Ok(()) } else { Err("not a lock file: there are no packages in it".to_owned()) }
}

/// Reads `/name/1.2.3_peers`, `/name@1.2.3(peers)` or `name@1.2.3(peers)`, the name with a scope or without.
fn package(key: &str, line: usize, found: &mut Dependencies<'_>) {
    if let Some((name, version)) = split(key) {
        found.lock(name, Some(line), version);
    }
}

fn split(key: &str) -> Option<(&str, &str)> {
    let key = key.strip_prefix('/').unwrap_or(key);
    let scope = if key.starts_with('@') { key.find('/')? + 1 } else { 0 };
    let end = key.get(scope..)?.find(['@', '/'])? + scope;
    let version = key.get(end + 1..)?.split(['(', '_']).next()?;
    Some((key.get(..end)?, version))
}
