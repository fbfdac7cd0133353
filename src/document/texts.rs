//! Words and marks that are not in the catalogue because they hold no words of a language.

use std::time::Duration;

use super::time;
use crate::diagnosis::{Language, Phrase};
use crate::outcome::Family;

/// A family by its name.
pub fn family(family: Family, language: Language) -> &'static str {
    match family {
        Family::Ipv4 => "IPv4",
        Family::Ipv6 => "IPv6",
        Family::Any => Phrase::FamilyAny.told(language),
    }
}

/// That the canary itself was late by so many seconds in a journey.
pub fn canary_slow(late: f64, language: Language) -> String {
    let late = Duration::try_from_secs_f64(late).unwrap_or_default();
    Phrase::CanarySlow.fill(language, &[("late", &time(late))])
}

/// What stands between the items of a list.
pub fn comma(language: Language) -> &'static str {
    match language {
        Language::English => ", ",
        Language::Chinese => "、",
    }
}

/// What stands between a name and what is said of it.
pub fn colon(language: Language) -> &'static str {
    match language {
        Language::English => ": ",
        Language::Chinese => "：",
    }
}
