//! Rules about the canary itself: while it lacks something, what it saw of others is not to be believed.

use std::time::Duration;

use super::Conclusion;
use super::view::{Lead, View};
use crate::diagnosis::State;
use crate::diagnosis::say::Us;
use crate::outcome::{Layer, Outcome, Reason};
use crate::target::Target;

/// Late by as much, we may have caused any timeout.
const LATE: Duration = Duration::from_secs(1);

/// Runs in a row that failed late, before the trouble is looked at all the same.
const LASTS: u32 = 5;

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

/// The time ran out while the program itself was not woken up. That explains a trouble for a while; one that lasts while
/// others work as slowly as we look is theirs.
pub(super) fn own_slowness(view: &View<'_>, lead: &Lead<'_>) -> Option<Conclusion> {
    let late = is_late(view.lag, view.target) && is_about_time(lead.reason);
    let others_work = || {
        let works = view.others(lead).iter().any(|other| other.state == State::Works);
        works || view.control_works(lead).is_some()
    };
    if !late || (lasts(view.late_runs) && others_work()) {
        return None;
    }
    Some(Conclusion::of(Reason::CanaryExhausted).because(Us::Late { lag: view.lag }))
}

/// Whether so many runs in a row failed late that it is worth a look whether others work all the same.
pub(in crate::diagnosis) const fn lasts(late_runs: u32) -> bool {
    late_runs >= LASTS
}

/// Whether the program was woken up so late that it may itself have caused a timeout of a target.
#[must_use]
pub fn is_late(lag: Duration, target: &Target) -> bool {
    !lag.is_zero() && (lag >= LATE || lag >= target.timeout / 4)
}

/// Whether a reason says that something took too long.
pub(in crate::diagnosis) fn is_about_time(reason: Reason) -> bool {
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
