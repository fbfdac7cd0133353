//! Rules about what else works from here: the other family, and other destinations.

use super::Conclusion;
use super::view::{Lead, View};
use crate::diagnosis::say::{Others, Paths};
use crate::outcome::{Family, Layer, Reason};

/// One family gets nowhere while the other one works on the same route. What is wrong with its name is a matter of the
/// resolver.
pub(super) fn broken(view: &View<'_>, lead: &Lead<'_>) -> Option<Conclusion> {
    if view.up { would_work(view, lead) } else { None }
}

/// The same, where the target does not take the other family and an experiment did: what is known of the one it takes says
/// more, if anything is.
pub(super) fn would_work(view: &View<'_>, lead: &Lead<'_>) -> Option<Conclusion> {
    let reason = match lead.outcome.path.family {
        Family::Ipv4 => Reason::Ipv4Broken,
        Family::Ipv6 => Reason::Ipv6Broken,
        Family::Any => return None,
    };
    if lead.layer == Layer::Dns || !lead.is_blocked() {
        return None;
    }
    let works = view.other_families(lead).into_iter().find(|other| other.success_in_the_end())?;
    let said = Paths::FamilyWorks { family: works.path.family, took: works.took };
    Some(Conclusion::of(reason).because(said))
}

/// The network carries us to other places, so it is about this one.
pub(super) fn only_this_destination(view: &View<'_>, lead: &Lead<'_>) -> Option<Conclusion> {
    if !matches!(lead.layer, Layer::Tcp | Layer::Tls) {
        return None;
    }
    let (control, outcome) = view.control_works(lead)?;
    let said = Others::ControlWorks {
        url: control.url.clone(),
        route: lead.outcome.path.route.clone(),
        took: outcome.took,
    };
    Some(Conclusion::of(lead.reason).because(said))
}
