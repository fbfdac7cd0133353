//! Rules about what else works from here: the other family, and other destinations.

use super::Conclusion;
use super::view::{Came, Lead, View, is_silence};
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
    let reason = is_broken(lead.outcome.path.family)?;
    // Whoever shows a certificate or an alert was reached: that one is to be judged.
    let answered = lead.layer == Layer::Tls
        && !matches!(lead.reason, Reason::TlsReset | Reason::TlsTimeout | Reason::TlsNotTls);
    if lead.layer == Layer::Dns || answered || !lead.is_blocked() {
        return None;
    }
    let works = view.other_families(lead).into_iter().find(|other| other.success_in_the_end())?;
    let said = Paths::FamilyWorks { family: works.path.family, took: works.took };
    Some(Conclusion::of(reason).because(said))
}

fn is_broken(family: Family) -> Option<Reason> {
    match family {
        Family::Ipv4 => Some(Reason::Ipv4Broken),
        Family::Ipv6 => Some(Reason::Ipv6Broken),
        Family::Any => None,
    }
}

/// The only family of the name goes nowhere from here, to no control either, and a control is reached over the other one:
/// a network with one family, and a target with the other.
pub(super) fn dead(view: &View<'_>, lead: &Lead<'_>) -> Option<Conclusion> {
    let family = lead.outcome.path.family;
    let reason = is_broken(family)?;
    let silent = |lead: &Lead<'_>| lead.layer == Layer::Tcp && is_silence(lead.reason);
    if !silent(lead) || view.same_way(lead).any(|path| path.path.family != family) {
        return None;
    }
    let mut said = Vec::new();
    for control in view.controls(lead) {
        match (control.came, control.over_the_other) {
            (Came::Short(trouble), Some(other)) if silent(&trouble) => said.push(Others::ControlOverOther {
                url: control.url.clone(),
                over: other.path.family,
                not_over: family,
                reason: trouble.reason,
            }),
            (Came::Short(trouble), None) if silent(&trouble) => {}
            (Came::Short(_) | Came::Through(_), _) => return None,
        }
    }
    (!said.is_empty()).then(|| Conclusion::of(reason).because_all(said))
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
