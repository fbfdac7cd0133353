//! Rules about certificates that do not verify: the server's fault, the clock's, or somebody's in between.

use std::time::{Duration, SystemTime};

use super::Conclusion;
use super::view::{self, Clock, Lead, View};
use crate::diagnosis::State;
use crate::diagnosis::say::Tls;
use crate::outcome::{Blame, Layer, Outcome, Reason, TrustedBy};

/// Clocks that differ by less are both right.
pub(super) const CLOCKS_AGREE: Duration = Duration::from_secs(60);

/// Our clock differs from the server's, and by the server's the certificate is in date.
pub(super) fn clock_skew(view: &View<'_>, lead: &Lead<'_>) -> Option<Conclusion> {
    let Clock { off, ahead, server } = wrong_clock(view, lead)?;
    let chain = lead.tls()?.chain.as_deref()?;
    let in_date = chain.certificates.iter().all(|cert| (cert.not_before..=cert.not_after).contains(&server));
    (in_date && !chain.certificates.is_empty() && !is_server_wrong(view, lead, server))
        .then(|| Conclusion::of(Reason::TlsClockSkew).because(Tls::ClockOff { off, ahead }))
}

/// Whether another host's certificate verified by our clock that would not by the server's: then its clock is wrong, not
/// ours.
fn is_server_wrong(view: &View<'_>, lead: &Lead<'_>, server: SystemTime) -> bool {
    let controls = view.controls(lead);
    let mut verified = controls.iter().flat_map(|control| control.outcomes).filter_map(|outcome| {
        let seen = outcome.stages.tls.evidence().filter(|_| outcome.stages.tls.passed())?;
        seen.chain.as_deref()?.leaf()
    });
    verified.any(|leaf| !(leaf.not_before..=leaf.not_after).contains(&server))
}

fn wrong_clock(view: &View<'_>, lead: &Lead<'_>) -> Option<Clock> {
    view.clock(lead).filter(|clock| is_about_dates(lead.reason) && clock.off > CLOCKS_AGREE)
}

/// A certificate out of date that is not the provider's: made by something on the way, which must renew its own.
pub(super) fn interceptor_expired(view: &View<'_>, lead: &Lead<'_>) -> Option<Conclusion> {
    let issuer = lead.issuer().filter(|_| is_about_dates(lead.reason))?.to_owned();
    let machine_only = TrustedBy { mozilla: false, machine: Some(true) };
    let said = if lead.tls()?.trusted_by == Some(machine_only) {
        Tls::MachineOnly { issuer }
    } else {
        let host = others_of_issuer(view, lead).into_iter().next()?;
        Tls::SameIssuer { issuer, host }
    };
    Some(Conclusion::of(lead.reason).blame(Blame::Network).because(said))
}

/// Certificates of several hosts out of date at once: more likely one clock than all of them.
pub(super) fn several_out_of_date(view: &View<'_>, lead: &Lead<'_>) -> Option<Conclusion> {
    let clock_is_right = view.clock(lead).is_some_and(|clock| clock.off <= CLOCKS_AGREE);
    if !is_about_dates(lead.reason) || clock_is_right || view.control_works(lead).is_some() {
        return None;
    }
    let controls = view.controls_failing(lead).into_iter();
    let controls = controls.map(|(control, trouble)| (view::host_of(control.url), trouble.reason));
    let neighbours = view.others(lead).into_iter().filter_map(|other| match &other.state {
        State::Works => None,
        State::Fails { reason, .. } => Some((other.host.to_string(), *reason)),
    });
    let works = view.others(lead).iter().any(|other| other.state == State::Works);
    let alike = controls.chain(neighbours).filter(|(_, reason)| *reason == lead.reason);
    let said: Vec<_> = alike.map(|(host, reason)| Tls::OutOfDateToo { host, reason }).collect();
    (!said.is_empty() && !works).then(|| Conclusion::of(Reason::TlsClockSkew).because_all(said))
}

/// Certificates of several hosts by one issuer that is not a public one.
pub(super) fn intercepted_for_all(view: &View<'_>, lead: &Lead<'_>) -> Option<Conclusion> {
    let issuer = lead.issuer().filter(|_| is_about_trust(lead.reason))?;
    let said: Vec<_> = others_of_issuer(view, lead)
        .into_iter()
        .map(|host| Tls::SameIssuer { issuer: issuer.to_owned(), host })
        .collect();
    (!said.is_empty()).then(|| Conclusion::of(Reason::TlsIntercepted).because_all(said))
}

/// Other hosts whose certificate does not verify either and is of the same issuer.
fn others_of_issuer(view: &View<'_>, lead: &Lead<'_>) -> Vec<String> {
    let issuer = lead.issuer();
    let mine = view.host(lead);
    let controls = view.controls(lead).into_iter().filter(|control| {
        control.outcomes.iter().any(|outcome| view::shown_issuer(outcome) == issuer && is_not_public(outcome))
    });
    let controls = controls.map(|control| view::host_of(control.url));
    let neighbours = view.others(lead).into_iter().filter_map(|other| match &other.state {
        State::Fails { layer: Layer::Tls, reason, issuer: Some(theirs), .. } => {
            let alike =
                Some(theirs.as_str()) == issuer && (is_about_trust(*reason) || is_about_dates(*reason));
            alike.then(|| other.host.to_string())
        }
        State::Fails { .. } | State::Works => None,
    });
    let mut hosts: Vec<_> = controls.chain(neighbours).filter(|host| *host != mine).collect();
    hosts.sort();
    hosts.dedup();
    hosts
}

/// Whether a journey was shown a certificate that no public issuer made.
fn is_not_public(outcome: &Outcome) -> bool {
    let refused = outcome.stages.tls.failure().is_some_and(|failure| is_about_trust(failure.reason));
    let mozilla = outcome.stages.tls.evidence().and_then(|tls| tls.trusted_by).map(|by| by.mozilla);
    refused || mozilla == Some(false)
}

pub(super) fn is_about_dates(reason: Reason) -> bool {
    matches!(reason, Reason::TlsCertExpired | Reason::TlsCertNotYetValid)
}

fn is_about_trust(reason: Reason) -> bool {
    matches!(reason, Reason::TlsUntrustedIssuer | Reason::TlsIntercepted | Reason::TlsSelfSigned)
}
