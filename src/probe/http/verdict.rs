//! What an exchange came to: evidence out of what came, and why it is not good, if it is not.

use std::time::Duration;

use http::header::{CONTENT_LENGTH, LAST_MODIFIED};
use tokio::time::Instant;

use super::confidence::Confidence;
use super::exchange::{Ended, Progress};
use super::expect;
use super::plan::CallPlan;
use super::stream::StreamReader;
use crate::clock;
use crate::outcome::{ApiEvidence, Failure, HttpPhases, Reason};
use crate::provider::{Answer, Event, EventReading, Reading, StreamMark};
use crate::units::Deadline;

/// One call, made and over.
#[derive(Clone, Copy)]
pub(super) struct Over<'a> {
    pub(super) plan: &'a CallPlan,
    pub(super) confidence: &'a Confidence,
    pub(super) start: Instant,
    pub(super) end: Instant,
    /// How much of the time in between may have been our own.
    pub(super) held_up: Duration,
    pub(super) deadline: Deadline,
}

impl Over<'_> {
    /// Fills in the evidence; why the call failed, if it did.
    pub(super) fn judge(
        &self,
        mut progress: Progress<'_>,
        ended: Ended,
        seen: &mut ApiEvidence,
    ) -> Option<Failure> {
        let failure = match progress.stream.take() {
            Some(stream) => self.judge_stream(*stream, progress, ended, seen),
            None => self.judge_answer(progress, ended, seen),
        };
        // Counts that came before a stream's end are less than what was used.
        let counted = seen.usage.filter(|_| seen.stream.is_none_or(|stream| stream.complete));
        seen.cost = counted.zip(self.plan.price()).and_then(|(usage, price)| price.cost(usage));
        failure
    }

    fn judge_answer(
        &self,
        mut progress: Progress<'_>,
        ended: Ended,
        seen: &mut ApiEvidence,
    ) -> Option<Failure> {
        let complete = matches!(ended, Ended::Complete);
        seen.phases = phases(&progress, complete);
        seen.body_bytes = u64::try_from(progress.body.len()).unwrap_or(u64::MAX);
        seen.body_truncated = progress.truncated;
        let mut failure = None;
        if let Some((answer, reading)) = self.read(&mut progress, seen) {
            seen.usage = reading.usage;
            if complete {
                // Of an incomplete answer only its head is believed.
                seen.answered_by = Some(reading.answered_by);
                seen.error_type = reading.error_type;
                let said = match reading.failure {
                    Some(failure) if failure.reason != Reason::UnexpectedBody => Some(failure),
                    unexpected => no_stream(self.plan, &answer).or(unexpected),
                };
                failure = expect::judge(self.plan.expectations(), &answer, said);
            }
        }
        match ended {
            Ended::Complete => failure,
            Ended::TimedOut => Some(self.timed_out(&progress)),
            Ended::Broken(broken) => Some(broken),
        }
    }

    fn judge_stream(
        &self,
        stream: StreamReader<'_>,
        mut progress: Progress<'_>,
        ended: Ended,
        seen: &mut ApiEvidence,
    ) -> Option<Failure> {
        let streamed = stream.finish(ended, self.end, self.deadline.left(self.start));
        seen.phases = phases(&progress, streamed.evidence.complete);
        seen.body_bytes = streamed.bytes;
        seen.usage = streamed.usage;
        seen.error_type = streamed.error_type;
        seen.stream = Some(streamed.evidence);
        let Some((answer, reading)) = self.read(&mut progress, seen) else { return streamed.failure };
        // Whose answer it is its head tells; whether it is a good one, its events.
        seen.answered_by = Some(reading.answered_by);
        expect::judge(self.plan.expectations(), &answer, streamed.failure)
    }

    /// What the head of an answer says, without what was sent in confidence, and the dialect's reading of the whole.
    fn read<'p>(
        &self,
        progress: &'p mut Progress<'_>,
        seen: &mut ApiEvidence,
    ) -> Option<(Answer<'p>, Reading)> {
        let Progress { head: Some(head), body, truncated, .. } = progress else { return None };
        self.confidence.redact(&mut head.headers, body);
        seen.status = Some(head.status.as_u16());
        let header = |name| head.headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        seen.content_length = header(CONTENT_LENGTH).and_then(|length| length.parse().ok());
        seen.last_modified = header(LAST_MODIFIED).and_then(|date| httpdate::parse_http_date(date).ok());
        let answer = Answer { status: head.status, headers: &head.headers, body, truncated: *truncated };
        let mut reading = self.plan.read(&answer, clock::wall());
        seen.request_id = reading.request_id.take();
        seen.rate_limits = std::mem::take(&mut reading.rate_limits);
        seen.rate_limits_rejected = reading.rate_limits_rejected;
        seen.limited_by = reading.limited_by;
        seen.retry_after = reading.retry_after;
        seen.should_retry = reading.should_retry;
        Some((answer, reading))
    }

    fn timed_out(&self, progress: &Progress<'_>) -> Failure {
        let shown = self.plan.shown();
        let waited = (self.end - self.start).as_secs_f64();
        let words = match (&progress.head, progress.sent) {
            (Some(head), _) => format!(
                "{shown}: HTTP {}, but the body was not complete after {} bytes and {waited:.1} s",
                head.status.as_u16(),
                progress.body.len()
            ),
            (None, Some(_)) => format!("{shown}: sent, and no response in {waited:.1} s"),
            (None, None) => format!("{shown}: could not be sent in {waited:.1} s"),
        };
        Failure::new(Reason::HttpTimeout, words)
    }
}

/// What an event means, without what was sent in confidence: it is left out before the dialect cuts the provider's words,
/// since a text that was cut may end in half a key.
pub(super) fn read_event(plan: &CallPlan, confidence: &Confidence, event: Event<'_>) -> EventReading {
    let reading = plan.read_event(event);
    match reading.mark {
        StreamMark::Error { .. } => match confidence.redacted(event.data) {
            Some(data) => plan.read_event(Event { data: &data, ..event }),
            None => reading,
        },
        StreamMark::Content
        | StreamMark::Ping
        | StreamMark::End
        | StreamMark::Unreadable
        | StreamMark::Other => reading,
    }
}

/// A good answer of the API, but no stream where one was asked for.
fn no_stream(plan: &CallPlan, answer: &Answer<'_>) -> Option<Failure> {
    (plan.is_stream() && answer.status.is_success()).then(|| {
        let words = format!("{}; expected a stream of events", answer.describe());
        Failure::new(Reason::UnexpectedBody, words)
    })
}

fn phases(progress: &Progress<'_>, complete: bool) -> HttpPhases {
    let sent = progress.sent_at();
    let processing = sent.zip(progress.head_at).map(|(sent, head)| head.saturating_duration_since(sent));
    let transfer = progress.head_at.zip(progress.end_at).filter(|_| complete);
    let transfer = transfer.map(|(head, end)| end.saturating_duration_since(head));
    HttpPhases { processing, transfer }
}
