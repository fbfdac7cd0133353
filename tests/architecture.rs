//! The laws of the source tree, held by reading it: who may import whom, how large a file may be, and what is not written.
//!
//! The checks read text, not syntax: a path is `crate::…` or `super::…` in code, groups in braces included. Comments are
//! not code.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The rooms from the most basic to the most composed: a room imports only rooms before it, so that each can be read,
/// tested and changed without knowing what is built on it, and no two rooms ever need each other.
///
/// What is measured (`outcome`) knows nothing of how (`probe`) nor of where it goes (`metrics`, `sinks`); `app` ties all
/// of it together, and `cli` is how people start it.
const ROOMS: &[&str] = &[
    "units",
    "clock",
    "net",
    "outcome",
    "provider",
    "target",
    "config",
    "probe",
    "status_page",
    "diagnosis",
    "surroundings",
    "document",
    "schedule",
    "board",
    "history",
    "metrics",
    "rules",
    "sinks",
    "web",
    "sdk_check",
    "simulate",
    "app",
    "demo",
    "cli",
];

/// Who may import `metrics`: results become series in one place only, the rest hands on outcomes.
const METRICS_READERS: &[&str] = &["metrics", "sinks", "web", "app"];

/// What `simulate` may import: it is the peer in tests, and a peer that shared the code under test would share its
/// mistakes.
const SIMULATE_IMPORTS: &[&str] = &["simulate", "clock", "units"];

/// The layers in `probe`: only the journey knows their order.
const LAYERS: &[&str] = &["dns", "tcp", "proxy", "tls", "http"];

/// Who may have TLS of its own: a resolver or a proxy can be spoken to over it.
const TLS_USERS: &[&str] = &["dns", "proxy"];

/// Code lines of a file at the most, and of the median file: one concept, one file.
const LARGEST: usize = 600;
const MEDIAN: usize = 150;

/// Names that say nothing of what is inside.
const EMPTY_NAMES: &[&str] =
    &["util", "utils", "helper", "helpers", "common", "misc", "error", "errors", "mod"];

/// What is not written, and what to do instead. Spelt in two parts, so that this file may be read too.
const UNWRITTEN: &[(&str, &str)] = &[
    (concat!("#[", "ignore"), "make the test fast and sound, or delete it"),
    (concat!("to", "do!"), "write it, or leave it out"),
    (concat!("unimple", "mented!"), "write it, or leave it out"),
    (concat!("all", "ow("), "mend what the lint found, or write #[expect(…, reason = \"…\")]"),
];

/// A source file.
struct Source {
    path: PathBuf,
    /// As in `crate::…`; empty for the roots `lib.rs` and `main.rs`.
    module: Vec<String>,
    text: String,
    /// The text with its comments blanked out, byte for byte.
    code: String,
    /// Where its inline test module starts.
    tests_at: usize,
}

/// A path in code.
struct Import {
    at: usize,
    /// As in `crate::…`.
    to: Vec<String>,
}

impl Source {
    fn read(root: &Path, path: &Path) -> io::Result<Self> {
        let text = fs::read_to_string(path)?;
        let code: String = text.split_inclusive('\n').map(blank_comment).collect();
        let inside = path.strip_prefix(root).unwrap_or(path).with_extension("");
        let parts = inside.iter().map(|part| part.to_string_lossy().into_owned());
        let module = parts.filter(|part| !matches!(part.as_str(), "lib" | "main")).collect();
        let tests_at =
            test_modules(&code).find(|(_, inline)| inline.is_none()).map_or(code.len(), |(at, _)| at);
        Ok(Self { path: path.to_owned(), module, text, code, tests_at })
    }

    fn room(&self) -> &str {
        self.module.first().map_or("", String::as_str)
    }

    fn place(&self, at: usize) -> String {
        let line = self.code.get(..at).unwrap_or_default().matches('\n').count() + 1;
        format!("{}:{line}", self.path.display())
    }

