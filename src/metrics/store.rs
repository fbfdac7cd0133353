//! The flat store of probe results: a group of cells per owner, its leading labels rendered once.
//!
//! Promises: a writer locks only its own group, and a scrape locks one group at a time and the list of groups for some of
//! them, so neither waits long for the other, however many there are; an owner that is removed takes its series with it at once, and a writer that still holds its group writes
//! where nobody reads.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::catalogue::{Family, Scope};
use super::cell::Cells;
use super::label;
use crate::config::Profile;
use crate::outcome::{Family as AddressFamily, PathId};

/// Groups that are taken off the list at once: some tens of microseconds.
const AT_ONCE: usize = 512;

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
    fn new(owner: &Owner, profile: Profile) -> Self {
        Self { block: owner.block(), cells: Mutex::new(Cells::new(owner.scope(), profile)) }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Cells> {
        self.cells.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All series of the probe results.
#[derive(Debug, Default)]
pub struct Store {
    groups: RwLock<BTreeMap<Owner, Arc<Group>>>,
    lean: AtomicBool,
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
            let group = Arc::new(Group::new(&owner, self.profile()));
            Arc::clone(self.edit().entry(owner).or_insert(group))
        });
        let mut cells = group.lock();
        // It may have been made while the profile changed.
        cells.set_profile(self.profile());
        change(&mut cells)
    }

    /// Which series there are.
    #[must_use]
    pub fn profile(&self) -> Profile {
        if self.lean.load(Ordering::Relaxed) { Profile::Lean } else { Profile::Full }
    }

    /// Says which series there are: those that are none any more go at once, others come when they are written, and those
    /// of both keep their values.
    pub fn set_profile(&self, profile: Profile) {
        let before = self.profile();
        self.lean.store(profile == Profile::Lean, Ordering::Relaxed);
        if before != profile {
            self.groups().for_each(|group| group.lock().set_profile(profile));
        }
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

    /// Every group, sorted by owner. The list is not locked while one of them is looked at: what comes and goes meanwhile
    /// may be among them or not.
    pub(super) fn groups(&self) -> impl Iterator<Item = Arc<Group>> {
        let mut last = None;
        let more = move || {
            let (groups, until) = self.after(last.as_ref());
            last = until;
            (!groups.is_empty()).then_some(groups)
        };
        std::iter::from_fn(more).flatten()
    }

    /// The next groups, and the owner of the last of them.
    fn after(&self, last: Option<&Owner>) -> (Vec<Arc<Group>>, Option<Owner>) {
        let from = last.map_or(Bound::Unbounded, Bound::Excluded);
        let groups = self.read();
        let mut until = None;
        let next = groups.range((from, Bound::Unbounded)).take(AT_ONCE).map(|(owner, group)| {
            until = Some(owner);
            Arc::clone(group)
        });
        let next: Vec<_> = next.collect();
        (next, until.cloned())
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
        store.groups().map(|group| group.block.to_string()).collect()
    }

    #[test]
    fn the_last_path_of_a_route_takes_what_they_shared() {
        let store = Store::new();
        let v4 = path("a", "direct", AddressFamily::Ipv4);
        let v6 = path("a", "direct", AddressFamily::Ipv6);
        fill(&store, &v4);
        fill(&store, &v6);
        assert_eq!(store.groups().count(), 4);
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
        assert_eq!(store.groups().count(), 3);
    }

    #[test]
    fn a_writer_that_is_too_late_writes_where_nobody_reads() {
        let store = Store::new();
        let path = path("a", "direct", AddressFamily::Ipv4);
        fill(&store, &path);
        let held: Vec<_> = store.groups().collect();
        store.remove_target("a");
        for group in held {
            group.lock().clear(Family::TargetUp);
        }
        assert!(store.groups().next().is_none());
    }

    #[test]
    fn groups_are_walked_in_order_however_many_there_are() {
        let store = Store::new();
        let names: Vec<String> = (0..2 * AT_ONCE + 7).map(|number| format!("target-{number:05}")).collect();
        for name in &names {
            store.write(Owner::target(&name.as_str().into()), |cells| cells.set(Family::TargetUp, &[], 1.0));
        }
        let expected: Vec<_> = names.iter().map(|name| format!("target=\"{name}\"")).collect();
        assert_eq!(blocks(&store), expected);
        // Who is where the walk goes on may go.
        let mut walked = store.groups();
        assert_eq!(walked.by_ref().take(AT_ONCE).count(), AT_ONCE);
        store.remove_target(&names[AT_ONCE - 1]);
        store.remove_target(&names[AT_ONCE]);
        assert_eq!(&*walked.next().unwrap().block, expected[AT_ONCE + 1]);
    }

    #[test]
    fn a_profile_that_changes_leaves_what_it_has_as_it_was() {
        let store = Store::new();
        let path = path("a", "direct", AddressFamily::Ipv4);
        let run = || {
            store.write(Owner::path(&path), |cells| {
                cells.add(Family::ProbeRuns, &[], 1);
                cells.set(Family::ProbeTcpRtt, &[], 0.01);
            });
            store.groups().map(|group| group.lock().iter().count()).sum::<usize>()
        };
        assert_eq!(run(), 2);
        store.set_profile(Profile::Lean);
        let left = store.groups().map(|group| group.lock().iter().count()).sum::<usize>();
        assert_eq!((left, run()), (1, 1));
        store.set_profile(Profile::Full);
        assert_eq!(run(), 2);
    }
}
