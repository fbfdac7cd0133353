//! The demo: a simulated provider that breaks step by step, the canary that watches it, and what people are paged by.
//!
//! Promises: loopback only, unless the canary is told to listen elsewhere; nothing of the machine's environment matters but
//! where programs are; every step has a verdict the canary must come to, and one that it does not come to is told and
//! counted; whatever was started is ended, and whatever was written is removed, unless the program is killed outright.

mod pager;
mod program;
mod receiver;
mod scene;
mod story;
mod teller;
mod world;

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::timeout;

use crate::app::{self, ListenAddress, ServeError, ServeOptions, Serving, Signals};
use crate::config::Source;
use crate::simulate::{Fault, StartError};
use crate::sinks::Events;
pub use pager::routing;
use pager::{Pager, Programs};
use scene::{OPENAI, SCENES, Scene};
use story::Story;
use teller::Teller;
use world::World;

/// How long the canary may take to end.
const LAST_RUNS: Duration = Duration::from_secs(15);

/// What to show, and how.
#[derive(Debug, Clone)]
pub struct DemoOptions {
    /// Where the canary listens.
    pub listen: Vec<ListenAddress>,
    /// With Prometheus and Alertmanager, looked for in these directories.
    pub pages: Option<Vec<PathBuf>>,
    /// How long each fault lasts at least.
    pub each: Duration,
    /// The faults to show; all where there is none.
    pub faults: Vec<Fault>,
    /// End after one round.
    pub once: bool,
    /// With colours.
    pub colour: bool,
}

/// How a demo ended that could be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It was told to stop.
    Stopped,
    /// One round is over; in so many scenes something else was said than was expected.
    Over {
        /// The scenes in which that was so.
        unexpected: usize,
    },
}

