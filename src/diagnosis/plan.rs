//! Which experiments would tell more.

use super::{Case, Diagnosis};
use crate::outcome::Wanted;

/// The experiments that are worth making, the most telling first; none that was made already.
#[must_use]
pub fn wanted(_case: &Case<'_>, _diagnosis: &Diagnosis) -> Vec<Wanted> {
    Vec::new()
}
