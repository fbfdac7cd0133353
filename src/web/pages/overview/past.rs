//! How a path did over the last hours: as bars by layer and reason, as a line of latency, and both in words.
//!
//! Promises: no more than so many bars, equal neighbours being one, so that a page of hundreds stays small; bars differ in
//! height as well as in colour; what is drawn is also said.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use super::told::{fill, span};
use crate::clock;
use crate::diagnosis::{self, Language};
use crate::document::time;
use crate::history::{Slot, Timeline};
use crate::outcome::{Layer, Reason};
use crate::web::pages::Word;

/// Bars of a timeline.
const BARS: usize = 60;

/// The height of the drawing of latencies.
const HEIGHT: f32 = 16.0;

/// The past of a path.
#[derive(Debug)]
pub(super) struct Past {
    pub(super) bars: Vec<Bar>,
    /// The path of the line of latencies; `None` where nothing worked.
    pub(super) line: Option<String>,
    pub(super) words: String,
    /// Least, median and most in a sentence, and the median alone.
    pub(super) latency: Option<(String, String)>,
}

/// One or several equal neighbours.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Bar {
    pub(super) class: &'static str,
    pub(super) x: usize,
    pub(super) width: usize,
    /// From the top; the drawing is 12 high.
    pub(super) y: u8,
    pub(super) height: u8,
    pub(super) title: String,
}

/// What a bar shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Kind {
    #[default]
    Nothing,
    Worked,
    Degraded(Reason),
    Failed(Layer, Reason),
}

/// The slots of a bar, taken together.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    kind: Kind,
    runs: u32,
    failed: u32,
    /// Of slots in which nothing failed: how a failure took says nothing of latency.
    good_runs: u32,
    good_took: f32,
}

/// Where the bars are in time, in seconds since 1970.
#[derive(Debug, Clone, Copy)]
struct Axis {
    /// The begin of the first bar.
    from: u64,
    /// The length of a bar.
    bar: u64,
}

impl Past {
    /// The past up to `now`; `None` where there is none.
    pub(super) fn of(timeline: &Timeline, now: SystemTime, language: Language) -> Option<Self> {
        let slots: Vec<&Slot> = timeline.slots().collect();
        let now = seconds(now);
        let axis = Axis::of(&slots, timeline.width(), now)?;
        let mut sums = [Sum::default(); BARS];
        let shown: Vec<&Slot> = slots.into_iter().filter(|slot| axis.place(slot.at).is_some()).collect();
        for slot in &shown {
            if let Some(sum) = axis.place(slot.at).and_then(|place| sums.get_mut(place)) {
                sum.add(slot);
            }
        }
        let first = shown.first()?.at;
        Some(Self {
            bars: bars(&sums, axis, language),
            line: line(&sums),
            words: words(&shown, Duration::from_secs(now.saturating_sub(first)), language),
            latency: latency(&shown, language),
        })
    }
}

fn seconds(at: SystemTime) -> u64 {
    let stamp = jiff::Timestamp::try_from(at).map_or(0, jiff::Timestamp::as_second);
    u64::try_from(stamp).unwrap_or(0)
}

impl Axis {
    /// Bars of so many slots that all of them have room: a day looks like a day, and the first minutes like minutes.
    fn of(slots: &[&Slot], width: Duration, now: u64) -> Option<Self> {
        const SLOTS: [u64; 8] = [1, 2, 3, 6, 12, 24, 48, 96];
        let first = slots.first()?.at;
        let width = u64::try_from(jiff::SignedDuration::try_from(width).ok()?.as_secs()).ok()?.max(1);
        let bars = u64::try_from(BARS).unwrap_or(u64::MAX);
        let begin = |bar: u64| (now / bar + 1).saturating_sub(bars) * bar;
        let fits = |bar: &u64| begin(*bar) <= first;
        let sizes = SLOTS.map(|slots| slots * width);
        let bar = sizes.into_iter().find(fits).unwrap_or(sizes[SLOTS.len() - 1]);
        Some(Self { from: begin(bar), bar })
    }

    fn place(self, at: u64) -> Option<usize> {
        let place = usize::try_from(at.checked_sub(self.from)? / self.bar).ok()?;
        (place < BARS).then_some(place)
    }

    /// The begin of a bar, as the clock of UTC shows it.
    fn begin(self, place: usize) -> String {
        let at = self.from + u64::try_from(place).unwrap_or(0) * self.bar;
        let at = i64::try_from(at).ok().and_then(clock::from_unix);
        at.map(|at| clock::rfc3339(at).get(11..16).unwrap_or_default().to_owned()).unwrap_or_default()
    }
}

impl Sum {
    fn add(&mut self, slot: &Slot) {
        self.runs += slot.runs;
        self.failed += slot.failed;
        if slot.failed == 0 {
            self.good_runs += slot.runs;
            self.good_took += slot.took;
        }
        self.kind = match (slot.trouble, slot.degraded, self.kind) {
            (Some((layer, reason)), ..) => Kind::Failed(layer, reason),
            (None, _, failed @ Kind::Failed(..)) => failed,
            (None, Some(reason), _) => Kind::Degraded(reason),
            (None, None, degraded @ Kind::Degraded(_)) => degraded,
            (None, None, Kind::Nothing | Kind::Worked) => Kind::Worked,
        };
    }