/// Why there is no demo.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// A program is not there.
    #[error(
        "--with-prometheus needs {missing} on the PATH, which is not there: on Debian and Ubuntu install the packages \
         prometheus and prometheus-alertmanager, or go without --with-prometheus"
    )]
    Missing {
        /// Its names.
        missing: String,
    },
    /// A fault is not one that is shown.
    #[error("the demo does not show {fault}; it shows {shown}")]
    NotShown {
        /// Which.
        fault: Fault,
        /// Those it shows.
        shown: String,
    },
    /// The simulator could not start.
    #[error("cannot start the simulated provider")]
    Simulator(#[from] StartError),
    /// There is no place for its files.
    #[error("cannot make a directory for the demo's files: {0}; TMPDIR says where")]
    Directory(#[source] io::Error),
    /// A file could not be written.
    #[error("cannot write {path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The canary could not start, or ended.
    #[error(transparent)]
    Canary(#[from] ServeError),
    /// The canary broke off.
    #[error("the canary broke off: {0}")]
    BrokeOff(String),
    /// Another program could not be started, or ended.
    #[error("{program} does not start: {why}")]
    Program {
        /// Which.
        program: &'static str,
        /// What it said.
        why: String,
    },
    /// Something on loopback could not be listened on.
    #[error("cannot listen on loopback: {0}")]
    Listen(#[source] io::Error),
    /// Signals cannot be received.
    #[error("cannot receive signals: {0}")]
    Signals(#[source] io::Error),
    /// Nobody reads what is told.
    #[error("cannot write to standard output: {0}")]
    Output(#[source] io::Error),
}

/// Shows it, until it is over or a signal ends it.
///
/// # Errors
/// If something cannot be started or told; nothing is left running then.
pub async fn run(options: DemoOptions) -> Result<Ending, DemoError> {
    let scenes = scenes(&options.faults)?;
    let programs = options.pages.as_deref().map(Programs::find).transpose()?;
    let mut signals = Signals::new().map_err(DemoError::Signals)?;
    let world = World::start().await?;
    let shown = watched(&world, &options, &scenes, programs, &mut signals).await;
    let removed = world.end().await.map_err(DemoError::Directory);
    let ending = shown?;
    removed?;
    Ok(ending)
}

/// With a canary that watches.
async fn watched(
    world: &World,
    options: &DemoOptions,
    scenes: &[Scene],
    programs: Option<Programs>,
    signals: &mut Signals,
) -> Result<Ending, DemoError> {
    let mut canary = Canary::start(world, options.listen.clone()).await?;
    let shown = paged(world, options, scenes, programs, &mut canary, signals).await;
    canary.stop().await;
    shown
}

/// With whoever pages, where that is wanted.
async fn paged(
    world: &World,
    options: &DemoOptions,
    scenes: &[Scene],
    programs: Option<Programs>,
    canary: &mut Canary,
    signals: &mut Signals,
) -> Result<Ending, DemoError> {
    let mut pager = match programs {
        None => None,
        Some(programs) => tokio::select! {
            pager = Pager::start(&programs, world, canary.address) => Some(pager?),
            _ = signals.next() => return Ok(Ending::Stopped),
        },
    };
    let shown = shown(world, options, scenes, canary, pager.as_mut(), signals).await;
    if let Some(pager) = pager {
        pager.stop().await;
    }
    shown
}

async fn shown(
    world: &World,
    options: &DemoOptions,
    scenes: &[Scene],
    canary: &mut Canary,
    pager: Option<&mut Pager>,
    signals: &mut Signals,
) -> Result<Ending, DemoError> {
    let teller = Teller::new(Box::new(io::stdout()), options.colour);
    let by_hand = world.by_hand(OPENAI, Fault::Http529.name());
    teller.greeting(canary.address, pager.as_deref().map(Pager::links), &by_hand)?;
    let (pages, mut programs) = match pager {
        Some(pager) => (Some(&mut pager.pages), Some(&mut pager.programs)),
        None => (None, None),
    };
    let story = Story::new(world, &teller, &canary.events, pages, options.each);
    let ended = async {
        match &mut programs {
            Some(programs) => programs.ended().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        _ = signals.next() => {
            teller.stopping()?;
            Ok(Ending::Stopped)
        }
        broken = &mut canary.serving => broke_off(broken),
        error = ended => Err(error),
        ending = Box::pin(story.tell(scenes, options.once)) => Ok(Ending::Over { unexpected: ending? }),
    }
}

/// The canary as a task beside.
#[derive(Debug)]
struct Canary {
    address: SocketAddr,
    events: Arc<Events>,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<Result<(), ServeError>>,
}

impl Canary {
    async fn start(world: &World, listen: Vec<ListenAddress>) -> Result<Self, DemoError> {
        let (tell, told) = oneshot::channel();
        let source = Source::File(world.config_file());
        let state = Some(world.path().join("state"));
        let timeout_offset = app::TIMEOUT_OFFSET;
        let options = ServeOptions { source, env: world.env(), listen, state, timeout_offset, shard: None };
        let serving = tokio::spawn(app::serve_telling(options, tell));
        match told.await {
            Ok(Serving { addresses, events, stop }) => {
                let address =
                    addresses.first().copied().map_or_else(|| (Ipv4Addr::LOCALHOST, 0).into(), near);
                Ok(Self { address, events, stop, serving })
            }
            Err(_) => Err(match serving.await {
                Ok(Err(error)) => error.into(),
                Ok(Ok(())) => DemoError::BrokeOff("it ended before it began".to_owned()),
                Err(error) => DemoError::BrokeOff(error.to_string()),
            }),
        }
    }

    /// Ends it as a signal would.
    async fn stop(self) {
        let Self { stop, mut serving, .. } = self;
        // Gone where a signal has ended it already.
        let _ = stop.send(());
        if !serving.is_finished() && timeout(LAST_RUNS, &mut serving).await.is_err() {
            serving.abort();
        }
    }
}

fn broke_off(result: Result<Result<(), ServeError>, JoinError>) -> Result<Ending, DemoError> {
    match result {
        Ok(Ok(())) => Ok(Ending::Stopped),
        Ok(Err(error)) => Err(error.into()),
        Err(error) => Err(DemoError::BrokeOff(error.to_string())),
    }
}

/// Where to reach on this machine what listens there: all addresses are no address to go to.
fn near(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => (Ipv4Addr::LOCALHOST, address.port()).into(),
        IpAddr::V6(ip) if ip.is_unspecified() => (Ipv4Addr::LOCALHOST, address.port()).into(),
        IpAddr::V4(_) | IpAddr::V6(_) => address,
    }
}

/// The names of the faults that are shown.
#[must_use]
pub fn shown_faults() -> String {
    SCENES.iter().map(|scene| scene.fault.name()).collect::<Vec<_>>().join(", ")
}

/// The scenes of these faults, in the order of the story; all where none is named.
fn scenes(faults: &[Fault]) -> Result<Vec<Scene>, DemoError> {
    let strange = faults.iter().find(|fault| SCENES.iter().all(|scene| scene.fault != **fault));
    if let Some(fault) = strange {
        return Err(DemoError::NotShown { fault: *fault, shown: shown_faults() });
    }
    let wanted = SCENES.iter().filter(|scene| faults.is_empty() || faults.contains(&scene.fault));
    Ok(wanted.copied().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scenes_are_chosen_by_their_faults_and_strange_ones_are_refused() {
        assert_eq!(scenes(&[]).unwrap().len(), SCENES.len());
        let some = scenes(&[Fault::Http529, Fault::TcpRefused]).unwrap();
        let faults: Vec<_> = some.iter().map(|scene| scene.fault).collect();
        assert_eq!(faults, [Fault::TcpRefused, Fault::Http529], "in the order of the story");
        let error = scenes(&[Fault::Tls12]).unwrap_err().to_string();
        assert!(error.contains("tls-1.2") && error.contains("http-529"), "{error}");
    }

    #[test]
    fn what_listens_everywhere_is_shown_at_an_address_one_can_go_to() {
        for (listens, shown) in [
            ("0.0.0.0:1", "127.0.0.1:1"),
            ("[::]:2", "127.0.0.1:2"),
            ("127.0.0.2:3", "127.0.0.2:3"),
            ("[::1]:4", "[::1]:4"),
        ] {
            assert_eq!(near(listens.parse().unwrap()).to_string(), shown);
        }
    }
}
