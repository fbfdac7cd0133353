//! Rules about the canary itself: while it lacks something, what it saw of others is not to be believed.

use std::time::Duration;

use super::Conclusion;
use super::view::{Lead, View};
use crate::diagnosis::say::Us;
use crate::outcome::{Layer, Outcome, Reason};

/// Late by as much, we may have caused any timeout.
const LATE: Duration = Duration::from_secs(1);

/// Descriptors, ports or memory ran out on the way.
pub(super) fn own_resources(view: &View<'_>, lead: &Lead<'_>) -> Option<Conclusion> {
    let failing = view.same_way(lead).filter(|path| !path.success_in_the_end());
    let ours = failing.chain([lead.outcome]).any(is_exhausted);
    (ours || lead.reason == Reason::CanaryExhausted).then(|| {
        let nothing = lead.outcome.trouble().is_none();
        let untold = nothing.then(|| {
            if Layer::ALL.iter().all(|layer| lead.outcome.layer_took(*layer).is_none()) {
                Us::NothingWalked
            } else {
                Us::Untold { before: lead.layer }
            }
        });
        Conclusion::of(Reason::CanaryExhausted).because(untold.unwrap_or(Us::Exhausted))
    })
}

fn is_exhausted(path: &Outcome) -> bool {
    let staged = Layer::ALL.into_iter().filter_map(|layer| path.layer_failure(layer));
    let connects = path.stages.tcp.evidence().into_iter().flat_map(|tcp| &tcp.attempts);
    let connects = connects.filter_map(|attempt| attempt.failure.as_ref());
    let addresses = path.addresses.iter().filter_map(|result| result.failure.as_ref());
    let again = path.retries.iter().filter_map(|attempt| attempt.failure.as_ref());
    let walked = addresses.chain(again).map(|(_, failure)| failure);
    staged.chain(connects).chain(walked).any(|failure| failure.reason == Reason::CanaryExhausted)
}

/// The time ran out while the program itself was not woken up.
pub(super) fn own_slowness(view: &View<'_>, lead: &Lead<'_>) -> Option<Conclusion> {
    let late = !view.lag.is_zero() && (view.lag >= LATE || view.lag >= view.target.timeout / 4);
    (late && is_about_time(lead.reason)).then(|| {
        let (lag, reason) = (view.lag, Reason::CanaryExhausted);
        Conclusion::of(reason).because(Us::Late { lag })
    })
}

/// Whether a reason says that something took too long.
pub(super) fn is_about_time(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::DnsTimeout
            | Reason::TcpTimeout
            | Reason::ProxyTimeout
            | Reason::TlsTimeout
            | Reason::HttpTimeout
            | Reason::StreamStalled
            | Reason::HttpSlow
            | Reason::SlowFirstToken
    )
}
