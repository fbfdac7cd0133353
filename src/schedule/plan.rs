//! What a reload changes: the difference between two sets of targets.

use std::collections::HashMap;
use std::sync::Arc;

use crate::target::Target;

/// One difference.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A target that was not there.
    Added(Arc<Target>),
    /// A target that is probed differently now.
    Replaced(Arc<Target>),
    /// A target that is gone, by its name.
    Removed(Arc<str>),
}

/// The differences from `old` to `new`; targets that are the same do not appear. Removals come first, so that what they
/// free can be used by the others.
#[must_use]
pub fn diff(old: &[Arc<Target>], new: &[Arc<Target>]) -> Vec<Change> {
    let names: HashMap<&str, &Arc<Target>> = old.iter().map(|target| (&*target.name, target)).collect();
    let kept: HashMap<&str, &Arc<Target>> = new.iter().map(|target| (&*target.name, target)).collect();
    let removed = old
        .iter()
        .filter(|target| !kept.contains_key(&*target.name))
        .map(|target| Change::Removed(Arc::clone(&target.name)));
    let others = new.iter().filter_map(|target| match names.get(&*target.name) {
        None => Some(Change::Added(Arc::clone(target))),
        Some(old) if *old != target => Some(Change::Replaced(Arc::clone(target))),
        Some(_) => None,
    });
    removed.chain(others).collect()
}
