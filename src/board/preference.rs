//! Which of several ways is preferred.
//!
//! Promises: pure: results in, a decision out. Nothing is known before the first result of a way, which decides at once;
//! from then on a way changes its health only after enough results in a row, so that one that works every other time
//! is not switched to and fro.

use crate::target::Failover;

/// Which of several ways is preferred: the first healthy one in the config's order, with hysteresis.
#[derive(Debug, Clone)]
pub struct Preference {
    failover: Failover,
    ways: Vec<Health>,
}

/// What is known of one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Health {
    /// Nothing yet.
    Unknown,
    /// It works; it failed so often in a row since.
    Healthy(u32),
    /// It does not work; it worked so often in a row since.
    Unhealthy(u32),
}

impl Preference {
    /// So many ways, of which nothing is known.
    #[must_use]
    pub fn new(count: usize, failover: Failover) -> Self {
        Self { failover, ways: vec![Health::Unknown; count] }
    }

    /// Takes in one run: for each way whether it worked; `None` where it is not known this time, which changes nothing.
    pub fn note(&mut self, worked: &[Option<bool>]) {
        let Failover { rise, fall } = self.failover;
        for (way, worked) in self.ways.iter_mut().zip(worked) {
            let Some(worked) = worked else { continue };
            *way = match (*way, worked) {
                (Health::Unknown | Health::Healthy(_), true) => Health::Healthy(0),
                (Health::Unknown | Health::Unhealthy(_), false) => Health::Unhealthy(0),
                (Health::Healthy(failed), false) if failed.saturating_add(1) >= fall => Health::Unhealthy(0),
                (Health::Healthy(failed), false) => Health::Healthy(failed.saturating_add(1)),
                (Health::Unhealthy(worked), true) if worked.saturating_add(1) >= rise => Health::Healthy(0),
                (Health::Unhealthy(worked), true) => Health::Unhealthy(worked.saturating_add(1)),
            };
        }
    }

    /// The index of the preferred way; `None` while none is healthy.
    #[must_use]
    pub fn preferred(&self) -> Option<usize> {
        self.ways.iter().position(|way| matches!(way, Health::Healthy(_)))
    }

    /// Whether a way is healthy; one of which nothing is known is not.
    #[must_use]
    pub fn healthy(&self, index: usize) -> bool {
        matches!(self.ways.get(index), Some(Health::Healthy(_)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OK: Option<bool> = Some(true);
    const BAD: Option<bool> = Some(false);

    fn preference(count: usize) -> Preference {
        Preference::new(count, Failover { rise: 2, fall: 3 })
    }

    /// What is preferred after each of these runs.
    fn after_each(preference: &mut Preference, runs: &[&[Option<bool>]]) -> Vec<Option<usize>> {
        let mut note = |run: &&[Option<bool>]| {
            preference.note(run);
            preference.preferred()
        };
        runs.iter().map(&mut note).collect()
    }

    #[test]
    fn the_first_result_decides_at_once_and_the_order_breaks_ties() {
        assert_eq!(preference(2).preferred(), None);
        let runs: &[&[_]] = &[&[None, OK], &[OK, OK]];
        assert_eq!(after_each(&mut preference(2), runs), [Some(1), Some(0)]);
        let runs: &[&[_]] = &[&[BAD, BAD], &[None, None]];
        assert_eq!(after_each(&mut preference(2), runs), [None, None]);
    }

    #[test]
    fn a_way_falls_and_rises_after_enough_results_in_a_row() {
        let fail: &[_] = &[BAD, OK];
        let work: &[_] = &[OK, OK];
        let runs = [work, fail, fail, work, fail, fail, fail, work, fail, work, work];
        let expected = [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 0].map(Some);
        assert_eq!(after_each(&mut preference(2), &runs), expected);
    }

    #[test]
    fn a_run_that_says_nothing_neither_counts_nor_interrupts() {
        let runs: &[&[_]] = &[&[OK], &[BAD], &[None], &[BAD], &[], &[BAD]];
        assert_eq!(after_each(&mut preference(1), runs), [Some(0), Some(0), Some(0), Some(0), Some(0), None]);
    }

    #[test]
    fn a_way_that_works_every_other_time_changes_nothing_after_its_first_result() {
        let ok: &[_] = &[OK, OK];
        let bad: &[_] = &[BAD, OK];
        for (first, second, expected) in [(ok, bad, Some(0)), (bad, ok, Some(1))] {
            let mut preference = preference(2);
            for _ in 0..50 {
                assert_eq!(after_each(&mut preference, &[first, second]), [expected, expected]);
            }
        }
    }

    fn results() -> impl Strategy<Value = Vec<Vec<Option<bool>>>> {
        prop::collection::vec(prop::collection::vec(any::<Option<bool>>(), 3), 0..60)
    }

    proptest! {
        #[test]
        fn what_is_preferred_is_the_first_that_is_healthy(runs in results(), rise in 0_u32..5, fall in 0_u32..5) {
            let failover = Failover { rise, fall };
            let (mut preference, mut twin) = (Preference::new(3, failover), Preference::new(3, failover));
            for run in runs {
                preference.note(&run);
                twin.note(&run);
                prop_assert_eq!(preference.preferred(), twin.preferred());
                prop_assert_eq!(preference.preferred(), (0..3).find(|index| preference.healthy(*index)));
            }
        }

        #[test]
        fn one_way_changes_no_more_often_than_every_so_many_results(runs in results(), rise in 1_u32..5, fall in 1_u32..5) {
            let mut preference = Preference::new(3, Failover { rise, fall });
            let mut since = [None::<u32>; 3];
            for run in runs {
                let before: Vec<_> = (0..3).map(|index| preference.healthy(index)).collect();
                preference.note(&run);
                for (index, since) in since.iter_mut().enumerate() {
                    let Some(result) = run[index] else { continue };
                    let Some(results) = since else { *since = Some(0); continue };
                    *results += 1;
                    if preference.healthy(index) != before[index] {
                        prop_assert_eq!(preference.healthy(index), result);
                        let needed = if result { rise } else { fall };
                        prop_assert!(*results >= needed);
                        *results = 0;
                    }
                }
            }
        }

        #[test]
        fn a_first_way_that_always_works_stays_preferred(runs in results(), rise in 0_u32..5, fall in 0_u32..5) {
            let mut preference = Preference::new(3, Failover { rise, fall });
            for mut run in runs {
                run[0] = OK;
                preference.note(&run);
                prop_assert_eq!(preference.preferred(), Some(0));
            }
        }
    }
}
