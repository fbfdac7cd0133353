//! The wiring of the running program: engine, listeners, signals, reload, drain.
//!
//! Promises: either everything starts or nothing does; a reload changes what it must and nothing else; on a signal to
//! stop, what is under way is finished and told before the program ends.

mod engine;
mod follow;
mod listen;
mod signals;
mod streaks;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout};

use crate::board::Board;
use crate::clock;
use crate::config::{Config, Env, Problems, Source};
use crate::metrics::{Metrics, MetricsError};
use crate::net::raise_descriptor_limit;
use crate::probe::{Prober, SetupError, SystemResolver};
use crate::sinks::Sinks;
use crate::target::Target;
use crate::web::{self, Phase, Readiness, WebState};
use engine::{Command, Engine};
pub use follow::{FollowError, Follower, Look, Preferred};
pub use listen::{ListenAddress, ListenError};
pub use signals::{Signal, Signals};

/// How long runs under way may take to finish after a signal to stop.
const DRAIN: Duration = Duration::from_secs(10);

/// How long scrapes under way may take to finish after that.
const LAST_ANSWERS: Duration = Duration::from_secs(3);

/// Runs in flight at the most: each takes some 60 KiB while it lasts.
const MOST_RUNS: usize = 2048;

/// Descriptors left for listeners, scrapes and files.
const RESERVED: u64 = 128;

const _: () =
    assert!((web::CONNECTIONS as u64) < RESERVED, "connections to the web port fit into what is reserved");

/// How often the event loop's lag is measured.
const LAG_EVERY: Duration = Duration::from_millis(500);

/// What to serve.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// Where the config is.
    pub source: Source,
    /// The environment it reads.
    pub env: Env,
    /// Where to listen.
    pub listen: Vec<ListenAddress>,
}

/// Why the program did not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The config has problems.
    #[error("{0}")]
    Config(#[from] Problems),
    /// A target cannot be probed.
    #[error("target {name}: {source}")]
    Target {
        /// Which.
        name: Arc<str>,
        /// Why.
        source: Box<SetupError>,
    },
    /// An address cannot be listened on.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The metrics cannot be set up.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// Signals cannot be received.
    #[error("cannot receive signals: {0}")]
    Signals(std::io::Error),
}

/// Serves until a signal to stop.
///
/// # Errors
/// If it cannot start; nothing is left running then.
pub async fn serve(options: ServeOptions) -> Result<(), ServeError> {
    let config = Config::load(&options.source, &options.env)?;
    let system = Arc::new(SystemResolver::default());
    let probers = probers(&config.targets, &system)?;
    let mut signals = Signals::new().map_err(ServeError::Signals)?;
    let listeners = listen::all(&options.listen).await?;

    let metrics = Arc::new(Metrics::new()?);
    let sinks = Sinks::new(Arc::new(Board::default()), Arc::clone(&metrics));
    metrics.program().reloaded(true, clock::wall());
    let readiness = Arc::new(Readiness::new());
    let (stop_web, stopped) = watch::channel(false);
    let state = Arc::new(WebState::new(Arc::clone(&metrics), Arc::clone(&readiness)));
    let mut servers = tokio::task::JoinSet::new();
    for (listener, address) in listeners {
        tracing::info!(address = %address, "listening");
        servers.spawn(web::serve(listener, Arc::clone(&state), stopped.clone()));
    }
    let (commands, received) = mpsc::channel(1);
    let descriptors = raise_descriptor_limit();
    let engine = Engine::new(sinks, Arc::clone(&metrics), received, probers, descriptors);
    let engine = tokio::spawn(engine.run());
    let lag = tokio::spawn(measure_lag(Arc::clone(&metrics)));
    readiness.set(Phase::Ready);
    tracing::info!(targets = config.targets.len(), config = %options.source, "watching");

    let mut current = config;
    while signals.next().await == Signal::Reload {
        let loaded = tokio::select! {
            loaded = reload(&options, &current, &system, &metrics, &commands) => loaded,
            // Its files may be on a disk that does not answer, which must not keep the program from ending.
            () = signals.stop() => {
                tracing::warn!(config = %options.source, "a reload was under way and is given up");
                break;
            }
        };
        current = loaded.unwrap_or(current);
    }
    tracing::info!("stopping: finishing what is under way");
    readiness.set(Phase::Draining);
    // The engine is gone only if it failed, which it has logged.
    let _ = commands.send(Command::Stop).await;
    let drained = timeout(DRAIN, engine);
    tokio::select! {
        drained = drained => if drained.is_err() {
            tracing::warn!(waited_seconds = DRAIN.as_secs_f64(), "runs under way were cut off");
        },
        () = stop(&mut signals) => tracing::warn!("second signal: stopping at once"),
    }
    lag.abort();
    stop_web.send_replace(true);
    // Connections that are still busy then are cut off by the end of the program.
    let _ = timeout(LAST_ANSWERS, async { while servers.join_next().await.is_some() {} }).await;
    tracing::info!("stopped");
    Ok(())
}

