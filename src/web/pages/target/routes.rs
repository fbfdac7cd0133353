//! The paths side by side: how far each came in the last run, over which address, and which of them a client uses.

use super::moment::took;
use super::telling::{LayerName, Telling};
use crate::diagnosis::Phrase;
use crate::document::{JourneyPart, LayerPart, LayerState, time};
use crate::outcome::{AddressResult, HttpVersion, Layer, Outcome};
use crate::sinks::LastRun;

/// The table of paths.
#[derive(Debug, Default)]
pub(super) struct Routes {
    /// The layers that any path has.
    pub(super) layers: Vec<LayerName>,
    pub(super) rows: Vec<Row>,
}

/// One path.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) ok: bool,
    pub(super) preferred: bool,
    pub(super) name: String,
    /// Where there are several.
    pub(super) endpoint: Option<String>,
    pub(super) cells: Vec<Cell>,
    pub(super) took: String,
    pub(super) address: String,
    pub(super) round_trip: String,
    pub(super) http: &'static str,
    pub(super) status: String,
    pub(super) trouble: Option<Trouble>,
    /// That it worked when it was tried again.
    pub(super) again: Option<String>,
    pub(super) addresses: Vec<Address>,
}

/// A layer of a path.
#[derive(Debug)]
pub(super) struct Cell {
    pub(super) layer: &'static str,
    pub(super) state: &'static str,
    pub(super) mark: &'static str,
    pub(super) words: String,
}

/// Why something failed.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) layer: LayerName,
    pub(super) reason: &'static str,
    pub(super) summary: &'static str,
    pub(super) detail: String,
}

/// One of several addresses.
#[derive(Debug)]
pub(super) struct Address {
    pub(super) ok: bool,
    pub(super) address: String,
    pub(super) took: String,
    pub(super) words: String,
}

impl Routes {
    pub(super) fn of(telling: &Telling<'_>) -> Self {
        let Some(last) = &telling.known.last else { return Self::default() };
        let journeys: Vec<(&Outcome, JourneyPart)> =
            telling.outcomes().map(|outcome| (outcome, JourneyPart::of(outcome, telling.language))).collect();
        let planned = |layer: &Layer| {
            let has = |part: &LayerPart| part.layer.0 == *layer && part.state != LayerState::NotPlanned;
            journeys.iter().any(|(_, journey)| journey.layers.iter().any(has))
        };
        let layers: Vec<Layer> = Layer::ALL.into_iter().filter(planned).collect();
        let row =
            |(outcome, journey): &(&Outcome, JourneyPart)| row(outcome, journey, &layers, last, telling);
        let mut rows: Vec<Row> = journeys.iter().map(row).collect();
        // What a client uses comes first, then what fails.
        rows.sort_by_key(|row| (!row.preferred, row.ok));
        Self { rows, layers: layers.iter().map(|layer| telling.layer(*layer)).collect() }
    }

    /// How many columns the table has.
    pub(super) fn columns(&self) -> usize {
        self.layers.len() + 6
    }
}

fn row(
    outcome: &Outcome,
    journey: &JourneyPart,
    layers: &[Layer],
    last: &LastRun,
    telling: &Telling<'_>,
) -> Row {
    let standing = &last.standing;
    let path = &outcome.path;
    let (tcp, proxy) = (outcome.stages.tcp.evidence(), outcome.stages.proxy.evidence());
    let call = outcome.stages.api.evidence();
    let address = tcp.and_then(|tcp| tcp.connected()).or_else(|| proxy?.address);
    let round_trip = tcp.and_then(|tcp| tcp.rtt).or_else(|| proxy?.rtt);
    let cell = |part: &LayerPart| Cell {
        layer: part.layer.0.label(),
        state: state(part.state),
        mark: mark(part.state),
        words: part.seconds.map_or_else(|| telling.phrase(phrase(part.state)).to_owned(), took),
    };
    let shown = journey.layers.iter().filter(|part| layers.contains(&part.layer.0));
    Row {
        ok: journey.ok,
        preferred: standing.route.now.as_deref() == Some(&*path.route)
            && standing.endpoint.now.as_deref() == Some(&*outcome.endpoint),
        name: telling.path(path),
        endpoint: telling.has_choice().then(|| outcome.endpoint.to_string()),
        cells: shown.map(cell).collect(),
        took: took(journey.seconds),
        address: address.map(|address| address.to_string()).unwrap_or_default(),
        round_trip: round_trip.map(time).unwrap_or_default(),
        http: match call.and_then(|call| call.version) {
            Some(HttpVersion::Http2) => "2",
            Some(HttpVersion::Http11) => "1.1",
            None => "",
        },
        status: call.and_then(|call| call.status).map(|status| status.to_string()).unwrap_or_default(),
        trouble: trouble(journey, telling),
        again: again(journey, telling),
        addresses: outcome.addresses.iter().map(|result| address_of(result, telling)).collect(),
    }
}

/// Why a journey failed, at the lowest layer that has something wrong.
pub(super) fn trouble(journey: &JourneyPart, telling: &Telling<'_>) -> Option<Trouble> {
    let (layer, reason) = (journey.failed_layer?.0, journey.reason?.0);
    let part = journey.layers.iter().find(|part| part.layer.0 == layer);
    Some(Trouble {
        layer: telling.layer(layer),
        reason: reason.label(),
        summary: telling.summary(reason),
        detail: part.and_then(|part| part.detail.clone()).unwrap_or_default(),
    })
}

/// That a journey worked when it was tried again.
pub(super) fn again(journey: &JourneyPart, telling: &Telling<'_>) -> Option<String> {
    let attempt = journey.succeeded_in_attempt?.to_string();
    Some(Phrase::WorkedAgain.fill(telling.language, &[("attempt", &attempt)]))
}

fn address_of(result: &AddressResult, telling: &Telling<'_>) -> Address {
    let words = result.failure.as_ref().map(|(layer, failure)| {
        let (_, layer) = telling.layer(*layer);
        format!("{layer}: {}: {}", failure.reason.label(), failure.detail)
    });
    Address {
        ok: result.failure.is_none(),
        address: result.address.to_string(),
        took: time(result.took),
        words: words.unwrap_or_default(),
    }
}

/// The label of a layer's state.
pub(super) const fn state(state: LayerState) -> &'static str {
    match state {
        LayerState::Passed => "passed",
        LayerState::Failed => "failed",
        LayerState::NotReached => "not_reached",
        LayerState::NotPlanned => "not_planned",
    }
}

/// The state in words.
pub(super) const fn phrase(state: LayerState) -> Phrase {
    match state {
        LayerState::Passed => Phrase::Passed,
        LayerState::Failed => Phrase::Failed,
        LayerState::NotReached => Phrase::NotReached,
        LayerState::NotPlanned => Phrase::NotPlanned,
    }
}

const fn mark(state: LayerState) -> &'static str {
    match state {
        LayerState::Passed => "✓",
        LayerState::Failed => "✗",
        LayerState::NotReached => "·",
        LayerState::NotPlanned => "–",
    }
}
