//! The latest state of everything watched.
//!
//! Promises: one entry a path, replaced by each journey and gone with the path; what a target as a whole is follows
//! from its paths.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use crate::outcome::{Outcome, PathId, Run};

/// The last journey of every path of one target.
type Paths = BTreeMap<PathId, Arc<Outcome>>;

/// The last journey of every path, by target.
#[derive(Debug, Default)]
pub struct Board(Mutex<HashMap<Arc<str>, Paths>>);

impl Board {
    /// Takes in a run; whether the target works end to end on at least one path now.
    pub fn apply(&self, run: &Run) -> bool {
        let mut targets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let paths = targets.entry(Arc::clone(&run.target)).or_default();
        for path in &run.retired {
            paths.remove(path);
        }
        for outcome in &run.outcomes {
            paths.insert(outcome.path.clone(), Arc::new(outcome.clone()));
        }
        paths.values().any(|outcome| outcome.success())
    }

    /// Forgets a target.
    pub fn remove(&self, target: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(target);
    }

    /// The last journeys of a target, by path.
    #[must_use]
    pub fn target(&self, target: &str) -> Vec<Arc<Outcome>> {
        let targets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        targets.get(target).map(|paths| paths.values().cloned().collect()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;
    use crate::outcome::{ApiEvidence, Failure, Family, Reason, Stage, Stages};

    fn outcome(family: Family, good: bool) -> Outcome {
        let (took, evidence) = (Duration::ZERO, ApiEvidence::of_call("hello", http::Method::GET));
        let api = if good {
            Stage::Passed { took, evidence }
        } else {
            Stage::Failed { took, failure: Failure::new(Reason::HttpTimeout, "x"), evidence }
        };
        let path = PathId { target: "t".into(), route: "direct".into(), family };
        Outcome {
            path,
            started: UNIX_EPOCH,
            took,
            stages: Stages { api, ..Stages::default() },
            findings: vec![],
        }
    }

    #[test]
    fn a_target_is_up_while_one_path_works() {
        let board = Board::default();
        let run = |outcomes: Vec<Outcome>, retired| Run { outcomes, retired, ..Run::of("t".into()) };
        assert!(board.apply(&run(vec![outcome(Family::Ipv4, false), outcome(Family::Ipv6, true)], vec![])));
        let ipv6 = outcome(Family::Ipv6, true).path;
        assert!(!board.apply(&run(vec![outcome(Family::Ipv4, false)], vec![ipv6])));
        assert_eq!(board.target("t").len(), 1);
        board.remove("t");
        assert!(board.target("t").is_empty());
    }
}
