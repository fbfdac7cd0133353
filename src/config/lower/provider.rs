//! What a target is: its provider.

use super::Context;
use crate::config::decode::Field;
use crate::config::near::did_you_mean;
use crate::config::problem::{Checked, Place};
use crate::config::raw::provider_names;
use crate::provider::{self, Provider};

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
