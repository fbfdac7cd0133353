//! What is called, how often and for how much money; trying again; the status page.

use std::sync::Arc;
use std::time::Duration;

use super::Context;
use super::provider::Dialect;
use super::timing::{MAX_INTERVAL, between};
use crate::config::decode::Field;
use crate::config::near::did_you_mean;
use crate::config::problem::{Checked, Place, Reported};
use crate::config::raw::{
    MOST_ATTEMPTS, Money, RawBetween, RawCall, RawConnection, RawJitter, RawPrice, RawRetry, RawStatusPage,
    STATUS_PAGE_INTERVAL, Time, shown,
};
use crate::outcome::Connection;
use crate::provider::{CallKind, Price};
use crate::target::{
    ApiKey, Between, Budget, CallOptions, Endpoint, Jitter, RetryOptions, Site, StatusPageOptions, Target,
};
use crate::units::Usd;

/// The longest name of a model.
const MAX_MODEL: usize = 200;

/// What else of the target a call depends on.
pub(super) struct Around<'a> {
    pub(super) provider: Checked<Dialect>,
    pub(super) key: Result<&'a Option<ApiKey>, &'a Reported>,
    pub(super) interval: Checked<Duration>,
}

/// What is called, and where it says how much that may cost on a day.
pub(super) fn options(
    field: Field<RawCall>,
    target: &Place,
    around: &Around<'_>,
    context: &Context<'_>,
) -> Checked<(CallOptions, Option<Place>)> {
    let given = field.checked()?;
    let place = given.as_ref().map_or_else(|| target.key("call"), |(_, place)| place.clone());
    let raw = given.map(|(raw, _)| raw).unwrap_or_default();
    let kind = kind(raw.kind, around, context);
    let interval = interval(raw.interval, around.interval, context);
    let model = model(raw.model, around.provider, kind, &place, context);
    let price = price(raw.price, context);
    let daily = raw.max_daily_cost_usd.checked();
    let connection = raw.connection.or(RawConnection::Fresh).map(|connection| match connection {
        RawConnection::Fresh => Connection::Fresh,
        RawConnection::Reused => Connection::Reused,
    });
    let between = raw.between.or(RawBetween::Free).map(|between| match between {
        RawBetween::Free => Between::Free,
        RawBetween::Nothing => Between::Nothing,
    });
    let (kind, model, daily) = (kind?, model?, daily?);
    let limited_at = daily.as_ref().map(|(_, place)| place.clone());
    let budget = budget(kind, model.as_deref(), daily, price?, around.provider?, &place, context)?;
    let (interval, connection, between) = (interval?, connection?, between?);
    Ok((CallOptions { kind, interval, model, budget, connection, between }, limited_at))
}

/// Refuses a budget that is not enough for a single run: its calls would never be made.
pub(super) fn one_run_fits(
    target: &Target,
    limited_at: Option<&Place>,
    context: &Context<'_>,
) -> Checked<()> {
    let (Some(budget), Some(place)) = (&target.call.budget, limited_at) else { return Ok(()) };
    let (most, calls) = (target.most_of_run(), target.most_calls());
    if most <= budget.daily {
        return Ok(());
    }
    let message = format!(
        "one run may make {calls} calls that cost {most} together, which is more than {}",
        budget.daily
    );
    let help =
        "allow more, or make fewer calls: a run makes one for each family, route, endpoint and attempt";
    Err(context.report.add_with_help(place, message, help))
}

