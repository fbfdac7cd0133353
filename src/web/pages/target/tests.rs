//! The page of a target, rendered from results that were made up.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt as _;
use tokio::sync::watch;
use tokio::time::Instant;
use tower::ServiceExt as _;

use super::*;
use crate::board::Board;
use crate::diagnosis::{Change, Facts, Verdict};
use crate::document::{Document, Investigated, samples};
use crate::history::{History, Limits};
use crate::metrics::Metrics;
use crate::outcome::{Failure, Finding, Outcome, Reason, Stage, sample};
use crate::sinks::{Beside, Sinks};
use crate::status_page::{ComponentStatus, PageStatus};
use crate::target::Target;
use crate::web::{Parts, router};

mod drawings;
mod facts;

/// A program that has found this.
struct Program {
    sinks: Sinks,
    state: Arc<WebState>,
}

impl Program {
    fn new() -> Self {
        let metrics = Arc::new(Metrics::new().unwrap());
        let history = Arc::new(History::new(Limits::default()));
        let sinks = Sinks::new(Arc::new(Board::default()), Arc::clone(&history), Arc::clone(&metrics));
        let parts = Parts {
            metrics,
            readiness: Arc::default(),
            events: Arc::clone(sinks.events()),
            knowledge: Arc::clone(sinks.knowledge()),
            history,
            ..crate::web::tests::parts()
        };
        Self { sinks, state: Arc::new(WebState::new(parts, watch::channel(false).1)) }
    }

    fn watch(&self, target: &Arc<Target>) {
        self.sinks.knowledge().watch([target]);
    }

    fn found(&self, found: &Investigated, beside: Beside) {
        let Investigated { target, run, follow_ups, diagnosis } = found;
        let standing = self.sinks.stand(target, run);
        let change = Change { before: None, lasted: None };
        let beside = Beside {
            diagnosis: Some((diagnosis.clone(), Some(change))),
            follow_ups: follow_ups.clone().into(),
            ..beside
        };
        self.sinks.apply(target, &Arc::new(run.clone()), &standing, &beside, Instant::now());
    }

    fn of(found: &Investigated) -> Self {
        let program = Self::new();
        program.watch(&found.target);
        program.found(found, Beside::default());
        program
    }

    async fn get(&self, path: &str) -> (u16, String, String) {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let (parts, body) = router(Arc::clone(&self.state)).oneshot(request).await.unwrap().into_parts();
        let kind = parts.headers["content-type"].to_str().unwrap().to_owned();
        let body = body.collect().await.unwrap().to_bytes();
        (parts.status.as_u16(), kind, String::from_utf8(body.to_vec()).unwrap())
    }

    /// A page that is there.
    async fn page(&self, path: &str) -> String {
        let (status, kind, text) = self.get(path).await;
        assert_eq!((status, &*kind), (200, "text/html; charset=utf-8"), "{path}");
        text
    }
}

fn sample(index: usize) -> Investigated {
    samples::all().remove(index)
}

/// The part of a page between the beginning of a section and that of the next.
fn section<'a>(page: &'a str, id: &str) -> &'a str {
    let begin = page.find(&format!("<section id=\"{id}\"")).unwrap_or_else(|| panic!("no {id}: {page}"));
    let rest = page.get(begin..).unwrap();
    rest.split("</section>").next().unwrap()
}