/// Waits for a signal to stop; there is nothing to reload any more.
async fn stop(signals: &mut Signals) {
    while signals.next().await == Signal::Reload {
        tracing::info!("stopping: not reloading");
    }
}

/// Loads the config again and changes what it must; a config with problems changes nothing, and is `None`.
async fn reload(
    options: &ServeOptions,
    current: &Config,
    system: &Arc<SystemResolver>,
    metrics: &Metrics,
    commands: &mpsc::Sender<Command>,
) -> Option<Config> {
    let (source, env, system) = (options.source.clone(), options.env.clone(), Arc::clone(system));
    let old = current.targets.clone();
    let loading = tokio::task::spawn_blocking(move || -> Result<_, ServeError> {
        let config = Config::load(&source, &env)?;
        let changes = crate::schedule::diff(&old, &config.targets);
        let changes = engine::prepare(changes, |target| prober(&target, &system))?;
        Ok((config, changes))
    });
    let failed = match loading.await {
        Ok(Ok((config, changes))) => {
            let changed = changes.len();
            // The engine is gone only if it failed, which it has logged.
            let _ = commands.send(Command::Change(changes)).await;
            metrics.program().reloaded(true, clock::wall());
            tracing::info!(targets = config.targets.len(), changed, config = %options.source, "reloaded");
            return Some(config);
        }
        Ok(Err(error)) => error.to_string(),
        Err(error) => error.to_string(),
    };
    metrics.program().reloaded(false, clock::wall());
    tracing::error!(config = %options.source, problems = %failed, "reload failed, the old config stays");
    None
}

/// Runs in flight at the most, so that probes never use up the descriptors: `each` is what the greediest run may hold at
/// once.
fn bound(descriptors: Option<u64>, each: u64) -> usize {
    let by_descriptors = descriptors.map_or(u64::MAX, |limit| limit.saturating_sub(RESERVED) / each.max(1));
    usize::try_from(by_descriptors).unwrap_or(MOST_RUNS).clamp(1, MOST_RUNS)
}

fn probers(targets: &[Arc<Target>], system: &Arc<SystemResolver>) -> Result<Vec<Arc<Prober>>, ServeError> {
    targets.iter().map(|target| prober(target, system)).collect()
}

fn prober(target: &Arc<Target>, system: &Arc<SystemResolver>) -> Result<Arc<Prober>, ServeError> {
    Prober::try_new(Arc::clone(target), system)
        .map(Arc::new)
        .map_err(|source| ServeError::Target { name: Arc::clone(&target.name), source: Box::new(source) })
}

/// Measures by how much the event loop wakes up late.
async fn measure_lag(metrics: Arc<Metrics>) {
    loop {
        let due = Instant::now() + LAG_EVERY;
        tokio::time::sleep_until(due).await;
        metrics.program().event_loop_lag(due.elapsed());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_fits_the_descriptors() {
        assert_eq!(bound(Some(1024), 4), 224);
        assert_eq!(bound(Some(1024), 64), 14);
        assert_eq!(bound(Some(10), 4), 1);
        assert_eq!(bound(Some(1_048_576), 4), MOST_RUNS);
        assert_eq!(bound(None, 4), MOST_RUNS);
    }
}
