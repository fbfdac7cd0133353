//! Words that are not in the catalogue because they are the same in most languages.

use crate::diagnosis::{Language, Phrase};
use crate::outcome::Family;

/// A family by its name.
pub(super) fn family(family: Family, language: Language) -> &'static str {
    match family {
        Family::Ipv4 => "IPv4",
        Family::Ipv6 => "IPv6",
        Family::Any => Phrase::FamilyAny.told(language),
    }
}
