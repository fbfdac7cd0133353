//! Runs with an ordinary client beside the journeys, through the library: two runs, one kept connection.

use std::sync::Arc;

use api_canary::config::{Config, Env, Source};
use api_canary::outcome::{Connection, Reason};
use api_canary::probe::{Prober, SystemResolver};
use api_canary::simulate::Fault;
use api_canary::target::Order;

use crate::scene::Scene;

#[tokio::test]
async fn a_kept_connection_is_used_again_by_the_next_run_and_found_broken_when_it_is() {
    let scene = Scene::new().await;
    let file = scene.config("interval: 10s, timeout: 5s", &[scene.target("kept", "api", "")]);
    let mut target = Config::load(&Source::File(file), &Env::of::<&str, &str>([])).unwrap().targets.remove(0);
    Arc::make_mut(&mut target).call.connection = Connection::Reused;
    let files = [scene.workspace.write("resolv.conf", ""), scene.workspace.write("hosts", "")];
    let [resolv_conf, hosts] = files;
    let prober = Prober::try_new(target, &Arc::new(SystemResolver::new(resolv_conf, hosts))).unwrap();

    let first = prober.run(Order::Configured).await;
    assert!(first.outcomes.iter().all(|outcome| outcome.stages.api.passed()), "{first:?}");
    let [pooled] = first.pooled.as_slice() else { panic!("{first:?}") };
    assert_eq!((pooled.route.as_ref(), &pooled.endpoint), ("direct", &first.outcomes[0].endpoint));
    let evidence = pooled.stage.evidence().unwrap();
    assert!(pooled.stage.passed(), "{pooled:?}");
    assert_eq!((evidence.connection, evidence.latency()), (Connection::Reused, None));

    let second = prober.run(Order::Configured).await;
    let evidence = second.pooled[0].stage.evidence().unwrap();
    assert!(evidence.latency().is_some(), "{second:?}");

    scene.simulator.set_fault("api.sim.test", Fault::HttpReset);
    let broken = prober.run(Order::Configured).await;
    assert_eq!(broken.pooled[0].stage.failure().unwrap().reason, Reason::HttpReset, "{broken:?}");
    assert_eq!(prober.run(Order::Substitute).await.pooled, []);
}
