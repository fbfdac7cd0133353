//! Answers that take a core for a while.
//!
//! Promises: made beside the async workers, and few at once, whoever asks and however often: one that is begun keeps its
//! place until it is made, also when its client went away meanwhile. Scrapes wait for scrapes only, not for pages.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;

use super::WebState;

/// Pages and documents made at once; more than that wait.
pub(super) const PAGES: usize = 2;

/// Makes a page or a document.
pub(super) async fn page(
    state: &Arc<WebState>,
    make: impl FnOnce(&WebState) -> Response + Send + 'static,
) -> Response {
    let shared = Arc::clone(state);
    beside(&state.pages, move || make(&shared)).await
}

/// Makes an answer when there is a place for it.
pub(super) async fn beside(
    places: &Arc<Semaphore>,
    make: impl FnOnce() -> Response + Send + 'static,
) -> Response {
    // The semaphore is never closed; if it were, rendering without a place would be right.
    let place = Arc::clone(places).acquire_owned().await.ok();
    let made = tokio::task::spawn_blocking(move || {
        let made = make();
        drop(place);
        made
    });
    made.await.unwrap_or_else(|error| {
        tracing::error!(%error, "an answer cannot be made");
        (StatusCode::INTERNAL_SERVER_ERROR, "the answer cannot be made\n").into_response()
    })
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn an_answer_nobody_waits_for_keeps_its_place_until_it_is_made() {
        let places = Arc::new(Semaphore::new(1));
        let (begun, begins) = tokio::sync::oneshot::channel();
        let (end, ends) = mpsc::channel::<()>();
        let first = {
            let places = Arc::clone(&places);
            tokio::spawn(async move {
                let make = move || {
                    begun.send(()).unwrap();
                    ends.recv().unwrap();
                    ().into_response()
                };
                beside(&places, make).await
            })
        };
        begins.await.unwrap();
        first.abort();
        assert!(first.await.unwrap_err().is_cancelled());
        assert_eq!(places.available_permits(), 0, "its thread is at work still");
        end.send(()).unwrap();
        assert_eq!(beside(&places, || ().into_response()).await.status(), StatusCode::OK);
    }
}
