//! One journey drawn: a lane a layer, on one time axis.
//!
//! Promises: all that is drawn is said in words beside; what was not reached is drawn as such, and what the journey does
//! not have is not there; places are shares of the whole, so that the drawing fits every width.

use super::moment::took;
use super::routes::{phrase, state};
use super::telling::Telling;
use crate::document::{JourneyPart, LayerPart, LayerState, PhasePart};
use crate::outcome::Layer;
use crate::web::pages::Word;

/// The height of a lane, in lines.
const LANE: f64 = 1.5;

/// How far a bar is below the top of its lane, in lines.
const INSET: f64 = 0.25;

/// The narrowest bar, as a share of the whole: what took no time was walked all the same.
const NARROWEST: f64 = 0.004;

/// The smallest share of the whole that is told of what was done beside the layers, and the shortest time in seconds.
const BESIDE: (f64, f64) = (0.02, 0.005);

/// One lane.
#[derive(Debug)]
pub(super) struct Lane {
    /// The layer's label; `beside` for what is no layer.
    pub(super) layer: &'static str,
    pub(super) name: &'static str,
    pub(super) state: &'static str,
    /// The time spent in it, or what became of it.
    pub(super) words: String,
    /// What was seen.
    pub(super) detail: String,
    pub(super) phases: Vec<String>,
    /// The places of the lane and of the bars in it, from above.
    pub(super) top: String,
    pub(super) track: String,
    pub(super) bottom: String,
    pub(super) bars: Vec<Bar>,
    pub(super) marks: Vec<Mark>,
}

/// A span of time.
#[derive(Debug, PartialEq)]
pub(super) struct Bar {
    pub(super) look: &'static str,
    pub(super) x: String,
    pub(super) width: String,
    pub(super) title: String,
}

/// A moment.
#[derive(Debug, PartialEq)]
pub(super) struct Mark {
    pub(super) look: &'static str,
    pub(super) x: String,
    pub(super) title: String,
}

/// The scale of a drawing.
#[derive(Debug, Clone, Copy)]
struct Scale(f64);

/// The lanes of a journey, and how long the whole axis is in seconds.
pub(super) fn lanes(journey: &JourneyPart, telling: &Telling<'_>) -> (Vec<Lane>, f64) {
    let walked: f64 = journey.layers.iter().filter_map(|part| part.seconds).sum();
    let whole = journey.seconds.max(walked);
    let scale = Scale(if whole > 0.0 { whole } else { 1.0 });
    let mut lanes = Vec::new();
    let mut at = 0.0;
    for part in journey.layers.iter().filter(|part| part.state != LayerState::NotPlanned) {
        let phases: Vec<&PhasePart> =
            journey.phases.iter().filter(|phase| phase.layer == part.layer).collect();
        lanes.push(lane(lanes.len(), part, &phases, at, scale, telling));
        at += part.seconds.unwrap_or_default();
    }
    if whole - walked > BESIDE.1.max(BESIDE.0 * scale.0) {
        lanes.push(beside(lanes.len(), walked, whole, scale, telling));
    }
    (lanes, whole)
}

/// The height of so many lanes.
pub(super) fn height(lanes: usize) -> String {
    lines(place(lanes))
}

fn lane(
    index: usize,
    part: &LayerPart,
    phases: &[&PhasePart],
    begin: f64,
    scale: Scale,
    telling: &Telling<'_>,
) -> Lane {
    let (layer, name) = telling.layer(part.layer.0);
    let became = telling.phrase(phrase(part.state));
    let failed = part.state == LayerState::Failed;
    let reason = part.reason.map(|reason| reason.0.label());
    let detail = match (reason, part.detail.as_deref()) {
        (Some(reason), Some(detail)) => format!("{reason}: {detail}"),
        (None, Some(detail)) => detail.to_owned(),
        (Some(reason), None) => reason.to_owned(),
        (None, None) => String::new(),
    };
    let mut lane = Lane {
        layer,
        name,
        state: state(part.state),
        words: part.seconds.map_or_else(|| became.to_owned(), took),
        detail,
        phases: phases.iter().map(|phase| said(phase, telling)).collect(),
        bars: Vec::new(),
        marks: Vec::new(),
        ..Lane::at(index)
    };
    let Some(seconds) = part.seconds else {
        lane.bars.push(scale.bar("not-reached", 0.0, scale.0, format!("{name}: {became}")));
        return lane;
    };
    let end = begin + seconds;
    lane.bars.push(scale.bar(
        if failed { "failed" } else { "" },
        begin,
        end,
        format!("{name}: {}", lane.words),
    ));
    lane.split(part, phases, (begin, end), scale, telling);
    if failed {
        lane.marks.push(Mark {
            look: "cut",
            x: scale.percent(end),
            title: reason.unwrap_or(became).to_owned(),
        });
    }
    lane
}

