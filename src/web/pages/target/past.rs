//! The last hours of every path, drawn: how it did, and how long it took.
//!
//! Promises: what is drawn is said in words beside; a drawing stays small however long the past is; time in which nothing
//! was walked is left empty.

use std::time::{Duration, SystemTime};

use super::moment::{Moment, took};
use super::telling::{LayerName, Telling};
use crate::clock;
use crate::history::{Slot, Timeline};
use crate::outcome::{Layer, PathId, Reason};
use crate::web::pages::Word;

/// The width of a drawing.
const WIDTH: f64 = 1000.0;

/// Points of a line at the most.
const POINTS: usize = 120;

/// The shortest past that is drawn: less would be all of one bar.
const SHORTEST: Duration = Duration::from_secs(10 * 60);

/// What was.
#[derive(Debug)]
pub(super) struct Past {
    pub(super) from: Moment,
    pub(super) to: Moment,
    pub(super) ways: Vec<Way>,
}

/// One path to one endpoint.
#[derive(Debug)]
pub(super) struct Way {
    pub(super) name: String,
    pub(super) endpoint: Option<String>,
    /// How many journeys there were, and how many failed.
    pub(super) words: String,
    /// How long they took.
    pub(super) latency: String,
    pub(super) bands: Vec<Band>,
    pub(super) mean: Vec<String>,
    pub(super) slowest: Vec<String>,
    /// The top of the scale, and its half.
    pub(super) top: String,
    pub(super) half: String,
    pub(super) troubles: Vec<Trouble>,
}

/// A time in which it did alike.
#[derive(Debug)]
pub(super) struct Band {
    pub(super) state: &'static str,
    pub(super) x: String,
    pub(super) y: u32,
    pub(super) width: String,
    pub(super) height: u32,
    pub(super) words: String,
}

/// A time of trouble.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) state: &'static str,
    pub(super) from: Moment,
    pub(super) to: Moment,
    pub(super) layer: Option<LayerName>,
    pub(super) reason: &'static str,
    pub(super) summary: &'static str,
    /// How many journeys of how many failed.
    pub(super) count: String,
}

/// How a path did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Did {
    Ok,
    Degraded(Reason),
    Failed(Layer, Reason),
}

/// A stretch of slots in which a path did alike.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    did: Did,
    from: u64,
    to: u64,
    runs: u32,
    failed: u32,
}

/// From when until when is drawn.
#[derive(Debug, Clone, Copy)]
struct Window {
    from: u64,
    to: u64,
}

impl Past {
    pub(super) fn of(timelines: &[((std::sync::Arc<str>, PathId), Timeline)], telling: &Telling<'_>) -> Self {
        let slots = || timelines.iter().flat_map(|(_, timeline)| timeline.slots());
        let to = seconds(telling.now).max(slots().map(|slot| slot.at + 1).max().unwrap_or_default());
        let shortest = seconds(SystemTime::UNIX_EPOCH + SHORTEST);
        let first = slots().map(|slot| slot.at).min().unwrap_or(to);
        let window = Window { from: first.min(to.saturating_sub(shortest)), to };
        let way = |((endpoint, path), timeline): &((std::sync::Arc<str>, PathId), Timeline)| {
            let endpoint = telling.has_choice().then(|| endpoint.to_string());
            Way::of(telling.path(path), endpoint, timeline, window, telling)
        };
        Self {
            from: moment(window.from, telling),
            to: moment(window.to, telling),
            ways: timelines.iter().map(way).collect(),
        }
    }
}

impl Way {
    fn of(
        name: String,
        endpoint: Option<String>,
        timeline: &Timeline,
        window: Window,
        telling: &Telling<'_>,
    ) -> Self {
        let slots: Vec<Slot> = timeline.slots().copied().collect();
        // A path that is walked less often than once a slot has not stopped between two of them.
        let walked = (telling.known.target.interval * 2).max(timeline.width());
        let reach = seconds(SystemTime::UNIX_EPOCH + walked).max(1);
        let stretches = stretches(&slots, reach);
        let runs: u32 = slots.iter().map(|slot| slot.runs).sum();
        let failed: u32 = slots.iter().map(|slot| slot.failed).sum();
        let all: f64 = slots.iter().map(|slot| f64::from(slot.took)).sum();
        let slowest = slots.iter().map(|slot| slot.slowest).fold(0.0, f32::max);
        let top = round_up(f64::from(slowest));
        let thinned = thinned(&slots);
        let line =
            |value: fn(&Slot) -> f64| lines(&thinned, reach * thinning(slots.len()), window, top, value);
        let mean = if runs == 0 { 0.0 } else { all / f64::from(runs) };
        let troubles = stretches.iter().rev().filter(|stretch| stretch.did != Did::Ok);
        Self {
            name,
            endpoint,
            words: telling.with(Word::JourneysFailed, &runs.to_string()).replacen(
                "{}",
                &failed.to_string(),
                1,
            ),
            latency: telling.with(Word::MeanAndSlowest, &took(mean)).replacen(
                "{}",
                &took(f64::from(slowest)),
                1,
            ),
            bands: stretches.iter().map(|stretch| stretch.band(window, telling)).collect(),
            mean: line(|slot| f64::from(slot.took) / f64::from(slot.runs.max(1))),
            slowest: line(|slot| f64::from(slot.slowest)),
            top: took(top),
            half: took(top / 2.0),
            troubles: troubles.map(|stretch| stretch.trouble(telling)).collect(),
        }
    }
}

