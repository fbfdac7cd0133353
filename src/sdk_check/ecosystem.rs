//! The package ecosystems: how each spells the names of its packages.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where a package comes from, which also says how its versions are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ecosystem {
    /// Python.
    Pypi,
    /// JavaScript and TypeScript.
    Npm,
    /// Java and Kotlin, by Maven or Gradle.
    Maven,
    /// Go modules.
    Go,
    /// Rust.
    Crates,
}

impl Ecosystem {
    /// The name as the ecosystem compares it.
    #[must_use]
    pub fn normalized(self, name: &str) -> String {
        match self {
            Self::Pypi => {
                // PEP 503: runs of `-`, `_` and `.` are one dash.
                let words = name.split(['-', '_', '.']).filter(|word| !word.is_empty());
                words.collect::<Vec<_>>().join("-").to_ascii_lowercase()
            }
            Self::Go => without_major(name).to_owned(),
            Self::Npm | Self::Maven | Self::Crates => name.to_owned(),
        }
    }
}

/// From version 2 on, a Go module has its major version in its path.
fn without_major(path: &str) -> &str {
    match path.rsplit_once("/v") {
        Some((module, major)) if !major.is_empty() && major.bytes().all(|byte| byte.is_ascii_digit()) => {
            module
        }
        _ => path,
    }
}

impl fmt::Display for Ecosystem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Pypi => "pypi",
            Self::Npm => "npm",
            Self::Maven => "maven",
            Self::Go => "go",
            Self::Crates => "crates",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_as_their_ecosystem_does() {
        for (ecosystem, name, normalized) in [
            (Ecosystem::Pypi, "Google_GenAI", "google-genai"),
            (Ecosystem::Pypi, "google..genai", "google-genai"),
            (Ecosystem::Npm, "@anthropic-ai/sdk", "@anthropic-ai/sdk"),
            (Ecosystem::Go, "github.com/openai/openai-go/v3", "github.com/openai/openai-go"),
            (Ecosystem::Go, "github.com/openai/openai-go/vendor", "github.com/openai/openai-go/vendor"),
            (Ecosystem::Go, "github.com/openai/openai-go", "github.com/openai/openai-go"),
            (Ecosystem::Crates, "Some-Crate", "Some-Crate"),
        ] {
            assert_eq!(ecosystem.normalized(name), normalized, "{name}");
        }
    }
}
