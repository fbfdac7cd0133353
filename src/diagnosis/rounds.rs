//! When experiments are made after a failure.
//!
//! Promises: pure: `now` in, decisions out. A trouble is looked into at once when it begins or becomes another one, and
//! then ever less often; however many targets fail, no more than a few rounds are made at once and a minute; what they
//! found counts for the trouble they were made for only, and not for ever.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::{Diagnosis, Verdict};
use crate::outcome::{FollowUp, Trial, Wanted};

/// Rounds in flight over all targets, where there are descriptors for so many.
pub const MOST_ROUNDS: usize = 4;

/// Rounds begun over all targets are so far apart, on average; as many as a minute has may begin at once.
const EACH: Duration = Duration::from_secs(2);

const MINUTE: Duration = Duration::from_secs(60);

/// How long what a round found counts.
const COUNTS: Duration = Duration::from_secs(45 * 60);

/// Between two rounds of a trouble that lasts; the last one again and again.
const AFTER: [Duration; 4] = [
    Duration::from_secs(60),
    Duration::from_secs(5 * 60),
    Duration::from_secs(15 * 60),
    Duration::from_secs(30 * 60),
];

/// The least time between two rounds of a target, whose trouble may be another one with every run.
const LEAST: Duration = Duration::from_secs(10);

/// Rounds of one target are so far apart, on average, whatever its troubles; as many as half an hour has may follow each
/// other sooner.
const EACH_TARGET: Duration = Duration::from_secs(5 * 60);

const HALF_AN_HOUR: Duration = Duration::from_secs(30 * 60);

/// A trouble as it looks before anything is known of follow-ups.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Signature {
    /// What it comes to.
    pub verdict: Verdict,
    /// The route that a client uses.
    pub route: Arc<str>,
}

impl Signature {
    /// The signature of what was found without follow-ups; `None` where nothing is wrong.
    #[must_use]
    pub fn of(found: &Diagnosis, route: &Arc<str>) -> Option<Self> {
        found.verdict.reason().map(|_| Self { verdict: found.verdict, route: Arc::clone(route) })
    }
}

/// The rounds of all targets.
#[derive(Debug)]
pub struct Rounds {
    most: usize,
    in_flight: BTreeSet<Round>,
    last: u64,
    /// When the next one would begin, were they spread evenly.
    next: Instant,
}

/// One round that is in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Round(u64);

impl Rounds {
    /// None in flight; so many at the most, and never more than [`MOST_ROUNDS`].
    #[must_use]
    pub fn new(now: Instant, most: usize) -> Self {
        Self { most: most.min(MOST_ROUNDS), in_flight: BTreeSet::new(), last: 0, next: now }
    }

    /// Whether a round could begin.
    #[must_use]
    pub fn has_room(&self, now: Instant) -> bool {
        self.in_flight.len() < self.most && self.debt(now) + EACH <= MINUTE
    }

    /// From when on one could begin; `None` where one of those in flight has to end first.
    #[must_use]
    pub fn room_at(&self, now: Instant) -> Option<Instant> {
        let over = (self.debt(now) + EACH).saturating_sub(MINUTE);
        (self.in_flight.len() < self.most).then(|| now + over)
    }

    /// By how much the rounds so far are ahead of being spread evenly.
    fn debt(&self, now: Instant) -> Duration {
        self.next.saturating_duration_since(now)
    }

    /// Begins a round, if there is room for one.
    pub fn begin(&mut self, now: Instant) -> Option<Round> {
        if !self.has_room(now) {
            return None;
        }
        self.next = now + self.debt(now) + EACH;
        self.last += 1;
        let round = Round(self.last);
        self.in_flight.insert(round);
        Some(round)
    }

    /// A round is over; whether it was in flight.
    pub fn over(&mut self, round: Round) -> bool {
        self.in_flight.remove(&round)
    }
}

/// What is done to find out what is wrong with one target.
#[derive(Debug, Default)]
pub struct Inquiry {
    trouble: Option<Trouble>,
    /// The round of this target that is in flight, and the trouble it is about.
    in_flight: Option<(Round, Signature)>,
    /// When the last one began.
    last: Option<Instant>,
    /// When the next one would begin, were those of this target spread evenly.
    next: Option<Instant>,
}

#[derive(Debug)]
struct Trouble {
    signature: Signature,
    rounds: usize,
    due: Instant,
    found: Vec<(Instant, FollowUp)>,
}

