//! What a manifest requires: the bounds of a range, in the several ways of writing one.

use std::cmp::Ordering;

use super::{Ecosystem, How, Version};

/// What stands before a version; the longer ones first, so that they are not taken for the shorter.
const OPERATORS: &[(&str, Operator)] = &[
    ("===", Operator::Exactly),
    ("==", Operator::Exactly),
    ("!=", Operator::Not),
    (">=", Operator::From),
    ("<=", Operator::UpTo),
    ("~=", Operator::From),
    ("~>", Operator::From),
    ("=", Operator::Exactly),
    (">", Operator::From),
    ("<", Operator::Below),
    ("^", Operator::From),
    ("~", Operator::From),
];

/// The longest requirement that is looked at.
const LONGEST: usize = 200;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Exactly,
    /// The version or something above it; how far above does not matter here.
    From,
    UpTo,
    Below,
    Not,
}

/// A range of versions, of which at least one end is known.
#[derive(Debug, Clone)]
pub(super) struct Requirement {
    /// As it was written; every part of it was understood.
    text: String,
    bounds: Bounds,
    pinned: bool,
}

#[derive(Debug, Clone, Default)]
struct Bounds {
    lower: Option<Version>,
    /// The last version that is allowed (`true`) or the first that is not.
    upper: Option<(Version, bool)>,
}

impl Requirement {
    /// Reads what Python, npm and Cargo write: comparators that all hold, and `||` between alternatives.
    ///
    /// `None` for what names no version, or names it in another way.
    pub(super) fn comparators(ecosystem: Ecosystem, text: &str) -> Option<Self> {
        let text = checked(text)?;
        let mut whole: Option<Bounds> = None;
        let mut count = 0;
        for alternative in text.split("||") {
            let (bounds, exact) = all_of(ecosystem, alternative)?;
            count += if exact { 1 } else { 2 };
            whole = Some(match whole {
                None => bounds,
                Some(before) => before.or(bounds),
            });
        }
        Self::new(text, whole?, count == 1)
    }

    /// Reads what Maven and Gradle write: a version, `[from,to)`, `1.+`, `latest.release`.
    pub(super) fn maven(text: &str) -> Option<Self> {
        let text = checked(text)?;
        let read = |text: &str| Version::parse(Ecosystem::Maven, text);
        if !text.starts_with(['[', '(', ']']) {
            // `1.2!!` is Gradle's way to insist, `1.+` any version that begins so.
            let plain = text.strip_suffix("!!").unwrap_or(text);
            let stem = plain.strip_suffix('+').map(|stem| stem.trim_end_matches('.'));
            let bounds = Bounds { lower: Some(read(stem.unwrap_or(plain))?), upper: None };
            return Self::new(text, bounds, stem.is_none());
        }
        let end = |text: &str| match text.trim() {
            "" => Some(None),
            version => read(version).map(Some),
        };
        let mut whole: Option<Bounds> = None;
        let mut rest = text;
        let mut pinned = true;
        while !rest.is_empty() {
            let inside = rest.strip_prefix(['[', '(', ']'])?;
            let close = inside.find([']', ')', '['])?;
            let (range, after) = inside.split_at_checked(close)?;
            let included = after.starts_with(']');
            rest = after.get(1..)?.trim_start_matches([',', ' ']);
            let bounds = match range.split_once(',') {
                None => Bounds { lower: end(range)?, upper: end(range)?.map(|version| (version, true)) },
                Some((from, to)) => {
                    pinned = false;
                    Bounds { lower: end(from)?, upper: end(to)?.map(|version| (version, included)) }
                }
            };
            whole = Some(match whole {
                None => bounds,
                Some(before) => {
                    pinned = false;
                    before.or(bounds)
                }
            });
        }
        Self::new(text, whole?, pinned)
    }

    fn new(text: &str, bounds: Bounds, pinned: bool) -> Option<Self> {
        let known = bounds.lower.is_some() || bounds.upper.is_some();
        known.then(|| Self { text: text.to_owned(), bounds, pinned })
    }

