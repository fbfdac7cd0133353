//! What was found of targets, as data: what `diagnose --json` prints and the JSON API answers, and what stories, pages and
//! reports are told from.
//!
//! Promises: keys, and names in them, stay; what is absent is `null`; texts are in the chosen language, but for the details
//! of failures, which are in the words of the journey. The types are the schema.

mod around;
mod environment;
#[cfg(test)]
pub(crate) mod generated;
mod journey;
mod label;
mod layers;
mod limits;
mod problem;
mod report;
mod resolvers;
mod state;
pub mod texts;
mod trials;
mod watched;

use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock;
use crate::diagnosis::{self, Diagnosis, Language, Phrase, Verdict};
use crate::outcome::{
    Blame, CertFacts, Experiment, Family, Finding, FollowUp, Layer, Outcome, Reason, Run, Trial,
};
use crate::surroundings::Surroundings;
use crate::target::Target;
pub use around::{rows, target_lines};
pub use environment::{Environment, NameServers, ProxyPart, TrustPart, Variable, WayOutPart};
pub use journey::{JourneyPart, PhasePart};
pub use label::{Label, Labelled, Readable};
pub use layers::{LayerPart, LayerState};
pub use limits::{CallPart, RateLimitPart, StatusPagePart};
pub use problem::Problem;
pub use report::markdown;
pub use resolvers::{ResolverPart, of as resolver_parts};
pub use state::State;
pub use watched::{
    AddressPart, CertificateEnd, EndpointPart, Journeys, ShardPart, StateCounts, TurnPart, WatchedDetail,
    WatchedTarget, WatchedTargets,
};

/// The exit code where a target works, but not as it should.
const EXIT_DEGRADED: u8 = 1;

/// What was found of one target.
#[derive(Debug)]
pub struct Investigated {
    /// The target.
    pub target: Arc<Target>,
    /// The run of all its paths.
    pub run: Run,
    /// The experiments made after it, in the order they were made.
    pub follow_ups: Vec<FollowUp>,
    /// What it comes to.
    pub diagnosis: Diagnosis,
}

/// What `api-canary diagnose --json` prints.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Document {
    /// The targets, in the order asked for.
    pub targets: Vec<TargetPart>,
    /// The exit code of the program: 0 all works, 1 degraded, and by the layer of the first target that is down 10 `dns`,
    /// 11 `tcp`, 12 `proxy`, 13 `tls`, 14 `api`.
    pub exit_code: u8,
}

/// One target.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct TargetPart {
    /// Its name.
    pub target: String,
    /// The endpoint that the verdict is about, without its query.
    pub url: String,
    /// `ok`, or the reason; docs/reasons.md tells of each.
    pub verdict: Label<Verdict>,
    /// The layer of the trouble; `null` where there is none.
    pub layer: Option<Label<Layer>>,
    /// Who must act; `null` where nobody must.
    pub blame: Option<Label<Blame>>,
    /// Whether it works in spite of the reason.
    pub degraded: bool,
    /// The verdict in one sentence.
    pub summary: String,
    /// What to do; `null` where there is nothing.
    pub remedy: Option<String>,
    /// Everything that is not as it should be, the verdict's own finding first.
    pub findings: Vec<FindingPart>,
    /// The experiments made after the journeys.
    pub followups: Vec<FollowUpPart>,
    /// One journey a path and endpoint.
    pub paths: Vec<PathPart>,
    /// What each resolver said.
    pub resolvers: Vec<ResolverPart>,
    /// What is around the program, as far as it decides how calls leave.
    pub environment: Environment,
    /// What speaks for the verdict, the most telling first.
    pub evidence: Vec<String>,
    /// What was thought of and is not so.
    pub ruled_out: Vec<String>,
    /// The certificates that were presented, the server's own first; each once.
    pub certificates: Vec<CertificatePart>,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FindingPart {
    /// The reason.
    pub reason: Label<Reason>,
    /// Its layer.
    pub layer: Label<Layer>,
    /// What was tried, on what, and what came back.
    pub detail: String,
}

/// One experiment.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct FollowUpPart {
    /// Its name.
    pub name: Label<Experiment>,
    /// Whether anything came of it.
    pub conclusive: bool,
    /// What came of it, or why nothing did.
    pub result: String,
    /// The two things that it tells apart.
    pub tells: [String; 2],
    /// How long it took.
    pub seconds: f64,
}

