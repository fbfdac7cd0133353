//! Which diagnosis is told: changes wait for the runs that confirm them, a first failure never does.
//!
//! Promises: pure; what is told of a target is what was found by one of its runs; from trouble it is said to be ok only
//! after enough good runs in a row, and a target that is up now and down then is told down once, not over and over.

use std::time::Duration;

use tokio::time::Instant;

use super::{Diagnosis, Signature, Verdict};
use crate::outcome::{Blame, Layer};
use crate::target::DiagnosisOptions;

/// A verdict that neither is found any more nor replaced by one that lasts is replaced by any other after so many times the
/// runs it takes as a rule: it must not stand for ever.
const OUTDATED: u32 = 5;

/// What a diagnosis was made of that is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum New {
    /// A run.
    Run,
    /// Follow-ups to the last one.
    FollowUps,
}

/// A change of what is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// What was told before; `None` before the first run.
    pub before: Option<Verdict>,
    /// How long the target was not ok, where it is again.
    pub lasted: Option<Duration>,
}

/// What is told of one target.
#[derive(Debug, Default)]
pub struct Damper {
    told: Option<Told>,
}

#[derive(Debug)]
struct Told {
    diagnosis: Diagnosis,
    /// Of the trouble that it was made of; `None` where there is none.
    signature: Option<Signature>,
    /// Since when it is not ok.
    since: Option<Instant>,
    /// What the last runs found instead, and how many of them in a row.
    instead: Option<(Heading, u32)>,
    /// How many runs in a row did not find what is told.
    away: u32,
    /// How many runs in a row found something less bad.
    better: u32,
}

/// What makes one diagnosis another one.
type Heading = (Verdict, Option<Layer>, Option<Blame>);

fn heading(diagnosis: &Diagnosis) -> Heading {
    (diagnosis.verdict, diagnosis.layer, diagnosis.blame)
}

impl Damper {
    /// What is told now.
    #[must_use]
    pub fn told(&self) -> Option<&Diagnosis> {
        self.told.as_ref().map(|told| &told.diagnosis)
    }

    /// Notes what was found; what is told from now on, and what changed with it. `signature` is that of the trouble before
    /// follow-ups, `None` where there is none.
    pub fn note(
        &mut self,
        found: Diagnosis,
        signature: Option<&Signature>,
        new: New,
        options: DiagnosisOptions,
        now: Instant,
    ) -> (Diagnosis, Option<Change>) {
        let Some(told) = &mut self.told else {
            let since = (found.verdict != Verdict::Ok).then_some(now);
            let told = Told {
                diagnosis: found.clone(),
                signature: signature.cloned(),
                since,
                instead: None,
                away: 0,
                better: 0,
            };
            self.told = Some(told);
            return (found, Some(Change { before: None, lasted: None }));
        };
        let same = heading(&told.diagnosis) == heading(&found);
        if !same && !told.is_time(&found, signature, new, options) {
            return (told.diagnosis.clone(), None);
        }
        let before = told.diagnosis.verdict;
        let change = (!same).then(|| {
            let ends = if found.verdict == Verdict::Ok { told.since.take() } else { None };
            if found.verdict != Verdict::Ok {
                told.since.get_or_insert(now);
            }
            Change { before: Some(before), lasted: ends.map(|since| now.saturating_duration_since(since)) }
        });
        told.diagnosis = found.clone();
        told.signature = signature.cloned();
        if new == New::Run || change.is_some() {
            (told.instead, told.away, told.better) = (None, 0, 0);
        }
        (found, change)
    }
}

