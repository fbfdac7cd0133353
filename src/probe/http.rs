//! The API layer: one HTTP call on the connection the lower layers made.
//!
//! Promises: the call is HTTP/1.1 or HTTP/2 as ALPN chose; head and body are timed apart; at most 1 MiB of body is
//! read, and of a stream of events, however long, only its start is kept; what came until a failure is kept; the key goes
//! only over a verified connection.

mod again;
mod confidence;
mod exchange;
mod expect;
mod failure;
mod fixed;
mod kept;
mod plan;
mod redirect;
mod sse;
mod stream;
mod verdict;
mod watch;

use std::time::Duration;

use ::http::StatusCode;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout_at};

use crate::net::Arrivals;
use crate::outcome::{ApiEvidence, Failure, Finding, HttpVersion, Reason, Stage};
use crate::provider::Event;
use crate::units::Deadline;

pub(super) use again::{Again, call_again};
use confidence::Confidence;
use exchange::{Ended, Progress};
pub(super) use fixed::{Came, Fixed, Page, ask_fixed};
pub(super) use kept::{KeptClient, call_kept};
pub(super) use plan::PlanError;
pub(super) use plan::{CallPlan, Channel};
pub(super) use redirect::{Redirect, redirects_https};
use stream::Streaming;
use verdict::{Over, read_event};

/// What a call found.
#[derive(Debug)]
pub(super) struct Called {
    pub(super) stage: Stage<ApiEvidence>,
    /// When it was over.
    pub(super) ended: Instant,
    pub(super) findings: Vec<Finding>,
    /// How the server turned the call away, if it did so as servers do that miss a client certificate.
    pub(super) turned_away: Option<&'static str>,
}

/// Makes the planned call over `stream`, which has these times.
pub(super) async fn call<S>(
    stream: S,
    arrivals: &Arrivals,
    plan: &CallPlan,
    version: HttpVersion,
    channel: Channel,
    deadline: Deadline,
) -> Called
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let start = Instant::now();
    let request = plan.request(version, channel);
    let confidence = Confidence::of(request.key, request.head.headers());
    let read = |event: Event<'_>| read_event(plan, &confidence, event);
    let max_gap = plan.expectations().max_gap;
    let streaming = plan.is_stream().then_some(Streaming { read: &read, max_gap });
    let mut progress = Progress { streaming, arrivals: arrivals.clone(), ..Progress::default() };
    let ended =
        match timeout_at(deadline.at(), exchange::run(stream, request.head, version, &mut progress)).await {
            Ok(ended) => ended,
            Err(_) => Ended::TimedOut,
        };
    let mut evidence = plan.evidence();
    evidence.version = Some(version);
    let over = Over {
        plan,
        confidence: &confidence,
        start: progress.sent_at().unwrap_or(start),
        end: progress.over_at(&ended),
        held_up: progress.held_up(),
        deadline,
    };
    judged(over, evidence, progress, ended)
}

/// Judges what came, and how it ended, into the evidence.
fn judged(over: Over<'_>, mut evidence: ApiEvidence, progress: Progress<'_>, ended: Ended) -> Called {
    let took = over.end.saturating_duration_since(over.start);
    let turned_away = turned_away(&ended, &progress);
    let failure = over.judge(progress, ended, &mut evidence);
    let findings = expect::slow(over.plan.expectations(), &evidence, over.held_up).collect();
    let stage = match failure {
        None => Stage::Passed { took, evidence },
        Some(mut failure) => {
            over.confidence.redact_text(&mut failure.detail);
            Stage::Failed { took, failure, evidence }
        }
    };
    Called { stage, ended: over.end, findings, turned_away }
}

/// With TLS 1.3 a server ends the connection when the client's certificate is missing or not accepted; nginx takes the
/// call, and says so in a page with status 400.
fn turned_away(ended: &Ended, progress: &Progress<'_>) -> Option<&'static str> {
    const PAGES: [(&[u8], &str); 2] = [
        (b"No required SSL certificate was sent", "answered that none was sent"),
        (b"The SSL certificate error", "answered that there is an error in it"),
    ];
    match (ended, &progress.head) {
        (Ended::Broken(failure), None) if failure.reason == Reason::HttpReset => {
            Some("ended the connection without an answer")
        }
        (Ended::Complete, Some(head)) if head.status == StatusCode::BAD_REQUEST => {
            let says = |page: &[u8]| progress.body.windows(page.len()).any(|window| window == page);
            PAGES.into_iter().find_map(|(page, how)| says(page).then_some(how))
        }
        (Ended::Complete | Ended::TimedOut | Ended::Broken(_), _) => None,
    }
}

/// No exchange was possible: the versions do not fit.
pub(super) fn no_common_version(plan: &CallPlan, alpn: Option<&str>) -> Stage<ApiEvidence> {
    let evidence = plan.evidence();
    let chose = alpn.unwrap_or("no protocol");
    let words = format!("only HTTP/2 was offered by ALPN and the server chose {chose}");
    Stage::Failed { took: Duration::ZERO, failure: Failure::new(Reason::HttpProtocol, words), evidence }
}

#[cfg(test)]
mod tests;
