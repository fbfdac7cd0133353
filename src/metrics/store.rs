//! The flat store of probe results: a group of cells per owner, its leading labels rendered once.
//!
//! Promises: a writer locks only its own group, and a scrape locks one group at a time, so neither waits long for the
//! other; an owner that is removed takes its series with it at once, and a writer that still holds its group writes
//! where nobody reads.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::catalogue::{Family, Scope};
use super::cell::Cells;
use super::label;
use crate::outcome::{Family as AddressFamily, PathId};

/// Whose series they are. Sorted by target, so that what belongs to one target is together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owner {
    target: Arc<str>,
    part: Part,
}

/// The part of a target; the whole target sorts first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Part {
    Target,
    Route(Arc<str>),
    Path(Arc<str>, AddressFamily),
}

impl Owner {
    /// A whole target.
    #[must_use]
    pub fn target(target: &Arc<str>) -> Self {
        Self { target: Arc::clone(target), part: Part::Target }
    }

    /// A target on one route.
    #[must_use]
    pub fn route(target: &Arc<str>, route: &Arc<str>) -> Self {
        Self { target: Arc::clone(target), part: Part::Route(Arc::clone(route)) }
    }

    /// One path.
    #[must_use]
    pub fn path(path: &PathId) -> Self {
        Self { target: Arc::clone(&path.target), part: Part::Path(Arc::clone(&path.route), path.family) }
    }

    /// The path, if it is one.
    fn as_path(&self) -> Option<PathId> {
        match &self.part {
            Part::Path(route, family) => {
                Some(PathId { target: Arc::clone(&self.target), route: Arc::clone(route), family: *family })
            }
            Part::Target | Part::Route(_) => None,
        }
    }

    fn scope(&self) -> Scope {
        match self.part {
            Part::Target => Scope::Target,
            Part::Route(_) => Scope::Route,
            Part::Path(..) => Scope::Path,
        }
    }

    fn block(&self) -> Box<str> {
        let names = self.scope().labels();
        match &self.part {
            Part::Target => label::block(names, &[&self.target]),
            Part::Route(route) => label::block(names, &[&self.target, route]),
            Part::Path(route, family) => label::block(names, &[&self.target, route, family.label()]),
        }
        .into_boxed_str()
    }
}

/// The series of one owner.
#[derive(Debug)]
pub(super) struct Group {
    /// The owner's labels, rendered; never empty.
    pub(super) block: Box<str>,
    cells: Mutex<Cells>,
}

