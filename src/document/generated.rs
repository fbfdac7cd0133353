//! Files in the tree that the tests compare with what the code makes, or write.

use std::path::Path;

use crate::config::Env;

/// Compares a file with what the code makes of it; writes it where that was asked for.
#[track_caller]
pub(crate) fn generated(path: &str, content: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if Env::process().get("UPDATE_GENERATED").is_ok_and(|value| value == "1") {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, content).unwrap();
    }
    let found = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        found == content,
        "{path} is not what the code makes; refresh it with UPDATE_GENERATED=1 cargo test generated\n{content}"
    );
}
