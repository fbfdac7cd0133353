//! How the other targets stand, as far as it tells something of one that fails.
//!
//! Promises: pure; to note a run costs the same however many targets there are, and so does it to look around after a
//! failure: of the targets with the same route and resolver, and of some others, the last few that worked and that failed
//! are known, each of another host.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::diagnosis::{Neighbour, State};
use crate::outcome::Layer;

/// Hosts of one route and resolver that are remembered to work, and as many that fail.
const REMEMBERED: usize = 32;

/// Neighbours that are looked at.
const MOST: usize = 64;

/// What was seen longer ago than this says nothing of now.
const FRESH: Duration = Duration::from_secs(10 * 60);

/// For how long that one worked says that the trouble of another one is its own.
const LATELY: Duration = Duration::from_secs(3 * 60);

/// All targets.
#[derive(Debug, Default)]
pub(super) struct Neighbours {
    known: HashMap<Arc<str>, Known>,
    groups: HashMap<Key, Group>,
}

/// The route and the resolver that targets share.
type Key = (Arc<str>, Option<Arc<str>>);

/// A target, and since when it has been in that state.
#[derive(Debug)]
struct Known {
    neighbour: Neighbour,
    since: Instant,
}

#[derive(Debug, Default)]
struct Group {
    work: Recent,
    fail: Recent,
    /// When one of them worked last.
    worked: Option<Instant>,
}

impl Group {
    fn forget(&mut self, target: &str) {
        for recent in [&mut self.work, &mut self.fail] {
            recent.0.retain(|seen| *seen.target != *target);
        }
    }

    fn is_empty(&self) -> bool {
        self.work.0.is_empty() && self.fail.0.is_empty()
    }
}

/// The last target of each host, the newest last.
#[derive(Debug, Default)]
struct Recent(VecDeque<Seen>);

#[derive(Debug)]
struct Seen {
    host: Arc<str>,
    target: Arc<str>,
    at: Instant,
}

impl Recent {
    fn note(&mut self, neighbour: &Neighbour, at: Instant) {
        let same = self.0.iter().rposition(|seen| seen.host == neighbour.host);
        if let Some(place) = same {
            self.0.remove(place);
        } else if self.0.len() >= REMEMBERED {
            self.0.pop_front();
        }
        let (host, target) = (Arc::clone(&neighbour.host), Arc::clone(&neighbour.target));
        self.0.push_back(Seen { host, target, at });
    }
}

impl Neighbours {
    /// Notes how a target stands after a run.
    pub(super) fn note(&mut self, neighbour: Neighbour, now: Instant) {
        let key = key(&neighbour);
        let mut since = now;
        if let Some(before) = self.known.get(&neighbour.target) {
            let (old, was) = (self::key(&before.neighbour), &before.neighbour.state);
            if (*was == State::Works) == (neighbour.state == State::Works) {
                since = before.since;
            }
            if old != key {
                self.leave(&old, &neighbour.target);
            }
        }
        let group = self.groups.entry(key).or_default();
        match neighbour.state {
            State::Works => {
                group.work.note(&neighbour, now);
                group.worked = Some(now);
            }
            State::Fails { .. } => group.fail.note(&neighbour, now),
        }
        self.known.insert(Arc::clone(&neighbour.target), Known { neighbour, since });
    }

    /// A target is no longer watched.
    pub(super) fn forget(&mut self, target: &str) {
        if let Some(Known { neighbour, .. }) = self.known.remove(target) {
            self.leave(&key(&neighbour), target);
        }
    }

    fn leave(&mut self, key: &Key, target: &str) {
        if let Some(group) = self.groups.get_mut(key) {
            group.forget(target);
            if group.is_empty() {
                self.groups.remove(key);
            }
        }
    }

    /// Those to look at for a target that fails since a moment. One that worked before then says nothing of it: it may fail
    /// as well when it is its turn. Nor does one that did not come through while others of its route and resolver did: that
    /// trouble is its own.
    pub(super) fn around(&self, target: &str, since: Instant, now: Instant) -> Vec<Neighbour> {
        let own = self.known.get(target).map(|known| key(&known.neighbour));
        let mut around = Vec::new();
        let mut look = |group: &Group, most: usize| {
            let fresh = |seen: &&Seen| now.saturating_duration_since(seen.at) <= FRESH;
            let fails = |seen: &&Seen| fresh(seen) && !self.is_its_own(seen, group, now);
            let works = |seen: &&Seen| fresh(seen) && seen.at >= since;
            let failing = group.fail.0.iter().rev().filter(fails).map(|seen| (seen, false));
            let working = group.work.0.iter().rev().filter(works).map(|seen| (seen, true));
            let found = failing.take(most / 2).chain(working.take(most / 2));
            let others = found.filter(|(seen, _)| *seen.target != *target);
            let current = others.filter_map(|(seen, works)| {
                // It may have turned since, or be called in another way.
                let known = &self.known.get(&seen.target)?.neighbour;
                ((known.state == State::Works) == works && known.host == seen.host).then(|| known.clone())
            });
            around.extend(current);
        };
        if let Some(group) = own.as_ref().and_then(|own| self.groups.get(own)) {
            look(group, MOST / 2);
        }
        let others = self.groups.iter().filter(|(key, _)| Some(*key) != own.as_ref());
        for (_, group) in others.take(MOST) {
            look(group, MOST / 4);
        }
        around.truncate(MOST);
        around
    }

