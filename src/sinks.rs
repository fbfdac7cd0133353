//! The one place where the result of a run is handed on: to the board, the metrics and the log.
//!
//! Promises: everything published about a run comes through here, so that all of it tells the same story; a run is on the
//! board first, so that the diagnosis that is published with it is made of it too.

mod events;
mod incident;
mod knowledge;
mod notices;
mod pauses;
mod verdicts;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use crate::board::{Board, Standing};
use crate::clock;
use crate::diagnosis::{Change, Diagnosis};
use crate::history::History;
use crate::metrics::{CallState, Metrics, TargetSummary, ToldDiagnosis};
use crate::outcome::{FollowUp, Outcome, Run, Severity};
use crate::status_page::PageStatus;
use crate::target::Target;
pub use events::{Events, Subscription, Told};
use incident::{Event, Incidents};
pub use knowledge::{Knowledge, Known, LastRun, Since};
use notices::{Changes, Notices};
use pauses::Pauses;

/// What is known beside a run when it is handed on.
#[derive(Debug, Default)]
pub struct Beside {
    /// How the target's call stands.
    pub call: CallState,
    /// What the provider says of itself; context only.
    pub status: Option<PageStatus>,
    /// What is told of the target from now on, and what changed with it.
    pub diagnosis: Option<(Diagnosis, Option<Change>)>,
    /// The experiments made since its trouble began, as far as they count.
    pub follow_ups: Arc<[FollowUp]>,
}

/// All sinks.
#[derive(Debug)]
pub struct Sinks {
    board: Arc<Board>,
    metrics: Arc<Metrics>,
    history: Arc<History>,
    knowledge: Arc<Knowledge>,
    incidents: Mutex<Incidents>,
    notices: Mutex<Notices>,
    pauses: Mutex<Pauses>,
    events: Arc<Events>,
}

impl Sinks {
    /// Sinks that write to these.
    #[must_use]
    pub fn new(board: Arc<Board>, history: Arc<History>, metrics: Arc<Metrics>) -> Self {
        Self {
            board,
            metrics,
            history,
            knowledge: Arc::default(),
            incidents: Mutex::default(),
            notices: Mutex::default(),
            pauses: Mutex::default(),
            events: Arc::default(),
        }
    }

    /// What is told of every target.
    #[must_use]
    pub fn events(&self) -> &Arc<Events> {
        &self.events
    }

    /// All that is known of every target.
    #[must_use]
    pub fn knowledge(&self) -> &Arc<Knowledge> {
        &self.knowledge
    }

    /// Puts the result of a run on the board: how the target stands now. [`Self::apply`] hands it on.
    #[must_use]
    pub fn stand(&self, target: &Target, run: &Run) -> Standing {
        self.board.apply(target, run)
    }

    /// The last journeys of a target.
    #[must_use]
    pub fn latest(&self, target: &str) -> Vec<Arc<Outcome>> {
        self.board.target(target)
    }

