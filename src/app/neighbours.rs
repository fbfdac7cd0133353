//! How the other targets stand, as far as it tells something of one that fails.
//!
//! Promises: pure; to note a run costs the same however many targets there are, and so does it to look around after a
//! failure: of the targets with the same route and resolver, and of some others, the last few that worked and that failed
//! are known, each of another host.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::board::Standing;
use crate::diagnosis::{Neighbour, State};
use crate::outcome::Outcome;
use crate::target::Target;

/// Hosts of one route and resolver that are remembered to work, and as many that fail.
const REMEMBERED: usize = 32;

/// Neighbours that are looked at.
const MOST: usize = 64;

/// What failed longer ago than this says nothing of now.
const FRESH: Duration = Duration::from_secs(10 * 60);

/// All targets.
#[derive(Debug, Default)]
pub(super) struct Neighbours {
    known: HashMap<Arc<str>, Neighbour>,
    groups: HashMap<Key, Group>,
}

/// The route and the resolver that targets share.
type Key = (Arc<str>, Option<Arc<str>>);

#[derive(Debug, Default)]
struct Group {
    work: Recent,
    fail: Recent,
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
        let group = self.groups.entry(key(&neighbour)).or_default();
        match neighbour.state {
            State::Works => group.work.note(&neighbour, now),
            State::Fails { .. } => group.fail.note(&neighbour, now),
        }
        self.known.insert(Arc::clone(&neighbour.target), neighbour);
    }

    /// A target is no longer watched.
    pub(super) fn forget(&mut self, target: &str) {
        self.known.remove(target);
        let known = &self.known;
        let lives = |recent: &Recent| recent.0.iter().any(|seen| known.contains_key(&seen.target));
        self.groups.retain(|_, group| lives(&group.work) || lives(&group.fail));
    }

    /// Those to look at for a target that fails since a moment. One that worked before then says nothing of it: it may fail
    /// as well when it is its turn.
    pub(super) fn around(&self, target: &str, since: Instant, now: Instant) -> Vec<Neighbour> {
        let own = self.known.get(target).map(key);
        let mut around = Vec::new();
        let mut look = |group: &Group, most: usize| {
            let fails = |seen: &&Seen| now.saturating_duration_since(seen.at) <= FRESH;
            let works = |seen: &&Seen| seen.at >= since;
            let failing = group.fail.0.iter().rev().filter(fails).map(|seen| (seen, false));
            let working = group.work.0.iter().rev().filter(works).map(|seen| (seen, true));
            let found = failing.take(most / 2).chain(working.take(most / 2));
            let others = found.filter(|(seen, _)| *seen.target != *target);
            let current = others.filter_map(|(seen, works)| {
                // It may have turned since, or be called in another way.
                let known = self.known.get(&seen.target)?;
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
}

fn key(neighbour: &Neighbour) -> Key {
    (Arc::clone(&neighbour.route), neighbour.resolver.clone())
}

/// What a target is to others, if anything is known of it; `host` is that of the endpoint that a client uses.
pub(super) fn as_neighbour(
    target: &Target,
    standing: &Standing,
    outcomes: &[Arc<Outcome>],
    host: Arc<str>,
) -> Option<Neighbour> {
    let route = used_route(target, standing);
    let state = if standing.up { State::Works } else { fails(standing, &route, outcomes)? };
    let resolver = target.resolvers.first().map(|resolver| Arc::clone(&resolver.name));
    Some(Neighbour { target: Arc::clone(&target.name), host, route, resolver, state })
}

/// The route that a client uses, as far as one works.
pub(super) fn used_route(target: &Target, standing: &Standing) -> Arc<str> {
    let first = || target.routes.first().map(|route| Arc::clone(&route.name));
    standing.route.now.clone().or_else(first).unwrap_or_default()
}

fn fails(standing: &Standing, route: &Arc<str>, outcomes: &[Arc<Outcome>]) -> Option<State> {
    let troubles = outcomes.iter().filter_map(|outcome| Some((outcome, outcome.trouble()?)));
    // That of the path a client uses; any other where there is none.
    let used = |outcome: &Outcome| outcome.endpoint == standing.shown && outcome.path.route == *route;
    let worst =
        troubles.min_by_key(|(outcome, trouble)| (!used(outcome), trouble.layer, trouble.failure.reason));
    worst.map(|(outcome, trouble)| {
        let chain = outcome.stages.tls.evidence().and_then(|tls| tls.chain.as_ref());
        let leaf = chain.and_then(|chain| chain.certificates.first());
        State::Fails {
            layer: trouble.layer,
            reason: trouble.failure.reason,
            family: outcome.path.family,
            issuer: leaf.map(|leaf| leaf.issuer.clone()),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{Family, Layer, Reason};

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
    fn groups_go_with_their_last_target() {
        let (mut neighbours, now) = (Neighbours::default(), Instant::now());
        neighbours.note(neighbour("a", "a", true), now);
        neighbours.forget("a");
        assert!(neighbours.groups.is_empty() && neighbours.known.is_empty());
    }
}
