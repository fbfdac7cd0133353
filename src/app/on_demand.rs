//! Looking into a target of the running program when somebody asks for it over HTTP.
//!
//! Promises: who asks for a target that is being looked into shares that look; a target is looked into at most once in a
//! while, and few at once; a look ends when nobody waits for it any more, and when the program is about to end.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Instant;

use super::investigate::{Beside, Investigator};
use crate::config::{Config, Env};
use crate::outcome::error_chain;
use crate::probe::SystemResolver;
use crate::surroundings::Surroundings;
use crate::target::{ENV, ProxyEnvironment, Route, RouteKind, Target};
use crate::web::{Diagnosed, Diagnoser, Refused};

/// The least time between the begins of two looks into one target.
const EVERY: Duration = Duration::from_secs(10);

/// Targets looked into at once: each walks all of its paths and makes a few experiments at a time.
const AT_ONCE: usize = 2;

/// What came of a look.
type Answer = Result<Arc<Diagnosed>, Refused>;

/// Looks into targets when asked to.
#[derive(Debug)]
pub(super) struct OnDemand(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    now: ArcSwap<Now>,
    looks: Mutex<HashMap<Arc<str>, Look>>,
    room: Arc<Semaphore>,
    stopping: watch::Sender<bool>,
    env: Env,
    system: Arc<SystemResolver>,
    /// Where looks run, whoever asks from wherever.
    journeys: Handle,
}

/// What is watched now, and what it is looked into with.
#[derive(Debug)]
struct Now {
    targets: Vec<Arc<Target>>,
    investigator: Investigator,
}

/// The last look into a target.
#[derive(Debug)]
struct Look {
    began: Instant,
    /// Tells what came of it, while it goes on.
    going_on: Option<watch::Sender<Option<Answer>>>,
}

impl OnDemand {
    /// One that looks into the targets of this config.
    pub(super) fn new(config: &Config, env: Env, system: Arc<SystemResolver>) -> Self {
        let now = Now::of(config, &env, &system);
        Self(Arc::new(Shared {
            now: ArcSwap::from_pointee(now),
            looks: Mutex::default(),
            room: Arc::new(Semaphore::new(AT_ONCE)),
            stopping: watch::Sender::new(false),
            env,
            system,
            journeys: Handle::current(),
        }))
    }

    /// Looks into the targets of this config from now on; what is under way goes on.
    pub(super) fn change(&self, config: &Config) {
        let Shared { now, looks: _, room: _, stopping: _, env, system, journeys: _ } = &*self.0;
        now.store(Arc::new(Now::of(config, env, system)));
        let watched = |name: &str| config.targets.iter().any(|target| &*target.name == name);
        self.0.looks().retain(|name, look| look.going_on.is_some() || watched(name));
    }

    /// Ends what is under way, and begins nothing any more.
    pub(super) fn stop(&self) {
        self.0.stopping.send_replace(true);
    }
}

impl Diagnoser for OnDemand {
    fn diagnose(&self, target: &str) -> BoxFuture<'static, Answer> {
        let joined = Shared::join(&self.0, target);
        async move {
            let mut told = joined?;
            // A look that ends without a word was cut off by the end of the program.
            let told = told.wait_for(Option::is_some).await.ok().and_then(|answer| answer.clone());
            told.unwrap_or(Err(Refused::Stopping))
        }
        .boxed()
    }
}

impl Now {
    fn of(config: &Config, env: &Env, system: &Arc<SystemResolver>) -> Self {
        let Config { targets, resolvers, routes, controls, .. } = config;
        let variables = ProxyEnvironment::read(|name| env.get(name).ok());
        let mut routes = routes.clone();
        if !variables.shown().is_empty() {
            routes.push(Route { name: ENV.into(), kind: RouteKind::Environment(Arc::new(variables)) });
        }
        let (controls, resolvers) = (controls.clone(), resolvers.clone());
        let beside = Beside { controls, resolvers, routes, follow_ups: true, idle_hold: None };
        Self { targets: targets.clone(), investigator: Investigator::new(beside, Arc::clone(system)) }
    }
}