fn kind(field: Field<String>, around: &Around<'_>, context: &Context<'_>) -> Checked<CallKind> {
    let given = field.checked()?;
    let provider = around.provider?;
    let Some((text, place)) = given else {
        return Ok(provider.default_call(around.key.map_err(|reported| *reported)?.is_some()));
    };
    let Some(kind) = provider.kinds().iter().copied().find(|kind| kind.label() == text) else {
        let name = provider.name();
        let list = provider.kinds().iter().map(|kind| format!("`{kind}`")).collect::<Vec<_>>().join(", ");
        let message = format!("the provider `{name}` has no call {}: it has {list}", place.show(&text));
        let labels: Vec<_> = provider.kinds().iter().map(|kind| kind.label()).collect();
        // A value from the environment is not hinted at either.
        let near = if place.from_env.is_none() { did_you_mean(&text, &labels) } else { None };
        return Err(match near {
            Some(help) => context.report.add_with_help(&place, message, help),
            None => context.report.add(&place, message),
        });
    };
    // A keyed call that is also what is called without a key merely takes the key along.
    let keyed = provider.call(kind, "").is_some_and(|call| call.keyed);
    if keyed && provider.default_call(false) != kind && matches!(around.key, Ok(None)) {
        let help = format!(
            "set api_key (an optional one that is missing is none), or call `{}`",
            provider.default_call(false)
        );
        return Err(context.report.add_with_help(&place, format!("the call `{kind}` needs a key"), help));
    }
    Ok(kind)
}

fn interval(field: Field<Time>, of_target: Checked<Duration>, context: &Context<'_>) -> Checked<Duration> {
    match (field.checked()?, of_target?) {
        (None, of_target) => Ok(of_target),
        (Some((Time(interval), place)), of_target) => {
            between(interval, &place, of_target, MAX_INTERVAL, context)
        }
    }
}

/// The model of kinds that need one. It stands in label values and in paths of URLs.
fn model(
    field: Field<String>,
    provider: Checked<Dialect>,
    kind: Checked<CallKind>,
    call: &Place,
    context: &Context<'_>,
) -> Checked<Option<Arc<str>>> {
    let given = field.checked()?;
    let (provider, kind) = (provider?, kind?);
    match given {
        Some((_, place)) if !kind.needs_model() => {
            Err(context.report.add(&place, format!("the call `{kind}` is made to no model")))
        }
        Some((model, place)) => {
            let good = |c: char| c.is_ascii_alphanumeric() || "._:/@-".contains(c);
            if (1..=MAX_MODEL).contains(&model.len()) && model.chars().all(good) && !model.contains("..") {
                return Ok(Some(model.into()));
            }
            let rule = "letters, digits and `._:/@-`";
            Err(context
                .report
                .add(&place, format!("{} is not the name of a model: {rule}", place.show(&model))))
        }
        None if !kind.needs_model() => Ok(None),
        None => provider.default_model().map(|model| Some(model.into())).ok_or_else(|| {
            let message = format!("missing: the call `{kind}` of `{}` needs a model", provider.name());
            context.report.add(&call.key("model"), message)
        }),
    }
}

fn price(field: Field<RawPrice>, context: &Context<'_>) -> Checked<Option<(Price, Place)>> {
    let Some((raw, place)) = field.checked()? else { return Ok(None) };
    let (input, output) = match (raw.input.checked()?, raw.output.checked()?) {
        (Some((Money(input), _)), Some((Money(output), _))) => (input, output),
        (None, None) => return Ok(None),
        (input, _) => {
            let key = if input.is_none() { "input" } else { "output" };
            let message = "missing: a price is of both, input and output";
            return Err(context.report.add(&place.key(key), message));
        }
    };
    Ok(Some((Price { input: input.millionth(), output: output.millionth() }, place)))
}

/// What a paid call may cost: refused without a limit, a price, or room for a single call.
fn budget(
    kind: CallKind,
    model: Option<&str>,
    daily: Option<(Money, Place)>,
    price: Option<(Price, Place)>,
    provider: Dialect,
    call: &Place,
    context: &Context<'_>,
) -> Checked<Option<Budget>> {
    let model = model.unwrap_or_default();
    if !kind.is_paid() {
        let unneeded = daily.map(|(_, place)| place).or(price.map(|(_, place)| place));
        return match unneeded {
            Some(place) => Err(context.report.add(&place, format!("the call `{kind}` costs nothing"))),
            None => Ok(None),
        };
    }
    let price = price.map(|(price, _)| price).or_else(|| provider.price(model)).ok_or_else(|| {
        let message =
            format!("missing: what the model `{model}` of `{}` costs is not known here", provider.name());
        let help = "give US dollars for a million tokens: price: { input: 1, output: 5 }";
        context.report.add_with_help(&call.key("price"), message, help)
    });
    let daily = daily.ok_or_else(|| {
        let message = format!("missing: the call `{kind}` costs money");
        let help = "say how much the target's calls may cost on one day, such as max_daily_cost_usd: 0.10";
        context.report.add_with_help(&call.key("max_daily_cost_usd"), message, help)
    });
    let (price, (Money(daily), place)) = (price?, daily?);
    let most = provider.call(kind, model).and_then(|call| price.cost(call.most)).unwrap_or(Usd::ZERO);
    if most > daily {
        let message = format!("one call of `{model}` may cost {most}, which is more than {daily}");
        return Err(context.report.add(&place, message));
    }
    Ok(Some(Budget { daily, price }))
}

