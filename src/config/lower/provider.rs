//! What a target is: its provider, and what is called.

use super::Context;
use crate::config::decode::Field;
use crate::config::near::did_you_mean;
use crate::config::problem::{Checked, Place, Reported};
use crate::config::raw::{RawCall, provider_names};
use crate::provider::{self, CallKind, Provider};
use crate::target::ApiKey;

/// A provider.
pub(super) type Dialect = &'static dyn Provider;

/// The dialect.
pub(super) fn provider(field: Field<String>, target: &Place, context: &Context<'_>) -> Checked<Dialect> {
    let names = provider_names();
    let list = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let Some((name, place)) = field.checked()? else {
        let message = format!("missing: every target needs a provider, one of {list}");
        return Err(context.report.add(&target.key("provider"), message));
    };
    provider::by_name(&name).ok_or_else(|| {
        let help = if place.from_env.is_none() { did_you_mean(&name, &names) } else { None };
        context.report.put(&place, format!("{} is none of {list}", place.show(&name)), help)
    })
}

/// What is called.
pub(super) fn call(
    field: Field<RawCall>,
    provider: Checked<Dialect>,
    key: Result<&Option<ApiKey>, &Reported>,
    context: &Context<'_>,
) -> Checked<CallKind> {
    let (raw, whole) = field.section();
    let given = raw.kind.checked()?;
    whole?;
    let provider = provider?;
    let Some((text, place)) = given else {
        return Ok(provider.default_call(key.map_err(|reported| *reported)?.is_some()));
    };
    let kinds = || provider.kinds().iter().copied();
    let Some((kind, call)) = kinds()
        .find(|kind| kind.label() == text)
        .and_then(|kind| provider.call(kind, "").map(|call| (kind, call)))
    else {
        let name = provider.name();
        let list = kinds().map(|kind| format!("`{kind}`")).collect::<Vec<_>>().join(", ");
        let message = format!("the provider `{name}` has no call {}: it has {list}", place.show(&text));
        return Err(context.report.add(&place, message));
    };
    // A keyed call that is also what is called without a key merely takes the key along.
    let needs_key = call.keyed && provider.default_call(false) != kind;
    if needs_key && matches!(key, Ok(None)) {
        let help = format!("set api_key, or call `{}`", provider.default_call(false));
        return Err(context.report.add_with_help(&place, format!("the call `{kind}` needs a key"), help));
    }
    Ok(kind)
}
