//! The wiring of the running program: engine, listeners, signals, reload, drain.
//!
//! Promises: either everything starts or nothing does; a reload changes what it must and nothing else; on a signal to
//! stop, what is under way is finished and told before the program ends.

mod demand;
mod engine;
mod evidence;
mod follow;
mod follow_up;
mod investigate;
mod keeper;
mod lags;
mod listen;
mod neighbour;
mod neighbours;
mod on_demand;
mod pages;
mod patient;
mod probe_now;
mod purse;
mod reloading;
mod share;
mod signals;
mod sources;
mod streaks;
mod watched;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::field::display;

use crate::board::Board;
use crate::clock;
use crate::config::{Config, Env, Problems, Source};
use crate::history::History;
use crate::metrics::{Configured, Metrics, MetricsError};
use crate::net::raise_descriptor_limit;
use crate::probe::{Prober, SetupError, SystemResolver};
use crate::schedule::Shard;
use crate::sinks::{Events, Sinks};
use crate::status_page::StatusPages;
use crate::target::Target;
use crate::web::{self, Phase, Probes, Readiness, RunningConfig, WebState};
use engine::{Command, Engine, Tools};
pub use follow::{FollowError, Follower, Look, Preferred};
use follow_up::FollowUps;
pub use investigate::{Beside, InvestigateError, Investigator, Progress};
use keeper::Keeper;
use lags::Lags;
pub use listen::{AddressError, ListenAddress, ListenError};
use on_demand::OnDemand;
use pages::Pages;
use probe_now::ProbeNow;
use purse::Purse;
pub use purse::{PurseError, StateError};
use reloading::Reloading;
use share::Share;
pub use signals::{Signal, Signals};
use sources::Sources;

/// How long runs under way may take to finish after a signal to stop.
const DRAIN: Duration = Duration::from_secs(10);

/// How long scrapes under way may take to finish after that.
const LAST_ANSWERS: Duration = Duration::from_secs(3);

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
    /// The directory for what must survive a restart.
    pub state: Option<PathBuf>,
    /// How much earlier than the scraper gives up `/probe` answers.
    pub timeout_offset: Duration,
    /// Which part of the targets is watched; `None` for all of them.
    pub shard: Option<Shard>,
}

/// The usual [`ServeOptions::timeout_offset`].
pub const TIMEOUT_OFFSET: Duration = Duration::from_millis(500);

