//! Two canaries that between them have everything a board may want to show, and a Prometheus that scrapes them.

use std::net::SocketAddr;

use api_canary::simulate::{Fault, Options};

use crate::canary::Canary;
use crate::dashboards::variables::Variables;
use crate::peers::process::closed_port;
use crate::prometheus::server::Prometheus;
use crate::scene::Scene;
use crate::status::{SUMMARY, page};
use crate::workspace::wait_for;

/// The target where all is well.
pub(super) const HEALTHY: &str = "claude";

/// One target a class of faults, named after its fault, with what is to be said of it: verdict, layer, blame.
pub(super) const FAULTS: &[(&str, [&str; 3])] = &[
    ("dns-nxdomain", ["dns_nxdomain", "dns", "config"]),
    ("tcp-refused", ["tcp_refused", "tcp", "network"]),
    ("proxy-denied", ["proxy_denied", "proxy", "proxy"]),
    ("tls-expired", ["tls_cert_expired", "tls", "provider"]),
    ("tls-expiring", ["tls_cert_expiring", "tls", "provider"]),
    ("http-401-keyed", ["auth_invalid", "api", "account"]),
    ("http-429", ["rate_limited", "api", "account"]),
    ("http-529", ["provider_overloaded", "api", "provider"]),
    ("stream-stall", ["stream_stalled", "api", "provider"]),
];

/// Targets with something that few have: several endpoints and a status page; a second attempt; a connection of an ordinary
/// client; a dead resolver and unexpected addresses; public trust (of the second canary); a fault that comes later.
pub(super) const SPECIAL: &[&str] = &["endpoints", "retried", "reused", "odd", "public", LATE];

/// The one whose fault comes later, so that what grows with it grows while it is scraped.
const LATE: &str = "late";

/// One that works for the first canary and not for the second.
pub(super) const DISPUTED: &str = "disputed";

