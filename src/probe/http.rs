//! The API layer: one HTTP call on the connection the lower layers made.
//!
//! Promises: the call is HTTP/1.1 or HTTP/2 as ALPN chose; head and body are timed apart; at most 1 MiB of body is
//! read; what came until a failure is kept; the key goes only over a verified connection.

mod confidence;
mod exchange;
mod expect;
mod failure;
mod plan;
mod redirect;
mod watch;

use ::http::StatusCode;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout_at};

use crate::clock;
use crate::outcome::{ApiEvidence, Failure, Finding, HttpPhases, HttpVersion, Reason, Stage};
use crate::provider::Answer;
use crate::units::Deadline;

use confidence::Confidence;
use exchange::{Ended, Progress};
pub(super) use plan::PlanError;
pub(super) use plan::{CallPlan, Channel};
pub(super) use redirect::{Redirect, redirects_https};

/// What a call found.
#[derive(Debug)]
pub(super) struct Called {
    pub(super) stage: Stage<ApiEvidence>,
    pub(super) findings: Vec<Finding>,
    /// How the server turned the call away, if it did so as servers do that miss a client certificate.
    pub(super) turned_away: Option<&'static str>,
}

/// Makes the planned call over `stream`.
pub(super) async fn call<S>(
    stream: S,
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
    let mut progress = Progress::default();
    let ended =
        match timeout_at(deadline.at(), exchange::run(stream, request.head, version, &mut progress)).await {
            Ok(ended) => ended,
            Err(_) => Ended::TimedOut,
        };
    let took = start.elapsed();
    let mut evidence = plan.evidence();
    evidence.version = Some(version);
    evidence.phases = phases(&progress, matches!(ended, Ended::Complete));
    evidence.body_bytes = u64::try_from(progress.body.len()).unwrap_or(u64::MAX);
    evidence.body_truncated = progress.truncated;

    let mut findings = Vec::new();
    let mut failure = None;
    if let Some(head) = &mut progress.head {
        confidence.redact(&mut head.headers, &mut progress.body);
        evidence.status = Some(head.status.as_u16());
        let answer = Answer {
            status: head.status,
            headers: &head.headers,
            body: &progress.body,
            truncated: progress.truncated,
        };
        let reading = plan.read(&answer, clock::wall());
        evidence.request_id = reading.request_id;
        evidence.rate_limits = reading.rate_limits;
        evidence.rate_limits_rejected = reading.rate_limits_rejected;
        evidence.limited_by = reading.limited_by;
        evidence.retry_after = reading.retry_after;
        evidence.should_retry = reading.should_retry;
        evidence.usage = reading.usage;
        evidence.cost = reading.usage.zip(plan.price()).and_then(|(usage, price)| price.cost(usage));
        if matches!(ended, Ended::Complete) {
            // Of an incomplete answer only its head is believed.
            evidence.answered_by = Some(reading.answered_by);
            evidence.error_type = reading.error_type;
            let judged = expect::judge(plan.expectations(), &answer, reading.failure, evidence.latency());
            failure = judged.failure;
            findings.extend(judged.slow);
        }
    }
    let turned_away = turned_away(&ended, &progress);
    match ended {
        Ended::Complete => {}
        Ended::TimedOut => failure = Some(timed_out(plan, &progress, took.as_secs_f64())),
        Ended::Broken(broken) => failure = Some(broken),
    }
    let stage = match failure {
        None => Stage::Passed { took, evidence },
        Some(mut failure) => {
            confidence.redact_text(&mut failure.detail);
            Stage::Failed { took, failure, evidence }
        }
    };
    Called { stage, findings, turned_away }
}

/// With TLS 1.3 a server ends the connection when the client's certificate is missing or not accepted; nginx takes the
/// call, and says so in a page with status 400.
fn turned_away(ended: &Ended, progress: &Progress) -> Option<&'static str> {
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
    Stage::Failed {
        took: std::time::Duration::ZERO,
        failure: Failure::new(Reason::HttpProtocol, words),
        evidence,
    }
}

fn phases(progress: &Progress, complete: bool) -> HttpPhases {
    let processing = progress.sent.zip(progress.head_at).map(|(sent, head)| head - sent);
    let transfer = progress.head_at.zip(progress.end_at).filter(|_| complete).map(|(head, end)| end - head);
    HttpPhases { processing, transfer }
}

fn timed_out(plan: &CallPlan, progress: &Progress, waited: f64) -> Failure {
    let words = match (&progress.head, progress.sent) {
        (Some(head), _) => format!(
            "{}: HTTP {}, but the body was not complete after {} bytes and {waited:.1} s",
            plan.shown(),
            head.status.as_u16(),
            progress.body.len()
        ),
        (None, Some(_)) => format!("{}: sent, and no response in {waited:.1} s", plan.shown()),
        (None, None) => format!("{}: could not be sent in {waited:.1} s", plan.shown()),
    };
    Failure::new(Reason::HttpTimeout, words)
}
