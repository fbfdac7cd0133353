//! Which LLM client SDKs a project uses, and which of them are older than a table of minimum versions.
//!
//! Pure: texts of lock and manifest files in, a report out; [`crate::cli`] walks the directories. A file that cannot be read
//! is a warning in the report and takes nothing else with it, and no text, however odd or hostile, makes a reader panic. What is
//! printed is the name of a known package and versions that could be understood: never other text of a file, which may hold
//! the credentials of a private index.

mod dependency;
mod ecosystem;
mod judge;
mod kind;
mod read;
mod report;
mod requirement;
mod table;
#[cfg(test)]
mod tests;
mod version;

pub use dependency::How;
pub use ecosystem::Ecosystem;
pub use judge::SdkCheck;
pub use kind::Kind;
pub use report::{Finding, Report, Undecided, Warning};
pub use table::{Change, Package, Table, TableError};
pub use version::Version;
