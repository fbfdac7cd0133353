//! Which targets of the config other canaries watch, for who asks the wrong one.
//!
//! Promises: only a target that is in the config is said to be watched elsewhere.

use std::collections::HashSet;
use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::schedule::Shard;

/// The part of the targets that this program watches, and the names of all others.
#[derive(Debug, Default)]
pub struct Shards {
    shard: Option<Shard>,
    elsewhere: ArcSwap<HashSet<Arc<str>>>,
}

/// Where a target is watched instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Elsewhere {
    here: Shard,
    owner: u32,
}

impl Shards {
    /// A program that watches this part; `None` for all targets.
    #[must_use]
    pub fn new(shard: Option<Shard>) -> Self {
        Self { shard, elsewhere: ArcSwap::default() }
    }

    /// Which part it is.
    #[must_use]
    pub fn shard(&self) -> Option<Shard> {
        self.shard
    }

    /// These are all targets from now on.
    pub fn set<'a>(&self, all: impl IntoIterator<Item = &'a Arc<str>>) {
        let Some(shard) = self.shard else { return };
        let elsewhere = all.into_iter().filter(|name| !shard.has(name)).map(Arc::clone);
        self.elsewhere.store(Arc::new(elsewhere.collect()));
    }

    /// Where a target is watched if not here.
    pub(super) fn elsewhere(&self, target: &str) -> Option<Elsewhere> {
        let here = self.shard.filter(|_| self.elsewhere.load().contains(target))?;
        Some(Elsewhere { here, owner: here.owner(target) })
    }
}

impl Elsewhere {
    /// The place of the shard that watches it, the place of this one, and how many there are.
    pub(super) fn numbers(self) -> [u32; 3] {
        [self.owner, self.here.index(), self.here.count()]
    }

    /// That it is so, and whom to ask.
    pub(super) fn told(self, target: &str) -> String {
        let [owner, here, count] = self.numbers();
        format!(
            "target {target:?} is watched by shard {owner} of {count}, and this is shard {here}, counted from 0: ask the \
             canary that runs with --shard.index={owner}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_of_another_shard_is_told_from_one_that_there_is_not() {
        let names: Vec<Arc<str>> = vec!["claude".into(), "openai".into()];
        let of = |index: &str| {
            let shards = Shards::new(Some(Shard::try_new(index.parse().unwrap(), 4).unwrap()));
            shards.set(&names);
            shards
        };
        let here = of("0");
        assert_eq!(here.elsewhere("claude"), None);
        assert_eq!(here.elsewhere("nobody"), None);
        assert_eq!(
            here.elsewhere("openai").unwrap().told("openai"),
            "target \"openai\" is watched by shard 1 of 4, and this is shard 0, counted from 0: ask the canary that \
             runs with --shard.index=1"
        );
        assert_eq!(of("1").elsewhere("claude").unwrap().numbers(), [0, 1, 4]);
        here.set([]);
        assert_eq!(here.elsewhere("openai"), None, "it left the config");
        let alone = Shards::default();
        alone.set(&names);
        assert_eq!(alone.elsewhere("openai"), None);
    }
}