    /// Hands on the result of a run of this target, which stands like this with it.
    pub fn apply(&self, target: &Target, run: &Arc<Run>, standing: &Standing, beside: &Beside, now: Instant) {
        let name = &run.target;
        for (endpoint, path) in &run.retired {
            self.incidents().forget_path(endpoint, path);
            tracing::info!(target = %name, route = %path.route, family = path.family.label(), endpoint = &**endpoint,
                "DNS has no address of this family any more, the path is not walked");
        }
        for outcome in &run.outcomes {
            log_addresses(outcome);
            let events = self.incidents().note(outcome, now);
            for event in &events {
                log(outcome, event, beside.status.as_ref());
            }
        }
        for path in &standing.gone {
            self.metrics.retire_path(path);
        }
        let lookups = run.lookups.iter().filter(|lookup| lookup.endpoint == standing.shown);
        self.metrics.record_lookups(name, lookups);
        // Before its paths: whoever sees that a run is over sees what it says of the target too.
        self.metrics.record_target(name, &summary(target, run, standing, beside), clock::wall());
        for outcome in &run.outcomes {
            let shown = outcome.endpoint == standing.shown;
            if shown {
                self.metrics.record(outcome);
            }
            self.metrics.count_calls(outcome, shown, target.call.kind.label());
        }
        for call in &run.pooled {
            self.metrics.record_pooled(name, call, clock::wall());
        }
        let changes = self.notices.lock().unwrap_or_else(PoisonError::into_inner).note(name, &run.findings);
        self.pauses.lock().unwrap_or_else(PoisonError::into_inner).note(target, beside.call, standing.up);
        log_notices(name, &changes);
        log_preferred(target, standing);
        let told =
            beside.diagnosis.as_ref().and_then(|(diagnosis, change)| self.tell(diagnosis, change.as_ref()));
        let at = clock::wall();
        let outcomes = self.board.target(name);
        self.history.note(standing, &outcomes, run);
        let last = LastRun {
            at,
            run: Arc::clone(run),
            outcomes,
            standing: standing.clone(),
            call: beside.call,
            page: beside.status.clone(),
        };
        self.knowledge.change(name, |known| {
            known.ran(last);
            known.follow_ups = Arc::clone(&beside.follow_ups);
            known.told = told.or(known.told.take());
        });
    }

    /// Hands on what follow-ups made of the last run.
    pub fn diagnosed(&self, diagnosis: &Diagnosis, change: Option<&Change>, follow_ups: Arc<[FollowUp]>) {
        self.metrics.record_diagnosis(&diagnosis.target, told(diagnosis, change));
        let told = self.tell(diagnosis, change);
        self.knowledge.change(&diagnosis.target, |known| {
            known.follow_ups = follow_ups;
            known.told = told.or(known.told.take());
        });
    }

    fn tell(&self, diagnosis: &Diagnosis, change: Option<&Change>) -> Option<Arc<Told>> {
        let at = clock::wall();
        if let Some(change) = change {
            verdicts::log(diagnosis, change);
            self.history.told(diagnosis, at);
        }
        self.events.note(diagnosis, change, at)
    }

    fn incidents(&self) -> MutexGuard<'_, Incidents> {
        self.incidents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A target is no longer watched, or is watched differently from now on.
    pub fn retire(&self, target: &str) {
        self.metrics.retire_target(target);
        self.board.remove(target);
        self.incidents().forget_target(target);
        self.notices.lock().unwrap_or_else(PoisonError::into_inner).forget(target);
        self.pauses.lock().unwrap_or_else(PoisonError::into_inner).forget(target);
        self.events.forget(target);
        self.knowledge.forget(target);
    }
}

fn told(diagnosis: &Diagnosis, change: Option<&Change>) -> ToldDiagnosis {
    let changed = change.is_some_and(|change| change.before.is_some());
    ToldDiagnosis { labels: diagnosis.labels(), changed }
}

/// What the series of a target as a whole say.
fn summary<'a>(target: &Target, run: &'a Run, standing: &'a Standing, beside: &Beside) -> TargetSummary<'a> {
    TargetSummary {
        up: standing.up,
        interval: target.interval,
        route: standing.route.now.as_deref(),
        endpoint: standing.endpoint.now.as_deref(),
        endpoints: &standing.endpoints,
        findings: run
            .findings
            .iter()
            .filter(|(endpoint, _)| *endpoint == standing.shown)
            .map(|(_, finding)| finding.0.reason)
            .collect(),
        call: beside.call,
        diagnosis: beside.diagnosis.as_ref().map(|(diagnosis, change)| told(diagnosis, change.as_ref())),
    }
}

/// One line when something begins or ceases to be said about a target.
fn log_notices(target: &str, changes: &Changes) {
    for (endpoint, finding) in &changes.began {
        let failure = &finding.0;
        let (layer, reason, blame) =
            (finding.layer().label(), failure.reason.label(), failure.reason.blame().label());
        let (summary, detail, endpoint) = (failure.reason.summary(), &*failure.detail, &**endpoint);
        match failure.reason.severity() {
            Severity::Degraded => {
                tracing::warn!(target, endpoint, layer, reason, blame, summary, detail, "degraded");
            }
            Severity::Down => {
                tracing::error!(target, endpoint, layer, reason, blame, summary, detail, "noticed");
            }
        }
    }
    for (endpoint, reason) in &changes.ended {
        tracing::info!(target, endpoint = &**endpoint, before = reason.label(), "no longer noticed");
    }
}