impl Inquiry {
    /// Notes the trouble after a run. What was found about another one is forgotten.
    pub fn note(&mut self, signature: Option<&Signature>, now: Instant) {
        match (&mut self.trouble, signature) {
            (trouble, None) => *trouble = None,
            (Some(trouble), Some(signature)) if trouble.signature == *signature => {
                trouble.found.retain(|(at, _)| now.saturating_duration_since(*at) < COUNTS);
            }
            (trouble, Some(signature)) => {
                let signature = signature.clone();
                *trouble = Some(Trouble { signature, rounds: 0, due: now, found: Vec::new() });
            }
        }
    }

    /// What was found about this trouble and still counts.
    #[must_use]
    pub fn found(&self, now: Instant) -> Vec<FollowUp> {
        let found = self.trouble.iter().flat_map(|trouble| &trouble.found);
        let counts = found.filter(|(at, _)| now.saturating_duration_since(*at) < COUNTS);
        counts.map(|(_, follow_up)| follow_up.clone()).collect()
    }

    /// The round that is in flight.
    #[must_use]
    pub fn in_flight(&self) -> Option<Round> {
        self.in_flight.as_ref().map(|(round, _)| *round)
    }

    /// The trouble about which a round is to be made now, if one is, and how many there were about it.
    #[must_use]
    pub fn due(&self, now: Instant) -> Option<(&Signature, usize)> {
        let rested = self.last.is_none_or(|last| now.saturating_duration_since(last) >= LEAST);
        let ready = rested && self.in_flight.is_none() && self.debt(now) + EACH_TARGET <= HALF_AN_HOUR;
        let trouble = self.trouble.as_ref().filter(|trouble| ready && trouble.due <= now);
        trouble.map(|trouble| (&trouble.signature, trouble.rounds))
    }

    /// By how much the rounds so far are ahead of being spread evenly.
    fn debt(&self, now: Instant) -> Duration {
        self.next.map(|next| next.saturating_duration_since(now)).unwrap_or_default()
    }

    /// There is nothing to be tried now; when to think about it again is as after a round.
    pub fn put_off(&mut self, now: Instant) {
        if let Some(trouble) = &mut self.trouble {
            let after = AFTER.get(trouble.rounds).or(AFTER.last()).copied().unwrap_or(COUNTS);
            trouble.rounds = trouble.rounds.saturating_add(1);
            trouble.due = now + after;
        }
    }

    /// A round begins.
    pub fn began(&mut self, round: Round, now: Instant) {
        self.in_flight = self.trouble.as_ref().map(|trouble| (round, trouble.signature.clone()));
        self.last = Some(now);
        self.next = Some(now + self.debt(now) + EACH_TARGET);
        self.put_off(now);
    }

    /// What a round has found so far; whether it counts, since the trouble is still the one it is about. Results of the same
    /// experiments before are replaced, but not by that it could not be made this time.
    pub fn learned(&mut self, round: Round, results: &[FollowUp], now: Instant) -> bool {
        let Some((_, about)) = self.in_flight.as_ref().filter(|(known, _)| *known == round) else {
            return false;
        };
        let Some(trouble) = self.trouble.as_mut().filter(|trouble| trouble.signature == *about) else {
            return false;
        };
        let told = |wanted: &Wanted| {
            let mut of = results.iter().filter(|new| new.wanted == *wanted);
            of.any(|new| !matches!(new.trial, Trial::Unknown(_)))
        };
        trouble.found.retain(|(_, old)| !told(&old.wanted));
        let known = |wanted: &Wanted| trouble.found.iter().any(|(_, old)| old.wanted == *wanted);
        let new: Vec<_> =
            results.iter().filter(|new| !known(&new.wanted)).map(|new| (now, new.clone())).collect();
        trouble.found.extend(new);
        true
    }

