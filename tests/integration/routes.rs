//! Routes with the real binary: real proxies with nginx behind them, the proxy variables, and which route is preferred.

use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use api_canary::simulate::{Fault, Options, Simulator};

use crate::canary::{Canary, binary, run};
use crate::exposition::Samples;
use crate::peers::authority::Authority;
use crate::peers::nginx::Nginx;
use crate::peers::process::closed_port;
use crate::peers::proxies::Proxy;
use crate::scene::Scene;
use crate::workspace::{Workspace, wait_for};

/// The password of every proxy here; it must show nowhere.
const PASSWORD: &str = "hunter2";

/// `canary:hunter2` as HTTP sends it.
const TOKEN: &str = "Y2FuYXJ5Omh1bnRlcjI=";

fn reasons(samples: &Samples, route: &str) -> Vec<String> {
    samples.label("probe_failures_total", &[("target", "api"), ("route", route)], "reason")
}

#[tokio::test(flavor = "multi_thread")]
async fn real_proxies_are_walked_through_and_what_each_refuses_has_its_reason() {
    let workspace = Workspace::new();
    let directory = workspace.path();
    let authority = Authority::new(directory);
    let nginx = Nginx::start(directory, &authority).await;
    let open = Proxy::tinyproxy(directory, "open", "").await;
    let guarded = Proxy::tinyproxy(directory, "guarded", &format!("BasicAuth canary {PASSWORD}")).await;
    let narrow = Proxy::tinyproxy(directory, "narrow", "ConnectPort 1").await;
    let socks = Proxy::microsocks(directory, "socks", &[]).await;
    let keyed = Proxy::microsocks(directory, "keyed", &["-u", "canary", "-P", PASSWORD]).await;
    let right = format!("canary:{PASSWORD}@");
    let routes = [
        ("open", format!("http://{}", open.address), Ok("any")),
        ("guarded", format!("http://{right}{}", guarded.address), Ok("any")),
        ("socks", format!("socks5://{}", socks.address), Ok("ipv4")),
        ("socks-name", format!("socks5h://{}", socks.address), Ok("any")),
        ("keyed", format!("socks5h://{right}{}", keyed.address), Ok("any")),
        ("no-password", format!("http://{}", guarded.address), Err("proxy_auth_required")),
        ("wrong-password", format!("http://canary:wrong@{}", guarded.address), Err("proxy_auth_required")),
        ("socks-no-password", format!("socks5h://{}", keyed.address), Err("proxy_auth_required")),
        ("socks-wrong", format!("socks5h://canary:wrong@{}", keyed.address), Err("proxy_auth_required")),
        ("narrow", format!("http://{}", narrow.address), Err("proxy_denied")),
        ("gone", format!("http://127.0.0.1:{}", closed_port()), Err("proxy_unreachable")),
        ("socks-gone", format!("socks5h://127.0.0.1:{}", closed_port()), Err("proxy_unreachable")),
        ("no-such-name", "http://proxy.invalid.:3128".to_owned(), Err("proxy_unreachable")),
        ("tls-port", format!("http://{}", nginx.h1), Err("proxy_protocol")),
        ("http-as-socks", format!("socks5h://{}", nginx.plain), Err("proxy_protocol")),
        ("socks-as-http", format!("http://{}", socks.address), Err("proxy_protocol")),
    ];
    let names: Vec<&str> = routes.iter().map(|(name, ..)| *name).collect();
    let mut text = String::from("routes:\n");
    for (name, url, _) in &routes {
        writeln!(text, "  {name}: {{ proxy: \"{url}\" }}").unwrap();
    }
    let (root, target) = (authority.root(), closed_port());
    write!(
        text,
        "defaults: {{ interval: 3s, timeout: 3s }}\ntargets:\n\
         - name: api\n  provider: anthropic\n  url: \"https://{}\"\n  routes: [{}]\n\
         \x20 tls: {{ ca_file: {}, server_name: healthy.peers.test }}\n\
         - name: closed\n  provider: http\n  url: \"http://127.0.0.1:{target}\"\n  routes: [open, socks]\n",
        nginx.h2,
        names.join(", "),
        root.display(),
    )
    .unwrap();
    let canary = Canary::start(&workspace.write("config.yml", &text)).await;
    canary.wait_runs("closed", 1.0).await;
    let samples = canary.wait_runs("api", 1.0).await;
    for (name, _, expected) in &routes {
        let of = [("target", "api"), ("route", *name)];
        let layer = |layer| samples.one("probe_layer_success", &[of[0], of[1], ("layer", layer)]);
        let found = reasons(&samples, name);
        match expected {
            Ok(family) => {
                assert_eq!(samples.label("probe_success", &of, "family"), [*family], "{name}");
                assert_eq!(
                    samples.one("probe_success", &of),
                    Some(1.0),
                    "{name}: {found:?} {:#?}",
                    canary.log()
                );
                assert_eq!(
                    ["tcp", "proxy", "tls", "api"].map(layer),
                    [None, Some(1.0), Some(1.0), Some(1.0)]
                );
            }
            Err(reason) => {
                assert_eq!(found, [*reason], "{name}: {:#?}", canary.log());
                assert_eq!(["proxy", "tls", "api"].map(layer), [Some(0.0), None, None], "{name}");
            }
        }
    }
    for route in ["open", "socks"] {
        let found =
            samples.label("probe_failures_total", &[("target", "closed"), ("route", route)], "reason");
        assert_eq!(found, ["proxy_failed"], "nothing listens behind {route}");
    }
    // Those that worked came to nginx over HTTP/2 inside their tunnels.
    assert!(
        nginx.served().iter().filter(|call| call.status == "200" && call.http == "HTTP/2.0").count() >= 5
    );
    canary.wait_log(&["route=no-password", "Basic"]).await;
    let (_, page) = canary.get("/metrics").await;
    for shown in [page, canary.log().join("\n"), canary.command_line()] {
        assert!(!shown.contains(PASSWORD) && !shown.contains(TOKEN), "{shown}");
    }
}

