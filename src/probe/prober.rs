//! The prober of a target: its endpoints, and one run of all of them.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;

use super::dns::{PreparedResolver, QuestionError, ResolverError, SystemResolver};
use super::http::PlanError;
use super::journey::Start;
use super::pooled::PooledError;
use super::site::{SiteProber, SiteRun};
use super::tls;
use super::way::WayError;
use crate::outcome::{Layer, Run};
use crate::target::{Order, Target};

/// Why a target cannot be probed as it is configured.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// Its host cannot be asked of DNS.
    #[error(transparent)]
    Question(#[from] QuestionError),
    /// A resolver cannot be asked.
    #[error(transparent)]
    Resolver(#[from] ResolverError),
    /// A route to it cannot be set up.
    #[error(transparent)]
    Way(#[from] WayError),
    /// Its TLS options do not work together.
    #[error(transparent)]
    Tls(#[from] tls::SetupError),
    /// Its call does not work.
    #[error(transparent)]
    Call(#[from] PlanError),
    /// No ordinary client can make its call.
    #[error(transparent)]
    Pooled(#[from] PooledError),
}

/// Everything that probes one target.
#[derive(Debug)]
pub struct Prober {
    target: Arc<Target>,
    sites: Vec<SiteProber>,
}

impl Prober {
    /// Prepares to probe a target.
    ///
    /// # Errors
    /// If its options do not work together.
    pub fn try_new(target: Arc<Target>, system: &Arc<SystemResolver>) -> Result<Self, SetupError> {
        let resolvers = target.resolvers.iter().map(|resolver| PreparedResolver::new(resolver, system));
        let resolvers: Arc<[PreparedResolver]> = resolvers.collect::<Result<_, _>>()?;
        let sites =
            target.sites.iter().map(|site| SiteProber::new(&target, site, Arc::clone(&resolvers), system));
        Ok(Self { sites: sites.collect::<Result<_, _>>()?, target })
    }

    /// The target.
    #[must_use]
    pub fn target(&self) -> &Arc<Target> {
        &self.target
    }

    /// How many descriptors a run may hold at once.
    #[must_use]
    pub fn descriptors(&self) -> u64 {
        self.sites.iter().map(SiteProber::descriptors).sum()
    }

    /// Walks every path of the target once, all of them beside each other, making this call.
    pub async fn run(&self, order: Order) -> Run {
        self.gather(join_all(self.sites.iter().map(|site| site.run(order))).await)
    }

    /// Walks every path of the target up to a layer, but no further than its runs go, all of them beside each other, within
    /// this time: one attempt, no call unless all layers are walked, nothing tried beside, and nothing remembered for the
    /// next run.
    pub async fn look(&self, top: Layer, within: Duration) -> Run {
        let start = Start::of_look(top.min(self.target.top));
        self.gather(join_all(self.sites.iter().map(|site| site.walked(start, within))).await)
    }

    fn gather(&self, sites: Vec<SiteRun>) -> Run {
        let mut run = Run::of(Arc::clone(&self.target.name));
        // What a run found is kept until the next one.
        run.lookups.reserve_exact(sites.iter().map(|site| site.lookups.len()).sum());
        run.outcomes.reserve_exact(sites.iter().map(|site| site.outcomes.len()).sum());
        for site in sites {
            let endpoint = site.endpoint;
            run.lookups.extend(site.lookups);
            run.outcomes.extend(site.outcomes.into_iter().map(Arc::new));
            run.pooled.extend(site.pooled);
            run.retired.extend(site.retired.into_iter().map(|path| (Arc::clone(&endpoint), path)));
            run.findings.extend(site.findings.into_iter().map(|finding| (Arc::clone(&endpoint), finding)));
        }
        run
    }
}

#[cfg(test)]
mod busy;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Env, Source};

    fn descriptors(target: &str) -> u64 {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config.yml");
        let resolv_conf = dir.path().join("resolv.conf");
        std::fs::write(&resolv_conf, "nameserver 192.0.2.1\nnameserver 192.0.2.2\n").unwrap();
        let resolvers = "resolvers: { one: { address: 'udp://192.0.2.1' } }\n";
        let routes =
            "routes: { p: { proxy: 'http://192.0.2.3:3128' }, q: { proxy: 'http://proxy.test:3128' } }\n";
        std::fs::write(&file, format!("{resolvers}{routes}targets: [{{ name: a, {target} }}]\n")).unwrap();
        let env = Env::of([("KEY", "sk-ant-1")]);
        let target = Config::load(&Source::File(file), &env).unwrap().targets.remove(0);
        let system = Arc::new(SystemResolver::new(resolv_conf, dir.path().join("hosts")));
        Prober::try_new(target, &system).unwrap().descriptors()
    }

    #[test]
    fn a_run_weighs_what_it_may_hold_at_once() {
        for (target, expected) in [
            ("provider: http, url: 'http://127.0.0.1'", 1),
            ("provider: http, url: 'http://a.test', resolvers: [one]", 2),
            ("provider: http, url: 'http://a.test', resolvers: [one], families: [ipv4]", 1),
            // Of its two name servers the second may still be waited for.
            ("provider: http, url: 'http://a.test'", 4),
            ("provider: http, url: 'http://a.test', resolvers: [one, system], families: [ipv4]", 3),
            ("provider: http, url: 'http://a.test', resolvers: [one], addresses: all", 2 * 33),
            ("provider: http, url: 'http://a.test', routes: [p]", 1),
            // Both families of the proxy's name, at both name servers.
            ("provider: http, url: 'http://a.test', routes: [q]", 4),
            ("provider: http, url: 'http://a.test', resolvers: [one], routes: [direct, p]", 3),
            ("provider: http, endpoints: ['http://127.0.0.1', 'http://127.0.0.2']", 2),
            ("provider: http, url: 'https://127.0.0.1', tls: { min_version: '1.3' }", 2),
            (
                "provider: anthropic, url: 'https://127.0.0.1', api_key: {env: KEY}, call: {connection: reused}",
                7,
            ),
        ] {
            assert_eq!(descriptors(target), expected, "{target}");
        }
    }
}
