//! What may break a rule of the lint, and why.

use super::lint::Exclusion;

pub(crate) const EXCLUSIONS: &[Exclusion] = &[
    Exclusion {
        rule: "rate-window",
        place: "api-canary-overview: Error budget of every target, least left first/B",
        reason: "An objective holds for thirty days, whatever range is looked at.",
    },
    Exclusion {
        rule: "rate-window",
        place: "api-canary-overview: Error budget of every target, least left first/C",
        reason: "The burn rate of an hour is what a page would go by.",
    },
    Exclusion {
        rule: "rate-window",
        place: "api-canary-overview: Error budget of every target, least left first/D",
        reason: "The burn rate of six hours is what a ticket would go by.",
    },
    Exclusion {
        rule: "rate-window",
        place: "api-canary-overview: Burn rate over an hour, highest ten/A",
        reason: "The burn rate of an hour is what a page would go by.",
    },
    Exclusion {
        rule: "rate-window",
        place: "api-canary-canary: Spent in an hour, dearest ten/A",
        reason: "US dollars in an hour are what the title says, whatever the step.",
    },
];