    /// A round is over.
    pub fn ended(&mut self, round: Round) {
        self.in_flight.take_if(|(known, _)| *known == round);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::outcome::{Experiment, Family, Reason};

    fn signature(reason: Reason) -> Signature {
        Signature { verdict: Verdict::Down(reason), route: "direct".into() }
    }

    fn result(experiment: Experiment, words: &str) -> FollowUp {
        let wanted = Wanted {
            experiment,
            endpoint: "e".into(),
            route: "direct".into(),
            family: Family::Ipv4,
            address: None,
        };
        let url = words.into();
        FollowUp { wanted, took: Duration::ZERO, trial: Trial::Control { url, outcomes: Vec::new() } }
    }

    fn unknown(experiment: Experiment) -> FollowUp {
        FollowUp { trial: Trial::Unknown("no time".to_owned()), ..result(experiment, "") }
    }

    /// In minutes from the start when rounds of one target begin that is asked every ten seconds.
    fn rounds_of(minutes: u64, reason: impl Fn(u64) -> Option<Reason>) -> Vec<u64> {
        let start = Instant::now();
        let (mut rounds, mut inquiry) = (Rounds::new(start, MOST_ROUNDS), Inquiry::default());
        let mut began = Vec::new();
        for run in 0..minutes * 6 {
            let now = start + Duration::from_secs(run * 10);
            inquiry.note(reason(run).map(signature).as_ref(), now);
            if inquiry.due(now).is_some() {
                let round = rounds.begin(now).unwrap();
                inquiry.began(round, now);
                began.push(run / 6);
                inquiry.ended(round);
                rounds.over(round);
            }
        }
        began
    }

    #[test]
    fn a_trouble_is_looked_into_at_once_and_then_ever_less_often() {
        assert_eq!(rounds_of(120, |_| Some(Reason::TlsReset)), [0, 1, 6, 21, 51, 81, 111]);
        assert_eq!(rounds_of(10, |_| None), [0; 0]);
    }

    #[test]
    fn another_trouble_and_one_that_comes_back_are_looked_into_at_once() {
        let changes = |run| Some(if run < 60 { Reason::TlsReset } else { Reason::TcpTimeout });
        assert_eq!(rounds_of(14, changes), [0, 1, 6, 10, 11]);
        let back = |run| (run != 18).then_some(Reason::TlsReset);
        assert_eq!(rounds_of(6, back), [0, 1, 3, 4]);
    }

    #[test]
    fn a_trouble_that_changes_with_every_run_is_not_looked_into_each_time() {
        let changing = |run| Some(if run % 2 == 0 { Reason::TlsReset } else { Reason::TcpTimeout });
        let rounds = rounds_of(60, changing);
        assert_eq!(rounds[..6], [0; 6], "at first, with every run");
        assert!((14..=18).contains(&rounds.len()), "then every five minutes: {rounds:?}");
    }

    #[test]
    fn what_could_not_be_made_this_time_does_not_replace_what_is_known() {
        let start = Instant::now();
        let (mut rounds, mut inquiry) = (Rounds::new(start, MOST_ROUNDS), Inquiry::default());
        inquiry.note(Some(&signature(Reason::TlsReset)), start);
        let round = rounds.begin(start).unwrap();
        inquiry.began(round, start);
        let known = result(Experiment::NeutralName, "a");
        let made = [known.clone(), unknown(Experiment::Control)];
        assert!(inquiry.learned(round, &made, start));
        assert_eq!(inquiry.found(start), made);
        let control = result(Experiment::Control, "c");
        assert!(inquiry.learned(round, &[unknown(Experiment::NeutralName), control.clone()], start));
        assert_eq!(inquiry.found(start), [known, control]);
    }

    #[test]
    fn it_is_known_from_when_on_there_is_room() {
        let start = Instant::now();
        let mut rounds = Rounds::new(start, 1);
        assert_eq!(rounds.room_at(start), Some(start));
        for _ in 0..30 {
            let round = rounds.begin(start).unwrap();
            assert_eq!(rounds.room_at(start), None, "it has to end first");
            rounds.over(round);
        }
        assert!(!rounds.has_room(start));
        assert_eq!(rounds.room_at(start), Some(start + EACH));
        assert!(rounds.has_room(start + EACH));
        assert!(!Rounds::new(start, 0).has_room(start + MINUTE));
    }

    #[test]
    fn no_round_begins_while_one_is_in_flight_or_has_just_begun() {
        let start = Instant::now();
        let (mut rounds, mut inquiry) = (Rounds::new(start, MOST_ROUNDS), Inquiry::default());
        let at = |seconds| start + Duration::from_secs(seconds);
        inquiry.note(Some(&signature(Reason::TlsReset)), start);
        let round = rounds.begin(start).unwrap();
        inquiry.began(round, start);
        inquiry.note(Some(&signature(Reason::TcpTimeout)), at(20));
        assert!(inquiry.due(at(20)).is_none(), "the first one is still in flight");
        inquiry.ended(round);
        assert!(inquiry.due(at(20)).is_some());
        let round = rounds.begin(at(20)).unwrap();
        inquiry.began(round, at(20));
        inquiry.ended(round);
        inquiry.note(Some(&signature(Reason::TlsReset)), at(25));
        assert!(
            inquiry.due(at(25)).is_none() && inquiry.due(at(30)).is_some(),
            "a trouble that changes with every run"
        );
    }

    #[test]
    fn what_was_found_counts_for_its_trouble_only_and_for_a_while() {
        let start = Instant::now();
        let (mut rounds, mut inquiry) = (Rounds::new(start, MOST_ROUNDS), Inquiry::default());
        let at = |seconds| start + Duration::from_secs(seconds);
        let reset = signature(Reason::TlsReset);
        inquiry.note(Some(&reset), start);
        let round = rounds.begin(start).unwrap();
        inquiry.began(round, start);
        let first = [result(Experiment::Control, "a"), result(Experiment::NeutralName, "b")];
        assert!(inquiry.learned(round, &first, at(5)));
        assert_eq!(inquiry.found(at(6)), first);
        let again = result(Experiment::Control, "c");
        assert!(inquiry.learned(round, std::slice::from_ref(&again), at(2000)));
        assert_eq!(inquiry.found(at(2001)), [first[1].clone(), again.clone()]);
        assert_eq!(inquiry.found(at(5 + 45 * 60)), [again]);
        let other = signature(Reason::TcpTimeout);
        inquiry.note(Some(&other), at(2010));
        assert_eq!(inquiry.found(at(2010)), []);
        assert!(!inquiry.learned(round, &first, at(2011)), "it is about the trouble before");
        inquiry.ended(round);
        assert!(!inquiry.learned(round, &first, at(2012)), "it is over");
        inquiry.note(None, at(2013));
        assert!(inquiry.found(at(2013)).is_empty() && inquiry.due(at(2013)).is_none());
    }

    #[test]
    fn an_outage_of_a_thousand_targets_makes_no_storm() {
        let start = Instant::now();
        let mut rounds = Rounds::new(start, MOST_ROUNDS);
        let mut inquiries: Vec<_> = (0..1000).map(|_| Inquiry::default()).collect();
        let mut begun = Vec::new();
        let mut open: Vec<(u64, usize, Round)> = Vec::new();
        for second in 0..600 {
            let now = start + Duration::from_secs(second);
            for index in (0..1000).filter(|index| index % 30 == usize::try_from(second % 30).unwrap()) {
                inquiries[index].note(Some(&signature(Reason::TcpTimeout)), now);
                if inquiries[index].due(now).is_some()
                    && let Some(round) = rounds.begin(now)
                {
                    inquiries[index].began(round, now);
                    open.push((second, index, round));
                    begun.push(second);
                }
            }
            assert!(open.len() <= MOST_ROUNDS, "{second}");
            for (_, index, round) in open.extract_if(.., |(began, ..)| *began + 2 <= second) {
                inquiries[index].ended(round);
                assert!(rounds.over(round) && !rounds.over(round));
            }
        }
        let most =
            (0..540).map(|from| begun.iter().filter(|at| (from..from + 60).contains(*at)).count()).max();
        assert!(most.unwrap() <= 60, "a minute's worth at once and one more after it: {most:?}");
        assert!(begun.len() >= 250 && begun.len() <= 330, "{}", begun.len());
    }

    proptest! {
        #[test]
        fn never_more_rounds_than_there_is_room_for(steps in prop::collection::vec((0_u64..20, any::<bool>()), 0..200)) {
            let start = Instant::now();
            let (mut rounds, mut now) = (Rounds::new(start, MOST_ROUNDS), start);
            let (mut open, mut begun) = (Vec::new(), 0_u32);
            for (seconds, ends) in steps {
                now += Duration::from_secs(seconds);
                if ends && !open.is_empty() {
                    prop_assert!(rounds.over(open.remove(0)));
                }
                if let Some(round) = rounds.begin(now) {
                    open.push(round);
                    begun += 1;
                }
                prop_assert!(open.len() <= MOST_ROUNDS);
                let most = 30.0 + (now - start).as_secs_f64() / 2.0;
                prop_assert!(f64::from(begun) <= most + 1.0);
            }
        }
    }
}