/// What was done beside the layers of the first attempt.
fn beside(index: usize, begin: f64, end: f64, scale: Scale, telling: &Telling<'_>) -> Lane {
    let words = took(end - begin);
    let name = telling.word(Word::BesideLayers);
    let title = format!("{name}: {words}");
    Lane {
        layer: "beside",
        name,
        state: "passed",
        words,
        detail: telling.word(Word::BesideLayersMeans).to_owned(),
        phases: Vec::new(),
        bars: vec![scale.bar("", begin, end, title)],
        marks: Vec::new(),
        ..Lane::at(index)
    }
}

impl Lane {
    /// An empty lane at its place.
    fn at(index: usize) -> Self {
        let top = place(index);
        Self {
            layer: "",
            name: "",
            state: "",
            words: String::new(),
            detail: String::new(),
            phases: Vec::new(),
            top: lines(top),
            track: lines(top + INSET),
            bottom: lines(top + LANE),
            bars: Vec::new(),
            marks: Vec::new(),
        }
    }

    /// Draws the phases over the layer's bar. They follow each other; of a call they are at its end, behind the time that the
    /// request took to be sent, and the first token is a moment in it.
    fn split(
        &mut self,
        part: &LayerPart,
        phases: &[&PhasePart],
        (begin, end): (f64, f64),
        scale: Scale,
        telling: &Telling<'_>,
    ) {
        let spans: Vec<&&PhasePart> = phases.iter().filter(|phase| phase.phase != FIRST_TOKEN).collect();
        let all: f64 = spans.iter().map(|phase| phase.seconds).sum();
        let from = match part.layer.0 {
            Layer::Api => (end - all).max(begin),
            Layer::Dns | Layer::Tcp | Layer::Proxy | Layer::Tls => begin,
        };
        // A single phase of connecting is the layer itself.
        let several = spans.len() > 1 || part.layer.0 != Layer::Tcp;
        let mut at = from;
        for (index, phase) in spans.iter().enumerate().filter(|_| several) {
            let upto = (at + phase.seconds).min(end);
            let missed =
                part.layer.0 == Layer::Tcp && (index + 1 < spans.len() || part.state == LayerState::Failed);
            let look = match (missed, index % 2) {
                (true, 0) => "phase missed",
                (true, _) => "phase missed odd",
                (false, 0) => "phase",
                (false, _) => "phase odd",
            };
            self.bars.push(scale.bar(look, at, upto, said(phase, telling)));
            at = upto;
        }
        for phase in phases.iter().filter(|phase| phase.phase == FIRST_TOKEN) {
            let x = scale.percent((from + phase.seconds).min(end));
            self.marks.push(Mark { look: "token", x, title: said(phase, telling) });
        }
    }
}

/// The phase that is a moment rather than a span.
const FIRST_TOKEN: &str = "first_token";

/// A phase in words: what it is, with what, and how long it took.
fn said(phase: &PhasePart, telling: &Telling<'_>) -> String {
    let name = match &*phase.phase {
        "resolve" => telling.word(Word::PhaseResolve),
        "connect" => telling.word(Word::PhaseConnect),
        "tls" => telling.word(Word::PhaseTls),
        "tunnel" => telling.word(Word::PhaseTunnel),
        "processing" => telling.word(Word::PhaseProcessing),
        FIRST_TOKEN => telling.word(Word::PhaseFirstToken),
        "transfer" => telling.word(Word::PhaseTransfer),
        other => other,
    };
    let time = took(phase.seconds);
    match &phase.on {
        Some(on) => format!("{name} {on}: {time}"),
        None => format!("{name}: {time}"),
    }
}

impl Scale {
    fn bar(self, look: &'static str, begin: f64, end: f64, title: String) -> Bar {
        let width = ((end - begin) / self.0).max(NARROWEST);
        let x = (begin / self.0).min(1.0 - width).max(0.0);
        Bar { look, x: share(x), width: share(width), title }
    }

    fn percent(self, at: f64) -> String {
        share((at / self.0).clamp(0.0, 1.0))
    }
}

fn share(of_one: f64) -> String {
    format!("{:.2}%", of_one * 100.0)
}

fn place(index: usize) -> f64 {
    u32::try_from(index).map_or(0.0, f64::from) * LANE
}

fn lines(count: f64) -> String {
    format!("{count:.2}em")
}
