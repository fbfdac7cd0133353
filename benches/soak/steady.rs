//! Whether what the program holds stays as it is.

use std::time::Duration;

use crate::harness::Spread;
use crate::process::Holds;

/// One look at the program.
#[derive(Debug, Clone)]
pub(crate) struct Look {
    /// Since the start.
    pub(crate) at: Duration,
    pub(crate) holds: Holds,
    /// CPU time so far, in seconds.
    pub(crate) cpu: f64,
    pub(crate) in_flight: f64,
    pub(crate) skipped: f64,
    /// Journeys so far.
    pub(crate) journeys: f64,
    /// What the history counts of itself, in bytes.
    pub(crate) history: f64,
    /// How long the scrape took, in seconds, and its bytes before and after they were packed.
    pub(crate) scrape: f64,
    pub(crate) bytes: f64,
}

/// Up to now the program fills its stores; at most this part of the whole.
const WARM: Duration = Duration::from_secs(600);
const MOST_WARM: f64 = 1.0 / 3.0;

/// What memory may grow by in an hour: the greater of both.
const SHARE: f64 = 0.02;
const BYTES: f64 = 2.0 * MIB;

pub(crate) const MIB: f64 = 1024.0 * 1024.0;

/// How one number went.
pub(crate) struct Course {
    pub(crate) name: &'static str,
    /// Medians of the first and of the last quarter of what is not warming up.
    pub(crate) first: f64,
    pub(crate) last: f64,
    /// By least squares, an hour.
    pub(crate) slope: f64,
    /// What it must not do; `None` where nothing is asked of it.
    pub(crate) flat: Option<bool>,
}

type Row = (&'static str, fn(&Look) -> f64);

const ROWS: [Row; 6] = [
    ("resident memory, MiB", |look| look.holds.resident / MIB),
    ("descriptors", |look| count(look.holds.descriptors)),
    ("threads", |look| look.holds.threads),
    ("history as it counts itself, MiB", |look| look.history / MIB),
    ("runs in flight", |look| look.in_flight),
    ("scrape, s", |look| look.scrape),
];

/// How all numbers went after the warm-up; when that was over.
pub(crate) fn courses(looks: &[Look]) -> (Duration, Vec<Course>) {
    let whole = looks.last().map_or(Duration::ZERO, |look| look.at);
    let warm = WARM.min(whole.mul_f64(MOST_WARM));
    let after: Vec<&Look> = looks.iter().filter(|look| look.at >= warm).collect();
    let course = |(name, read): Row| {
        let points: Vec<(f64, f64)> =
            after.iter().map(|look| (look.at.as_secs_f64() / 3600.0, read(look))).collect();
        let quarter = points.len().div_ceil(4);
        let values = |points: &[(f64, f64)]| points.iter().map(|(_, value)| *value).collect::<Vec<_>>();
        let (first, last) = (values(&points[..quarter]), values(&points[points.len() - quarter..]));
        let most = first.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let (first, last) = (Spread::of(first).median, Spread::of(last).median);
        let slope = slope(&points);
        let flat = match name {
            "resident memory, MiB" => Some(slope <= (first * SHARE).max(BYTES / MIB)),
            // They come and go with what is in flight: growth is what the first quarter never had.
            "descriptors" | "threads" => Some(last <= most),
            _ => None,
        };
        Course { name, first, last, slope, flat }
    };
    (warm, ROWS.into_iter().map(course).collect())
}

/// The slope by least squares.
fn slope(points: &[(f64, f64)]) -> f64 {
    let number = count(points.len());
    let mean = |read: fn(&(f64, f64)) -> f64| points.iter().map(read).sum::<f64>() / number;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let over = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum::<f64>();
    over / points.iter().map(|point| (point.0 - x).powi(2)).sum::<f64>()
}

/// A small count.
pub(crate) fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}
