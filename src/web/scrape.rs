//! `/metrics`.
//!
//! Promises: rendering and compressing happen beside the async workers. Compressing 15 MB on a worker, as the layer
//! for all other pages does, made timers 20 ms late. A scraper that reads slowly holds what is compressed and neither a
//! lock nor a place among those who render.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, VARY};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::stream;

use super::WebState;
use super::render::beside;
use crate::metrics::Format;

pub(super) async fn metrics(State(state): State<Arc<WebState>>, headers: HeaderMap) -> Response {
    let format = Format::negotiate(&joined(&headers, &ACCEPT));
    let zip = takes_gzip(&joined(&headers, &ACCEPT_ENCODING));
    let metrics = Arc::clone(&state.metrics);
    beside(&state.renders, move || {
        let packed = match metrics.pack(format) {
            Ok(packed) => packed,
            Err(error) => {
                tracing::error!(%error, "the metrics cannot be compressed");
                return (StatusCode::INTERNAL_SERVER_ERROR, "failed to render the metrics\n").into_response();
            }
        };
        let about = [(CONTENT_TYPE, format.content_type()), (VARY, "accept, accept-encoding")];
        if zip {
            let pieces = packed.gzip().map(Ok::<_, Infallible>);
            (about, [(CONTENT_ENCODING, "gzip")], Body::from_stream(stream::iter(pieces))).into_response()
        } else {
            (about, Body::from_stream(stream::iter(packed.plain()))).into_response()
        }
    })
    .await
}

fn joined(headers: &HeaderMap, name: &HeaderName) -> String {
    let values: Vec<_> = headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
    values.join(",")
}

/// Whether an `Accept-Encoding` header names gzip without refusing it.
fn takes_gzip(accepted: &str) -> bool {
    accepted.split(',').any(|range| {
        let (coding, parameters) = range.split_once(';').unwrap_or((range, ""));
        let weight = parameters.trim().strip_prefix("q=").and_then(|text| text.trim().parse::<f64>().ok());
        coding.trim().eq_ignore_ascii_case("gzip") && weight.is_none_or(|weight| weight > 0.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_for_who_names_it() {
        for (accepted, expected) in [
            ("gzip", true),
            ("deflate, GZIP;q=0.5", true),
            ("gzip; q=1.0, *;q=0.1", true),
            ("gzip;q=0", false),
            ("gzip; q=0.000", false),
            ("identity", false),
            ("", false),
            ("*", false),
            ("x-gzip", false),
        ] {
            assert_eq!(takes_gzip(accepted), expected, "{accepted}");
        }
    }
}
