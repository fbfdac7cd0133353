//! Rules about refusals: the key's fault, or one that everybody from here gets.

use std::time::Duration;

use super::Conclusion;
use super::view::{Came, Lead, View};
use crate::diagnosis::say::Http;
use crate::outcome::{AnsweredBy, Blame, Reason};

/// Without a key the refusal says more plainly what it is about: the place we call from, or something in between.
pub(super) fn refused_before_the_key(view: &View<'_>, lead: &Lead<'_>) -> Option<Conclusion> {
    let unclear = matches!(
        lead.reason,
        Reason::AuthInvalid | Reason::AuthForbidden | Reason::UnexpectedStatus | Reason::RequestRejected
    );
    let refused = refused(view, lead).filter(|_| unclear)?;
    let by_the_api =
        lead.outcome.stages.api.evidence().is_some_and(|call| call.answered_by == Some(AnsweredBy::Origin));
    let of_the_place = matches!(refused.reason, Reason::RegionBlocked | Reason::TenantRestricted);
    // Where the key brought us to the API, it says nothing of its refusal that others are sent elsewhere.
    let on_the_way = !by_the_api
        && matches!(
            refused.reason,
            Reason::EdgeChallenge | Reason::EdgeOriginUnreachable | Reason::NotTheApi
        );
    (of_the_place || on_the_way)
        .then(|| Conclusion::of(refused.reason).because(Http::KeylessFails { reason: refused.reason }))
}

/// Without a key the API answers: the way is open, and it is the key or its account.
pub(super) fn key_refused(view: &View<'_>, lead: &Lead<'_>) -> Option<Conclusion> {
    let about_the_key = matches!(
        lead.reason,
        Reason::AuthInvalid
            | Reason::AuthForbidden
            | Reason::Billing
            | Reason::SpendLimit
            | Reason::RateLimited
    );
    let took = answered(view, lead).filter(|_| about_the_key)?;
    Some(Conclusion::of(lead.reason).blame(Blame::Account).because(Http::KeylessWorks { took }))
}

/// Without a key the refusal is the same.
pub(super) fn not_the_key(view: &View<'_>, lead: &Lead<'_>) -> Option<Conclusion> {
    let from_here = matches!(
        lead.reason,
        Reason::RegionBlocked
            | Reason::EdgeChallenge
            | Reason::EdgeOriginUnreachable
            | Reason::TenantRestricted
            | Reason::NotTheApi
    );
    let refused = refused(view, lead).filter(|refused| from_here && refused.reason == lead.reason)?;
    Some(Conclusion::of(lead.reason).not(Http::KeylessAlike { reason: refused.reason }))
}

/// The call gets no good answer, and one without a key does: the way is open.
pub(super) fn api_answers_without_key(view: &View<'_>, lead: &Lead<'_>) -> Option<Conclusion> {
    let took = answered(view, lead)?;
    Some(Conclusion::of(lead.reason).because(Http::KeylessWorks { took }))
}

fn answered(view: &View<'_>, lead: &Lead<'_>) -> Option<Duration> {
    match view.keyless(lead)? {
        Came::Through(outcome) => Some(outcome.took),
        Came::Short(_) => None,
    }
}

fn refused<'a>(view: &View<'a>, lead: &Lead<'a>) -> Option<Lead<'a>> {
    match view.keyless(lead)? {
        Came::Short(trouble) => Some(trouble),
        Came::Through(_) => None,
    }
}