impl Group {
    fn new(owner: &Owner) -> Self {
        Self { block: owner.block(), cells: Mutex::new(Cells::new(owner.scope())) }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Cells> {
        self.cells.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All series of the probe results.
#[derive(Debug, Default)]
pub struct Store {
    groups: RwLock<BTreeMap<Owner, Arc<Group>>>,
    /// Bytes of every family's text in the last exposition, so that the next one need not grow its buffers.
    sizes: Mutex<Vec<usize>>,
}

impl Store {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes the series of an owner, in one go as far as a scrape can tell; makes room for a new owner.
    pub fn write<R>(&self, owner: Owner, change: impl FnOnce(&mut Cells) -> R) -> R {
        let known = self.read().get(&owner).map(Arc::clone);
        let group = known.unwrap_or_else(|| {
            let group = Arc::new(Group::new(&owner));
            Arc::clone(self.edit().entry(owner).or_insert(group))
        });
        change(&mut group.lock())
    }

    /// Removes a path, and what it shared with other paths if it was the last one.
    pub fn remove_path(&self, path: &PathId) {
        let mut groups = self.edit();
        if groups.remove(&Owner::path(path)).is_none() {
            return;
        }
        let last = !of_target(&groups, &path.target)
            .filter_map(Owner::as_path)
            .any(|other| other.route == path.route);
        if last {
            groups.remove(&Owner::route(&path.target, &path.route));
        }
    }

    /// Removes a target with everything of it.
    pub fn remove_target(&self, target: &str) {
        let mut groups = self.edit();
        let gone: Vec<Owner> = of_target(&groups, &Arc::from(target)).cloned().collect();
        for owner in gone {
            groups.remove(&owner);
        }
    }

    /// Every path with the value of one of its gauges, sorted.
    #[must_use]
    pub fn paths(&self, family: Family) -> Vec<(PathId, Option<f64>)> {
        let groups = self.read();
        let paths = groups.iter().filter_map(|(owner, group)| Some((owner.as_path()?, group)));
        paths.map(|(path, group)| (path, group.lock().gauge(family, &[]))).collect()
    }

    /// Every group, sorted by owner.
    pub(super) fn groups(&self) -> Vec<Arc<Group>> {
        self.read().values().map(Arc::clone).collect()
    }

    /// A good guess of the bytes of every family's text.
    pub(super) fn sizes(&self) -> Vec<usize> {
        let sizes = self.sizes.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if sizes.is_empty() { vec![0; Family::ALL.len()] } else { sizes }
    }

    pub(super) fn remember_sizes(&self, sizes: impl Iterator<Item = usize>) {
        // A little more, for counts that get longer.
        let sizes = sizes.map(|size| size + size / 64).collect();
        *self.sizes.lock().unwrap_or_else(PoisonError::into_inner) = sizes;
    }

    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<Owner, Arc<Group>>> {
        self.groups.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn edit(&self) -> RwLockWriteGuard<'_, BTreeMap<Owner, Arc<Group>>> {
        self.groups.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn of_target<'a>(
    groups: &'a BTreeMap<Owner, Arc<Group>>,
    target: &Arc<str>,
) -> impl Iterator<Item = &'a Owner> {
    let from = Owner::target(target);
    let target = Arc::clone(target);
    groups.range(from..).map(|(owner, _)| owner).take_while(move |owner| owner.target == target)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(target: &str, route: &str, family: AddressFamily) -> PathId {
        PathId { target: target.into(), route: route.into(), family }
    }

    fn fill(store: &Store, path: &PathId) {
        let target = &path.target;
        store.write(Owner::target(target), |cells| cells.set(Family::TargetUp, &[], 1.0));
        store.write(Owner::route(target, &path.route), |cells| {
            cells.add(Family::ApiRequests, &["models", "GET", "200"], 1);
        });
        store.write(Owner::path(path), |cells| cells.set(Family::ProbeSuccess, &[], 1.0));
    }

    fn blocks(store: &Store) -> Vec<String> {
        store.groups().iter().map(|group| group.block.to_string()).collect()
    }

    #[test]
    fn the_last_path_of_a_route_takes_what_they_shared() {
        let store = Store::new();
        let v4 = path("a", "direct", AddressFamily::Ipv4);
        let v6 = path("a", "direct", AddressFamily::Ipv6);
        fill(&store, &v4);
        fill(&store, &v6);
        assert_eq!(store.groups().len(), 4);
        store.remove_path(&v6);
        assert_eq!(
            blocks(&store),
            [r#"target="a""#, r#"target="a",route="direct""#, r#"target="a",route="direct",family="ipv4""#]
        );
        store.remove_path(&v4);
        assert_eq!(blocks(&store), [r#"target="a""#]);
    }

    #[test]
    fn a_target_takes_everything_of_it_and_nothing_else() {
        let store = Store::new();
        for name in ["a", "ab", "b"] {
            fill(&store, &path(name, "direct", AddressFamily::Ipv4));
        }
        store.remove_target("ab");
        store.remove_target("unknown");
        let blocks = blocks(&store);
        assert_eq!(blocks.len(), 6);
        assert!(blocks.iter().all(|block| !block.contains("ab")));
    }

    #[test]
    fn removing_an_unknown_path_leaves_what_is_shared() {
        let store = Store::new();
        fill(&store, &path("a", "direct", AddressFamily::Ipv4));
        store.remove_path(&path("a", "direct", AddressFamily::Ipv6));
        assert_eq!(store.groups().len(), 3);
    }

    #[test]
    fn a_writer_that_is_too_late_writes_where_nobody_reads() {
        let store = Store::new();
        let path = path("a", "direct", AddressFamily::Ipv4);
        fill(&store, &path);
        let held = store.groups();
        store.remove_target("a");
        for group in held {
            group.lock().clear(Family::TargetUp);
        }
        assert!(store.groups().is_empty());
    }
}
