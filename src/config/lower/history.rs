//! How much of what was is kept.

use std::time::Duration;

use super::{Context, timing};
use crate::config::Retention;
use crate::config::decode::Field;
use crate::config::problem::Checked;
use crate::config::raw::{MOST_JOURNEYS, Memory, RawHistory, Time};
use crate::units::Size;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Shorter timelines would have slots shorter than most intervals.
const MIN_TIMELINE: Duration = Duration::from_secs(3600);

/// Slots of hours say no more when it was.
const MAX_TIMELINE: Duration = Duration::from_secs(30 * 24 * 3600);

const MIN_MEMORY: Size = Size::mib(1);
const MAX_MEMORY: Size = Size::mib(16 * 1024);

/// What is kept.
pub(super) fn history(field: Field<RawHistory>, context: &Context<'_>) -> Checked<Retention> {
    let (raw, whole) = field.section();
    let default = Retention::default();
    let journeys = count(raw.journeys, default.journeys, context);
    let failures = count(raw.failures, default.failures, context);
    let age = time(raw.age, default.age, (MINUTE, 30 * DAY), context);
    let failure_age = time(raw.failure_age, default.failure_age, (MINUTE, 90 * DAY), context);
    let timeline = time(raw.timeline, default.timeline, (MIN_TIMELINE, MAX_TIMELINE), context);
    let memory = memory(raw.memory, default.memory, context);
    let persist = raw.persist.or(default.persist);
    whole?;
    Ok(Retention {
        journeys: journeys?,
        failures: failures?,
        age: age?,
        failure_age: failure_age?,
        timeline: timeline?,
        memory: memory?,
        persist: persist?,
    })
}

fn count(field: Field<u32>, default: usize, context: &Context<'_>) -> Checked<usize> {
    let Some((count, place)) = field.checked()? else { return Ok(default) };
    usize::try_from(count).ok().filter(|count| *count <= MOST_JOURNEYS).ok_or_else(|| {
        let message = format!("{} is not from 0 to {MOST_JOURNEYS}", place.show(&count.to_string()));
        context.report.add(&place, message)
    })
}

fn time(
    field: Field<Time>,
    default: Duration,
    (min, max): (Duration, Duration),
    context: &Context<'_>,
) -> Checked<Duration> {
    let Some((Time(time), place)) = field.checked()? else { return Ok(default) };
    timing::between(time, &place, min, max, context)
}

fn memory(field: Field<Memory>, default: Size, context: &Context<'_>) -> Checked<Size> {
    let Some((Memory(size), place)) = field.checked()? else { return Ok(default) };
    if (MIN_MEMORY..=MAX_MEMORY).contains(&size) {
        return Ok(size);
    }
    let message = format!("{} is not from {MIN_MEMORY} to {MAX_MEMORY}", place.show(&size.to_string()));
    Err(context.report.add(&place, message))
}

#[cfg(test)]
mod tests {
    use crate::config::{Env, Retention, load_text};
    use crate::units::Size;

    fn load(history: &str) -> Result<Retention, String> {
        let text = format!("{history}\ntargets: [{{ name: a, provider: http, url: https://a.example }}]\n");
        let config = load_text(&text, &Env::of::<&str, &str>([]));
        config.map(|config| config.history).map_err(|problems| problems.to_string())
    }

    #[test]
    fn what_is_not_said_is_as_by_default() {
        assert_eq!(load(""), Ok(Retention::default()));
        assert_eq!(load("history: {}"), Ok(Retention::default()));
        let given = load("history: { journeys: 0, memory: 2GiB, persist: false }");
        let expected =
            Retention { journeys: 0, memory: Size::mib(2048), persist: false, ..Retention::default() };
        assert_eq!(given, Ok(expected));
    }

    #[test]
    fn what_cannot_be_kept_is_refused_all_at_once() {
        let problems = load(
            "history: { journeys: 1001, failures: -1, age: 1s, failure_age: 91d, timeline: 59m, memory: 64MB, persist: 3 }",
        )
        .unwrap_err();
        for said in [
            "history.journeys: \"1001\" is not from 0 to 1000",
            "history.failures:",
            "history.age: \"1s\" is not from 1m to 30d",
            "history.failure_age: \"91d\" is not from 1m to 90d",
            "history.timeline: \"59m\" is not from 1h to 30d",
            "history.memory: \"64MB\" is not an amount of memory",
            "history.persist:",
        ] {
            assert!(problems.contains(said), "{said}: {problems}");
        }
        assert!(
            load("history: { memory: 512KiB }").unwrap_err().contains("\"512KiB\" is not from 1MiB to 16GiB")
        );
    }
}
