//! The law of `deny.toml` on dependencies, held with what cargo itself says: licences, banned crates, duplicates, sources.
//!
//! cargo-deny reads the same file; this needs nothing but cargo, and sees what is really compiled (`cargo metadata`
//! also lists optional dependencies that no feature turns on).

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs;
use std::process::Command;

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Law {
    graph: Graph,
    licenses: Licenses,
    bans: Bans,
    sources: Sources,
}

#[derive(Deserialize)]
struct Graph {
    targets: Vec<String>,
}

#[derive(Deserialize)]
struct Licenses {
    allow: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Entry>,
    skip: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Sources {
    allow_registry: Vec<String>,
}

/// A crate, with a version or without, and why it is listed.
#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "crate")]
    name: String,
    reason: String,
}

/// A crate that is compiled.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Package {
    name: String,
    version: String,
    license: String,
}

fn law() -> Result<Law, Box<dyn Error>> {
    Ok(toml::from_str(&fs::read_to_string("deny.toml")?)?)
}

/// What is compiled for the targets of the law, the tests included.
fn packages(law: &Law) -> Result<BTreeSet<Package>, Box<dyn Error>> {
    let mut command = Command::new(env!("CARGO"));
    command.args(["tree", "--locked", "--all-features", "--edges", "normal,build,dev"]);
    command.args(["--prefix", "none", "--format", "{p}|{l}"]);
    command.args(law.graph.targets.iter().flat_map(|target| ["--target", target]));
    let output = command.output()?;
    if !output.status.success() {
        return Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let read = |line: &str| {
        let (package, license) = line.split_once('|')?;
        let (name, rest) = package.split_once(" v")?;
        let version = rest.split(' ').next()?;
        let license = license.strip_suffix(" (*)").unwrap_or(license);
        Some(Package { name: name.to_owned(), version: version.to_owned(), license: license.to_owned() })
    };
    let text = String::from_utf8(output.stdout)?;
    let lines = text.lines().filter(|line| !line.is_empty());
    lines.map(|line| read(line).ok_or_else(|| format!("cargo tree said {line:?}").into())).collect()
}

/// Whether one of the ways to satisfy an SPDX expression has allowed licences only.
fn satisfied(expression: &str, allowed: &BTreeSet<String>) -> bool {
    // Older crates write `/` for OR.
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<_> = spaced.split_whitespace().collect();
    let (fine, rest) = either(&words, allowed);
    fine && rest.is_empty()
}

fn either<'a>(words: &'a [&'a str], allowed: &BTreeSet<String>) -> (bool, &'a [&'a str]) {
    let (mut fine, mut rest) = both(words, allowed);
    while let ["OR", after @ ..] = rest {
        let (next, behind) = both(after, allowed);
        (fine, rest) = (fine || next, behind);
    }
    (fine, rest)
}

fn both<'a>(words: &'a [&'a str], allowed: &BTreeSet<String>) -> (bool, &'a [&'a str]) {
    let (mut fine, mut rest) = term(words, allowed);
    while let ["AND", after @ ..] = rest {
        let (next, behind) = term(after, allowed);
        (fine, rest) = (fine && next, behind);
    }
    (fine, rest)
}

fn term<'a>(words: &'a [&'a str], allowed: &BTreeSet<String>) -> (bool, &'a [&'a str]) {
    match words {
        ["(", inside @ ..] => {
            let (fine, rest) = either(inside, allowed);
            (fine && rest.first() == Some(&")"), rest.get(1..).unwrap_or_default())
        }
        [license, "WITH", exception, rest @ ..] => {
            (allowed.contains(&format!("{license} WITH {exception}")), rest)
        }
        [license, rest @ ..] => (allowed.contains(*license), rest),
        [] => (false, words),
    }
}

#[test]
fn every_licence_is_one_of_the_allowed() -> Result<(), Box<dyn Error>> {
    let law = law()?;
    let packages = packages(&law)?;
    assert!(packages.len() > 100, "this is not the whole tree: {packages:?}");
    let wrong: Vec<_> =
        packages.iter().filter(|package| !satisfied(&package.license, &law.licenses.allow)).collect();
    assert!(wrong.is_empty(), "do without these, or allow their licence in deny.toml: {wrong:#?}");
    Ok(())
}

#[test]
fn banned_crates_are_not_compiled() -> Result<(), Box<dyn Error>> {
    let law = law()?;
    let packages = packages(&law)?;
    for banned in &law.bans.deny {
        assert!(
            packages.iter().all(|package| package.name != banned.name),
            "{} is banned by deny.toml ({}): see who needs it by `cargo tree --invert {0}`",
            banned.name,
            banned.reason
        );
    }
    Ok(())
}

#[test]
fn no_crate_is_compiled_in_two_versions_but_those_with_a_reason() -> Result<(), Box<dyn Error>> {
    let law = law()?;
    let packages = packages(&law)?;
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in &packages {
        versions.entry(&package.name).or_default().push(&package.version);
    }
    versions.retain(|_, versions| versions.len() > 1);
    for skipped in &law.bans.skip {
        let (name, version) = skipped.name.split_once('@').ok_or("an entry of skip without a version")?;
        let needed = versions.get_mut(name).and_then(|versions| {
            let at = versions.iter().position(|known| *known == version)?;
            Some(versions.remove(at))
        });
        assert!(
            needed.is_some(),
            "{} ({}) is no duplicate any more: remove it from deny.toml",
            skipped.name,
            skipped.reason
        );
    }
    versions.retain(|_, versions| versions.len() > 1);
    assert!(
        versions.is_empty(),
        "update what needs the older one (`cargo tree --duplicates`), or skip it in deny.toml with its reason: {versions:#?}"
    );
    Ok(())
}

#[test]
fn every_crate_comes_from_the_registry() -> Result<(), Box<dyn Error>> {
    let law = law()?;
    let lock = fs::read_to_string("Cargo.lock")?;
    let sources = lock.lines().filter_map(|line| line.strip_prefix("source = \"")?.strip_suffix('"'));
    let known = |source: &&str| {
        source
            .strip_prefix("registry+")
            .is_some_and(|url| law.sources.allow_registry.iter().any(|known| known == url))
    };
    let foreign: BTreeSet<_> = sources.filter(|source| !known(source)).collect();
    assert!(foreign.is_empty(), "crates may come from {:?} only: {foreign:?}", law.sources.allow_registry);
    Ok(())
}

#[test]
fn expressions_of_licences_are_understood() {
    let allowed = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned).into();
    for (expression, fine) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("GPL-3.0 OR MIT", true),
        ("GPL-3.0/MIT", true),
        ("GPL-3.0 AND MIT", false),
        ("ISC AND (GPL-3.0 OR MIT)", true),
        ("(ISC OR MIT) AND GPL-3.0", false),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("Apache-2.0", false),
        ("MIT OR", true),
        ("(MIT", false),
        ("", false),
    ] {
        assert_eq!(satisfied(expression, &allowed), fine, "{expression}");
    }
}
