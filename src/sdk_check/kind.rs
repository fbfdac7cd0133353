//! The kinds of files that name SDKs: known by their names.

use std::path::Path;

use super::Ecosystem;

/// A kind of lock or manifest file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `requirements.txt` and its like.
    Requirements,
    /// `pyproject.toml`.
    Pyproject,
    /// `poetry.lock`.
    PoetryLock,
    /// `uv.lock`.
    UvLock,
    /// `Pipfile`.
    Pipfile,
    /// `Pipfile.lock`.
    PipfileLock,
    /// `package.json`.
    PackageJson,
    /// `package-lock.json` and `npm-shrinkwrap.json`.
    PackageLock,
    /// `pnpm-lock.yaml`.
    PnpmLock,
    /// `yarn.lock`, of both kinds of Yarn.
    YarnLock,
    /// `pom.xml`.
    Pom,
    /// `build.gradle` and `build.gradle.kts`.
    GradleBuild,
    /// A Gradle version catalog, `libs.versions.toml`.
    GradleCatalog,
    /// `gradle.lockfile`.
    GradleLock,
    /// `go.mod`.
    GoMod,
    /// `Cargo.toml`.
    CargoToml,
    /// `Cargo.lock`.
    CargoLock,
}

impl Kind {
    /// What the file is, by its name; `None` if it names no packages.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        Some(match name {
            "pyproject.toml" => Self::Pyproject,
            "poetry.lock" => Self::PoetryLock,
            "uv.lock" => Self::UvLock,
            "Pipfile" => Self::Pipfile,
            "Pipfile.lock" => Self::PipfileLock,
            "package.json" => Self::PackageJson,
            "package-lock.json" | "npm-shrinkwrap.json" => Self::PackageLock,
            "pnpm-lock.yaml" => Self::PnpmLock,
            "yarn.lock" => Self::YarnLock,
            "pom.xml" => Self::Pom,
            "build.gradle" | "build.gradle.kts" => Self::GradleBuild,
            "gradle.lockfile" => Self::GradleLock,
            "go.mod" => Self::GoMod,
            "Cargo.toml" => Self::CargoToml,
            "Cargo.lock" => Self::CargoLock,
            _ if name.ends_with(".versions.toml") => Self::GradleCatalog,
            _ if is_requirements(path, name) => Self::Requirements,
            _ => return None,
        })
    }

    /// Whose packages the file names.
    #[must_use]
    pub fn ecosystem(self) -> Ecosystem {
        match self {
            Self::Requirements
            | Self::Pyproject
            | Self::PoetryLock
            | Self::UvLock
            | Self::Pipfile
            | Self::PipfileLock => Ecosystem::Pypi,
            Self::PackageJson | Self::PackageLock | Self::PnpmLock | Self::YarnLock => Ecosystem::Npm,
            Self::Pom | Self::GradleBuild | Self::GradleCatalog | Self::GradleLock => Ecosystem::Maven,
            Self::GoMod => Ecosystem::Go,
            Self::CargoToml | Self::CargoLock => Ecosystem::Crates,
        }
    }

    /// Whether the file says which versions are used, not which may be. `go.mod` does: Go picks the oldest that all agree on.
    #[must_use]
    pub fn is_lock(self) -> bool {
        match self {
            Self::PoetryLock
            | Self::UvLock
            | Self::PipfileLock
            | Self::PackageLock
            | Self::PnpmLock
            | Self::YarnLock
            | Self::GradleLock
            | Self::GoMod
            | Self::CargoLock => true,
            Self::Requirements
            | Self::Pyproject
            | Self::Pipfile
            | Self::PackageJson
            | Self::Pom
            | Self::GradleBuild
            | Self::GradleCatalog
            | Self::CargoToml => false,
        }
    }

    /// The directory of the project that a file belongs to: its own, but for a catalog, which lies in `gradle/`.
    pub(super) fn project(self, path: &Path) -> &Path {
        let directory = path.parent().unwrap_or(Path::new(""));
        if self == Self::GradleCatalog && directory.ends_with("gradle") {
            directory.parent().unwrap_or(directory)
        } else {
            directory
        }
    }
}

/// `requirements.txt`, `requirements-dev.txt`, `dev-requirements.txt`, `requirements/base.txt`.
fn is_requirements(path: &Path, name: &str) -> bool {
    let Some(stem) = name.strip_suffix(".txt") else { return false };
    let directory = path.parent().and_then(Path::file_name);
    stem.starts_with("requirements")
        || stem.ends_with("requirements")
        || directory.is_some_and(|directory| directory == "requirements")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_names() {
        for (path, kind) in [
            ("a/requirements.txt", Some(Kind::Requirements)),
            ("requirements-dev.txt", Some(Kind::Requirements)),
            ("dev-requirements.txt", Some(Kind::Requirements)),
            ("requirements/base.txt", Some(Kind::Requirements)),
            ("requirements.in", None),
            ("notes.txt", None),
            ("npm-shrinkwrap.json", Some(Kind::PackageLock)),
            ("tsconfig.json", None),
            ("gradle/libs.versions.toml", Some(Kind::GradleCatalog)),
            ("build.gradle.kts", Some(Kind::GradleBuild)),
            ("go.sum", None),
            ("Cargo.lock", Some(Kind::CargoLock)),
            ("cargo.toml", None),
            ("", None),
        ] {
            assert_eq!(Kind::of(Path::new(path)), kind, "{path}");
        }
    }

    #[test]
    fn a_catalog_belongs_to_the_project_above_its_directory() {
        for (path, project) in [
            ("gradle/libs.versions.toml", ""),
            ("a/gradle/libs.versions.toml", "a"),
            ("a/other.versions.toml", "a"),
            ("gradle/gradle.lockfile", "gradle"),
        ] {
            let path = Path::new(path);
            assert_eq!(Kind::of(path).unwrap().project(path), Path::new(project), "{path:?}");
        }
    }
}