/// Whether a journey that failed is tried again at once.
pub(super) fn retry(field: Field<RawRetry>, context: &Context<'_>) -> Checked<RetryOptions> {
    let (raw, whole) = field.section();
    let default = RetryOptions::default();
    let max_attempts = match raw.max_attempts.checked() {
        Ok(None) => Ok(default.max_attempts),
        Ok(Some((count @ 1..=MOST_ATTEMPTS, _))) => Ok(count),
        Ok(Some((count, place))) => {
            let message = format!("{} is not from 1 to {MOST_ATTEMPTS}", place.show(&count.to_string()));
            Err(context.report.add(&place, message))
        }
        Err(reported) => Err(reported),
    };
    let delay = |field: Field<Time>, default: Duration| match field.checked()? {
        None => Ok((default, None)),
        Some((Time(delay), place)) => {
            let delay = between(delay, &place, Duration::from_millis(1), MAX_INTERVAL, context)?;
            Ok((delay, Some(place)))
        }
    };
    let (base_delay, max_delay) =
        (delay(raw.base_delay, default.base_delay), delay(raw.max_delay, default.max_delay));
    let jitter = raw.jitter.or(RawJitter::Full).map(|jitter| match jitter {
        RawJitter::Full => Jitter::Full,
        RawJitter::None => Jitter::None,
    });
    whole?;
    let ((base_delay, base_at), (max_delay, max_at)) = (base_delay?, max_delay?);
    if base_delay > max_delay
        && let Some(place) = base_at.or(max_at)
    {
        let (base, max) = (shown(base_delay), shown(max_delay));
        let message = format!("the first delay of {base} is longer than the longest of {max}");
        return Err(context.report.add(&place, message));
    }
    Ok(RetryOptions { max_attempts: max_attempts?, base_delay, max_delay, jitter: jitter? })
}

/// The status page that is read, if any.
pub(super) fn status_page(
    field: Field<RawStatusPage>,
    provider: Checked<Dialect>,
    sites: &[Site],
    context: &Context<'_>,
) -> Checked<Option<StatusPageOptions>> {
    let (raw, whole) = field.section();
    let interval = match raw.interval.checked() {
        Ok(None) => Ok(STATUS_PAGE_INTERVAL),
        Ok(Some((Time(interval), place))) => {
            between(interval, &place, Duration::from_secs(60), MAX_INTERVAL, context)
        }
        Err(reported) => Err(reported),
    };
    let url = raw.url.checked();
    let component = raw.component.checked();
    whole?;
    let component = component?.map(|(component, _)| component);
    let own = provider?.status_page().filter(|_| sites.iter().any(|site| site.public));
    let (urls, confidential, known) = match url? {
        Some((url, _)) if url.is_empty() => return Ok(None),
        Some((url, place)) => {
            let endpoint = Endpoint::parse(&url)
                .map_err(|error| context.refuse(&place, &url, "the URL of a status page", &error))?;
            (vec![endpoint.to_string()], place.from_env.is_some(), None)
        }
        None => match own {
            Some(own) => (own.urls.iter().map(|url| (*url).to_owned()).collect(), false, own.component),
            None => return Ok(None),
        },
    };
    let component = component.or_else(|| known.map(str::to_owned));
    Ok(Some(StatusPageOptions { urls, confidential, component, interval: interval? }))
}