#[tokio::test]
async fn everything_known_of_a_broken_target_is_told_in_every_language() {
    let found = sample(2);
    let program = Program::of(&found);
    let name = &found.target.name;
    for language in Language::ALL {
        let page = program.page(&format!("/targets/{name}?lang={language}")).await;
        assert!(page.contains(&format!("<html lang=\"{language}\"")));
        assert!(
            page.contains(&format!("<main id=\"main\" data-target=\"{name}\" data-state=\"down\">")),
            "{page}"
        );
        let told = |id: &str, parts: &[&str]| {
            let section = section(&page, id);
            for part in parts {
                assert!(section.contains(part), "{language} {id}: {part}\n{section}");
            }
        };
        let reason = Reason::TlsSniFiltered;
        let summary = crate::diagnosis::summary(reason, language);
        let blame = crate::diagnosis::blame(reason.blame(), language);
        told("verdict", &[summary, blame, "href=\"../docs/reasons.md#tls_sni_filtered\"", "direct · IPv4"]);
        told("verdict", &["<code>openssl s_client -connect 162.159.140.245:443", "id=\"copy-report\""]);
        told("evidence", &["name example.com within 40 ms", "large packets get through", "tls_timeout"]);
        let experiment = crate::diagnosis::experiment(crate::outcome::Experiment::NeutralName, language);
        told("followups", &[experiment, "40 ms", "data-conclusive=\"false\"", "there is no other route"]);
        told("routes", &["data-state=\"failed\"", "data-state=\"not_reached\"", "3.0 s"]);
        told(
            "journeys",
            &["class=\"journey\" data-ok=\"false\"", "<svg class=\"waterfall\"", "the client hello was sent"],
        );
        told("resolvers", &["<table>", "162.159.140.245", "TTL 1m", "NOERROR"]);
        told("certificates", &[Word::NoCertificate.told(language)]);
        told("limits", &[Word::NoLimits.told(language)]);
        told("past", &["<svg class=\"timeline\"", "class=\"down\""]);
        told("turns", &["data-state=\"down\"", "tls_sni_filtered", summary]);
        told("settings", &[Word::Interval.told(language), "system"]);
        told("around", &[Phrase::NameServers.told(language)]);
    }
}

#[tokio::test]
async fn a_target_that_works_and_one_that_is_degraded_are_told() {
    let program = Program::of(&sample(0));
    let page = program.page("/targets/api.anthropic.com").await;
    assert!(page.contains("data-state=\"ok\"><section") || page.contains("data-state=\"ok\">"), "{page}");
    assert!(section(&page, "verdict").contains("Every path works from end to end."));
    assert!(section(&page, "certificates").contains("CN=WE1, O=Google Trust Services, C=US"));
    assert!(section(&page, "routes").contains("data-preferred=\"true\""));
    assert!(section(&page, "journeys").contains("req_011CV"));
    assert!(section(&page, "followups").contains(Word::NoFollowUps.told(Language::English)));

    let found = sample(1);
    let page = Program::of(&found).page(&format!("/targets/{}", found.target.name)).await;
    assert!(page.contains("data-state=\"degraded\""));
    assert!(section(&page, "verdict").contains("IPv6 fails while IPv4 works"));
    assert!(section(&page, "journeys").contains("It worked when it was tried again, in attempt 2."));
    assert!(section(&page, "resolvers").contains("no answer from https://1.1.1.1:443/dns-query within 3 s"));
    assert!(section(&page, "evidence").contains("proxy_env_disagreement"));
}

