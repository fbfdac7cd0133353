//! The target as it is configured, in short; no secret is in it.

use super::moment::span;
use super::telling::Telling;
use crate::document::texts;
use crate::outcome::Connection;
use crate::target::{Addresses, Families, RouteKind};
use crate::units::PromDuration;
use crate::web::pages::Word;

/// What is configured.
pub(super) fn of(telling: &Telling<'_>) -> Vec<(&'static str, String)> {
    let target = &telling.known.target;
    let comma = texts::comma(telling.language);
    let call = &target.call;
    let mut kind = call.kind.label().to_owned();
    if let Some(model) = &call.model {
        kind.push(' ');
        kind.push_str(model);
    }
    if call.connection == Connection::Reused {
        kind.push_str(&format!(" ({})", telling.word(Word::ReusedConnection)));
    }
    let routes = target.routes.iter().map(|route| match &route.kind {
        RouteKind::Direct | RouteKind::Environment(_) => route.name.to_string(),
        RouteKind::Proxy(proxy) => format!("{} ({proxy})", route.name),
    });
    let families = match &target.families {
        Families::Answered => telling.word(Word::FamiliesAnswered).to_owned(),
        Families::Only(only) => {
            only.iter().map(|family| texts::family(*family, telling.language)).collect::<Vec<_>>().join(comma)
        }
    };
    let addresses = match target.addresses {
        Addresses::First => Word::AddressesFirst,
        Addresses::All => Word::AddressesAll,
    };
    let resolvers: Vec<&str> = target.resolvers.iter().map(|resolver| &*resolver.name).collect();
    let mut settings = vec![
        (Word::Interval, PromDuration(target.interval).to_string()),
        (Word::Timeout, PromDuration(target.timeout).to_string()),
        (Word::Call, kind),
    ];
    if call.interval > target.interval {
        settings.push((Word::CallInterval, span(call.interval)));
    }
    if let Some(budget) = &call.budget {
        settings.push((Word::DailyBudget, format!("${}", budget.daily)));
    }
    settings.extend([
        (Word::Routes, routes.collect::<Vec<_>>().join(comma)),
        (Word::Families, families),
        (Word::Addresses, telling.word(addresses).to_owned()),
    ]);
    if !resolvers.is_empty() {
        settings.push((Word::Resolvers, resolvers.join(comma)));
    }
    if target.retry.max_attempts > 1 {
        settings.push((Word::Attempts, target.retry.max_attempts.to_string()));
    }
    settings.into_iter().map(|(name, value)| (telling.word(name), value)).collect()
}
