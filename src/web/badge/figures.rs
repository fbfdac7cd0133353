//! What badges say: from what is known now, and from the timelines of the past.
//!
//! Promises: a figure of the past says how far back it really goes; what is not known is said to be unknown, never a number.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::drawn::{Figure, Tone};
use crate::clock;
use crate::diagnosis::{Language, Phrase};
use crate::document::{State, time};
use crate::history::{Slot, Timeline};
use crate::outcome::PathId;
use crate::sinks::Known;
use crate::units::roughly;
use crate::web::api::{certificate_end, days_until};

/// The timelines of a target's paths, by endpoint and path.
type Timelines = [((Arc<str>, PathId), Timeline)];

/// From this share of runs on that worked, all is well.
const GOOD: f64 = 99.5;

/// From this share on, most is.
const POOR: f64 = 95.0;

fn figure(about: &str, text: String, tone: Tone) -> Figure {
    Figure { about: about.to_owned(), text, tone }
}

/// Nothing is known.
fn unknown(about: &str) -> Figure {
    figure(about, "unknown".to_owned(), Tone::Unknown)
}

/// Whether it works now.
pub(super) fn health(known: &Known, language: Language) -> Figure {
    let (phrase, tone) = match State::of(known.told.as_ref().map(|told| told.diagnosis.verdict)) {
        State::Ok => (Phrase::StateOk, Tone::Good),
        State::Degraded => (Phrase::StateDegraded, Tone::Poor),
        State::Down => (Phrase::StateDown, Tone::Bad),
        State::Unknown => return unknown(""),
    };
    figure("", phrase.told(language).to_owned(), tone)
}

/// The share of runs in which the target worked: in each slot of time, that of the path that did best.
pub(super) fn uptime(timelines: &Timelines, window: Duration, now: SystemTime) -> Figure {
    // By the begin of a slot: runs of the path walked most often, and those that worked of the one that did best.
    let mut slots: BTreeMap<u64, (u32, u32)> = BTreeMap::new();
    for slot in timelines.iter().flat_map(|(_, timeline)| within(timeline, window, now)) {
        let (runs, worked) = slots.entry(slot.at).or_default();
        *runs = slot.runs.max(*runs);
        *worked = slot.runs.saturating_sub(slot.failed).max(*worked);
    }
    let sum = |of: fn(&(u32, u32)) -> u32| slots.values().map(of).map(f64::from).sum::<f64>();
    let (runs, worked) = (sum(|slot| slot.0), sum(|slot| slot.1));
    let Some((first, _)) = slots.first_key_value().filter(|_| runs > 0.0) else { return unknown("uptime") };
    let share = worked / runs * 100.0;
    let tone = match share {
        _ if share >= GOOD => Tone::Good,
        _ if share >= POOR => Tone::Poor,
        _ => Tone::Bad,
    };
    // Rounded down: what failed once was not always there.
    let share = format!("{:.2}", (share * 100.0).floor() / 100.0);
    let share = share.trim_end_matches('0').trim_end_matches('.');
    figure("uptime", format!("{share}% in {}", covered(*first, window, now)), tone)
}

/// How long journeys took on the way that a client uses, where none failed; all ways where none is preferred.
pub(super) fn latency(known: &Known, timelines: &Timelines, window: Duration, now: SystemTime) -> Figure {
    let standing = known.last.as_ref().map(|last| &last.standing);
    let used = |(endpoint, path): &(Arc<str>, PathId)| {
        let is =
            |preferred: Option<&Arc<str>>, own: &Arc<str>| preferred.is_none_or(|preferred| preferred == own);
        is(standing.and_then(|standing| standing.endpoint.now.as_ref()), endpoint)
            && is(standing.and_then(|standing| standing.route.now.as_ref()), &path.route)
    };
    let timelines = timelines.iter().filter(|(way, _)| used(way));
    let slots = timelines.flat_map(|(_, timeline)| within(timeline, window, now));
    let (mut runs, mut took, mut first) = (0.0, 0.0, None::<u64>);
    for slot in slots.filter(|slot| slot.failed == 0) {
        runs += f64::from(slot.runs);
        took += f64::from(slot.took);
        first = Some(first.map_or(slot.at, |first| first.min(slot.at)));
    }
    let Some(first) = first.filter(|_| runs > 0.0) else { return unknown("latency") };
    let Ok(mean) = Duration::try_from_secs_f64(took / runs) else { return unknown("latency") };
    let limit = known.target.http.expect.max_latency;
    let tone = if limit.is_some_and(|limit| mean > limit) { Tone::Poor } else { Tone::Good };
    figure("latency", format!("{} in {}", time(mean), covered(first, window, now)), tone)
}

/// How long the certificate lasts that ends first.
pub(super) fn certificate(known: &Known, now: SystemTime) -> Figure {
    let Some(end) = certificate_end(known) else { return unknown("certificate") };
    let days = days_until(end, now);
    let warned = end.duration_since(now).unwrap_or_default() <= known.target.tls.expiry_warning;
    if days <= 0.0 {
        figure("certificate", "expired".to_owned(), Tone::Bad)
    } else {
        let tone = if warned { Tone::Poor } else { Tone::Good };
        let unit = if (1.0..2.0).contains(&days) { "day" } else { "days" };
        figure("certificate", format!("{:.0} {unit}", days.floor()), tone)
    }
}

/// The slots of a timeline that began in the window.
fn within(timeline: &Timeline, window: Duration, now: SystemTime) -> impl Iterator<Item = &Slot> {
    let begin = seconds(now) - window.as_secs_f64();
    timeline.slots().filter(move |slot| number(slot.at) >= begin)
}

/// How far back it goes: the window, or less where less is known.
fn covered(first: u64, window: Duration, now: SystemTime) -> String {
    let since = Duration::try_from_secs_f64((seconds(now) - number(first)).max(1.0)).unwrap_or(window);
    // The first slot of a window that is known from its begin on begins a little later.
    let whole = since.as_secs_f64() >= window.as_secs_f64() * 0.95;
    roughly(if whole { window } else { since }).to_string()
}

fn seconds(time: SystemTime) -> f64 {
    clock::unix_seconds(time)
}

#[expect(clippy::cast_precision_loss, reason = "seconds since 1970")]
fn number(seconds: u64) -> f64 {
    seconds as f64
}

#[cfg(test)]
mod tests;
