//! The ordinary client: the configured call as an SDK makes it, beside the journeys.
//!
//! Promises: one client a route and endpoint, made once, that keeps one connection for the next run; HTTP by ALPN,
//! trust and client certificate as the journey has them; no redirect, no cookie, nothing tried again; the key goes only
//! over TLS that verified; what cannot be done by such a client as the journey does it is refused at setup.
//!
//! An idle connection is kept for 90 s, or for twice the call's interval where that is longer: a call that is made
//! less often would never find one. A proxy is used as such clients use it: what is `https` goes through a tunnel, what
//! is `http` is forwarded.

mod names;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Proxy as ClientProxy;

use super::dns::{PreparedResolver, QuestionError, SystemResolver};
use super::http::{self, CallPlan, Channel, KeptClient, PlanError};
use super::proxy::ProxySetup;
use super::tls::{self, Peers, TlsSetup};
use super::way::{Way, WayKind};
use crate::net;
use crate::outcome::{ApiEvidence, Stage, error_chain};
use crate::target::{Host, HttpOffer, Scheme, Site, Target};
use crate::units::Deadline;
use names::Names;

/// The shortest time that an idle connection is kept.
const KEPT: Duration = Duration::from_secs(90);

/// How long a connection may take to be made; five seconds of it may go to names.
const CONNECTING: Duration = Duration::from_secs(10);

/// Probes of TCP on a silent connection: the Anthropic SDK's numbers.
const PROBES: u32 = 5;
const PROBE_INTERVAL: Duration = Duration::from_secs(60);

/// Why no ordinary client can make the call.
#[derive(Debug, thiserror::Error)]
pub enum PooledError {
    /// It names the server by its URL.
    #[error(
        "an ordinary client sends the host of the URL as the server name, so a kept connection and \
         tls.server_name ({0:?}) do not go together"
    )]
    ServerName(String),
    /// It would show the certificate to the proxy too.
    #[error(
        "an ordinary client would show the client certificate to the proxy {0} too, so a kept connection does not go \
         with both"
    )]
    ClientCertificate(String),
    /// It cannot name such a host behind a proxy.
    #[error(
        "an ordinary client cannot verify the address {0} behind a proxy, so a kept connection does not go with it"
    )]
    Address(IpAddr),
    /// A name cannot be asked of DNS.
    #[error(transparent)]
    Question(#[from] QuestionError),
    /// The call does not work.
    #[error(transparent)]
    Call(#[from] PlanError),
    /// rustls refuses its own defaults.
    #[error("TLS cannot be configured: {0}")]
    Rustls(#[from] rustls::Error),
    /// The client refuses its options; the words never hold a URL.
    #[error("the ordinary client cannot be made: {0}")]
    Client(String),
}

impl From<reqwest::Error> for PooledError {
    fn from(error: reqwest::Error) -> Self {
        Self::Client(error_chain(&error.without_url()))
    }
}

/// An ordinary client on one route to one endpoint.
#[derive(Debug)]
pub(super) struct PooledClient {
    client: KeptClient,
    plan: CallPlan,
    channel: Channel,
    tls: Option<Arc<Peers>>,
}

impl PooledClient {
    /// How many descriptors a call may hold at once: two connections raced against each other, and two questions that
    /// may hold so many each; one connection stays open between calls.
    pub(super) fn descriptors(of_question: u64) -> u64 {
        2 + 2 * of_question
    }

    /// A client for this way; `None` where the proxy variables lead nowhere, which the journey tells.
    ///
    /// `tls` is the journey's own setup, there for `https`.
    pub(super) fn new(
        target: &Target,
        site: &Site,
        way: &Way,
        tls: Option<&TlsSetup>,
        resolvers: &Arc<[PreparedResolver]>,
        system: &Arc<SystemResolver>,
    ) -> Result<Option<Self>, PooledError> {
        let proxy = match &way.kind {
            WayKind::Direct => None,
            WayKind::ProxyToAddress(proxy) | WayKind::ProxyToName(proxy) => Some(&proxy.setup),
            WayKind::Unsupported(_) => return Ok(None),
        };
        let endpoint = &site.endpoint;
        let channel = match endpoint.scheme {
            Scheme::Http => Channel::Plain,
            Scheme::Https => Channel::Verified,
        };
        if channel == Channel::Verified {
            refuse_what_differs(target, &endpoint.host, proxy)?;
        }
        let proxy_tls = proxy.and_then(ProxySetup::tls);
        let (config, peers) = match tls.or(proxy_tls) {
            Some(setup) => {
                let (config, peers) = setup.ordinary(proxy_tls);
                (config, Some(peers))
            }
            None => (tls::trusting_nobody()?, None),
        };
        let proxy_host = proxy.map(|proxy| &proxy.proxy().host);
        let names = Names::new(target, &endpoint.host, proxy_host, resolvers, system)?;
        let mut builder = net::client(config)
            .no_proxy()
            .https_only(channel == Channel::Verified)
            .dns_resolver(names)
            .connect_timeout(CONNECTING)
            .pool_max_idle_per_host(1)
            .pool_idle_timeout(KEPT.max(2 * target.call.interval))
            .tcp_keepalive(PROBE_INTERVAL)
            .tcp_keepalive_interval(PROBE_INTERVAL)
            .tcp_keepalive_retries(PROBES)
            // Over HTTP/2 a timeout gives up a call, not its connection: one that is dead must not be kept.
            .tcp_user_timeout(target.timeout);
        if let Some(proxy) = proxy {
            builder = builder.proxy(ClientProxy::all(proxy.proxy().export().expose())?);
        }
        builder = match target.http.offer {
            HttpOffer::Auto => builder,
            HttpOffer::H1 => builder.http1_only(),
            HttpOffer::H2 => builder.http2_prior_knowledge(),
        };
        let plan = CallPlan::new(target, endpoint, target.call.kind)?;
        Ok(Some(Self { client: KeptClient::new(builder)?, plan, channel, tls: peers }))
    }

    /// Makes the call once.
    pub(super) async fn call(&self, deadline: Deadline) -> Stage<ApiEvidence> {
        if let Some(peers) = &self.tls {
            peers.ready(deadline).await;
        }
        // Boxed: it is one of many futures of a run.
        Box::pin(http::call_kept(&self.client, &self.plan, self.channel, deadline)).await
    }
}

/// Refuses what the client would do otherwise than the journey, over TLS.
fn refuse_what_differs(target: &Target, host: &Host, proxy: Option<&ProxySetup>) -> Result<(), PooledError> {
    let tls = &target.tls;
    if let Some(name) = tls.server_name.as_ref().filter(|name| **name != host.to_string()) {
        return Err(PooledError::ServerName(name.clone()));
    }
    let Some(proxy) = proxy else { return Ok(()) };
    if tls.client_cert.is_some() && proxy.tls().is_some() {
        return Err(PooledError::ClientCertificate(proxy.proxy().to_string()));
    }
    match host {
        Host::Address(address @ IpAddr::V6(_)) => Err(PooledError::Address(*address)),
        Host::Address(IpAddr::V4(_)) | Host::Name(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests;
