//! A version, ordered by the rules of its ecosystem.

mod maven;

use std::cmp::Ordering;
use std::fmt;

use super::Ecosystem;
use maven::MavenVersion;

/// The longest version that is looked at; real ones are far shorter, and nobody wants to read a longer one.
const LONGEST: usize = 100;

/// A version that could be understood.
#[derive(Debug, Clone)]
pub struct Version {
    /// As it was written, without a leading `v` or `=`.
    text: String,
    order: Order,
}

#[derive(Debug, Clone)]
enum Order {
    Python(Box<pep440_rs::Version>),
    Semantic(Box<semver::Version>),
    Maven(MavenVersion),
}

impl Version {
    /// Reads a version; `None` for what is none, such as a URL or a branch.
    #[must_use]
    pub fn parse(ecosystem: Ecosystem, text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() > LONGEST || text.chars().any(char::is_control) {
            return None;
        }
        let text = match ecosystem {
            Ecosystem::Pypi | Ecosystem::Maven => text,
            Ecosystem::Npm | Ecosystem::Go | Ecosystem::Crates => {
                let text = text.trim_start_matches('=').trim_start();
                text.strip_prefix(['v', 'V']).unwrap_or(text)
            }
        };
        let order = match ecosystem {
            Ecosystem::Pypi => Order::Python(Box::new(text.parse().ok()?)),
            Ecosystem::Maven => Order::Maven(MavenVersion::parse(text)?),
            Ecosystem::Npm | Ecosystem::Go | Ecosystem::Crates => Order::Semantic(Box::new(semantic(text)?)),
        };
        Some(Self { text: text.to_owned(), order })
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether this comes before another one of the same ecosystem.
    #[must_use]
    pub fn is_older_than(&self, other: &Self) -> bool {
        self.compare(other) == Some(Ordering::Less)
    }

    /// The order of the two; `None` for versions of different ecosystems.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (&self.order, &other.order) {
            (Order::Python(a), Order::Python(b)) => Some(a.cmp(b)),
            // Without the build metadata, which orders nothing.
            (Order::Semantic(a), Order::Semantic(b)) => Some(a.cmp_precedence(b)),
            (Order::Maven(a), Order::Maven(b)) => Some(a.cmp(b)),
            (Order::Python(_) | Order::Semantic(_) | Order::Maven(_), _) => None,
        }
    }
}

/// A semantic version, of which the last parts may be missing or wild.
fn semantic(text: &str) -> Option<semver::Version> {
    if let Ok(version) = text.parse() {
        return Some(version);
    }
    let end = text.find(['-', '+']).unwrap_or(text.len());
    let (numbers, rest) = text.split_at_checked(end)?;
    let mut parts = [0; 3];
    let mut given = numbers.split('.');
    let mut wild = false;
    for (index, part) in parts.iter_mut().enumerate() {
        match given.next() {
            Some("x" | "X" | "*") if index > 0 => wild = true,
            Some(number) if !wild => *part = number.parse().ok()?,
            Some(_) => return None,
            None => {}
        }
    }
    let [major, minor, patch] = parts;
    // What is wild has no lowest pre-release to speak of.
    let rest = if wild { "" } else { rest };
    given.next().is_none().then(|| format!("{major}.{minor}.{patch}{rest}"))?.parse().ok()
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_by_the_rules_of_their_ecosystem() {
        for (ecosystem, older, newer) in [
            (Ecosystem::Pypi, "0.9", "0.10"),
            (Ecosystem::Pypi, "1.6.0rc1", "1.6.0"),
            (Ecosystem::Pypi, "1.6.0.dev3", "1.6.0a1"),
            (Ecosystem::Pypi, "1.6", "1.6.0.post1"),
            (Ecosystem::Pypi, "99", "1!0.1"),
            (Ecosystem::Npm, "0.9.0", "0.10.0"),
            (Ecosystem::Npm, "1.0.0-beta.2", "1.0.0-beta.11"),
            (Ecosystem::Npm, "1.0.0-rc.1", "v1.0.0"),
            (Ecosystem::Npm, "1.2", "1.2.1"),
            (Ecosystem::Go, "v0.2.0-alpha.8", "v0.2.0"),
            (Ecosystem::Go, "v0.0.0-20240101000000-abcdef012345", "v0.0.1"),
            (Ecosystem::Crates, "0.1.9", "0.2.0"),
            (Ecosystem::Maven, "2.9.0", "2.12.0"),
        ] {
            let read = |text| Version::parse(ecosystem, text).unwrap();
            assert!(read(older).is_older_than(&read(newer)), "{older} < {newer}");
            assert!(!read(newer).is_older_than(&read(older)), "{newer} > {older}");
            assert!(!read(newer).is_older_than(&read(newer)), "{newer} = {newer}");
        }
    }

    #[test]
    fn what_is_written_otherwise_may_be_the_same_version() {
        for (ecosystem, one, other) in [
            (Ecosystem::Pypi, "1.6", "1.6.0"),
            (Ecosystem::Pypi, "1.6.0-rc.1", "1.6.0rc1"),
            (Ecosystem::Npm, "=1.2.3", "v1.2.3"),
            (Ecosystem::Npm, "1.x", "1.0.0"),
            (Ecosystem::Go, "v2.0.0+incompatible", "v2.0.0"),
            (Ecosystem::Maven, "2.0", "2"),
        ] {
            let order = Version::parse(ecosystem, one).unwrap();
            let order = order.compare(&Version::parse(ecosystem, other).unwrap());
            assert_eq!(order, Some(Ordering::Equal), "{one} = {other}");
        }
    }

    #[test]
    fn what_is_no_version_is_not_taken_for_one() {
        let long = "1.".repeat(60);
        for (ecosystem, text) in [
            (Ecosystem::Pypi, "main"),
            (Ecosystem::Npm, "latest"),
            (Ecosystem::Npm, "git+https://token@host/x"),
            (Ecosystem::Npm, "1.2.3.4"),
            (Ecosystem::Npm, "1.x.3"),
            (Ecosystem::Npm, "*"),
            (Ecosystem::Npm, "1.2.99999999999999999999999"),
            (Ecosystem::Go, ""),
            (Ecosystem::Maven, "${sdk.version}"),
            (Ecosystem::Maven, "1\u{1b}[2J"),
            (Ecosystem::Maven, &long),
        ] {
            assert!(Version::parse(ecosystem, text).is_none(), "{text:?}");
        }
        let python = Version::parse(Ecosystem::Pypi, "1.0").unwrap();
        assert_eq!(python.compare(&Version::parse(Ecosystem::Npm, "2.0.0").unwrap()), None);
    }
}
