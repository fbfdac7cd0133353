//! Further attempts of a journey that failed: whether one makes sense, and when.
//!
//! Promises: what cannot pass by itself is not tried again; nothing is tried before the API asked for it, or where the
//! time left is too short; the first attempt's result stays what it was.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};
use tokio::time::{Instant, sleep};

use crate::outcome::{Attempt, Outcome, Reason};
use crate::target::{Jitter, RetryOptions};
use crate::units::Deadline;

/// The delays of one journey.
#[derive(Debug)]
pub(super) struct Retries {
    delays: ExponentialBackoff,
    jitter: Jitter,
    left: u32,
}

impl Retries {
    pub(super) fn new(options: &RetryOptions) -> Self {
        let RetryOptions { max_attempts, base_delay, max_delay, jitter } = *options;
        let delays = ExponentialBuilder::new()
            .with_factor(2.0)
            .with_min_delay(base_delay)
            .with_max_delay(max_delay)
            .without_max_times()
            .build();
        Self { delays, jitter, left: max_attempts.saturating_sub(1) }
    }

    /// Waits before the next attempt; `None` where there is to be none.
    pub(super) async fn wait(&mut self, last: &Outcome, deadline: Deadline) -> Option<Duration> {
        let delay = self.next(last, random())?;
        if Instant::now() + delay >= deadline.at() {
            return None;
        }
        sleep(delay).await;
        Some(delay)
    }

    /// The delay before the next attempt; `share` is from 0 to 1.
    fn next(&mut self, last: &Outcome, share: f64) -> Option<Duration> {
        if self.left == 0 || !may_pass(last) {
            return None;
        }
        self.left -= 1;
        let delay = self.delays.next()?;
        let delay = match self.jitter {
            Jitter::Full => delay.mul_f64(share),
            Jitter::None => delay,
        };
        let asked = last.stages.api.evidence().and_then(|call| call.retry_after);
        Some(delay.max(asked.unwrap_or_default()))
    }
}

fn random() -> f64 {
    rand::random()
}

/// What is told of a further attempt.
pub(super) fn attempt(waited: Duration, outcome: &Outcome) -> Attempt {
    Attempt {
        waited,
        took: outcome.took,
        failure: outcome.trouble().map(|trouble| (trouble.layer, trouble.failure.clone())),
        call: outcome.stages.api.evidence().cloned().map(Box::new),
    }
}

/// Whether what failed may pass by itself within seconds: as the providers' own clients see it, connections that break,
/// timeouts, 408, 409, 429 and 5xx, or what the API itself says of it.
fn may_pass(outcome: &Outcome) -> bool {
    let Some(trouble) = outcome.trouble() else { return false };
    let call = outcome.stages.api.evidence();
    if let Some(said) = call.and_then(|call| call.should_retry) {
        return said;
    }
    match trouble.failure.reason {
        Reason::TcpRefused
        | Reason::TcpTimeout
        | Reason::TcpReset
        | Reason::TcpUnreachable
        | Reason::ProxyUnreachable
        | Reason::ProxyFailed
        | Reason::ProxyTimeout
        | Reason::TlsReset
        | Reason::TlsTimeout
        | Reason::HttpTimeout
        | Reason::HttpReset
        | Reason::StreamCut
        | Reason::StreamStalled
        | Reason::StreamError
        | Reason::RateLimited
        | Reason::ProviderOverloaded
        | Reason::ProviderError
        | Reason::EdgeOriginUnreachable => true,
        // Limits that end with a month are no matter of seconds, whatever their status.
        Reason::SpendLimit | Reason::Billing => false,
        _ => matches!(call.and_then(|call| call.status), Some(408 | 409)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{ApiEvidence, Failure, Family, Stage, sample};

    fn failed(reason: Reason, status: u16, change: impl FnOnce(&mut ApiEvidence)) -> Outcome {
        let mut outcome = sample::good(&sample::path("t", "direct", Family::Ipv4));
        let mut evidence = ApiEvidence::of_call("models", http::Method::GET);
        evidence.status = Some(status);
        change(&mut evidence);
        let failure = Failure::new(reason, "words");
        outcome.stages.api = Stage::Failed { took: Duration::ZERO, failure, evidence };
        outcome
    }

    fn retries(max_attempts: u32, jitter: Jitter) -> Retries {
        Retries::new(&RetryOptions { max_attempts, jitter, ..RetryOptions::default() })
    }

    #[test]
    fn delays_double_up_to_the_longest_and_jitter_takes_any_share_of_them() {
        let overloaded = failed(Reason::ProviderOverloaded, 529, |_| {});
        let mut exact = retries(9, Jitter::None);
        let seconds = |delay: Option<Duration>| delay.map(|delay| delay.as_secs_f64());
        let delays: Vec<_> = std::iter::from_fn(|| seconds(exact.next(&overloaded, 0.5))).collect();
        assert_eq!(delays, [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]);
        let mut full = retries(9, Jitter::Full);
        for (share, delay) in [(0.0, 0.0), (1.0, 2.0), (0.25, 1.0)] {
            assert_eq!(seconds(full.next(&overloaded, share)), Some(delay));
        }
    }

    #[test]
    fn what_cannot_pass_by_itself_is_not_tried_again() {
        let tried = |outcome: &Outcome| retries(2, Jitter::None).next(outcome, 0.0).is_some();
        for (reason, status, expected) in [
            (Reason::ProviderOverloaded, 529, true),
            (Reason::RateLimited, 429, true),
            (Reason::UnexpectedStatus, 408, true),
            (Reason::RequestRejected, 409, true),
            (Reason::HttpTimeout, 200, true),
            (Reason::SpendLimit, 429, false),
            (Reason::AuthInvalid, 401, false),
            (Reason::RequestRejected, 400, false),
            (Reason::NotTheApi, 200, false),
        ] {
            assert_eq!(tried(&failed(reason, status, |_| {})), expected, "{reason} {status}");
        }
        assert!(!tried(&sample::good(&sample::path("t", "direct", Family::Ipv4))));
        assert!(!tried(&failed(Reason::RateLimited, 429, |call| call.should_retry = Some(false))));
        assert!(tried(&failed(Reason::RequestRejected, 400, |call| call.should_retry = Some(true))));
        assert_eq!(retries(1, Jitter::None).next(&failed(Reason::HttpReset, 200, |_| {}), 0.0), None);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_tried_before_the_api_asked_for_it_or_when_the_time_is_up() {
        let wait = async |asked: u64, left: u64| {
            let outcome = failed(Reason::RateLimited, 429, |call| {
                call.retry_after = Some(Duration::from_secs(asked));
            });
            let deadline = Deadline::after(Instant::now(), Duration::from_secs(left));
            retries(2, Jitter::Full).wait(&outcome, deadline).await
        };
        assert_eq!(wait(7, 10).await, Some(Duration::from_secs(7)));
        assert_eq!(wait(7, 6).await, None);
    }
}
