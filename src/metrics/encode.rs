//! The store as text, in one pass over its groups.
//!
//! Promises: families are contiguous and in the catalogue's order, owners sorted within them, series sorted by their
//! labels; only one group is locked at a time.

use std::sync::LazyLock;

use super::catalogue::Family;
use super::cell::{Cell, Value};
use super::exposition::{self, Format};
use super::histogram::Histogram;
use super::store::Store;
use super::{label, number};

/// The texts around a histogram's labels, made once per family.
struct Frame {
    bucket: String,
    /// `le="…"} ` for every bucket.
    bounds: Vec<String>,
    sum: String,
    count: String,
}

/// By [`Family::index`]; of no use, and empty, for what is no histogram.
static FRAMES: LazyLock<Vec<Frame>> = LazyLock::new(|| Family::ALL.iter().map(|f| Frame::new(*f)).collect());

impl Frame {
    fn new(family: Family) -> Self {
        let name = family.name();
        let bounds = family.bounds().iter().copied().chain([f64::INFINITY]);
        Self {
            bucket: format!("{name}_bucket{{"),
            bounds: bounds.map(|bound| format!("le=\"{}\"}} ", number::bound(bound))).collect(),
            sum: format!("{name}_sum{{"),
            count: format!("{name}_count{{"),
        }
    }
}

impl Store {
    /// Appends every family that has series, the labels of `common` before their own; what ends an exposition is not
    /// appended.
    pub fn encode(&self, format: Format, common: &str, out: &mut Vec<u8>) {
        let mut texts: Vec<Vec<u8>> = self.sizes().iter().map(|size| Vec::with_capacity(*size)).collect();
        for group in self.groups() {
            let owner = label::joined(common, &group.block);
            let cells = group.lock();
            for cell in cells.iter() {
                if let Some(text) = texts.get_mut(cell.family.index()) {
                    write(text, format, &owner, cell);
                }
            }
        }
        self.remember_sizes(texts.iter().map(Vec::len));
        out.reserve(texts.iter().map(Vec::len).sum::<usize>() + 256 * texts.len());
        for (family, text) in Family::ALL.iter().zip(texts).filter(|(_, text)| !text.is_empty()) {
            exposition::head(out, format, family.name(), family.kind().label(), family.help());
            out.extend_from_slice(&text);
        }
    }
}

fn write(out: &mut Vec<u8>, format: Format, owner: &str, cell: &Cell) {
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
            let Some(frame) = FRAMES.get(cell.family.index()) else { return };
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
    for (at, (bucket, bound)) in histogram.buckets().zip(&frame.bounds).enumerate() {
        if at > 0 {
            out.extend_from_within(prefix.clone());
        }
        out.extend_from_slice(bound.as_bytes());
        number::count(out, bucket.cumulative);
        if let (Format::OpenMetrics100, Some((value, exemplar))) = (format, bucket.exemplar) {
            out.extend_from_slice(b" # {");
            out.extend_from_slice(exemplar.labels.as_bytes());
            out.extend_from_slice(b"} ");
            number::value(out, *value);
            out.push(b' ');
            number::value(out, exemplar.at);
        }
        out.push(b'\n');
        total = bucket.cumulative;
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
