//! The line to one server: opened by the first query, kept for those that follow.
//!
//! Promises: a server that does not know EDNS is asked again without it (RFC 6891 §7), which counts as a query.

use std::net::SocketAddr;
use std::sync::Arc;

use hickory_resolver::proto::op::{Message, ResponseCode};

use super::encrypted::{Encrypted, Opened};
use super::exchange::Exchange;
use super::message::{Edns, Wire};
use super::sent::Sent;
use crate::outcome::{Failure, Transport};
use crate::units::Deadline;

/// How a server is reached.
#[derive(Debug, Clone)]
pub(super) enum Way {
    /// In clear, by datagrams or over TCP.
    Clear { address: SocketAddr, transport: Transport },
    /// Over TLS or HTTPS.
    Encrypted(Arc<Encrypted>),
}

/// A line to a server, by one deadline.
#[derive(Debug)]
pub(super) struct Line {
    way: Way,
    deadline: Deadline,
    sent: Sent,
    open: Option<Opened>,
}

/// A reply, and who gave it how.
#[derive(Debug)]
pub(super) struct Replied {
    pub(super) message: Message,
    pub(super) address: SocketAddr,
    pub(super) transport: Transport,
    /// The server as it is shown.
    pub(super) server: String,
}

impl Line {
    pub(super) fn new(way: Way, deadline: Deadline, sent: Sent) -> Self {
        Self { way, deadline, sent, open: None }
    }

    pub(super) fn deadline(&self) -> Deadline {
        self.deadline
    }

    /// Asks over the server's own transport.
    pub(super) async fn ask(&mut self, wire: &Wire, edns: Edns) -> Result<Replied, Failure> {
        self.ask_until(self.deadline, None, wire, edns).await
    }

    /// Asks a server in clear over TCP by this deadline, an encrypted one over its own transport.
    pub(super) async fn ask_whole(
        &mut self,
        deadline: Deadline,
        wire: &Wire,
        edns: Edns,
    ) -> Result<Replied, Failure> {
        self.ask_until(deadline, Some(Transport::Tcp), wire, edns).await
    }

    async fn ask_until(
        &mut self,
        deadline: Deadline,
        instead: Option<Transport>,
        wire: &Wire,
        edns: Edns,
    ) -> Result<Replied, Failure> {
        let replied = self.once(deadline, instead, wire, edns).await?;
        let unknown = matches!(
            replied.message.metadata.response_code,
            // hickory reads 16, BADVERS, as the name that TSIG has for it.
            ResponseCode::FormErr | ResponseCode::NotImp | ResponseCode::BADVERS | ResponseCode::BADSIG
        );
        // Without EDNS there are no signatures to validate.
        if unknown && edns == Edns::On {
            self.once(deadline, instead, wire, Edns::Off).await
        } else {
            Ok(replied)
        }
    }

    async fn once(
        &mut self,
        deadline: Deadline,
        instead: Option<Transport>,
        wire: &Wire,
        edns: Edns,
    ) -> Result<Replied, Failure> {
        let encrypted = match &self.way {
            Way::Clear { address, transport } => {
                let (address, server) = (*address, address.to_string());
                let transport = instead.unwrap_or(*transport);
                let exchange =
                    Exchange { server: &server, wire, edns, transport, deadline, sent: &self.sent };
                let message = match transport {
                    Transport::Udp => exchange.udp(address).await?,
                    Transport::Tcp | Transport::Tls | Transport::Https => exchange.tcp(address).await?,
                };
                return Ok(Replied { message, address, transport, server });
            }
            Way::Encrypted(encrypted) => Arc::clone(encrypted),
        };
        let transport = encrypted.transport();
        let asked = async |mut open: Opened, sent: &Sent| {
            let (address, server) = (open.address(), encrypted.shown(open.address()));
            let exchange = Exchange { server: &server, wire, edns, transport, deadline, sent };
            let message = open.ask(&exchange).await?;
            Ok((Replied { message, address, transport, server }, open))
        };
        // A server may close between two queries; one that failed is not used again.
        let again = match self.open.take().filter(Opened::is_open) {
            Some(open) => asked(open, &self.sent).await.ok(),
            None => None,
        };
        let (replied, open) = match again {
            Some(replied) => replied,
            None => asked(encrypted.open(deadline, &self.sent).await?, &self.sent).await?,
        };
        self.open = Some(open);
        Ok(replied)
    }
}