/// One journey.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct PathPart {
    /// The route.
    pub route: String,
    /// The family.
    pub family: Label<Family>,
    /// Whether it reached the top and every expectation held, be it when tried again.
    pub ok: bool,
    /// All five layers, lowest first.
    pub layers: Vec<LayerPart>,
    /// The endpoint, without its query.
    pub endpoint: String,
    /// The attempt that succeeded, where the first one did not; `null` otherwise.
    pub succeeded_in_attempt: Option<usize>,
    /// How long what came for it waited for this canary, which was busy; the times of the layers are without it, as far as
    /// the kernel tells.
    pub late_seconds: f64,
    /// Whether that is so much (10 ms, and a tenth of the journey) that the canary itself was slow.
    pub canary_slow: bool,
}

/// One certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CertificatePart {
    /// The subject, in the style of RFC 4514.
    pub subject: String,
    /// The issuer, in the same style.
    pub issuer: String,
    /// The DNS names it is for.
    pub names: Vec<String>,
    /// From when it is valid.
    pub not_before: String,
    /// Until when.
    pub not_after: String,
    /// SHA-256 of it, in hex.
    pub fingerprint_sha256: String,
}

impl Document {
    /// The document of what was found.
    pub fn of(found: &[Investigated], surroundings: &Surroundings, language: Language) -> Self {
        Self {
            targets: found.iter().map(|found| TargetPart::of(found, surroundings, language)).collect(),
            exit_code: exit_code(found.iter().map(|found| &found.diagnosis)),
        }
    }

    /// The document as it is printed.
    pub fn json(&self) -> Result<String, serde_json::Error> {
        Ok(format!("{}\n", serde_json::to_string_pretty(self)?))
    }

    /// Every text in it that can hold a name or an address.
    pub fn texts(&mut self, each: &mut impl FnMut(&mut String)) {
        for target in &mut self.targets {
            target.texts(each);
        }
    }
}

/// What is said in one sentence of a target that works.
#[must_use]
pub fn all_works(target: &Target, language: Language) -> String {
    if target.top == Layer::Api {
        return Phrase::AllWorks.told(language).to_owned();
    }
    let layer = match target.top {
        Layer::Tcp | Layer::Proxy => Layer::Tcp,
        top @ (Layer::Dns | Layer::Tls | Layer::Api) => top,
    };
    Phrase::AllWorksUpTo.fill(language, &[("layer", diagnosis::layer(layer, language))])
}

impl TargetPart {
    fn of(found: &Investigated, surroundings: &Surroundings, language: Language) -> Self {
        let Investigated { target, run, follow_ups, diagnosis } = found;
        let first = target.sites.first().map(|site| &site.endpoint);
        let seen = diagnosis.seen.as_ref().map(|seen| seen.endpoint.to_string());
        let reason = diagnosis.verdict.reason();
        let remedy = reason.map(|reason| diagnosis::remedy(reason, &diagnosis.facts, language));
        let tell = |lines: &[diagnosis::Say]| lines.iter().map(|say| say.tell(language)).collect();
        Self {
            target: target.name.to_string(),
            url: seen.or_else(|| first.map(|endpoint| endpoint.shown())).unwrap_or_default(),
            verdict: Label(diagnosis.verdict),
            layer: diagnosis.layer.map(Label),
            blame: diagnosis.blame.map(Label),
            degraded: matches!(diagnosis.verdict, Verdict::Degraded(_)),
            summary: reason.map_or_else(
                || all_works(target, language),
                |reason| diagnosis::summary(reason, language).to_owned(),
            ),
            remedy: remedy.filter(|remedy| !remedy.is_empty()),
            findings: diagnosis.findings.iter().map(FindingPart::of).collect(),
            followups: FollowUpPart::all(follow_ups, run.outcomes.iter().map(Arc::as_ref), language),
            paths: run.outcomes.iter().map(|outcome| PathPart::of(outcome, language)).collect(),
            resolvers: resolvers::of(&run.lookups, follow_ups),
            environment: Environment::of(surroundings, target),
            evidence: tell(&diagnosis.evidence),
            ruled_out: tell(&diagnosis.ruled_out),
            certificates: certificates(run.outcomes.iter().map(Arc::as_ref)),
        }
    }

    fn texts(&mut self, each: &mut impl FnMut(&mut String)) {
        for text in [&mut self.target, &mut self.url, &mut self.summary] {
            each(text);
        }
        self.remedy.iter_mut().for_each(&mut *each);
        self.findings.iter_mut().for_each(|finding| each(&mut finding.detail));
        for made in &mut self.followups {
            each(&mut made.result);
        }
        for path in &mut self.paths {
            each(&mut path.route);
            each(&mut path.endpoint);
            path.layers.iter_mut().filter_map(|layer| layer.detail.as_mut()).for_each(&mut *each);
        }
        self.resolvers.iter_mut().for_each(|resolver| resolver.texts(each));
        self.environment.texts(each);
        self.evidence.iter_mut().chain(&mut self.ruled_out).for_each(&mut *each);
        for certificate in &mut self.certificates {
            each(&mut certificate.subject);
            each(&mut certificate.issuer);
            certificate.names.iter_mut().for_each(&mut *each);
        }
    }
}