/// One line when there is a choice and it changes.
fn log_preferred(target: &Target, standing: &Standing) {
    let name = &*target.name;
    let choices = [
        ("route", target.routes.len(), &standing.route),
        ("endpoint", target.sites.len(), &standing.endpoint),
    ];
    for (what, count, preferred) in choices {
        match &preferred.now {
            _ if count < 2 || !preferred.changed => {}
            Some(now) => tracing::info!(target = name, what, preferred = &**now, "preferred"),
            None => tracing::error!(target = name, what, "none is healthy"),
        }
    }
}

/// What became of each address, where all of them are walked: a line each, for who wants to see that much.
fn log_addresses(outcome: &Outcome) {
    let path = &outcome.path;
    for result in &outcome.addresses {
        let (layer, failure) = match &result.failure {
            Some((layer, failure)) => (Some(layer.label()), Some(failure)),
            None => (None, None),
        };
        tracing::debug!(target = %path.target, route = %path.route, family = path.family.label(),
            endpoint = &*outcome.endpoint, address = %result.address, took_seconds = result.took.as_secs_f64(), layer,
            reason = failure.map(|failure| failure.reason.label()), detail = failure.map(|failure| &*failure.detail),
            "address walked");
    }
}

/// What came of trying again, if that was done.
fn tried_again(outcome: &Outcome) -> Option<String> {
    let last = outcome.retries.last()?;
    let attempts = outcome.retries.len() + 1;
    Some(match &last.failure {
        None => format!("attempt {attempts} worked"),
        Some((layer, failure)) => format!("attempt {attempts} failed: {layer} {}", failure.reason),
    })
}

/// One line when something begins, changes or ends; nothing while it stays the same.
fn log(outcome: &Outcome, event: &Event, page: Option<&PageStatus>) {
    let path = &outcome.path;
    let (target, route, family) = (&*path.target, &*path.route, path.family.label());
    let endpoint = &*outcome.endpoint;
    match event {
        Event::Works => {
            let took_seconds = outcome.took.as_secs_f64();
            tracing::info!(target, route, family, endpoint, took_seconds, "works");
        }
        Event::Began { now } | Event::Changed { now, .. } => {
            let (layer, reason) = (now.layer.label(), now.reason.label());
            let (blame, summary, detail) = (now.reason.blame().label(), now.reason.summary(), &*now.detail);
            let before = match event {
                Event::Changed { before, .. } => Some(before.label()),
                _ => None,
            };
            let retry = tried_again(outcome);
            let provider_status = page.map(PageStatus::describe);
            let request_id = outcome.stages.api.evidence().and_then(|call| call.request_id.as_deref());
            tracing::error!(
                target,
                route,
                family,
                endpoint,
                layer,
                reason,
                before,
                blame,
                summary,
                detail,
                retry,
                provider_status,
                request_id,
                "fails"
            );
        }
        Event::Noticed { what } => {
            let (layer, reason) = (what.layer.label(), what.reason.label());
            let (blame, summary, detail) =
                (what.reason.blame().label(), what.reason.summary(), &*what.detail);
            tracing::warn!(
                target, route, family, endpoint, layer, reason, blame, summary, detail, "degraded"
            );
        }
        Event::Unnoticed { before } => {
            let before = before.label();
            tracing::info!(target, route, family, endpoint, before, "no longer noticed");
        }
        Event::Ended { before, lasted } => {
            let (before, lasted_seconds) = (before.label(), lasted.as_secs_f64());
            tracing::info!(target, route, family, endpoint, before, lasted_seconds, "works again");
        }
    }
}