    /// Whether a target's trouble is older than a recent good run of its group, so that it is not that of the way.
    fn is_its_own(&self, seen: &Seen, group: &Group, now: Instant) -> bool {
        let worked = group.worked.filter(|worked| now.saturating_duration_since(*worked) <= LATELY);
        self.known.get(&seen.target).is_some_and(|Known { neighbour, since }| match &neighbour.state {
            State::Works => false,
            State::Fails { layer, .. } => {
                *layer <= Layer::Tcp && worked.is_some_and(|worked| *since < worked)
            }
        })
    }
}

fn key(neighbour: &Neighbour) -> Key {
    (Arc::clone(&neighbour.route), neighbour.resolver.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{Family, Reason};

    fn neighbour(target: &str, host: &str, works: bool) -> Neighbour {
        let fails = State::Fails {
            layer: Layer::Tcp,
            reason: Reason::TcpTimeout,
            family: Family::Ipv4,
            issuer: None,
        };
        Neighbour {
            target: target.into(),
            host: host.into(),
            route: "direct".into(),
            resolver: Some("system".into()),
            top: Layer::Api,
            state: if works { State::Works } else { fails },
        }
    }

    fn names(around: &[Neighbour]) -> Vec<&str> {
        let mut names: Vec<_> = around.iter().map(|neighbour| &*neighbour.target).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn who_worked_before_the_trouble_began_says_nothing_of_it() {
        let (mut neighbours, start) = (Neighbours::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        neighbours.note(neighbour("before", "a", true), at(1));
        neighbours.note(neighbour("failed", "b", false), at(2));
        neighbours.note(neighbour("own", "c", false), at(10));
        assert_eq!(names(&neighbours.around("own", at(9), at(10))), ["failed"]);
        neighbours.note(neighbour("before", "a", true), at(11));
        neighbours.note(neighbour("failed", "b", true), at(12));
        assert_eq!(names(&neighbours.around("own", at(9), at(12))), ["before", "failed"]);
        neighbours.forget("before");
        assert_eq!(names(&neighbours.around("own", at(9), at(12))), ["failed"]);
        neighbours.note(neighbour("failed", "b", false), at(13));
        assert_eq!(names(&neighbours.around("own", at(9), at(13))), ["failed"]);
        assert!(neighbours.around("own", at(9), at(14 + 600)).is_empty(), "that is too long ago");
    }

    #[test]
    fn many_targets_are_told_by_a_few_of_other_hosts_and_of_other_ways() {
        let (mut neighbours, now) = (Neighbours::default(), Instant::now());
        for number in 0..5000 {
            neighbours
                .note(neighbour(&format!("t{number}"), &format!("h{}", number % 100), number % 2 == 0), now);
        }
        for number in 0..10 {
            let proxied = Neighbour { route: "corp".into(), ..neighbour(&format!("p{number}"), "p", true) };
            neighbours.note(proxied, now);
        }
        let around = neighbours.around("t0", now, now);
        assert!(around.len() > 16 && around.len() <= MOST, "{}", around.len());
        let hosts: std::collections::BTreeSet<_> = around.iter().map(|neighbour| &neighbour.host).collect();
        assert_eq!(hosts.len(), around.len(), "each says something of another host");
        for wanted in ["direct", "corp"] {
            assert!(around.iter().any(|neighbour| &*neighbour.route == wanted), "{wanted}");
        }
        let works = around.iter().filter(|neighbour| neighbour.state == State::Works).count();
        assert!(works > 0 && works < around.len());
    }

    #[test]
    fn what_fails_while_others_work_has_a_trouble_of_its_own() {
        let (mut neighbours, start) = (Neighbours::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        for (target, works, seconds) in [
            ("dead", false, 0),
            ("gone", false, 1),
            ("well", true, 10),
            ("dead", false, 60),
            ("gone", false, 61),
        ] {
            neighbours.note(neighbour(target, target, works), at(seconds));
        }
        neighbours.note(neighbour("own", "own", false), at(65));
        assert_eq!(names(&neighbours.around("own", at(64), at(65))), [""; 0], "they failed before");
        neighbours.note(neighbour("well", "well", false), at(70));
        assert_eq!(names(&neighbours.around("own", at(64), at(70))), ["well"], "it failed only now");
        neighbours.note(neighbour("gone", "gone", true), at(121));
        neighbours.note(neighbour("gone", "gone", false), at(181));
        assert_eq!(names(&neighbours.around("own", at(64), at(182))), ["gone"]);
        neighbours.note(neighbour("dead", "dead", false), at(360));
        let all = ["dead", "gone", "well"];
        assert_eq!(names(&neighbours.around("own", at(300), at(361))), all, "nothing has worked for long");
    }

    #[test]
    fn a_target_that_goes_another_way_leaves_nothing_behind() {
        let (mut neighbours, now) = (Neighbours::default(), Instant::now());
        neighbours.note(neighbour("a", "a", false), now);
        neighbours.note(Neighbour { route: "corp".into(), ..neighbour("a", "a", true) }, now);
        assert_eq!(neighbours.groups.len(), 1);
        neighbours.note(neighbour("b", "b", true), now);
        neighbours.forget("a");
        assert_eq!(names(&neighbours.around("own", now, now)), ["b"]);
        assert_eq!(neighbours.groups.len(), 1);
    }

    #[test]
    fn groups_go_with_their_last_target() {
        let (mut neighbours, now) = (Neighbours::default(), Instant::now());
        neighbours.note(neighbour("a", "a", true), now);
        neighbours.forget("a");
        assert!(neighbours.groups.is_empty() && neighbours.known.is_empty());
    }
}