impl Shared {
    /// Waits with the others for the look into a target, or begins one.
    fn join(shared: &Arc<Self>, name: &str) -> Result<watch::Receiver<Option<Answer>>, Refused> {
        let now = shared.now.load_full();
        let target = now.targets.iter().find(|target| &*target.name == name).ok_or(Refused::Unknown)?;
        if *shared.stopping.borrow() {
            return Err(Refused::Stopping);
        }
        let mut looks = shared.looks();
        let began = Instant::now();
        if let Some(look) = looks.get(name) {
            if let Some(going_on) = &look.going_on {
                return Ok(going_on.subscribe());
            }
            let wait = (look.began + EVERY).saturating_duration_since(began);
            if !wait.is_zero() {
                return Err(Refused::TooSoon(wait));
            }
        }
        let room = Arc::clone(&shared.room).try_acquire_owned().map_err(|_| Refused::Busy(AT_ONCE))?;
        let (tell, told) = watch::channel(None);
        looks.insert(Arc::clone(&target.name), Look { began, going_on: Some(tell.clone()) });
        drop(looks);
        let target = Arc::clone(target);
        shared.journeys.spawn(Arc::clone(shared).look(now, target, tell, room));
        Ok(told)
    }

    /// Looks into a target until that is done, nobody waits for it any more, or the program is about to end.
    async fn look(
        self: Arc<Self>,
        now: Arc<Now>,
        target: Arc<Target>,
        tell: watch::Sender<Option<Answer>>,
        room: OwnedSemaphorePermit,
    ) {
        let name = Arc::clone(&target.name);
        let mut stopping = self.stopping.subscribe();
        let examined = examine(now, target, self.env.clone(), Arc::clone(&self.system)).boxed();
        let answer = tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => Some(Err(Refused::Stopping)),
            () = self.left(&name, &tell) => None,
            answer = examined => Some(answer),
        };
        self.over(&name);
        drop(room);
        match answer {
            Some(answer) => {
                // Nobody need wait any more.
                let _ = tell.send(Some(answer));
            }
            None => tracing::info!(target = &*name, "nobody waits any more for the look into it, which ends"),
        }
    }

    /// Ends when nobody waits for a look any more; from then on nobody can join it.
    async fn left(&self, name: &str, tell: &watch::Sender<Option<Answer>>) {
        loop {
            tell.closed().await;
            let mut looks = self.looks();
            if tell.receiver_count() == 0 {
                if let Some(look) = looks.get_mut(name) {
                    look.going_on = None;
                }
                return;
            }
        }
    }

    fn over(&self, name: &str) {
        if let Some(look) = self.looks().get_mut(name) {
            look.going_on = None;
        }
    }

    fn looks(&self) -> MutexGuard<'_, HashMap<Arc<str>, Look>> {
        self.looks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn examine(now: Arc<Now>, target: Arc<Target>, env: Env, system: Arc<SystemResolver>) -> Answer {
    let around = tokio::task::spawn_blocking(move || Surroundings::read(&env, &system));
    let (began, name) = (Instant::now(), Arc::clone(&target.name));
    let found = now.investigator.investigate(&[target], |_| {}).await;
    let found = found.map_err(|error| Refused::Failed(error_chain(&error)))?;
    let surroundings = around.await.map_err(|error| Refused::Failed(error.to_string()))?;
    let found: [_; 1] =
        found.try_into().map_err(|_| Refused::Failed("one target has one result".to_owned()))?;
    let (verdict, took_seconds) = (found[0].diagnosis.verdict.label(), began.elapsed().as_secs_f64());
    tracing::info!(target = &*name, verdict, took_seconds, "looked into on demand");
    Ok(Arc::new(Diagnosed { found, surroundings }))
}

#[cfg(test)]
mod tests;
