//! Rules about handshakes that get no answer, or a wrong one: what was changed until there was one.

use super::Conclusion;
use super::view::{Lead, View};
use crate::diagnosis::say::{Http, Tls};
use crate::outcome::{Blame, Handshake, PlainAnswer, Reason, Trial};

/// With small segments there is an answer.
pub(super) fn mtu_black_hole(view: &View<'_>, lead: &Lead<'_>) -> Option<Conclusion> {
    let (mss, _) = small(view, lead).filter(|(_, answered)| *answered && is_cut(lead.reason))?;
    if large_ones_pass(view, lead) {
        return None;
    }
    Some(Conclusion::of(Reason::TlsMtuBlackhole).because(Tls::SmallAnswered { mss }))
}

/// Only with a small client hello there is an answer.
pub(super) fn large_hello(view: &View<'_>, lead: &Lead<'_>) -> Option<Conclusion> {
    let answered = classical(view, lead)? && is_cut(lead.reason) && !comes_and_goes(view, lead);
    answered.then(|| Conclusion::of(Reason::TlsLargeHelloDropped).because(Tls::ClassicalAnswered))
}

/// Only with another name there is an answer; what concerns size was looked at before.
pub(super) fn name_filtered(view: &View<'_>, lead: &Lead<'_>) -> Option<Conclusion> {
    let (name, _) = neutral(view, lead).filter(|(_, answered)| *answered && is_cut(lead.reason))?;
    if comes_and_goes(view, lead) {
        return None;
    }
    let said = Tls::NeutralAnswered { name: name.to_owned(), host: view.host(lead) };
    Some(Conclusion::of(Reason::TlsSniFiltered).because(said))
}

/// Plain HTTP answers on the port: a portal, or, where the network carries TLS elsewhere, a service that is configured
/// with the wrong scheme.
pub(super) fn plain_http_on_port(view: &View<'_>, lead: &Lead<'_>) -> Option<Conclusion> {
    let answer = plain(view, lead).filter(|_| lead.reason == Reason::TlsNotTls)?;
    let PlainAnswer::Http { status, .. } = answer else { return None };
    let leads_away = (300..400).contains(status);
    let elsewhere = view.control_works(lead).is_some();
    let own_service = elsewhere && !leads_away && !view.is_public(lead);
    let blame = if own_service { Blame::Config } else { Blame::Network };
    Some(Conclusion::of(lead.reason).blame(blame).because(Http::Plain(answer.clone())))
}

/// Whether a handshake with another name, and else like the one that failed, came to a certificate: so large packets pass
/// in both directions. An alert in answer would be small.
fn large_ones_pass(view: &View<'_>, lead: &Lead<'_>) -> bool {
    view.trials(lead).any(|trial| {
        let Trial::NeutralName { handshake: Handshake::Answered(seen), .. } = trial else { return false };
        seen.chain.is_some()
    })
}

/// Whether the address answered everything: another name, this one in small packets, and this one in a small hello. What
/// helped each of them helps none of the others, so it was, or is at times, cut for another cause.
pub(super) fn comes_and_goes(view: &View<'_>, lead: &Lead<'_>) -> bool {
    let small = small(view, lead).is_some_and(|(_, answered)| answered);
    is_cut(lead.reason) && large_ones_pass(view, lead) && small && classical(view, lead) == Some(true)
}

fn is_cut(reason: Reason) -> bool {
    matches!(reason, Reason::TlsReset | Reason::TlsTimeout)
}

/// The segment size tried, and whether it was answered.
pub(super) fn small(view: &View<'_>, lead: &Lead<'_>) -> Option<(u16, bool)> {
    let mut tried = view.trials(lead).filter_map(|trial| {
        let Trial::SmallSegments { mss, handshake } = trial else { return None };
        Some((*mss, matches!(handshake, Handshake::Answered(_))))
    });
    let first = tried.next()?;
    Some(tried.fold(first, |best, other| if other.1 && !best.1 { other } else { best }))
}

/// Whether a small client hello was answered.
pub(super) fn classical(view: &View<'_>, lead: &Lead<'_>) -> Option<bool> {
    let tried = view.trials(lead).filter_map(|trial| {
        let Trial::ClassicalKeys(handshake) = trial else { return None };
        Some(matches!(handshake, Handshake::Answered(_)))
    });
    tried.reduce(|one, other| one || other)
}

/// The other name tried, and whether it was answered.
pub(super) fn neutral<'a>(view: &View<'a>, lead: &Lead<'a>) -> Option<(&'a str, bool)> {
    let mut tried = view.trials(lead).filter_map(|trial| {
        let Trial::NeutralName { name, handshake } = trial else { return None };
        Some((name.as_str(), matches!(handshake, Handshake::Answered(_))))
    });
    let first = tried.next()?;
    Some(tried.fold(first, |best, other| if other.1 && !best.1 { other } else { best }))
}

/// What answered plain HTTP.
pub(super) fn plain<'a>(view: &View<'a>, lead: &Lead<'a>) -> Option<&'a PlainAnswer> {
    view.trials(lead).find_map(|trial| {
        let Trial::PlainHttp(answer) = trial else { return None };
        Some(answer)
    })
}