/// A simulator whose proxy wants the password, and a config of a target that only its proxy can resolve.
struct Behind {
    simulator: Simulator,
    workspace: Workspace,
}

impl Behind {
    async fn new() -> Self {
        let credentials = Some(("canary".to_owned(), PASSWORD.to_owned()));
        let options = Options { proxy_credentials: credentials, ..Options::default() };
        Self { simulator: Simulator::start(options).await.unwrap(), workspace: Workspace::new() }
    }

    /// The proxy's URL, with user and password.
    fn proxy(&self) -> String {
        format!("http://canary:{PASSWORD}@{}", self.simulator.proxy_address())
    }

    fn url(&self) -> String {
        format!("https://api.sim.test:{}", self.simulator.api_address().port())
    }

    fn config(&self, routes: &str) -> std::path::PathBuf {
        let ca = self.workspace.write("ca.pem", self.simulator.ca_pem());
        let text = format!(
            "resolvers: {{ none: {{ address: \"udp://127.0.0.1:{}\" }}, sim: {{ address: \"udp://{}\" }} }}\n\
             routes: {{ corp: {{ proxy: \"{}\" }} }}\n\
             targets:\n\
             - {{ name: api, provider: anthropic, url: \"{}\", {routes}, expected_networks: [], interval: 1s, \
             timeout: 1s, failover: {{ rise: 1, fall: 2 }}, tls: {{ ca_file: {} }} }}\n",
            closed_port(),
            self.simulator.dns_address(),
            self.proxy(),
            self.url(),
            ca.display()
        );
        self.workspace.write("config.yml", &text)
    }
}

fn env(config: &Path, more: &[&str]) -> crate::canary::Said {
    let config = format!("--config.file={}", config.display());
    run(&[&["env", &config], more].concat(), &[])
}

