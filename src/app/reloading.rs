//! Changing what is watched while it is: by a reload, and by what the files and sources of targets say.
//!
//! Promises: there is one config in force, and everything that depends on it changes with it; what cannot be made so as a
//! whole changes nothing; who is not changed by it keeps state and series.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::engine::{self, Command, Prepared};
use super::follow_up::FollowUps;
use super::keeper::Keeper;
use super::on_demand::OnDemand;
use super::probe_now::ProbeNow;
use super::purse::Purse;
use super::share::Share;
use super::signals::{Signal, Signals};
use super::sources::{self, Merged, News, Sources};
use super::{ServeError, ServeOptions, configured, follow_status, follow_ups, prober};
use crate::clock;
use crate::config::Config;
use crate::history::History;
use crate::metrics::Metrics;
use crate::probe::SystemResolver;
use crate::sinks::Knowledge;
use crate::status_page::StatusPages;
use crate::web::RunningConfig;

/// What depends on which targets there are.
#[derive(Debug)]
pub(super) struct Reloading {
    pub(super) options: ServeOptions,
    pub(super) share: Share,
    pub(super) system: Arc<SystemResolver>,
    pub(super) purse: Arc<Purse>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) knowledge: Arc<Knowledge>,
    pub(super) history: Arc<History>,
    pub(super) status: Arc<StatusPages>,
    pub(super) on_demand: Arc<OnDemand>,
    pub(super) probe_now: Arc<ProbeNow>,
    pub(super) keeper: Keeper,
    pub(super) running: Arc<RunningConfig>,
    pub(super) commands: mpsc::Sender<Command>,
}

/// What asks for a change, or for an end.
#[derive(Debug)]
enum Asked {
    Signal(Signal),
    News(News),
}

/// A change that is ready to be made.
#[derive(Debug)]
struct Ready {
    changes: Vec<Prepared>,
    with: FollowUps,
}

impl Reloading {
    /// Changes what there is to change, until a signal to stop.
    pub(super) async fn until_stopped(&self, config: Config, sources: &mut Sources, signals: &mut Signals) {
        let mut current = config;
        loop {
            let asked = tokio::select! {
                signal = signals.next() => Asked::Signal(signal),
                news = sources.next() => Asked::News(news),
            };
            let changing = async {
                match asked {
                    Asked::Signal(Signal::Stop) => None,
                    Asked::Signal(Signal::Reload) => Some(self.reload(&current, sources).await),
                    Asked::News(news) => Some(self.take(news, &current, sources).await),
                }
            };
            let changed = tokio::select! {
                changed = changing => changed,
                // Its files may be on a disk that does not answer, which must not keep the program from ending.
                () = signals.stop() => {
                    tracing::warn!(config = %self.options.source, "a reload was under way and is given up");
                    None
                }
            };
            match changed {
                None => return,
                Some(Some(config)) => current = config,
                Some(None) => {}
            }
        }
    }

    /// Loads the config again, and changes what it must; a config with problems changes nothing, and is `None`.
    pub(super) async fn reload(&self, current: &Config, sources: &mut Sources) -> Option<Config> {
        let (file, env) = (self.options.source.clone(), self.options.env.clone());
        let (before, answers) = (current.clone(), sources.answers());
        let make = self.maker(current);
        let loading = tokio::task::spawn_blocking(move || -> Result<_, ServeError> {
            let loaded = Config::load(&file, &env)?;
            let Merged { config, results } = sources::carried(&loaded, &before, &answers, &env);
            let config = config.after(&before);
            let ready = make(&config)?;
            Ok((config, results, ready))
        });
        let failed = match loading.await {
            Ok(Ok((config, results, ready))) => {
                let changed = ready.changes.len();
                self.make(&config, ready).await;
                sources.follow(&config, results);
                self.metrics.program().reloaded(true, clock::wall());
                tracing::info!(
                    targets = self.share.number(&config), changed, config = %self.options.source, "reloaded"
                );
                return Some(config);
            }
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        self.metrics.program().reloaded(false, clock::wall());
        tracing::error!(
            config = %self.options.source, problems = %failed, "reload failed, the old config stays"
        );
        None
    }

    /// Changes what the files and sources of targets say; the config that is in force then, if it is another.
    pub(super) async fn take(&self, news: News, current: &Config, sources: &mut Sources) -> Option<Config> {
        let work = sources.take(news, current)?;
        let before = current.clone();
        let make = self.maker(current);
        let working = tokio::task::spawn_blocking(move || {
            let Merged { config, results } = work.merge(&before);
            let config = config.after(&before);
            // Which lists there are may differ where the targets are the same.
            let ready = (config != before).then(|| make(&config)).transpose();
            (config, results, ready)
        });
        match working.await {
            Ok((config, results, Ok(ready))) => {
                if let Some(ready) = ready {
                    let changed = ready.changes.len();
                    self.make(&config, ready).await;
                    let targets = self.share.number(&config);
                    tracing::info!(targets, changed, "targets changed");
                }
                sources.done(&config, results);
                Some(config)
            }
            Ok((_, results, Err(error))) => {
                sources.failed(current, results, &error.to_string());
                None
            }
            Err(error) => {
                tracing::error!(%error, "what the files and sources of targets say could not be looked at");
                None
            }
        }
    }

    /// What makes a change ready; it reads files, and changes nothing.
    fn maker(&self, current: &Config) -> impl FnOnce(&Config) -> Result<Ready, ServeError> + Send + 'static {
        let (system, purse) = (Arc::clone(&self.system), Arc::clone(&self.purse));
        let (share, old) = (self.share.clone(), self.share.of(current).targets.clone());
        move |config| {
            let own = share.of(config);
            let changes = crate::schedule::diff(&old, &own.targets);
            let changes = engine::prepare(changes, |target| prober(&target, &system))?;
            purse.open(&own.targets)?;
            Ok(Ready { changes, with: follow_ups(&own, &system) })
        }
    }

    /// Makes a change.
    async fn make(&self, config: &Config, Ready { changes, with }: Ready) {
        let own = self.share.of(config);
        self.knowledge.watch(&own.targets);
        self.history.limit(own.history);
        self.history.keep(&own.targets);
        self.keeper.persist(own.history.persist);
        // The engine is gone only if it failed, which it has logged.
        let _ = self.commands.send(Command::Change(changes, with)).await;
        follow_status(&self.status, &own);
        self.metrics.configure(configured(&own));
        self.on_demand.change(&own);
        self.probe_now.configure(own.probe);
        self.share.tell(config, &self.metrics);
        self.running.set(config.clone());
    }
}