    /// As it was written.
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) fn how(&self) -> How {
        if self.pinned { How::Pinned } else { How::Allows }
    }

    /// The version to judge, and whether it is below a minimum; `None` where only an upper end is known that is not below:
    /// what is installed then is as new as it can be.
    pub(super) fn judge(&self, minimum: &Version) -> Option<(&Version, bool)> {
        match &self.bounds {
            Bounds { lower: Some(lower), .. } => Some((lower, lower.is_older_than(minimum))),
            Bounds { lower: None, upper: Some((upper, included)) } => {
                let below = match upper.compare(minimum)? {
                    Ordering::Less => true,
                    Ordering::Equal => !included,
                    Ordering::Greater => false,
                };
                below.then_some((upper, true))
            }
            Bounds { lower: None, upper: None } => None,
        }
    }
}

impl Bounds {
    /// Both hold.
    fn and(&mut self, other: Self) {
        if let Some(lower) = other.lower
            && !self.lower.as_ref().is_some_and(|mine| lower.is_older_than(mine))
        {
            self.lower = Some(lower);
        }
        if let Some(upper) = other.upper
            && !self.upper.as_ref().is_some_and(|(mine, _)| mine.is_older_than(&upper.0))
        {
            self.upper = Some(upper);
        }
    }

    /// One of the two holds: an end is only known where both have one.
    fn or(self, other: Self) -> Self {
        let lower = self.lower.zip(other.lower).map(|(a, b)| if b.is_older_than(&a) { b } else { a });
        let upper = self.upper.zip(other.upper).map(|(a, b)| if a.0.is_older_than(&b.0) { b } else { a });
        Self { lower, upper }
    }
}

fn checked(text: &str) -> Option<&str> {
    let text = text.trim();
    (text.len() <= LONGEST && !text.chars().any(char::is_control)).then_some(text)
}

/// Comparators that all hold, and whether they are a single exact version.
fn all_of(ecosystem: Ecosystem, text: &str) -> Option<(Bounds, bool)> {
    if let Some((from, to)) = text.split_once(" - ") {
        let bounds = Bounds {
            lower: Some(Version::parse(ecosystem, from)?),
            upper: Some((Version::parse(ecosystem, to)?, true)),
        };
        return Some((bounds, false));
    }
    let mut bounds = Bounds::default();
    let mut pinned = 0;
    let mut rest = text.trim_start_matches([',', ' ']);
    while !rest.is_empty() {
        let found = OPERATORS.iter().find_map(|(sign, operator)| Some((rest.strip_prefix(sign)?, *operator)));
        let (after, operator) = found.map_or((rest, None), |(after, operator)| (after, Some(operator)));
        let after = after.trim_start();
        let (word, after) = after.split_at_checked(after.find([',', ' ']).unwrap_or(after.len()))?;
        rest = after.trim_start_matches([',', ' ']);
        let (one, exact) = comparator(ecosystem, operator, word)?;
        pinned += if exact { 1 } else { 2 };
        bounds.and(one);
    }
    Some((bounds, pinned == 1))
}