#[tokio::test(flavor = "multi_thread")]
async fn env_prints_what_a_shell_and_curl_follow_through_the_proxy_that_works() {
    let behind = Behind::new().await;
    let config = behind.config("routes: [direct, corp], resolvers: [none]");
    let said = env(&config, &["api"]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{}", said.out);
    assert!(said.out.contains("export HTTPS_PROXY='http://canary:hunter2@127.0.0.1:"), "{}", said.out);
    let before = behind.simulator.tunnels().len();
    let script = "eval \"$1\"; exec curl -sS --cacert \"$2\" \"$3/api/hello\"";
    let curl = Command::new("/bin/sh")
        .args(["-c", script, "sh", &said.out])
        .arg(behind.workspace.path().join("ca.pem"))
        .arg(behind.url())
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .output()
        .unwrap();
    let body = String::from_utf8(curl.stdout).unwrap();
    assert!(curl.status.success() && body.contains("message"), "{body} {:?}", String::from_utf8(curl.stderr));
    let tunnels = behind.simulator.tunnels();
    assert!(tunnels.len() > before && tunnels.iter().all(|tunnel| tunnel.keyed), "{tunnels:?}");

    let lines = env(&config, &["--format", "dotenv"]).out;
    assert!(
        lines.lines().all(|line| line.contains("_proxy=http") || line.contains("_PROXY=http")),
        "{lines}"
    );
    assert_eq!(env(&config, &["nobody"]).code, Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn env_says_why_where_no_route_works_and_unsets_the_variables_where_none_is_needed() {
    let behind = Behind::new().await;
    behind.simulator.set_fault("proxy.sim.test", Fault::ProxyDenied);
    let said = env(&behind.config("routes: [direct, corp], resolvers: [none]"), &[]);
    assert_eq!((said.code, said.out.as_str()), (Some(1), "false\n"));
    let eval = Command::new("/bin/sh").args(["-c", "eval \"$1\"", "sh", &said.out]).status().unwrap();
    assert_eq!(eval.code(), Some(1), "who evaluates it sees that it failed");
    for words in ["route direct ipv4", "dns_refused", "route corp any", "proxy_denied"] {
        assert!(said.err.contains(words), "{words}: {}", said.err);
    }
    assert!(!said.err.contains(PASSWORD), "{}", said.err);
    let said = env(&behind.config("routes: [direct, corp], resolvers: [sim]"), &[]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.out.starts_with("unset ") && said.out.contains("HTTPS_PROXY"), "{}", said.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn env_keeps_a_file_up_to_date_with_the_preferred_route() {
    let behind = Behind::new().await;
    let config = behind.config("routes: [corp, direct], resolvers: [sim]");
    let file = behind.workspace.path().join("proxy.env");
    let mut follower = binary()
        .arg("env")
        .arg(format!("--config.file={}", config.display()))
        .arg("--watch")
        .arg(&file)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let line = |value: &str| format!("HTTPS_PROXY={value}\n");
    let says = async |value: String| {
        wait_for(&format!("a file with {value}"), || async {
            let text = std::fs::read_to_string(&file).unwrap_or_default();
            if text.contains(&value) { Ok(()) } else { Err(text) }
        })
        .await;
    };
    says(line(&behind.proxy())).await;
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    behind.simulator.set_fault("proxy.sim.test", Fault::ProxyFailed);
    says(line("")).await;
    behind.simulator.clear_fault("proxy.sim.test");
    says(line(&behind.proxy())).await;
    let stopped = Command::new("kill").arg(follower.id().to_string()).status().unwrap();
    assert!(stopped.success());
    assert_eq!(follower.wait().unwrap().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_preferred_route_changes_with_hysteresis_and_the_direct_way_may_be_blocked() {
    let behind = Behind::new().await;
    let canary = Canary::start(&behind.config("routes: [direct, corp], resolvers: [none]")).await;
    let samples = canary.wait_runs("api", 1.0).await;
    let of = [("target", "api")];
    assert_eq!(samples.label("target_preferred_route_info", &of, "route"), ["corp"]);
    assert_eq!(samples.label("target_finding_info", &of, "reason"), ["proxy_required"]);
    assert_eq!(samples.one("target_up", &of), Some(1.0));
    canary.wait_log(&["preferred=corp", "what=route"]).await;
    behind.simulator.set_fault("proxy.sim.test", Fault::ProxyFailed);
    canary
        .wait("no route", |samples| {
            let none = samples.label("target_preferred_route_info", &of, "route").is_empty();
            (none && samples.one("target_up", &of) == Some(0.0)).then_some(())
        })
        .await;
    assert_eq!(reasons(&canary.samples().await, "corp"), ["proxy_failed"]);
    canary.wait_log(&["none is healthy", "what=route"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_route_env_goes_as_the_proxy_variables_say() {
    let scene = Scene::new().await;
    let targets = [scene.target("api", "api", ", routes: [env], interval: 1s, timeout: 1s")];
    let config = scene.config("interval: 1s, timeout: 1s", &targets);
    let proxy = format!("http://{}", scene.simulator.proxy_address());
    let of = [("target", "api"), ("route", "env")];
    let walk = async |environment: &[(&str, &str)]| {
        let canary = Canary::start_with(&config, &[], environment).await;
        canary.wait_runs("api", 1.0).await
    };

    let samples = walk(&[("https_proxy", &proxy)]).await;
    assert_eq!(samples.label("probe_success", &of, "family"), ["any"]);
    assert_eq!(samples.one("probe_success", &of), Some(1.0));
    assert_eq!(scene.simulator.tunnels().last().unwrap().protocol, "http");

    let samples = walk(&[("https_proxy", &proxy), ("no_proxy", "sim.test")]).await;
    assert_eq!(samples.label("probe_success", &of, "family"), ["ipv4"]);
    assert_eq!(samples.label("probe_finding_info", &of, "reason"), [""; 0]);

    // curl takes it for HTTPS too, Go does not read it.
    let samples = walk(&[("ALL_PROXY", &proxy)]).await;
    assert_eq!(samples.one("probe_success", &of), Some(1.0));
    assert_eq!(samples.label("probe_finding_info", &of, "reason"), ["proxy_env_disagreement"]);

    let samples = walk(&[("ALL_PROXY", "socks://127.0.0.1:1080")]).await;
    assert_eq!(reasons(&samples, "env"), ["proxy_scheme_unsupported"]);
    assert_eq!(samples.one("probe_success", &of), Some(0.0));
}
