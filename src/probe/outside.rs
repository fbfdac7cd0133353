//! What is tried from outside at an endpoint of one's own, beside the journey: that old versions of TLS are refused, and
//! that plain HTTP leads to HTTPS.
//!
//! Promises: each check has a connection of its own, the journey's deadline, and sends no key; what could not be found
//! out is absent, neither good nor bad.

use std::net::IpAddr;

use super::http::{self, Redirect};
use super::tcp;
use super::tls::{self, Older, TlsSetup};
use crate::outcome::{Finding, OutsideChecks};
use crate::target::{Endpoint, MinTls, Scheme, Target};
use crate::units::Deadline;

/// The port of plain HTTP.
const HTTP: u16 = 80;

/// The checks that a target asks for.
#[derive(Debug)]
pub(super) struct OutsideCheck {
    endpoint: Endpoint,
    /// The lowest version that may be accepted.
    older_tls: Option<MinTls>,
    redirect: bool,
}

/// What they found.
#[derive(Debug, Default)]
pub(super) struct Outside {
    pub(super) checks: OutsideChecks,
    pub(super) findings: Vec<Finding>,
}

impl OutsideCheck {
    /// The checks of an endpoint; `None` where there are none.
    pub(super) fn new(target: &Target, endpoint: &Endpoint) -> Option<Self> {
        let older_tls = target.tls.refuses_older.then_some(target.tls.min_version);
        let redirect = target.http.redirect_https;
        let any = endpoint.scheme == Scheme::Https && (older_tls.is_some() || redirect);
        any.then(|| Self { endpoint: endpoint.clone(), older_tls, redirect })
    }

    /// How many sockets the checks may hold at once.
    pub(super) fn sockets(&self) -> u64 {
        u64::from(self.older_tls.is_some()) + u64::from(self.redirect)
    }

    /// Makes the checks at the first address that takes a connection.
    pub(super) async fn make(
        &self,
        addresses: &[IpAddr],
        tls: Option<&TlsSetup>,
        deadline: Deadline,
    ) -> Outside {
        let (older, redirect) =
            tokio::join!(self.older(addresses, tls, deadline), self.redirected(addresses, deadline));
        let checks = OutsideChecks {
            older_tls_refused: older.as_ref().and_then(|older| match older {
                Older::Refused(_) => Some(true),
                Older::Accepted(_) => Some(false),
                Older::Unknown(_) => None,
            }),
            redirects_https: redirect.as_ref().and_then(|redirect| match redirect {
                Redirect::Redirects => Some(true),
                Redirect::NotRedirected(_) => Some(false),
                Redirect::Unknown => None,
            }),
        };
        let server = self.endpoint.authority();
        let older = self.older_tls.zip(older).and_then(|(min, older)| older.finding(&server, min));
        let redirect = redirect.and_then(|redirect| redirect.finding());
        Outside { checks, findings: older.into_iter().chain(redirect).collect() }
    }

    async fn older(&self, addresses: &[IpAddr], tls: Option<&TlsSetup>, deadline: Deadline) -> Option<Older> {
        let (min, setup) = self.older_tls.zip(tls)?;
        let stream = tcp::connect(addresses, self.endpoint.port, deadline).await.stream?;
        Some(tls::refuses_older(stream, min, &setup.server_name(), deadline).await)
    }

    /// Nobody there to be redirected is as safe as it gets, and no answer.
    async fn redirected(&self, addresses: &[IpAddr], deadline: Deadline) -> Option<Redirect> {
        if !self.redirect {
            return None;
        }
        let stream = tcp::connect(addresses, HTTP, deadline).await.stream?;
        Some(http::redirects_https(stream, &self.endpoint, deadline).await)
    }
}