#[tokio::test]
async fn the_report_is_that_of_diagnose() {
    let found = sample(2);
    let program = Program::of(&found);
    let name = &found.target.name;
    let (status, kind, text) = program.get(&format!("/targets/{name}/report.md?lang=en")).await;
    assert_eq!((status, &*kind), (200, "text/markdown; charset=utf-8"));
    let whole = Document::of(&samples::all()[2..], &program.state.around.now(), Language::English);
    // The clock moves on between the two.
    let but_the_clock = |text: &str| {
        text.lines()
            .filter(|line| !line.contains("Clock") && !line.starts_with("Made by"))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(but_the_clock(&text), but_the_clock(&document::markdown(&whole, Language::English, false)));
    let (_, _, text) = program.get(&format!("/targets/{name}/report.md?lang=zh")).await;
    assert!(text.contains("的诊断"), "{text}");
}

#[tokio::test]
async fn a_target_that_is_not_there_is_not_found() {
    let program = Program::new();
    for path in ["/targets/nobody", "/targets/nobody/report.md", "/targets/%3Cscript%3E"] {
        let (status, kind, text) = program.get(path).await;
        assert_eq!((status, &*kind), (404, "text/html; charset=utf-8"), "{path}");
        assert!(text.contains("There is no target of this name.") && !text.contains("<script>"), "{text}");
    }
    let (_, _, text) = program.get("/targets/nobody?lang=zh").await;
    assert!(text.contains("没有这个名称的目标"), "{text}");
}

#[tokio::test]
async fn a_target_that_was_not_walked_yet_says_so() {
    let program = Program::new();
    let found = sample(0);
    program.watch(&found.target);
    let page = program.page("/targets/api.anthropic.com").await;
    assert!(page.contains("data-target=\"api.anthropic.com\" data-state=\"unknown\""), "{page}");
    assert!(section(&page, "verdict").contains("It was not walked yet"));
    for id in [
        "evidence",
        "followups",
        "past",
        "turns",
        "routes",
        "journeys",
        "resolvers",
        "certificates",
        "limits",
    ] {
        assert!(section(&page, id).contains("class=\"quiet\""), "{id}");
    }
    let (status, _, text) = program.get("/targets/api.anthropic.com/report.md").await;
    assert!(status == 200 && text.contains("not walked yet"), "{text}");
}

#[tokio::test]
async fn every_reason_can_be_shown_in_every_language() {
    for reason in Reason::ALL {
        let mut found = sample(2);
        let verdict = match reason.severity() {
            crate::outcome::Severity::Down => Verdict::Down(*reason),
            crate::outcome::Severity::Degraded => Verdict::Degraded(*reason),
        };
        let diagnosis = &mut found.diagnosis;
        (diagnosis.verdict, diagnosis.layer, diagnosis.blame) =
            (verdict, Some(reason.layer()), Some(reason.blame()));
        diagnosis.facts = Facts::default();
        diagnosis.findings = vec![Finding::new(*reason, "the detail")];
        for outcome in found.run.outcomes.iter_mut().map(Arc::make_mut) {
            outcome.findings = vec![Finding::new(*reason, "the detail")];
        }
        let program = Program::of(&found);
        for language in Language::ALL {
            let page = program.page(&format!("/targets/{}?lang={language}", found.target.name)).await;
            assert!(section(&page, "verdict").contains(reason.label()), "{reason}");
            let summary = crate::diagnosis::summary(*reason, language).replace('\'', "&#39;");
            assert!(section(&page, "evidence").contains(&summary), "{reason} {language}");
            assert!(section(&page, "verdict").contains("class=\"remedy\""), "{reason} {language}");
            assert!(!page.contains('`'), "{reason} {language}: a command without its mark");
        }
    }
}

/// What a peer could say to become part of the page.
const HOSTILE: &str = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}";

fn hostile(outcome: &mut Outcome) {
    let text = || HOSTILE.to_owned();
    outcome.endpoint = HOSTILE.into();
    outcome.path.route = HOSTILE.into();
    outcome.findings.push(Finding::new(Reason::TlsCertExpiring, HOSTILE));
    if let Stage::Passed { evidence, .. } = &mut outcome.stages.dns {
        (evidence.resolver, evidence.rcode, evidence.cnames) = (HOSTILE.into(), Some(text()), vec![text()]);
    }
    if let Stage::Passed { evidence, .. } = &mut outcome.stages.tls {
        (evidence.server_name, evidence.alpn, evidence.cipher) = (text(), Some(text()), Some(text()));
        let chain = Arc::make_mut(evidence.chain.as_mut().unwrap());
        for cert in &mut chain.certificates {
            (cert.subject, cert.issuer, cert.dns_names) = (text(), text(), vec![text(); 9]);
        }
    }
    let mut call = sample::api();
    call.request_id = Some(text());
    let failure = Failure::new(Reason::NotTheApi, HOSTILE);
    outcome.stages.api = Stage::Failed { took: Duration::from_millis(5), failure, evidence: call };
}

