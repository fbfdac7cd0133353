//! The rule about trouble that was gone when the same was tried again: what worked in an experiment meanwhile proves nothing
//! then.

use super::Conclusion;
use super::view::{Lead, View};
use crate::diagnosis::say::Paths;

/// The same path, walked again, got past the layer that had failed.
pub(super) fn comes_and_goes(view: &View<'_>, lead: &Lead<'_>) -> Option<Conclusion> {
    let said = worked_again(view, lead)?;
    Some(Conclusion::of(lead.reason).because(said))
}

fn worked_again(view: &View<'_>, lead: &Lead<'_>) -> Option<Paths> {
    let outcomes = view.again(lead)?;
    let passed = outcomes.iter().filter(|outcome| outcome.layer_passed(lead.layer)).count();
    (passed > 0).then_some(Paths::AgainWorks { times: passed, all: outcomes.len() })
}