/// A target of no canary, for what this scene cannot bring about: signed zones, and a port 80.
pub(super) const WRITTEN: &str = "written";
const WRITTEN_SERIES: &str = "\
dns_answer_secure{target=\"written\",resolver=\"sim\",record_type=\"A\"} 1
probe_http_redirects_to_https{target=\"written\",route=\"direct\",family=\"ipv4\"} 1
";

const KEY: (&str, &str) = ("SIM_KEY", "sk-ant-sim-valid");

/// The canaries and the Prometheus that scrapes them.
pub(super) struct Watched {
    pub(super) prometheus: Prometheus,
    pub(super) canaries: [Canary; 2],
    scene: Scene,
}

impl Watched {
    pub(super) async fn start() -> Self {
        let scene = Scene::with(Options { api_key: KEY.1.to_owned(), ..Options::default() }).await;
        let (status, _) = page("200 OK", "application/json", SUMMARY).await;
        let disputed = |host: &str| scene.target(DISPUTED, host, COMMON);
        let mut targets = targets(&scene, status);
        let healthy = targets[0].clone();
        targets.push(disputed("fine"));
        let write = |name: &str, vantage: &str, targets: &[String]| {
            let proxy = scene.simulator.proxy_address();
            let more = format!(
                "  dead: {{ address: \"udp://127.0.0.1:{}\" }}\nroutes: {{ corp: {{ proxy: \"http://{proxy}\" }} }}\ndefaults:",
                closed_port()
            );
            let text = scene.text("interval: 1s, timeout: 800ms", targets).replacen("defaults:", &more, 1);
            scene.workspace.write(name, &format!("{vantage}{text}"))
        };
        let first = write("first.yml", "vantage: office\n", &targets);
        // Beside others it would look as if somebody intercepted them all.
        let public = scene.target("public", "public", COMMON);
        let public = public.replace(&format!("ca_file: {}", scene.ca().display()), "");
        let second = write("second.yml", "", &[healthy, disputed("tcp-refused"), public]);
        let kept = |name: &str| format!("--state.directory={}", scene.workspace.path().join(name).display());
        let first = Canary::start_with(&first, &[&kept("one")], &[KEY]).await;
        let second = Canary::start_with(&second, &[&kept("two")], &[KEY]).await;
        let scraped = [first.address(), second.address(), written().await];
        let prometheus = Prometheus::start_with(scene.workspace.path(), &scraped, &[]).await;
        Self { prometheus, canaries: [first, second], scene }
    }

    /// Waits until every target has been walked and scraped often enough for rates, and every fault has been told.
    pub(super) async fn ready(&self) {
        // The healthy one and the disputed one twice.
        let targets = 2 + 2 + FAULTS.len() + SPECIAL.len();
        for (what, query, wanted) in [
            ("runs", "count(target_runs_total > 3)", targets),
            ("scrapes", "count(count_over_time(target_up[1m]) > 5)", targets),
            ("streams", "count(api_time_to_first_token_seconds_count{target=\"claude\"} > 3)", 4),
        ] {
            self.wait(what, query, wanted).await;
        }
        for (fault, [verdict, layer, blame]) in FAULTS {
            let labels =
                format!("target=\"{fault}\",verdict=\"{verdict}\",layer=\"{layer}\",blame=\"{blame}\"");
            self.wait(fault, &format!("count(target_diagnosis_info{{{labels}}})"), 1).await;
        }
        self.scene.simulator.set_fault("late.sim.test", Fault::TlsReset);
        self.wait("experiments", "count(increase(api_canary_follow_ups_total[1m]) > 0)", 1).await;
    }

    async fn wait(&self, what: &str, query: &str, wanted: usize) {
        wait_for(what, || async {
            let found = self.prometheus.value(query).await.unwrap_or_default();
            if found >= f64::from(u32::try_from(wanted).unwrap()) {
                return Ok(());
            }
            let told = self.prometheus.query("target_diagnosis_info").await;
            let told = told.iter().map(|(labels, _)| {
                format!("{} {} {} {}", labels["target"], labels["verdict"], labels["layer"], labels["blame"])
            });
            Err(format!("{query} is {found} of {wanted}; {:?}", told.collect::<Vec<_>>()))
        })
        .await;
    }

    /// The values that a viewer has chosen: everything.
    pub(super) fn all() -> Variables {
        let everything = [("job", ".+"), ("instance", ".+"), ("target", ".+"), ("objective", "99.5")];
        everything.iter().fold(Variables::default(), |chosen, (name, value)| chosen.with(name, value))
    }

    /// One of each, as Grafana escapes them.
    pub(super) fn one(&self) -> Variables {
        let instance = self.canaries[0].address().to_string().replace('.', "\\\\.");
        Self::all().with("job", "canary").with("instance", &instance).with("target", HEALTHY)
    }
}

const COMMON: &str = ", api_key: { env: SIM_KEY }, expected_networks: [], resolvers: [sim, sim-tcp]";

/// What the first canary watches, the healthy one first.
fn targets(scene: &Scene, status: SocketAddr) -> Vec<String> {
    let target = |name: &str, host: &str, more: &str| scene.target(name, host, &format!("{COMMON}, {more}"));
    let slo = "slo: { objective: 99.5, latency: 2s }";
    let stream = "call: { kind: stream, max_daily_cost_usd: 100 }";
    let port = scene.simulator.api_address().port();
    let status = format!("status_page: {{ url: \"http://{status}/api/v2/summary.json\", component: abc }}");
    let ca = format!("ca_file: {}", scene.ca().display());
    let mut targets = vec![
        target(HEALTHY, "api", &format!("{stream}, {slo}, routes: [direct, corp]")),
        target("retried", "http-500", "retry: { max_attempts: 2, base_delay: 10ms }"),
        target("reused", "reused", "call: { kind: models, connection: reused }"),
        target(LATE, LATE, slo),
        target("endpoints", "URL", &format!("{status}, addresses: all")).replace(
            &format!("url: \"https://URL.sim.test:{port}\""),
            &format!("endpoints: [\"https://a.sim.test:{port}\", \"https://b.sim.test:{port}\"]"),
        ),
        target("odd", "odd", slo)
            .replace("sim-tcp]", "dead]")
            .replace("networks: []", "networks: [192.0.2.0/24]")
            .replace(&ca, &format!("{ca}, refuse_older: true")),
    ];
    for (fault, _) in FAULTS {
        let more = match *fault {
            "stream-stall" => stream,
            "proxy-denied" => "routes: [corp]",
            _ => slo,
        };
        targets.push(target(fault, fault, more));
    }
    targets
}

/// An address with the series that no canary of this scene has.
async fn written() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = axum::Router::new().route("/metrics", axum::routing::get(|| async { WRITTEN_SERIES }));
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}
