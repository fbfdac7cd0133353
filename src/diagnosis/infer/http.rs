//! Rules about calls that get no answer, or one of somebody else.

use super::view::{Came, Lead, View, is_answered};
use super::{Conclusion, idle};
use crate::diagnosis::say::{Http, Others};
use crate::outcome::{Blame, HttpVersion, Layer, Outcome, Reason, Trial};

/// HTTP/1.1 is answered where HTTP/2 is not.
pub(super) fn http2_broken(view: &View<'_>, lead: &Lead<'_>) -> Option<Conclusion> {
    if !is_http2(lead) || !is_cut(lead.reason) || answered_over_http2(view, lead) {
        return None;
    }
    match view.http1(lead)? {
        Came::Through(outcome) => {
            Some(Conclusion::of(Reason::Http2Broken).because(Http::OverHttp1 { took: outcome.took }))
        }
        Came::Short(_) => None,
    }
}

/// Whether the call was made over HTTP/2.
pub(in crate::diagnosis) fn is_http2(lead: &Lead<'_>) -> bool {
    let version = lead.outcome.stages.api.evidence().and_then(|seen| seen.version);
    lead.layer == Layer::Api && version == Some(HttpVersion::Http2) && !lead.is_of_another_call()
}

/// Whether the free call, which is what the one over HTTP/1.1 was, is answered over HTTP/2 as well: then it is the call
/// that failed, not the version.
fn answered_over_http2(view: &View<'_>, lead: &Lead<'_>) -> bool {
    let over_http2 = |outcome: &Outcome| {
        let version = outcome.stages.api.evidence().and_then(|seen| seen.version);
        version == Some(HttpVersion::Http2) && is_answered(outcome)
    };
    view.trials(lead).any(|trial| {
        let Trial::Keyless(outcomes) = trial else { return false };
        outcomes.iter().any(over_http2)
    })
}

fn is_cut(reason: Reason) -> bool {
    matches!(reason, Reason::HttpTimeout | Reason::HttpReset | Reason::HttpProtocol)
}

/// Connections that are kept without a byte are forgotten on the way.
pub(super) fn idle_connections_cut(view: &View<'_>, lead: &Lead<'_>) -> Option<Conclusion> {
    let silent = matches!(
        lead.reason,
        Reason::HttpTimeout | Reason::HttpReset | Reason::StreamCut | Reason::StreamStalled
    );
    let (held, failure) = idle::cut(view, lead).filter(|_| silent)?;
    let said = Http::IdleCut { held, reason: failure.reason };
    Some(Conclusion::of(lead.reason).blame(Blame::Network).because(said))
}

/// Something answers in the place of other hosts too.
pub(super) fn portal_for_all(view: &View<'_>, lead: &Lead<'_>) -> Option<Conclusion> {
    let alike = |reason| matches!(reason, Reason::NotTheApi | Reason::TlsNotTls | Reason::TlsNameMismatch);
    let controls = view.controls_failing(lead).into_iter().filter(|_| alike(lead.reason));
    let said: Vec<_> = controls
        .filter(|(_, trouble)| alike(trouble.reason))
        .map(|(control, trouble)| Others::ControlFails {
            url: control.url.clone(),
            route: lead.outcome.path.route.clone(),
            reason: trouble.reason,
        })
        .collect();
    let unanswered = view.control_works(lead).is_none();
    (unanswered && !said.is_empty())
        .then(|| Conclusion::of(lead.reason).blame(Blame::Network).because_all(said))
}