impl Told {
    /// Whether something else that was found is to be told now.
    fn is_time(
        &mut self,
        found: &Diagnosis,
        signature: Option<&Signature>,
        new: New,
        options: DiagnosisOptions,
    ) -> bool {
        let is_refined = signature.is_some() && signature == self.signature.as_ref();
        let is_worse = match (self.diagnosis.verdict, found.verdict) {
            (Verdict::Ok, Verdict::Degraded(_) | Verdict::Down(_))
            | (Verdict::Degraded(_), Verdict::Down(_)) => true,
            (Verdict::Ok | Verdict::Degraded(_) | Verdict::Down(_), _) => false,
        };
        if is_worse {
            return true;
        }
        match new {
            New::FollowUps => is_refined,
            New::Run => {
                let heading = heading(found);
                let runs = match self.instead {
                    Some((known, runs)) if known == heading => runs.saturating_add(1),
                    Some(_) | None => 1,
                };
                self.instead = Some((heading, runs));
                self.away = self.away.saturating_add(1);
                let is_up = !matches!(found.verdict, Verdict::Down(_));
                let is_better = is_up && matches!(self.diagnosis.verdict, Verdict::Down(_));
                self.better = if is_better { self.better.saturating_add(1) } else { 0 };
                match found.verdict {
                    Verdict::Ok => runs >= options.recover_after,
                    // Up for so long, it is not down, be it well in some of the runs and degraded in others.
                    Verdict::Degraded(_) if self.better >= options.change_after => true,
                    Verdict::Degraded(_) | Verdict::Down(_) => {
                        runs >= options.change_after
                            || self.away >= options.change_after.saturating_mul(OUTDATED)
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::diagnosis::Facts;
    use crate::outcome::Reason;

    const OK: Verdict = Verdict::Ok;
    const RESET: Verdict = Verdict::Down(Reason::TlsReset);
    const FILTER: Verdict = Verdict::Down(Reason::TlsSniFiltered);
    const SILENT: Verdict = Verdict::Down(Reason::TcpTimeout);
    const SLOW: Verdict = Verdict::Degraded(Reason::HttpSlow);
    const ALL: [Verdict; 5] = [OK, RESET, FILTER, SILENT, SLOW];

    fn diagnosis(verdict: Verdict) -> Diagnosis {
        Diagnosis {
            target: "t".into(),
            verdict,
            layer: verdict.reason().map(Reason::layer),
            blame: verdict.reason().map(Reason::blame),
            seen: None,
            evidence: Vec::new(),
            ruled_out: Vec::new(),
            findings: Vec::new(),
            facts: Facts::default(),
        }
    }

    fn signature(verdict: Verdict) -> Option<Signature> {
        verdict.reason().map(|_| Signature { verdict, route: Arc::from("direct") })
    }

    fn options(recover_after: u32, change_after: u32) -> DiagnosisOptions {
        DiagnosisOptions { recover_after, change_after, follow_ups: true }
    }

    /// What is told after each of these runs.
    fn after_each(runs: &[Verdict], options: DiagnosisOptions) -> Vec<Verdict> {
        let mut damper = Damper::default();
        let now = Instant::now();
        let mut note = |verdict: &Verdict| {
            let (told, _) =
                damper.note(diagnosis(*verdict), signature(*verdict).as_ref(), New::Run, options, now);
            told.verdict
        };
        runs.iter().map(&mut note).collect()
    }

    #[test]
    fn what_is_told_waits_for_as_many_runs_as_it_must() {
        for (what, runs, expected) in [
            ("the first run is told", vec![OK], vec![OK]),
            ("so is a first failure", vec![RESET], vec![RESET]),
            ("a failure is told at once", vec![OK, RESET], vec![OK, RESET]),
            ("so is what is merely not right", vec![OK, SLOW], vec![OK, SLOW]),
            ("getting worse is told at once", vec![SLOW, RESET], vec![SLOW, RESET]),
            (
                "getting better takes as many runs as any change",
                vec![RESET, SLOW, SLOW, SLOW],
                vec![RESET, RESET, RESET, SLOW],
            ),
            ("ok takes two good runs", vec![RESET, OK, OK], vec![RESET, RESET, OK]),
            ("of what is degraded too", vec![SLOW, OK, OK], vec![SLOW, SLOW, OK]),
            ("in a row", vec![RESET, OK, RESET, OK, OK], vec![RESET, RESET, RESET, RESET, OK]),
            (
                "another failure takes three runs",
                vec![RESET, SILENT, SILENT, SILENT],
                vec![RESET, RESET, RESET, SILENT],
            ),
            (
                "in a row",
                vec![RESET, SILENT, SILENT, OK, SILENT, SILENT, SILENT],
                vec![RESET, RESET, RESET, RESET, RESET, RESET, SILENT],
            ),
            (
                "one that works again, though not always as it should, is not down",
                vec![RESET, OK, SLOW, OK, SLOW, OK, OK],
                vec![RESET, RESET, RESET, RESET, SLOW, SLOW, OK],
            ),
        ] {
            assert_eq!(after_each(&runs, options(2, 3)), expected, "{what}: {runs:?}");
        }
    }

    #[test]
    fn a_verdict_that_is_not_found_any_more_does_not_stand_for_ever() {
        let runs: Vec<_> = [RESET].into_iter().chain([SILENT, FILTER].into_iter().cycle().take(10)).collect();
        let told = after_each(&runs, options(2, 2));
        assert_eq!((told[9], told[10]), (RESET, FILTER));
    }

    #[test]
    fn follow_ups_to_the_same_trouble_are_told_at_once_and_those_to_another_are_not() {
        let (mut damper, now, options) = (Damper::default(), Instant::now(), options(2, 2));
        let reset = signature(RESET);
        damper.note(diagnosis(RESET), reset.as_ref(), New::Run, options, now);
        let (told, change) = damper.note(diagnosis(FILTER), reset.as_ref(), New::FollowUps, options, now);
        assert_eq!(told.verdict, FILTER);
        assert_eq!(change, Some(Change { before: Some(RESET), lasted: None }));
        let (told, change) = damper.note(diagnosis(FILTER), reset.as_ref(), New::Run, options, now);
        assert_eq!((told.verdict, change), (FILTER, None), "as long as the follow-ups count");
        let silent = signature(SILENT);
        damper.note(diagnosis(SILENT), silent.as_ref(), New::Run, options, now);
        let offline = diagnosis(Verdict::Down(Reason::Offline));
        let (told, change) = damper.note(offline.clone(), silent.as_ref(), New::FollowUps, options, now);
        assert_eq!((told.verdict, change), (FILTER, None), "that trouble is not told yet");
        damper.note(offline.clone(), silent.as_ref(), New::Run, options, now);
        let (told, _) = damper.note(offline, silent.as_ref(), New::Run, options, now);
        assert_eq!(told.verdict, Verdict::Down(Reason::Offline));
    }

    #[test]
    fn follow_ups_alone_never_make_a_target_ok() {
        let (mut damper, now, options) = (Damper::default(), Instant::now(), options(1, 1));
        damper.note(diagnosis(RESET), signature(RESET).as_ref(), New::Run, options, now);
        let (told, _) = damper.note(diagnosis(OK), None, New::FollowUps, options, now);
        assert_eq!(told.verdict, RESET);
    }

    #[test]
    fn it_is_told_how_long_it_lasted_from_the_first_failure_on() {
        let (mut damper, start, options) = (Damper::default(), Instant::now(), options(1, 1));
        let mut at = |seconds, verdict| {
            let now = start + Duration::from_secs(seconds);
            damper.note(diagnosis(verdict), signature(verdict).as_ref(), New::Run, options, now).1
        };
        assert_eq!(at(0, OK), Some(Change { before: None, lasted: None }));
        assert_eq!(at(10, SLOW), Some(Change { before: Some(OK), lasted: None }));
        assert_eq!(at(20, RESET), Some(Change { before: Some(SLOW), lasted: None }));
        let lasted = Some(Duration::from_secs(30));
        assert_eq!(at(40, OK), Some(Change { before: Some(RESET), lasted }));
        assert_eq!(at(50, OK), None);
    }

    fn verdicts() -> impl Strategy<Value = Vec<Verdict>> {
        prop::collection::vec(prop::sample::select(ALL.to_vec()), 0..60)
    }

    proptest! {
        #[test]
        fn one_that_works_every_other_time_is_told_to_fail_once(
            fails in prop::sample::select(vec![RESET, SILENT, SLOW]),
            recover_after in 2_u32..6,
            first in any::<bool>(),
        ) {
            let runs: Vec<_> = (0..50).map(|run| if (run % 2 == 0) == first { OK } else { fails }).collect();
            let told = after_each(&runs, options(recover_after, 2));
            let changes = told.windows(2).filter(|pair| pair[0] != pair[1]).count();
            prop_assert!(changes <= 1);
            prop_assert_eq!(told[49], fails);
        }

        #[test]
        fn enough_good_runs_make_any_target_ok(runs in verdicts(), recover in 1_u32..6, change in 1_u32..6) {
            let recover_after = usize::try_from(recover).unwrap();
            let runs: Vec<_> = runs.into_iter().chain(std::iter::repeat_n(OK, recover_after)).collect();
            let told = after_each(&runs, options(recover, change));
            prop_assert_eq!(told.last(), Some(&OK));
        }

        #[test]
        fn what_is_told_was_found_and_down_is_never_told_late(runs in verdicts(), recover in 1_u32..6, change in 1_u32..6) {
            let told = after_each(&runs, options(recover, change));
            for (run, told) in told.iter().enumerate() {
                prop_assert!(runs[..=run].contains(told));
                if matches!(runs[run], Verdict::Down(_)) {
                    prop_assert!(matches!(told, Verdict::Down(_)), "{:?} of {:?}", told, runs);
                }
            }
        }
    }
}
