//! All status pages that targets name: one reader a page, and what it last read.
//!
//! Promises: a page that stays through a reload keeps its reader and what it read; readers end with this, and with the
//! last target that names their page.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use reqwest::Client;
use reqwest::redirect::Policy;
use tokio::sync::{OnceCell, watch};
use tokio::task::JoinSet;

use super::reader::{Reader, Reading};
use super::summary::{ComponentStatus, Indicator};
use crate::net;
use crate::outcome::error_chain;
use crate::target::StatusPageOptions;

/// How the readers name themselves.
const AGENT: &str = concat!("api-canary/", env!("CARGO_PKG_VERSION"));

/// Redirects followed, such as from a page's old name.
const REDIRECTS: usize = 3;

/// What a page says of one target's API.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PageStatus {
    /// The state of the whole page.
    pub indicator: Option<Indicator>,
    /// The state of the component that is the API, where one is configured.
    pub component: Option<ComponentStatus>,
    /// The names of the incidents that are not resolved, the first few.
    pub incidents: Vec<String>,
    /// When the page was last read.
    pub read_at: Option<SystemTime>,
    /// Why it is not known what the page says, in words; absent too before it was read for the first time.
    pub unknown: Option<String>,
}

/// The readers of all pages.
#[derive(Debug)]
pub struct StatusPages {
    readers: Mutex<BTreeMap<Vec<String>, Running>>,
    client: Arc<OnceCell<Client>>,
    changes: Arc<watch::Sender<u64>>,
}

/// A reader at work; it ends when this is dropped.
#[derive(Debug)]
struct Running {
    interval: Duration,
    latest: watch::Receiver<Reading>,
    _tasks: JoinSet<()>,
}

// === impl PageStatus ===

impl PageStatus {
    fn of(reading: &Reading, component: Option<&str>) -> Self {
        let Reading { summary, read_at, unknown } = reading.clone();
        let Some(summary) = summary else { return Self { read_at, unknown, ..Self::default() } };
        let state = component.and_then(|id| summary.components.get(id).copied());
        let missing = component.filter(|_| state.is_none());
        Self {
            indicator: summary.indicator,
            component: state,
            incidents: summary.incidents.clone(),
            read_at,
            unknown: missing.map(|id| format!("the page does not tell the state of a component {id:?}")),
        }
    }

    /// What it says in a few words, for a line of the log: `partial_outage: Elevated errors`.
    #[must_use]
    pub fn describe(&self) -> String {
        let state = match (&self.unknown, self.component, self.indicator) {
            (Some(why), ..) => return format!("unknown: {why}"),
            (None, Some(component), _) => component.label(),
            (None, None, Some(indicator)) => indicator.label(),
            (None, None, None) => return "unknown: not read yet".to_owned(),
        };
        if self.incidents.is_empty() {
            state.to_owned()
        } else {
            format!("{state}: {}", self.incidents.join("; "))
        }
    }

    /// How bad it is, from 0 to 4: of the component, or of the whole page where none is configured; absent while it is
    /// not known.
    #[must_use]
    pub fn level(&self) -> Option<u8> {
        match (&self.unknown, self.component) {
            (Some(_), _) => None,
            (None, Some(component)) => Some(component.level()),
            (None, None) => self.indicator.map(Indicator::level),
        }
    }
}

/// A few, and none that leads from https to plain http, where anybody on the way could say what he likes.
fn redirects() -> Policy {
    Policy::custom(|attempt| {
        let secure = attempt.previous().last().is_some_and(|url| url.scheme() == "https");
        if attempt.previous().len() > REDIRECTS || (secure && attempt.url().scheme() != "https") {
            attempt.stop()
        } else {
            attempt.follow()
        }
    })
}

// === impl StatusPages ===

impl Default for StatusPages {
    fn default() -> Self {
        Self::new()
    }
}

impl StatusPages {
    /// No pages yet.
    #[must_use]
    pub fn new() -> Self {
        Self::with(OnceCell::new())
    }

    fn with(client: OnceCell<Client>) -> Self {
        let changes = Arc::new(watch::Sender::new(0));
        Self { readers: Mutex::default(), client: Arc::new(client), changes }
    }

    /// Reads these pages from now on, and no others; to be called within the runtime. Where several targets name the
    /// same URLs, the shortest of their intervals counts.
    pub fn follow<'a>(&self, pages: impl IntoIterator<Item = &'a StatusPageOptions>) {
        let mut wanted: BTreeMap<&[String], Duration> = BTreeMap::new();
        for page in pages.into_iter().filter(|page| !page.urls.is_empty()) {
            let interval = wanted.entry(&page.urls).or_insert(page.interval);
            *interval = page.interval.min(*interval);
        }
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        readers.retain(|urls, _| wanted.contains_key(urls.as_slice()));
        for (urls, interval) in wanted {
            match readers.entry(urls.to_vec()) {
                Entry::Vacant(entry) => {
                    entry.insert(self.start(urls, interval, Reading::default()));
                }
                Entry::Occupied(mut entry) if entry.get().interval != interval => {
                    let read = entry.get().latest.borrow().clone();
                    entry.insert(self.start(urls, interval, read));
                }
                Entry::Occupied(_) => {}
            }
        }
    }

    /// What a page last said; nothing where it is not followed.
    #[must_use]
    pub fn latest(&self, page: &StatusPageOptions) -> PageStatus {
        let readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        match readers.get(&page.urls) {
            Some(running) => PageStatus::of(&running.latest.borrow(), page.component.as_deref()),
            None => PageStatus::default(),
        }
    }

    /// Changes whenever a page was read, or turned unknown for another reason.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn start(&self, urls: &[String], interval: Duration, read: Reading) -> Running {
        let (tell, latest) = watch::channel(read);
        let mut told = latest.clone();
        let changes = Arc::clone(&self.changes);
        let client = Arc::clone(&self.client);
        let urls = urls.to_vec();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            while told.changed().await.is_ok() {
                changes.send_modify(|count| *count = count.wrapping_add(1));
            }
        });
        tasks.spawn(async move {
            match client.get_or_try_init(ordinary).await {
                Ok(client) => Reader::new(client.clone(), &urls, interval, tell).run().await,
                Err(words) => {
                    tracing::warn!(%words, "no client for status pages can be made, so none is read");
                    tell.send_modify(|reading| reading.unknown = Some(words));
                }
            }
        });
        Running { interval, latest, _tasks: tasks }
    }
}

/// The client of all readers; made with the first one, since the machine's roots are read for it.
async fn ordinary() -> Result<Client, String> {
    let tls = tokio::task::spawn_blocking(net::public_tls).await.map_err(|error| error.to_string())?;
    let tls = tls.map_err(|error| error.to_string())?;
    let builder = net::client(tls)
        .user_agent(AGENT)
        .redirect(redirects())
        // It is not needed again for minutes.
        .pool_max_idle_per_host(0);
    builder.build().map_err(|error| error_chain(&error))
}

#[cfg(test)]
mod tests;
