//! Which call the journeys make.

use super::*;
use crate::config::{Config, Env, Source};

/// A prober of a target that makes this call.
fn prober(call: &str) -> SiteProber {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config.yml");
    let text = format!(
        "targets:\n  - {{name: a, provider: anthropic, url: \"https://192.0.2.1\", api_key: {{env: KEY}}, call: {{{call}}}}}\n"
    );
    std::fs::write(&file, text).unwrap();
    let target = Config::load(&Source::File(file), &Env::of([("KEY", "k")])).unwrap().targets.remove(0);
    let system = Arc::new(SystemResolver::new(dir.path().join("resolv.conf"), dir.path().join("hosts")));
    SiteProber::new(&target, &target.sites[0], Arc::from([]), &system).unwrap()
}

#[test]
fn beside_ordinary_clients_a_paid_call_is_not_made_again() {
    const PAID: &str = "kind: message, max_daily_cost_usd: 1";
    for (call, made) in [
        (format!("{PAID}, connection: fresh"), "configured"),
        (format!("{PAID}, connection: fresh, between: nothing"), "configured"),
        (format!("{PAID}, connection: reused"), "substitute"),
        (format!("{PAID}, connection: reused, between: nothing"), "none"),
        ("kind: models, connection: reused".to_owned(), "substitute"),
        ("kind: models, connection: reused, between: nothing".to_owned(), "configured"),
        ("kind: hello, connection: reused".to_owned(), "configured"),
    ] {
        let prober = prober(&call);
        let start = Start::of_run(Layer::Api, Order::Configured);
        let deadline = Deadline::after(start.at, prober.target.timeout);
        let plan = prober.walk(prober.ways[0].path(Family::Ipv4), start, deadline).plan;
        let is =
            |other: Option<&CallPlan>| plan.zip(other).is_some_and(|(plan, other)| std::ptr::eq(plan, other));
        let which = match plan {
            None => "none",
            Some(_) if is(prober.substitute.as_deref()) => "substitute",
            Some(_) if is(Some(&prober.plan)) => "configured",
            Some(_) => "another",
        };
        assert_eq!(which, made, "{call}");
    }
}