    /// Lines of code that ship.
    fn size(&self) -> usize {
        let code = self.code.get(..self.tests_at).unwrap_or_default();
        code.lines().filter(|line| !line.trim().is_empty()).count()
    }

    /// Every path from the crate's root or a module above.
    fn imports(&self) -> Vec<Import> {
        let mut imports = Vec::new();
        for start in ["crate::", "super::"] {
            for (at, _) in self.code.match_indices(start) {
                let before = self.code.get(..at).unwrap_or_default();
                // The rest of a longer word, or of a chain that was followed from its beginning.
                if before.ends_with(|c: char| c == '_' || c == ':' || c.is_alphanumeric()) {
                    continue;
                }
                let mut base = if start == "crate::" { Vec::new() } else { self.module.clone() };
                if start == "super::" && at > self.tests_at {
                    base.push("tests".to_owned());
                }
                follow(&self.code, at, &base, &mut imports);
            }
        }
        imports
    }
}

/// Collects the paths that start at `at`, relative to `base`; returns where they end.
fn follow(code: &str, at: usize, base: &[String], found: &mut Vec<Import>) -> usize {
    let mut path = base.to_vec();
    let mut next = at;
    loop {
        let rest = code.get(next..).unwrap_or_default();
        if let Some(group) = rest.strip_prefix('{') {
            let mut inside = next + 1;
            if group.trim_start().starts_with('}') {
                return inside;
            }
            loop {
                inside += code.get(inside..).map_or(0, |rest| rest.len() - rest.trim_start().len());
                inside = follow(code, inside, &path, found);
                let rest = code.get(inside..).unwrap_or_default();
                // To the comma behind this item (past `as …`), or the end of the group.
                match rest.find([',', '}', ';']).map(|end| (inside + end, rest.as_bytes().get(end))) {
                    Some((end, Some(b','))) => inside = end + 1,
                    Some((end, _)) => return end + 1,
                    None => return code.len(),
                }
            }
        }
        let length = rest.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(rest.len());
        let word = rest.get(..length).unwrap_or_default();
        match word {
            "" | "self" => {}
            "crate" => path.clear(),
            "super" => {
                path.pop();
            }
            name => path.push(name.to_owned()),
        }
        next += length;
        if code.get(next..).is_some_and(|rest| rest.starts_with("::")) {
            next += 2;
            continue;
        }
        if word.is_empty() && path.len() == base.len() {
            return next;
        }
        found.push(Import { at, to: path });
        return next;
    }
}

/// A line with its comment blanked out; `//` inside a text stands behind `:` or a quote, never behind a space.
fn blank_comment(line: &str) -> String {
    let start = if line.trim_start().starts_with("//") { Some(0) } else { line.find(" // ") };
    let blank = |text: &str| text.chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect::<String>();
    match start {
        Some(start) => {
            let (code, comment) = line.split_at(start);
            code.to_owned() + &blank(comment)
        }
        None => line.to_owned(),
    }
}

/// The modules declared for tests only: where, and the name if it is a file of its own.
fn test_modules(code: &str) -> impl Iterator<Item = (usize, Option<&str>)> {
    code.match_indices("#[cfg(").filter_map(|(at, _)| {
        let (attribute, rest) = code.get(at..)?.split_once(")]\n")?;
        let is_test = attribute.split(|c: char| !c.is_alphanumeric()).any(|word| word == "test");
        let declaration = rest.lines().find(|line| !line.trim_start().starts_with("#["))?.trim();
        let name = declaration.strip_prefix("pub(crate) ").unwrap_or(declaration).strip_prefix("mod ")?;
        is_test.then_some((at, name.strip_suffix(';')))
    })
}

