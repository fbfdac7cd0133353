//! The part of a config's targets that this program watches, where several canaries share them.
//!
//! Promises: all of the config is loaded, checked and shown everywhere, so that what is wrong with it is told by every shard;
//! only what is watched, and what is made of that, is a part.

use std::borrow::Cow;
use std::sync::Arc;

use crate::config::Config;
use crate::metrics::Metrics;
use crate::schedule::Shard;
use crate::target::Target;
use crate::web::Shards;

/// The part.
#[derive(Debug, Clone)]
pub(super) struct Share {
    shard: Option<Shard>,
    shards: Arc<Shards>,
}

impl Share {
    /// The part of a shard; `None` is all.
    pub(super) fn new(shard: Option<Shard>) -> Self {
        Self { shard, shards: Arc::new(Shards::new(shard)) }
    }

    /// The config with only those of its targets that are watched here.
    pub(super) fn of<'a>(&self, config: &'a Config) -> Cow<'a, Config> {
        match self.shard {
            None => Cow::Borrowed(config),
            Some(shard) => Cow::Owned(config.only(|target| shard.has(target))),
        }
    }

    /// How many of its targets are watched here.
    pub(super) fn number(&self, config: &Config) -> usize {
        let has = |target: &&Arc<Target>| self.shard.is_none_or(|shard| shard.has(&target.name));
        config.targets.iter().filter(has).count()
    }

    /// What the pages know of the targets that are watched elsewhere.
    pub(super) fn shards(&self) -> &Arc<Shards> {
        &self.shards
    }

    /// This config is in force from now on.
    pub(super) fn tell(&self, config: &Config, metrics: &Metrics) {
        self.shards.set(config.targets.iter().map(|target| &target.name));
        if let Some(shard) = self.shard {
            metrics.program().sharded(shard);
        }
    }
}
