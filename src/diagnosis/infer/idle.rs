//! The rule about connections that are kept idle: whether the network forgets them.

use std::time::Duration;

use super::Conclusion;
use super::view::{Lead, View};
use crate::diagnosis::say::Http;
use crate::outcome::{Failure, Reason, Trial};

/// The second call over a connection that was kept silent was of no use, and nobody had ended it.
pub(super) fn dropped(view: &View<'_>, lead: &Lead<'_>) -> Option<Conclusion> {
    let (held, failure) = cut(view, lead).filter(|_| lead.reason == Reason::IdleDropped)?;
    let said = Http::IdleCut { held, reason: failure.reason };
    Some(Conclusion::of(lead.reason).because(said))
}

/// For how long a connection was kept that did not work any more, and what became of it.
pub(super) fn cut<'a>(view: &View<'a>, lead: &Lead<'a>) -> Option<(Duration, &'a Failure)> {
    view.trials(lead).find_map(|trial| {
        let Trial::IdleHold { held, failure: Some(failure) } = trial else { return None };
        Some((*held, failure))
    })
}