fn rust_files(directory: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            rust_files(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    Ok(())
}

/// All files below a directory of the repository; none where there is no such directory.
fn sources(directory: &str) -> io::Result<Vec<Source>> {
    let root = Path::new(directory);
    let mut files = Vec::new();
    if root.is_dir() {
        rust_files(root, &mut files)?;
    }
    files.iter().map(|path| Source::read(root, path)).collect()
}

fn everything() -> io::Result<Vec<Source>> {
    Ok([sources("src")?, sources("tests")?, sources("benches")?, sources("examples")?]
        .into_iter()
        .flatten()
        .collect())
}

fn rank(room: &str) -> Option<usize> {
    ROOMS.iter().position(|known| *known == room)
}

#[test]
fn the_rooms_here_are_the_rooms_of_the_crate_in_its_order() -> io::Result<()> {
    let text = fs::read_to_string("src/lib.rs")?;
    let declared: Vec<_> =
        text.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    assert_eq!(declared, ROOMS, "src/lib.rs and ROOMS in tests/architecture.rs must tell the same order");
    Ok(())
}

#[test]
fn rooms_import_only_rooms_above_them() -> io::Result<()> {
    let mut wrong = Vec::new();
    for source in sources("src")?.iter().filter(|source| !source.module.is_empty()) {
        for import in source.imports() {
            let (room, place) = (source.room(), source.place(import.at));
            let Some(to) = import.to.first().map(String::as_str) else {
                wrong.push(format!("{place}: this leads to the crate's root; name the room it is in"));
                continue;
            };
            match (rank(room), rank(to)) {
                (None, _) => wrong.push(format!("{place}: `{room}` is no room; add it to src/lib.rs and to ROOMS")),
                (_, None) => wrong.push(format!("{place}: `{to}` is no room; import it from where it is declared")),
                (Some(own), Some(other)) if other > own => wrong.push(format!(
                    "{place}: `{room}` imports `{to}`, which is built on it; move what is needed into a room above \
                     `{room}`, or hand it in from `app`"
                )),
                _ => {}
            }
        }
    }
    assert_eq!(wrong, [""; 0], "\n{}", wrong.join("\n"));
    Ok(())
}

#[test]
fn some_rooms_are_kept_apart() -> io::Result<()> {
    let mut wrong = Vec::new();
    for source in sources("src")?.iter().filter(|source| !source.module.is_empty()) {
        for import in source.imports() {
            let (room, place) = (source.room(), source.place(import.at));
            let to = import.to.first().map_or("", String::as_str);
            if to == "metrics" && !METRICS_READERS.contains(&room) {
                wrong.push(format!(
                    "{place}: `{room}` imports `metrics`; return an outcome and let a sink record it"
                ));
            }
            if room == "simulate" && !SIMULATE_IMPORTS.contains(&to) {
                wrong
                    .push(format!("{place}: `simulate` imports `{to}`; write its side of the protocol anew"));
            }
            let layer = |path: &[String]| match path {
                [room, layer, ..] if room == "probe" => LAYERS.iter().find(|known| *known == layer),
                _ => None,
            };
            if let (Some(own), Some(other)) = (layer(&source.module), layer(&import.to))
                && own != other
                && !(*other == "tls" && TLS_USERS.contains(own))
            {
                wrong.push(format!(
                    "{place}: the layer `{own}` imports the layer `{other}`; let the journey hand over what it needs"
                ));
            }
        }
    }
    assert_eq!(wrong, [""; 0], "\n{}", wrong.join("\n"));
    Ok(())
}

#[test]
fn files_are_small() -> io::Result<()> {
    let sources = sources("src")?;
    let declared: BTreeSet<Vec<String>> = sources
        .iter()
        .flat_map(|source| {
            let names = test_modules(&source.code).filter_map(|(_, name)| name);
            names.map(|name| source.module.iter().cloned().chain([name.to_owned()]).collect())
        })
        .collect();
    let for_tests = |module: &[String]| {
        (1..=module.len()).any(|length| module.get(..length).is_some_and(|part| declared.contains(part)))
            || module.last().is_some_and(|name| name == "tests")
    };
    let mut sizes = Vec::new();
    let mut wrong = Vec::new();
    for source in sources.iter().filter(|source| !for_tests(&source.module)) {
        let size = source.size();
        sizes.push(size);
        if size > LARGEST {
            let place = source.place(0);
            wrong.push(format!(
                "{place}: {size} lines of code, more than {LARGEST}; give its concepts files of their own"
            ));
        }
    }
    assert_eq!(wrong, [""; 0], "\n{}", wrong.join("\n"));
    sizes.sort_unstable();
    let median = sizes.get(sizes.len() / 2).copied().unwrap_or_default();
    assert!(
        (1..=MEDIAN).contains(&median),
        "the median file has {median} lines of code, not 1 to {MEDIAN}; split the large ones"
    );
    Ok(())
}

#[test]
fn every_file_says_what_it_is_for() -> io::Result<()> {
    let silent = everything()?.into_iter().filter(|source| !source.text.starts_with("//! "));
    let wrong: Vec<_> = silent
        .map(|source| format!("{}: start it with `//! ` and what it is for", source.place(0)))
        .collect();
    assert_eq!(wrong, [""; 0], "\n{}", wrong.join("\n"));
    Ok(())
}

#[test]
fn file_names_say_what_is_inside() -> io::Result<()> {
    let empty = |source: &Source| {
        source
            .path
            .file_stem()
            .is_some_and(|stem| EMPTY_NAMES.iter().any(|name| stem.eq_ignore_ascii_case(name)))
    };
    let wrong: Vec<_> = everything()?
        .into_iter()
        .filter(empty)
        .map(|source| {
            format!("{}: name it by the concept inside (`x.rs` beside `x/`, not `x/mod.rs`)", source.place(0))
        })
        .collect();
    assert_eq!(wrong, [""; 0], "\n{}", wrong.join("\n"));
    Ok(())
}

#[test]
fn nothing_is_muted_skipped_or_left_unwritten() -> io::Result<()> {
    let mut wrong = Vec::new();
    for source in everything()? {
        for (text, instead) in UNWRITTEN {
            for (at, _) in source.code.match_indices(text) {
                let before = source.code.get(..at).unwrap_or_default();
                if !before.ends_with(|c: char| c == '_' || c == '.' || c.is_alphanumeric()) {
                    wrong.push(format!("{}: `{text}`; {instead}", source.place(at)));
                }
            }
        }
    }
    assert_eq!(wrong, [""; 0], "\n{}", wrong.join("\n"));
    Ok(())
}

#[test]
fn paths_are_found_in_all_their_forms() {
    let code = "use crate::a::{b, c::{self, D}, e as f};\nuse super::super::x::Y;\nlet z = $crate::g::h(superb::no);\n\
                use super::{p, q::R};\nmy_crate::no();\n";
    let source = Source {
        path: PathBuf::from("src/m/n.rs"),
        module: vec!["m".to_owned(), "n".to_owned()],
        text: String::new(),
        code: code.to_owned(),
        tests_at: code.len(),
    };
    let mut found: Vec<_> = source.imports().into_iter().map(|import| import.to.join("::")).collect();
    found.sort();
    assert_eq!(found, ["a::b", "a::c", "a::c::D", "a::e", "g::h", "m::p", "m::q::R", "x::Y"]);
    assert_eq!(blank_comment("a(); // crate::b\n"), "a();            \n");
    assert_eq!(blank_comment("    /// [`crate::b`]\n").trim(), "");
    let tests = "#[cfg(test)]\nmod strict;\n#[cfg(all(test, unix))]\nmod tests {\n#[cfg(unix)]\nmod other;\n";
    assert_eq!(test_modules(tests).map(|(_, name)| name).collect::<Vec<_>>(), [Some("strict"), None]);
}