fn comparator(ecosystem: Ecosystem, operator: Option<Operator>, word: &str) -> Option<(Bounds, bool)> {
    if matches!(word, "*" | "x" | "X") {
        return Some((Bounds::default(), false));
    }
    let stem = [".*", ".x", ".X"].iter().find_map(|wild| word.strip_suffix(wild));
    let version = Version::parse(ecosystem, stem.unwrap_or(word))?;
    // A bare version is exact in Python and npm, but the beginning of a range in Cargo.
    let exact = match operator {
        Some(operator) => operator == Operator::Exactly,
        None => ecosystem != Ecosystem::Crates,
    };
    Some(match operator {
        None | Some(Operator::Exactly | Operator::From) => {
            let upper = exact.then(|| (version.clone(), true));
            let upper = if stem.is_some() { None } else { upper };
            (Bounds { lower: Some(version), upper }, exact && stem.is_none())
        }
        Some(Operator::UpTo) => (Bounds { lower: None, upper: Some((version, true)) }, false),
        Some(Operator::Below) => (Bounds { lower: None, upper: Some((version, false)) }, false),
        Some(Operator::Not) => (Bounds::default(), false),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(ecosystem: Ecosystem, text: &str, minimum: &str) -> Option<(How, String, bool)> {
        let requirement = match ecosystem {
            Ecosystem::Maven => Requirement::maven(text),
            _ => Requirement::comparators(ecosystem, text),
        }?;
        let minimum = Version::parse(ecosystem, minimum).unwrap();
        let (version, below) = requirement.judge(&minimum)?;
        Some((requirement.how(), version.as_str().to_owned(), below))
    }

    #[test]
    fn the_oldest_version_of_a_range_is_judged() {
        use Ecosystem::{Crates, Maven, Npm, Pypi};
        for (ecosystem, text, how, version, below) in [
            (Pypi, "==0.9", How::Pinned, "0.9", true),
            (Pypi, "===1.0", How::Pinned, "1.0", false),
            (Pypi, "== 1.0", How::Pinned, "1.0", false),
            (Pypi, ">=0.5,<2", How::Allows, "0.5", true),
            (Pypi, "<2,>=0.5,!=0.7", How::Allows, "0.5", true),
            (Pypi, "~=1.4", How::Allows, "1.4", false),
            (Pypi, "==0.9.*", How::Allows, "0.9", true),
            (Pypi, ">0.9", How::Allows, "0.9", true),
            (Pypi, ">= 1.0rc1", How::Allows, "1.0rc1", true),
            (Pypi, "^0.39.0", How::Allows, "0.39.0", true),
            (Pypi, "0.39.0", How::Pinned, "0.39.0", true),
            (Pypi, "^0.9 || ^1.1", How::Allows, "0.9", true),
            (Pypi, "<1", How::Allows, "1", true),
            (Pypi, "<=0.9", How::Allows, "0.9", true),
            (Npm, "^0.20.1", How::Allows, "0.20.1", true),
            (Npm, "~1.2", How::Allows, "1.2", false),
            (Npm, "1.x", How::Allows, "1", false),
            (Npm, "0.9.0", How::Pinned, "0.9.0", true),
            (Npm, "=0.9.0", How::Pinned, "0.9.0", true),
            (Npm, "v1.0.0", How::Pinned, "1.0.0", false),
            (Npm, ">=0.9.0 <2.0.0", How::Allows, "0.9.0", true),
            (Npm, ">= 0.9.0 < 2", How::Allows, "0.9.0", true),
            (Npm, "0.9.0 - 1.4.0", How::Allows, "0.9.0", true),
            (Npm, "^1.0.0 || ^0.8.0", How::Allows, "0.8.0", true),
            (Npm, "1.2.0 || 1.1.0", How::Allows, "1.1.0", false),
            (Npm, "^1.0.0-rc.1", How::Allows, "1.0.0-rc.1", true),
            (Crates, "0.9", How::Allows, "0.9", true),
            (Crates, "=0.9.1", How::Pinned, "0.9.1", true),
            (Crates, ">=1.2, <1.5", How::Allows, "1.2", false),
            (Maven, "0.9", How::Pinned, "0.9", true),
            (Maven, "[0.9,2.0)", How::Allows, "0.9", true),
            (Maven, "[1.2]", How::Pinned, "1.2", false),
            (Maven, "(,1.0)", How::Allows, "1.0", true),
            (Maven, "[0.1,0.2],[1.5,)", How::Allows, "0.1", true),
            (Maven, "[1.1, 2.0[", How::Allows, "1.1", false),
            (Maven, "0.+", How::Allows, "0", true),
            (Maven, "1.2!!", How::Pinned, "1.2", false),
        ] {
            let expected = Some((how, version.to_owned(), below));
            assert_eq!(judged(ecosystem, text, "1.0.0"), expected, "{ecosystem} {text}");
        }
    }

    #[test]
    fn what_names_no_oldest_version_is_not_judged() {
        use Ecosystem::{Crates, Maven, Npm, Pypi};
        let long = ">=1.0,".repeat(50);
        for (ecosystem, text) in [
            (Pypi, ""),
            (Pypi, "*"),
            (Pypi, "!=0.4"),
            (Pypi, "<2"),
            (Pypi, "<=1.0.0"),
            (Pypi, "<0.9 || >=1.2"),
            (Pypi, ">=${VERSION}"),
            (Pypi, "@ git+https://token@host/x"),
            (Npm, "latest"),
            (Npm, "x"),
            (Npm, "workspace:*"),
            (Npm, "file:../sdk"),
            (Npm, "git+ssh://token@host/x#v1.0.0"),
            (Npm, "^1.0.0 || latest"),
            (Crates, "*"),
            (Maven, "latest.release"),
            (Maven, "+"),
            (Maven, "${sdk.version}"),
            (Maven, "[1.0"),
            (Maven, "(,)"),
            (Maven, "(,1.0]"),
            (Pypi, &long),
        ] {
            assert_eq!(judged(ecosystem, text, "1.0.0"), None, "{ecosystem} {text:?}");
        }
    }
}