#[tokio::test]
async fn what_strangers_say_is_text() {
    let mut found = sample(0);
    found.run.outcomes.iter_mut().map(Arc::make_mut).for_each(hostile);
    for lookup in &mut found.run.lookups {
        lookup.endpoint = HOSTILE.into();
        lookup.stage = found.run.outcomes[0].stages.dns.clone();
    }
    found.diagnosis.verdict = Verdict::Down(Reason::NotTheApi);
    found.diagnosis.findings = vec![Finding::new(Reason::NotTheApi, HOSTILE)];
    found.diagnosis.facts =
        Facts { host: Some(HOSTILE.to_owned()), issuer: Some(HOSTILE.to_owned()), ..Facts::default() };
    let program = Program::new();
    program.watch(&found.target);
    let status = PageStatus {
        component: Some(ComponentStatus::PartialOutage),
        incidents: vec![HOSTILE.to_owned()],
        ..PageStatus::default()
    };
    program.found(&found, Beside { status: Some(status), ..Beside::default() });
    for query in ["", "?lang=zh", "?path=%22%3E%3Cscript%3E&only=%3Cscript%3E&journeys=%3C"] {
        let page = program.page(&format!("/targets/{}{query}", found.target.name)).await;
        assert!(page.matches("&#60;script&#62;alert(1)").count() > 20, "{page}");
        for bad in ["<script>", "<img", "\"'>"] {
            assert!(!page.contains(bad), "{bad}: {page}");
        }
    }
}

#[tokio::test]
async fn nothing_is_inline_and_every_heading_of_a_table_has_its_scope() {
    for found in samples::all() {
        let page = Program::of(&found).page(&format!("/targets/{}", found.target.name)).await;
        for bad in [" style=\"", " onclick", "<style", "javascript:", "http-equiv"] {
            assert!(!page.contains(bad), "{bad}: {page}");
        }
        assert!(page.split("<script").skip(1).all(|script| script.trim_start().starts_with("src=\"")));
        assert!(
            page.split("<th")
                .skip(1)
                .filter(|th| !th.starts_with("ead"))
                .all(|th| th.contains("scope=\"") && th.find("scope=\"") < th.find('>'))
        );
        assert!(
            page.split("<svg")
                .skip(1)
                .all(|svg| svg.contains("aria-hidden=\"true\"") || svg.contains("role=\"img\""))
        );
        let ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        let mut once = ids.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), ids.len(), "{ids:?}");
        for link in page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(ids.contains(&link), "#{link} leads nowhere");
        }
    }
}

#[tokio::test]
async fn the_journeys_that_are_wanted_are_shown() {
    let mut found = sample(1);
    let program = Program::new();
    program.watch(&found.target);
    for _ in 0..18 {
        program.found(&found, Beside::default());
        for outcome in found.run.outcomes.iter_mut().map(Arc::make_mut) {
            outcome.started += Duration::from_secs(30);
        }
    }
    let name = Arc::clone(&found.target.name);
    let shown = async |query: &str| {
        let page = program.page(&format!("/targets/{name}?{query}")).await;
        let section = section(&page, "journeys").to_owned();
        let count = |ok: bool| section.matches(&format!("class=\"journey\" data-ok=\"{ok}\"")).count();
        (count(true), count(false), section)
    };
    let (ok, failed, section) = shown("lang=en").await;
    assert_eq!(ok + failed, 20);
    assert!(section.contains("All (54)") && section.contains("Only failed (18)"), "{section}");
    assert!(
        section.contains("href=\"?lang=en&#38;journeys=100#journeys\"")
            || section.contains("href=\"?lang=en&amp;journeys=100#journeys\""),
        "{section}"
    );
    let (ok, failed, section) = shown("journeys=100").await;
    assert_eq!((ok, failed), (36, 18));
    assert!(!section.contains("More journeys"));
    assert_eq!(shown("only=failed").await.1, 18);
    assert_eq!(shown("only=failed").await.0, 0);
    let (ok, failed, section) = shown("path=direct/ipv4&only=failed").await;
    assert_eq!((ok, failed), (0, 0));
    assert!(section.contains("None of them failed."), "{section}");
    // What is not understood is as if it were not said.
    let (ok, failed, _) = shown("path=nowhere/ipv9&only=x&journeys=-3").await;
    assert_eq!(ok + failed, 20);
}