/// What serves now.
#[derive(Debug)]
pub struct Serving {
    /// Where it listens.
    pub addresses: Vec<SocketAddr>,
    /// What is told of its targets.
    pub events: Arc<Events>,
    /// Ends it as a signal would.
    pub stop: oneshot::Sender<()>,
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
    /// What paid calls cost cannot be written down.
    #[error(transparent)]
    Purse(#[from] PurseError),
    /// An address cannot be listened on.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The metrics cannot be set up.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// There are no threads to answer on.
    #[error("cannot start the threads that answer over HTTP: {0}")]
    Threads(std::io::Error),
    /// Signals cannot be received.
    #[error("cannot receive signals: {0}")]
    Signals(std::io::Error),
}

/// Serves until a signal to stop.
///
/// # Errors
/// If it cannot start; nothing is left running then.
pub async fn serve(options: ServeOptions) -> Result<(), ServeError> {
    let (started, _) = oneshot::channel();
    serve_telling(options, started).await
}

/// The same, and tells what serves as soon as it does.
///
/// # Errors
/// If it cannot start; nothing is left running then.
pub async fn serve_telling(
    options: ServeOptions,
    started: oneshot::Sender<Serving>,
) -> Result<(), ServeError> {
    let config = Config::load(&options.source, &options.env)?;
    let share = Share::new(options.shard);
    let own = share.of(&config);
    let system = Arc::new(SystemResolver::default());
    let probers = probers(&own.targets, &system)?;
    let purse = Arc::new(Purse::new(options.state.clone()));
    purse.open(&own.targets)?;
    let (end, asked) = oneshot::channel();
    let mut signals = Signals::new().map_err(ServeError::Signals)?.or_asked(asked);
    let listeners = listen::all(&options.listen).await?;

    let metrics = Arc::new(Metrics::new()?);
    let history = Arc::new(History::new(own.history));
    history.keep(&own.targets);
    let sinks = Sinks::new(Arc::new(Board::default()), Arc::clone(&history), Arc::clone(&metrics));
    let knowledge = Arc::clone(sinks.knowledge());
    knowledge.watch(&own.targets);
    metrics.configure(configured(&own));
    share.tell(&config, &metrics);
    metrics.program().reloaded(true, clock::wall());
    let readiness = Arc::new(Readiness::new());
    let (stop_web, stopped) = watch::channel(false);
    let running = Arc::new(RunningConfig::default());
    running.set(config.clone());
    let on_demand = Arc::new(OnDemand::new(&own, options.env.clone(), Arc::clone(&system)));
    let (commands, received) = mpsc::channel(1);
    let descriptors = raise_descriptor_limit();
    let probe_now = Arc::new(ProbeNow::new(commands.clone(), demand::looks(descriptors)));
    probe_now.configure(config.probe);
    let parts = web::Parts {
        metrics: Arc::clone(&metrics),
        readiness: Arc::clone(&readiness),
        events: Arc::clone(sinks.events()),
        knowledge: Arc::clone(&knowledge),
        history: Arc::clone(&history),
        diagnoser: Arc::clone(&on_demand) as Arc<dyn web::Diagnoser>,
        config: Arc::clone(&running),
        around: Arc::new(web::Around::new(options.env.clone(), Arc::clone(&system))),
        probes: Probes { on_demand: Arc::clone(&probe_now) as _, offset: options.timeout_offset },
        shards: Arc::clone(share.shards()),
    };
    let state = Arc::new(WebState::new(parts, stopped));
    let addresses = listeners.iter().map(|(_, address)| *address).collect();
    let serving = Serving { addresses, events: Arc::clone(sinks.events()), stop: end };
    let pages = Pages::start().map_err(ServeError::Threads)?;
    let mut servers = answer(listeners, &state, &pages);
    let status = Arc::new(StatusPages::new());
    follow_status(&status, &own);
    let lags = Arc::new(Lags::default());
    let tools = Tools {
        sinks,
        metrics: Arc::clone(&metrics),
        purse: Arc::clone(&purse),
        status: Arc::clone(&status),
        lags: Arc::clone(&lags),
        descriptors,
    };
    let engine = tokio::spawn(Engine::new(tools, received, probers, follow_ups(&own, &system)).run());
    let program = Arc::clone(&metrics);
    let tell = move |lag| program.program().event_loop_lag(lag);
    let lag = tokio::spawn(async move { lags.measure(LAG_EVERY, tell).await });
    let keeper = Keeper::start(&history, &metrics, options.state.clone(), own.history.persist);
    readiness.set(Phase::Ready);
    let shard = options.shard.map(display);
    tracing::info!(targets = own.targets.len(), shard, config = %options.source, "watching");
    drop(own);
    // Nobody need listen.
    let _ = started.send(serving);

    let mut sources = Sources::new(&config, options.env.clone(), Arc::clone(&metrics));
    let reloading = Reloading {
        options,
        share,
        system,
        purse,
        metrics,
        knowledge,
        history,
        status,
        on_demand: Arc::clone(&on_demand),
        probe_now,
        keeper,
        running,
        commands: commands.clone(),
    };
    reloading.until_stopped(config, &mut sources, &mut signals).await;
    drop(sources);
    tracing::info!("stopping: finishing what is under way");
    readiness.set(Phase::Draining);
    on_demand.stop();
    // The engine is gone only if it failed, which it has logged.
    let _ = commands.send(Command::Stop).await;
    drain(engine, &mut signals).await;
    reloading.keeper.stop().await;
    lag.abort();
    stop_web.send_replace(true);
    // Connections that are still busy then are cut off by the end of the program.
    let _ = timeout(LAST_ANSWERS, async { while servers.join_next().await.is_some() {} }).await;
    tracing::info!("stopped");
    Ok(())
}

/// Waits for the end of what is under way, as long as that may take and nobody signals again.
async fn drain(engine: JoinHandle<()>, signals: &mut Signals) {
    tokio::select! {
        drained = timeout(DRAIN, engine) => if drained.is_err() {
            tracing::warn!(waited_seconds = DRAIN.as_secs_f64(), "runs under way were cut off");
        },
        () = stop(signals) => tracing::warn!("second signal: stopping at once"),
    }
}

/// Answers on all listeners from now on.
fn answer(listeners: Vec<(TcpListener, SocketAddr)>, state: &Arc<WebState>, pages: &Pages) -> JoinSet<()> {
    let mut servers = JoinSet::new();
    for (listener, address) in listeners {
        tracing::info!(address = %address, "listening");
        servers.spawn_on(web::serve(listener, Arc::clone(state)), &pages.handle());
    }
    servers
}

/// Reads the status pages of a config's targets from now on.
fn follow_status(status: &StatusPages, config: &Config) {
    status.follow(config.targets.iter().filter_map(|target| target.status_page.as_ref()));
}

/// What a config says of the series.
fn configured(config: &Config) -> Configured {
    let objectives = config.slos.iter().map(|slo| (Arc::clone(&slo.target), slo.objective.ratio()));
    Configured { vantage: config.vantage.clone(), objectives: objectives.collect(), profile: config.profile }
}

/// What experiments after a failure are made with.
fn follow_ups(config: &Config, system: &Arc<SystemResolver>) -> FollowUps {
    let Config { resolvers, routes, controls, .. } = config;
    FollowUps::new(controls.clone(), resolvers.clone(), routes.clone(), Arc::clone(system))
}

/// Waits for a signal to stop; there is nothing to reload any more.
async fn stop(signals: &mut Signals) {
    while signals.next().await == Signal::Reload {
        tracing::info!("stopping: not reloading");
    }
}

fn probers(targets: &[Arc<Target>], system: &Arc<SystemResolver>) -> Result<Vec<Arc<Prober>>, ServeError> {
    targets.iter().map(|target| prober(target, system)).collect()
}

fn prober(target: &Arc<Target>, system: &Arc<SystemResolver>) -> Result<Arc<Prober>, ServeError> {
    Prober::try_new(Arc::clone(target), system)
        .map(Arc::new)
        .map_err(|source| ServeError::Target { name: Arc::clone(&target.name), source: Box::new(source) })
}