impl FindingPart {
    /// The part of a finding.
    #[must_use]
    pub fn of(Finding(failure): &Finding) -> Self {
        Self {
            reason: Label(failure.reason),
            layer: Label(failure.reason.layer()),
            detail: failure.detail.clone(),
        }
    }
}

impl FollowUpPart {
    /// The parts of experiments that were made after these journeys.
    pub fn all<'a>(
        made: &[FollowUp],
        outcomes: impl IntoIterator<Item = &'a Outcome>,
        language: Language,
    ) -> Vec<Self> {
        let failing = outcomes.into_iter().filter(|outcome| !outcome.success_in_the_end());
        let known: Vec<Reason> =
            failing.filter_map(|outcome| Some(outcome.trouble()?.failure.reason)).collect();
        made.iter().map(|made| Self::of(made, &known, language)).collect()
    }

    fn of(made: &FollowUp, known: &[Reason], language: Language) -> Self {
        let experiment = made.wanted.experiment;
        let (one, other) = diagnosis::tells(experiment, language);
        Self {
            name: Label(experiment),
            conclusive: !matches!(made.trial, Trial::Unknown(_)),
            result: trials::result(&made.trial, known, language),
            tells: [one.to_owned(), other.to_owned()],
            seconds: made.took.as_secs_f64(),
        }
    }
}

impl PathPart {
    fn of(outcome: &Outcome, language: Language) -> Self {
        let again = !outcome.success() && outcome.success_in_the_end();
        Self {
            route: outcome.path.route.to_string(),
            family: Label(outcome.path.family),
            ok: outcome.success_in_the_end(),
            layers: layers::of(outcome, language),
            endpoint: outcome.endpoint.to_string(),
            succeeded_in_attempt: again.then(|| outcome.retries.len() + 1),
            late_seconds: outcome.late.as_secs_f64(),
            canary_slow: outcome.canary_slow(),
        }
    }
}

/// The exit code: of the first target that is down, else of one that is degraded.
fn exit_code<'a>(diagnoses: impl Iterator<Item = &'a Diagnosis>) -> u8 {
    let mut code = 0;
    for diagnosis in diagnoses {
        match diagnosis.verdict {
            Verdict::Ok => {}
            Verdict::Degraded(_) => code = EXIT_DEGRADED,
            Verdict::Down(reason) => {
                return match diagnosis.layer.unwrap_or(reason.layer()) {
                    Layer::Dns => 10,
                    Layer::Tcp => 11,
                    Layer::Proxy => 12,
                    Layer::Tls => 13,
                    Layer::Api => 14,
                };
            }
        }
    }
    code
}

/// The certificates of all journeys, each once.
pub fn certificates<'a>(outcomes: impl IntoIterator<Item = &'a Outcome>) -> Vec<CertificatePart> {
    let chains = outcomes.into_iter().filter_map(|outcome| outcome.stages.tls.evidence()?.chain.as_ref());
    let mut parts: Vec<CertificatePart> = Vec::new();
    for part in chains.flat_map(|chain| &chain.certificates).map(certificate) {
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    parts
}

fn certificate(facts: &CertFacts) -> CertificatePart {
    CertificatePart {
        subject: facts.subject.clone(),
        issuer: facts.issuer.clone(),
        names: facts.dns_names.clone(),
        not_before: clock::rfc3339(facts.not_before),
        not_after: clock::rfc3339(facts.not_after),
        fingerprint_sha256: facts.fingerprint_sha256.clone(),
    }
}

/// A duration as people say it: three figures are more than enough.
pub fn time(took: Duration) -> String {
    let seconds = took.as_secs_f64();
    match seconds * 1000.0 {
        // Loopback and what is remembered are faster than a tenth of a millisecond.
        ms if ms < 0.095 => format!("{:.0} µs", ms * 1000.0),
        ms if ms < 0.95 => format!("{ms:.1} ms"),
        ms if ms < 999.5 => format!("{ms:.0} ms"),
        _ if seconds < 9.95 => format!("{seconds:.1} s"),
        _ => format!("{seconds:.0} s"),
    }
}

#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
pub(crate) mod tests;
