//! How packets leave.

use std::sync::Arc;

use super::{Proxy, ProxyEnvironment};

/// The name of the route without a proxy, which is always there.
pub const DIRECT: &str = "direct";

/// The name of the route that follows the process's proxy variables, which is always there.
pub const ENV: &str = "env";

/// A way for packets to leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Its name in the config.
    pub name: Arc<str>,
    /// What it is.
    pub kind: RouteKind,
}

/// What a route is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RouteKind {
    /// Straight to the endpoint.
    Direct,
    /// As the process's proxy variables say.
    Environment(Arc<ProxyEnvironment>),
    /// Through this proxy.
    Proxy(Arc<Proxy>),
}

impl Route {
    /// The route without a proxy.
    #[must_use]
    pub fn direct() -> Self {
        Self { name: DIRECT.into(), kind: RouteKind::Direct }
    }
}
