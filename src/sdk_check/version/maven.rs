//! The order of Maven versions, which Gradle's agrees with for what libraries release.
//!
//! Parts are separated by dots, dashes and changes between digits and letters; known qualifiers have an order of their
//! own, before or after the release, and unknown ones come last, by their text.

use std::cmp::Ordering;

/// A version, part by part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MavenVersion(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Qualifier(Qualifier),
    /// Without leading zeros, so that the longer one is the larger one.
    Number(usize, String),
}

/// In the order they come in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Qualifier {
    Alpha,
    Beta,
    Milestone,
    Candidate,
    Snapshot,
    Release,
    ServicePack,
    Other(String),
}

impl MavenVersion {
    /// Reads a version: anything of letters, digits, dots, dashes and underscores that has a digit in front.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+');
        if !text.starts_with(|c: char| c.is_ascii_digit()) || !text.chars().all(plain) {
            return None;
        }
        let text = text.split('+').next().unwrap_or_default().to_ascii_lowercase();
        let mut parts = Vec::new();
        for word in text.split(['.', '-', '_']) {
            let mut rest = word;
            while let Some(first) = rest.chars().next() {
                let end = rest.find(|c: char| c.is_ascii_digit() != first.is_ascii_digit());
                let (part, after) = rest.split_at_checked(end.unwrap_or(rest.len()))?;
                parts.push(Part::read(part, !after.is_empty()));
                rest = after;
            }
        }
        // `1.0` is `1`, and `1.0-rc` is `1-rc`: zeros and releases before a qualifier or the end say nothing.
        let mut kept: Vec<Part> = Vec::new();
        for part in parts {
            if matches!(part, Part::Qualifier(_)) {
                drop_padding(&mut kept);
            }
            kept.push(part);
        }
        drop_padding(&mut kept);
        Some(Self(kept))
    }
}

fn drop_padding(parts: &mut Vec<Part>) {
    while parts.last().is_some_and(|part| *part == Part::zero() || *part == Part::release()) {
        parts.pop();
    }
}

impl Part {
    fn read(text: &str, before_number: bool) -> Self {
        if text.starts_with(|c: char| c.is_ascii_digit()) {
            let digits = text.trim_start_matches('0');
            return Self::Number(digits.len(), digits.to_owned());
        }
        Self::Qualifier(match text {
            "alpha" => Qualifier::Alpha,
            "beta" => Qualifier::Beta,
            "milestone" => Qualifier::Milestone,
            "a" if before_number => Qualifier::Alpha,
            "b" if before_number => Qualifier::Beta,
            "m" if before_number => Qualifier::Milestone,
            "rc" | "cr" => Qualifier::Candidate,
            "snapshot" => Qualifier::Snapshot,
            "ga" | "final" | "release" => Qualifier::Release,
            "sp" => Qualifier::ServicePack,
            other => Qualifier::Other(other.to_owned()),
        })
    }

    fn zero() -> Self {
        Self::Number(0, String::new())
    }

    fn release() -> Self {
        Self::Qualifier(Qualifier::Release)
    }

    /// What stands where the other version has this and this one has ended.
    fn padding(&self) -> Self {
        match self {
            Self::Number(..) => Self::zero(),
            Self::Qualifier(_) => Self::release(),
        }
    }
}

impl Ord for MavenVersion {
    fn cmp(&self, other: &Self) -> Ordering {
        for index in 0..self.0.len().max(other.0.len()) {
            let order = match (self.0.get(index), other.0.get(index)) {
                (Some(a), Some(b)) => a.cmp(b),
                (Some(a), None) => a.cmp(&a.padding()),
                (None, Some(b)) => b.padding().cmp(b),
                (None, None) => Ordering::Equal,
            };
            if order != Ordering::Equal {
                return order;
            }
        }
        Ordering::Equal
    }
}

impl PartialOrd for MavenVersion {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maven_versions_have_their_order() {
        let ordered = [
            "0.1.0-alpha.8",
            "0.1.0-beta.1",
            "0.1.0",
            "1-alpha",
            "1-beta2",
            "1-M3",
            "1.0-rc1",
            "1.0-SNAPSHOT",
            "1.0",
            "1.0-sp1",
            "1.0-jre",
            "1.0.1",
            "1.9",
            "1.10",
            "2.0.0-rc-1",
            "2.0.0",
            "10.0.0",
            "99999999999999999999999999",
        ];
        let versions: Vec<_> = ordered.iter().map(|text| MavenVersion::parse(text).unwrap()).collect();
        for (low, text) in versions.iter().zip(ordered) {
            for (high, other) in versions.iter().zip(ordered).skip_while(|(_, other)| *other != text).skip(1)
            {
                assert!(low < high, "{text} < {other}: {low:?} {high:?}");
                assert!(high > low, "{other} > {text}");
            }
        }
        for (one, other) in [("1.0", "1"), ("1.0.0-final", "1.GA"), ("2.0-RC1", "2-rc-1"), ("1.0+b7", "1.0")]
        {
            assert_eq!(MavenVersion::parse(one), MavenVersion::parse(other), "{one} = {other}");
        }
    }
}
