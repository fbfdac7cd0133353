//! The page of a target and its report, of the real binary that watches simulated faults.

use api_canary::simulate::Options;

use crate::canary::Canary;
use crate::scene::Scene;
use crate::workspace::wait_for;

const KEY: &str = "sk-ant-target-page-secret";

/// A page once it says this.
async fn told(canary: &Canary, path: &str, words: &[&str]) -> String {
    wait_for(&format!("{words:?} on {path}"), || async {
        let page = canary.ask("GET", path, &[]).await;
        let missing = words.iter().find(|words| !page.text().contains(**words));
        match missing {
            None if page.status == 200 => Ok(page.text().to_owned()),
            _ => Err(format!("{missing:?} is not in {}", page.text())),
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_tells_what_is_wrong_with_a_target() {
    let scene = Scene::with(Options { api_key: KEY.to_owned(), ..Options::default() }).await;
    let keyed = ", api_key: { env: TEST_KEY }, families: [ipv4]";
    let targets = [
        scene.target("good", "healthy", &format!("{keyed}, resolvers: [sim, sim-tcp]")),
        scene.target("old", "tls-expired", keyed),
        scene.target("full", "http-429", keyed),
        scene.target("nameless", "dns-nxdomain", keyed),
        scene.target("late", "healthy", ", interval: 1h"),
    ];
    let config = scene.config("interval: 2s, timeout: 1s", &targets);
    let canary = Canary::start_with(&config, &[], &[("TEST_KEY", KEY)]).await;

    let good =
        told(&canary, "/targets/good", &["data-state=\"ok\"", "class=\"journey\" data-ok=\"true\""]).await;
    for part in [
        "Every path works from end to end.",
        "sim-tcp</th>",
        "NOERROR",
        "CN=sim.test",
        "Leads to a trusted root: passed",
        "TLS_AES_256_GCM_SHA384",
        "<code>requests</code>",
        "<svg class=\"waterfall\"",
        "<svg class=\"timeline\"",
    ] {
        assert!(good.contains(part), "{part}: {good}");
    }
    let old = told(&canary, "/targets/old", &["tls_cert_expired", "data-state=\"down\""]).await;
    for part in
        ["the certificate has expired", "In its dates: tls_cert_expired", " ago</span>", "data-ok=\"false\""]
    {
        assert!(old.contains(part), "{part}: {old}");
    }
    told(
        &canary,
        "/targets/full",
        &["rate_limited", "The API asked to wait for", "because the API asked to wait"],
    )
    .await;
    let zh = told(&canary, "/targets/nameless?lang=zh", &["dns_nxdomain", "应由谁处理"]).await;
    assert!(zh.contains("NXDOMAIN") && zh.contains("<html lang=\"zh\""), "{zh}");
    let failed = told(&canary, "/targets/nameless?only=failed", &["Only failed"]).await;
    assert!(!failed.contains("class=\"journey\" data-ok=\"true\""), "{failed}");

    let report = canary.ask("GET", "/targets/old/report.md", &[]).await;
    assert_eq!(report.header("content-type"), "text/markdown; charset=utf-8");
    for part in ["# Diagnosis of old\n", "`tls_cert_expired`", "### Certificates"] {
        assert!(report.text().contains(part), "{part}: {}", report.text());
    }
    let unknown = canary.ask("GET", "/targets/nobody", &[]).await;
    assert_eq!((unknown.status, unknown.header("x-frame-options")), (404, "DENY"));
    for name in ["target.css", "target.js"] {
        assert_eq!(canary.get(&format!("/assets/{name}")).await.0, 200, "{name}");
    }
    for page in [&good, &old, report.text()] {
        assert!(!page.contains(KEY));
    }
}
