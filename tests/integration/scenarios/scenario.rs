//! What a scenario is: how it is made, and what has to be said of it.

use std::net::SocketAddr;

/// One scenario.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scenario {
    pub(super) name: &'static str,
    pub(super) made: Made,
    pub(super) expected: Expected,
}

/// How a scenario is made.
#[derive(Debug, Clone, Copy)]
pub(super) enum Made {
    /// By the simulated provider and other servers on loopback.
    OnLoopback(OnLoopback),
    /// By a router between the canary and the server, in network namespaces.
    BehindARouter(BehindARouter),
}

/// What a diagnosis has to come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Expected {
    pub(super) verdict: &'static str,
    pub(super) layer: &'static str,
    pub(super) blame: &'static str,
    pub(super) state: State,
}

/// Whether it works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Works,
    Degraded,
    Down,
}

/// A target on loopback. In every text `{api}`, `{plain}`, `{only4}`, `{only6}` and `{stranger}` are ports, `{proxy}`,
/// `{open}`, `{narrow}`, `{guarded}`, `{gone}` addresses of proxies, `{silent}` and `{zone}` of resolvers, and `{ca}` and
/// `{theirs}` files with roots.
#[derive(Debug, Clone, Copy)]
pub(super) struct OnLoopback {
    pub(super) url: &'static str,
    /// More targets, which are diagnosed too and have to be told the same of.
    pub(super) others: &'static [&'static str],
    pub(super) resolvers: &'static str,
    /// Routes to declare, such as `px: { proxy: "http://{proxy}" }`.
    pub(super) routes: &'static str,
    /// What else is said of the target.
    pub(super) keys: &'static str,
    /// The keys under `tls`.
    pub(super) tls: &'static str,
    pub(super) environment: &'static [(&'static str, &'static str)],
    /// Further arguments.
    pub(super) arguments: &'static [&'static str],
    /// Files of the machine, and what the canary reads in them.
    pub(super) files: &'static [(&'static str, &'static str)],
    pub(super) ipv6: bool,
    /// Whether the target is not in the config but on the command line.
    pub(super) unconfigured: bool,
}

/// A target behind a router.
#[derive(Debug, Clone, Copy)]
pub(super) struct BehindARouter {
    /// Rules for what the router forwards.
    pub(super) forward: &'static [&'static str],
    /// Commands of `sh` on the router.
    pub(super) router: &'static str,
    /// Commands of `sh` on the client.
    pub(super) client: &'static str,
    /// The targets' hosts: the first is `api`, and all of them are diagnosed.
    pub(super) hosts: &'static [&'static str],
    /// What is said of every target.
    pub(super) keys: &'static str,
    /// The control that is asked, if there is one.
    pub(super) control: Option<&'static str>,
    /// What a box on the router does to connections to these addresses with the server's name.
    pub(super) filter: Option<(Filter, &'static [SocketAddr])>,
    /// Whether all local ports to the server are taken.
    pub(super) no_ports: bool,
    /// Who is asked: `here` is the client's own resolver, `far` one behind the router.
    pub(super) resolver: &'static str,
}

/// What a box that reads server names does to those it does not like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filter {
    Reset,
    Silence,
}

/// A control behind the router.
const CONTROL: &str = "http://198.51.100.5/api/hello";

// === impl Scenario ===

/// A scenario on loopback.
pub(super) const fn scenario(name: &'static str, made: OnLoopback, expected: Expected) -> Scenario {
    Scenario { name, made: Made::OnLoopback(made), expected }
}

/// A scenario behind a router.
pub(super) const fn routed(name: &'static str, made: BehindARouter, expected: Expected) -> Scenario {
    Scenario { name, made: Made::BehindARouter(made), expected }
}

// === impl Expected ===

/// It works as it should.
pub(super) const OK: Expected = Expected { verdict: "ok", layer: "none", blame: "none", state: State::Works };

/// It works, but.
pub(super) const fn degraded(verdict: &'static str, layer: &'static str, blame: &'static str) -> Expected {
    Expected { verdict, layer, blame, state: State::Degraded }
}

/// It does not work.
pub(super) const fn down(verdict: &'static str, layer: &'static str, blame: &'static str) -> Expected {
    Expected { verdict, layer, blame, state: State::Down }
}

impl Expected {
    /// The exit code, as the contract of the command line has it.
    pub(super) fn exit(&self) -> i32 {
        match (self.state, self.layer) {
            (State::Works, _) => 0,
            (State::Degraded, _) => 1,
            (State::Down, "dns") => 10,
            (State::Down, "tcp") => 11,
            (State::Down, "proxy") => 12,
            (State::Down, "tls") => 13,
            (State::Down, "api") => 14,
            (State::Down, layer) => panic!("no layer is called {layer}"),
        }
    }
}

// === impl OnLoopback ===

/// A target at a name of the simulator's domain, below which every fault has one that always has it.
macro_rules! host {
    ($name:literal) => {
        at(concat!("https://", $name, ".sim.test:{api}"))
    };
}
pub(super) use host;

/// A target at a URL.
pub(super) const fn at(url: &'static str) -> OnLoopback {
    OnLoopback {
        url,
        others: &[],
        resolvers: "sim",
        routes: "",
        keys: "expected_networks: []",
        tls: "ca_file: {ca}",
        environment: &[],
        arguments: &[],
        files: &[],
        ipv6: false,
        unconfigured: false,
    }
}

impl OnLoopback {
    pub(super) const fn others(mut self, urls: &'static [&'static str]) -> Self {
        self.others = urls;
        self
    }

    pub(super) const fn resolvers(mut self, names: &'static str) -> Self {
        self.resolvers = names;
        self
    }

    pub(super) const fn routes(mut self, routes: &'static str) -> Self {
        self.routes = routes;
        self
    }

    pub(super) const fn keys(mut self, keys: &'static str) -> Self {
        self.keys = keys;
        self
    }

    pub(super) const fn tls(mut self, keys: &'static str) -> Self {
        self.tls = keys;
        self
    }

    pub(super) const fn environment(mut self, variables: &'static [(&'static str, &'static str)]) -> Self {
        self.environment = variables;
        self
    }

    pub(super) const fn arguments(mut self, arguments: &'static [&'static str]) -> Self {
        self.arguments = arguments;
        self
    }

    pub(super) const fn files(mut self, files: &'static [(&'static str, &'static str)]) -> Self {
        self.files = files;
        self
    }

    /// Both families have to be there.
    pub(super) const fn ipv6(mut self) -> Self {
        self.ipv6 = true;
        self
    }

    /// The URL is given on the command line, and there is no config.
    pub(super) const fn unconfigured(mut self) -> Self {
        self.unconfigured = true;
        self
    }
}

// === impl BehindARouter ===

/// A healthy target behind a healthy router, and a control.
pub(super) const BEHIND: BehindARouter = BehindARouter {
    forward: &[],
    router: "",
    client: "",
    hosts: &["server2.peers.test"],
    keys: "",
    control: Some(CONTROL),
    filter: None,
    no_ports: false,
    resolver: "here",
};