    #[expect(clippy::cast_precision_loss, reason = "runs are few")]
    fn mean(&self) -> Option<f32> {
        (self.good_runs > 0).then(|| self.good_took / self.good_runs as f32)
    }
}

fn bars(sums: &[Sum; BARS], axis: Axis, language: Language) -> Vec<Bar> {
    let mut bars = Vec::new();
    let mut from = 0;
    for group in sums.chunk_by(|a, b| a.kind == b.kind) {
        let to = from + group.len();
        if let Some(sum) = group.first().filter(|sum| sum.kind != Kind::Nothing) {
            let runs: u32 = group.iter().map(|sum| sum.runs).sum();
            let failed: u32 = group.iter().map(|sum| sum.failed).sum();
            let (y, height) = sum.kind.height();
            bars.push(Bar {
                class: sum.kind.class(),
                x: from,
                width: group.len(),
                y,
                height,
                title: sum.kind.title([&axis.begin(from), &axis.begin(to)], runs, failed, language),
            });
        }
        from = to;
    }
    bars
}

impl Kind {
    const fn class(self) -> &'static str {
        match self {
            Self::Nothing => "",
            Self::Worked => "ok",
            Self::Degraded(_) => "degraded",
            Self::Failed(layer, _) => layer.label(),
        }
    }

    /// Where a bar begins, from the top, and its height.
    const fn height(self) -> (u8, u8) {
        match self {
            Self::Nothing => (12, 0),
            Self::Worked => (5, 7),
            Self::Degraded(_) => (3, 9),
            Self::Failed(..) => (0, 12),
        }
    }

    fn title(self, [from, to]: [&str; 2], runs: u32, failed: u32, language: Language) -> String {
        let (runs, failed) = (runs.to_string(), failed.to_string());
        let (word, layer, reason) = match self {
            Self::Nothing | Self::Worked => (Word::BarWorked, "", ""),
            Self::Degraded(reason) => (Word::BarDegraded, "", reason.label()),
            Self::Failed(layer, reason) => {
                (Word::BarFailed, diagnosis::layer(layer, language), reason.label())
            }
        };
        let values = [("from", from), ("to", to), ("runs", &runs), ("failed", &failed)];
        fill(word, language, &[&values[..], &[("layer", layer), ("reason", reason)]].concat())
    }
}

/// The means of the bars as a line with gaps where nothing worked. What varies by little is drawn as varying by little.
fn line(sums: &[Sum; BARS]) -> Option<String> {
    let means: Vec<Option<f32>> = sums.iter().map(Sum::mean).collect();
    let least = means.iter().flatten().copied().reduce(f32::min)?;
    let most = means.iter().flatten().copied().reduce(f32::max)?;
    let range = (most - least).max(most * 0.5).max(f32::MIN_POSITIVE);
    let mut path = String::new();
    let mut before: Option<i16> = None;
    for (x, mean) in means.iter().enumerate() {
        let Some(mean) = mean else {
            before = None;
            continue;
        };
        #[expect(clippy::cast_possible_truncation, reason = "between 0 and the height")]
        let y = (HEIGHT - (mean - least) / range * HEIGHT).round() as i16;
        // Writing to a string does not fail.
        let _ = match before {
            None => write!(path, "M{x} {y}h1"),
            Some(before) if before == y => write!(path, "h1"),
            Some(before) => write!(path, "l1 {}", y - before),
        };
        before = Some(y);
    }
    Some(path)
}

fn words(slots: &[&Slot], length: Duration, language: Language) -> String {
    let runs: u32 = slots.iter().map(|slot| slot.runs).sum();
    let failed: u32 = slots.iter().map(|slot| slot.failed).sum();
    let mut troubles: BTreeMap<(Layer, &'static str), u32> = BTreeMap::new();
    for slot in slots {
        if let Some((layer, reason)) = slot.trouble {
            *troubles.entry((layer, reason.label())).or_default() += slot.failed;
        }
    }
    let (runs, failed, span) = (runs.to_string(), failed.to_string(), span(length));
    let values = [("runs", &*runs), ("failed", &*failed), ("span", &*span)];
    match troubles.iter().max_by_key(|(_, count)| **count) {
        None => fill(Word::CardNoneFailed, language, &values),
        Some(((layer, reason), _)) => {
            let trouble = [("layer", diagnosis::layer(*layer, language)), ("reason", *reason)];
            fill(Word::SomeFailed, language, &[&values[..], &trouble].concat())
        }
    }
}

fn latency(slots: &[&Slot], language: Language) -> Option<(String, String)> {
    let good = slots.iter().filter(|slot| slot.failed == 0 && slot.runs > 0);
    #[expect(clippy::cast_precision_loss, reason = "runs are few")]
    let mut means: Vec<f32> = good.clone().map(|slot| slot.took / slot.runs as f32).collect();
    means.sort_by(f32::total_cmp);
    let most = good.map(|slot| slot.slowest).reduce(f32::max)?;
    let shown = |seconds: f32| time(Duration::try_from_secs_f32(seconds).unwrap_or_default());
    let (least, median, most) = (shown(*means.first()?), shown(*means.get(means.len() / 2)?), shown(most));
    let values = [("least", &*least), ("median", &*median), ("most", &*most)];
    Some((fill(Word::LatencyOf, language, &values), fill(Word::Median, language, &values)))
}