/// The slots, as few as do alike; a gap of less than `reach` is none.
fn stretches(slots: &[Slot], reach: u64) -> Vec<Stretch> {
    let mut found: Vec<Stretch> = Vec::new();
    let ends = slots.iter().skip(1).map(|next| next.at).chain([u64::MAX]);
    for (slot, next) in slots.iter().zip(ends) {
        let did = match (slot.trouble.filter(|_| slot.failed > 0), slot.degraded) {
            (Some((layer, reason)), _) => Did::Failed(layer, reason),
            (None, Some(reason)) => Did::Degraded(reason),
            (None, None) => Did::Ok,
        };
        let to = next.min(slot.at + reach);
        match found.last_mut() {
            Some(last) if last.did == did && last.to == slot.at => {
                last.to = to;
                last.runs += slot.runs;
                last.failed += slot.failed;
            }
            _ => found.push(Stretch { did, from: slot.at, to, runs: slot.runs, failed: slot.failed }),
        }
    }
    found
}

impl Stretch {
    fn state(&self) -> &'static str {
        match self.did {
            Did::Ok => "ok",
            Did::Degraded(_) => "degraded",
            Did::Failed(..) => "down",
        }
    }

    fn reason(&self) -> Option<Reason> {
        match self.did {
            Did::Ok => None,
            Did::Degraded(reason) | Did::Failed(_, reason) => Some(reason),
        }
    }

    /// Drawn the higher the worse it is, so that the colour is not all that tells.
    fn band(&self, window: Window, telling: &Telling<'_>) -> Band {
        let (x, end) = (window.x(self.from), window.x(self.to));
        let (y, height) = match self.did {
            Did::Ok => (16, 8),
            Did::Degraded(_) => (8, 16),
            Did::Failed(..) => (0, 24),
        };
        let what = self.reason().map_or_else(
            || telling.phrase(crate::diagnosis::Phrase::StateOk).to_owned(),
            |reason| format!("{}: {}", reason.label(), telling.summary(reason)),
        );
        let (from, to) = (moment(self.from, telling), moment(self.to.min(window.to), telling));
        Band {
            state: self.state(),
            x: format!("{x:.1}"),
            y,
            width: format!("{:.1}", (end - x).max(2.0)),
            height,
            words: format!("{} – {}: {what}", from.words, to.words),
        }
    }

    fn trouble(&self, telling: &Telling<'_>) -> Trouble {
        let layer = match self.did {
            Did::Ok | Did::Degraded(_) => None,
            Did::Failed(layer, _) => Some(telling.layer(layer)),
        };
        let now = seconds(telling.now);
        Trouble {
            state: self.state(),
            from: moment(self.from, telling),
            to: moment(self.to.min(now.max(self.from)), telling),
            layer,
            reason: self.reason().map_or("", Reason::label),
            summary: self.reason().map_or("", |reason| telling.summary(reason)),
            count: match self.did {
                Did::Ok | Did::Degraded(_) => String::new(),
                Did::Failed(..) => format!("{} / {}", self.failed, self.runs),
            },
        }
    }
}

impl Window {
    fn x(self, at: u64) -> f64 {
        let of = |seconds: u64| Duration::from_secs(seconds).as_secs_f64();
        let span = of(self.to.saturating_sub(self.from).max(1));
        (of(at.saturating_sub(self.from)) / span).min(1.0) * WIDTH
    }
}

/// How many slots become one point.
fn thinning(slots: usize) -> u64 {
    u64::try_from(slots.div_ceil(POINTS)).unwrap_or(1).max(1)
}

/// The slots, neighbours put together until they are few.
fn thinned(slots: &[Slot]) -> Vec<Slot> {
    let together = usize::try_from(thinning(slots.len())).unwrap_or(1);
    let one = |part: &[Slot]| {
        let mut sum = *part.first()?;
        for slot in part.iter().skip(1) {
            sum.runs += slot.runs;
            sum.took += slot.took;
            sum.slowest = sum.slowest.max(slot.slowest);
        }
        Some(sum)
    };
    slots.chunks(together).filter_map(one).collect()
}

/// Lines through the values, one for each stretch without a gap.
fn lines(slots: &[Slot], reach: u64, window: Window, top: f64, value: fn(&Slot) -> f64) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut before: Option<u64> = None;
    for slot in slots {
        let (x, y) = (window.x(slot.at + reach / 2), 100.0 - 100.0 * value(slot) / top);
        match found.last_mut() {
            Some(line) if before.is_some_and(|before| slot.at <= before + reach) => {
                line.push_str(&format!(" {x:.0},{y:.0}"));
            }
            // A point alone is a short line.
            _ => found.push(format!("{:.0},{y:.0} {x:.0},{y:.0}", (x - 3.0).max(0.0))),
        }
        before = Some(slot.at);
    }
    found
}

/// The next number that is one, two or five times a power of ten.
fn round_up(value: f64) -> f64 {
    if value <= 0.0 {
        return 1.0;
    }
    let power = 10_f64.powf(value.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|step| step * power).find(|step| *step >= value).unwrap_or(value)
}

/// Whole seconds since 1970.
fn seconds(at: SystemTime) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole seconds since 1970")]
    let seconds = clock::unix_seconds(at).max(0.0) as u64;
    seconds
}

fn moment(at: u64, telling: &Telling<'_>) -> Moment {
    Moment::of(SystemTime::UNIX_EPOCH + Duration::from_secs(at), telling.now)
}
