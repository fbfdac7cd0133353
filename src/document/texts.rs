//! Words and marks that are not in the catalogue because they hold no words of a language.

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
