//! What speaks for the verdict, what was ruled out, what else was found, and the experiments.

use super::moment::took;
use super::telling::{LayerName, Telling};
use crate::diagnosis;
use crate::document::TargetPart;
use crate::outcome::Severity;
use crate::web::pages::Word;

/// The evidence.
#[derive(Debug)]
pub(super) struct Evidence {
    pub(super) speaks: Vec<String>,
    pub(super) ruled_out: Vec<String>,
    pub(super) findings: Vec<Finding>,
    pub(super) followups: Vec<FollowUp>,
    /// What is said where there is none.
    pub(super) nothing: &'static str,
}

/// Something that is not as it should be.
#[derive(Debug)]
pub(super) struct Finding {
    /// Whether it makes a journey fail.
    pub(super) hard: bool,
    pub(super) reason: &'static str,
    pub(super) layer: LayerName,
    pub(super) summary: &'static str,
    pub(super) detail: String,
}

/// An experiment.
#[derive(Debug)]
pub(super) struct FollowUp {
    pub(super) name: &'static str,
    pub(super) conclusive: bool,
    pub(super) result: String,
    pub(super) one: String,
    pub(super) other: String,
    pub(super) took: String,
}

impl Evidence {
    pub(super) fn of(part: Option<&TargetPart>, telling: &Telling<'_>) -> Self {
        let Some(part) = part else {
            let [speaks, ruled_out] = [Vec::new(), Vec::new()];
            let (findings, followups) = (Vec::new(), Vec::new());
            return Self { speaks, ruled_out, findings, followups, nothing: telling.word(Word::NothingYet) };
        };
        let findings = part.findings.iter().map(|found| Finding {
            hard: found.reason.0.severity() == Severity::Down,
            reason: found.reason.0.label(),
            layer: telling.layer(found.layer.0),
            summary: telling.summary(found.reason.0),
            detail: found.detail.clone(),
        });
        let followups = part.followups.iter().map(|made| {
            let [one, other] = made.tells.clone();
            FollowUp {
                name: diagnosis::experiment(made.name.0, telling.language),
                conclusive: made.conclusive,
                result: made.result.clone(),
                one,
                other,
                took: took(made.seconds),
            }
        });
        Self {
            speaks: part.evidence.clone(),
            ruled_out: part.ruled_out.clone(),
            findings: findings.collect(),
            followups: followups.collect(),
            nothing: telling.word(Word::NothingWrong),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.speaks.is_empty() && self.ruled_out.is_empty() && self.findings.is_empty()
    }
}
