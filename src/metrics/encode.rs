//! The store as text, in one pass over its groups.
//!
//! Promises: owners are sorted within a family, series by their labels; an owner's series are all of one moment; only one
//! group is locked at a time, and nothing is compressed meanwhile.

use std::io;
use std::sync::LazyLock;

use super::catalogue::Family;
use super::cell::{Cell, Value};
use super::exposition::Format;
use super::histogram::{Exemplar, Histogram};
use super::packed::Packing;
use super::store::Store;
use super::{label, number};
use crate::config::Profile;

/// The texts around a histogram's labels, made once per family.
struct Frame {
    bucket: String,
    /// `le="…"} ` for every bucket that is shown; one that is not is part of the next one that is.
    bounds: Vec<Option<String>>,
    sum: String,
    count: String,
}

/// By [`Family::index`]; of no use, and empty, for what is no histogram.
static FULL: LazyLock<Vec<Frame>> = LazyLock::new(|| frames(Profile::Full));

/// Those of the lean profile.
static LEAN: LazyLock<Vec<Frame>> = LazyLock::new(|| frames(Profile::Lean));

fn frames(profile: Profile) -> Vec<Frame> {
    Family::ALL.iter().map(|family| Frame::new(*family, profile)).collect()
}

impl Frame {
    fn new(family: Family, profile: Profile) -> Self {
        let name = family.name();
        let shown = family.bounds_in(profile);
        let bounds = family.bounds().iter().copied().chain([f64::INFINITY]);
        let is_shown = |bound: &f64| bound.is_infinite() || shown.contains(bound);
        let text = |bound: f64| is_shown(&bound).then(|| format!("le=\"{}\"}} ", number::bound(bound)));
        Self {
            bucket: format!("{name}_bucket{{"),
            bounds: bounds.map(text).collect(),
            sum: format!("{name}_sum{{"),
            count: format!("{name}_count{{"),
        }
    }
}

impl Store {
    /// Adds all series, the labels of `common` before their own.
    pub(super) fn encode(&self, format: Format, common: &str, packing: &mut Packing) -> io::Result<()> {
        for group in self.groups() {
            let owner = label::joined(common, &group.block);
            let cells = group.lock();
            let frames = match cells.profile() {
                Profile::Full => &FULL,
                Profile::Lean => &LEAN,
            };
            for cell in cells.iter() {
                if let Some(text) = packing.text(cell.family) {
                    write(text, format, &owner, cell, frames);
                }
            }
            drop(cells);
            packing.settle()?;
        }
        Ok(())
    }
}

fn write(out: &mut Vec<u8>, format: Format, owner: &str, cell: &Cell, frames: &[Frame]) {
    match &cell.value {
        Value::Gauge(value) | Value::Amount(value) => {
            open(out, cell.family.name(), owner, &cell.block);
            number::value(out, *value);
        }
        Value::Counter(count) => {
            open(out, cell.family.name(), owner, &cell.block);
            number::count(out, *count);
        }
        Value::Histogram(histogram) => {
            let Some(frame) = frames.get(cell.family.index()) else { return };
            return write_histogram(out, format, frame, [owner, &cell.block], histogram);
        }
    }
    out.push(b'\n');
}

fn open(out: &mut Vec<u8>, name: &str, owner: &str, block: &str) {
    out.extend_from_slice(name.as_bytes());
    out.push(b'{');
    labels(out, [owner, block]);
    out.extend_from_slice(b"} ");
}

fn labels(out: &mut Vec<u8>, [owner, block]: [&str; 2]) {
    out.extend_from_slice(owner.as_bytes());
    if !block.is_empty() {
        out.push(b',');
        out.extend_from_slice(block.as_bytes());
    }
}

fn write_histogram(
    out: &mut Vec<u8>,
    format: Format,
    frame: &Frame,
    blocks: [&str; 2],
    histogram: &Histogram,
) {
    // What every bucket starts with is put together once and then copied.
    let start = out.len();
    out.extend_from_slice(frame.bucket.as_bytes());
    labels(out, blocks);
    out.push(b',');
    let prefix = start..out.len();
    let mut total = 0;
    let mut latest: Option<&(f64, Exemplar)> = None;
    let mut first = true;
    for (bucket, bound) in histogram.buckets().zip(&frame.bounds) {
        total = bucket.cumulative;
        latest = [latest, bucket.exemplar].into_iter().flatten().max_by(|a, b| a.1.at.total_cmp(&b.1.at));
        let Some(bound) = bound else { continue };
        if !first {
            out.extend_from_within(prefix.clone());
        }
        first = false;
        out.extend_from_slice(bound.as_bytes());
        number::count(out, bucket.cumulative);
        if let (Format::OpenMetrics100, Some((value, exemplar))) = (format, latest.take()) {
            out.extend_from_slice(b" # {");
            out.extend_from_slice(exemplar.labels.as_bytes());
            out.extend_from_slice(b"} ");
            number::value(out, *value);
            out.push(b' ');
            number::value(out, exemplar.at);
        }
        out.push(b'\n');
    }
    out.extend_from_slice(frame.sum.as_bytes());
    labels(out, blocks);
    out.extend_from_slice(b"} ");
    number::value(out, histogram.sum());
    out.push(b'\n');
    out.extend_from_slice(frame.count.as_bytes());
    labels(out, blocks);
    out.extend_from_slice(b"} ");
    number::count(out, total);
    out.push(b'\n');
}
