//! What experiments found that are made after a failure, to tell two reasons apart.
//!
//! Promises: each experiment says what it tells from what; none costs money, and none sends a key beyond the connections
//! the target itself is called over.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::{DnsEvidence, Failure, Family, Outcome, RecordType, Stage, TlsEvidence};

macro_rules! experiments {
    ($($variant:ident, $label:literal, $one:literal, $other:literal;)*) => {
        /// One kind of experiment.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Experiment {
            $(#[doc = concat!("Tells ", $one, " from ", $other, ".")] $variant,)*
        }

        impl Experiment {
            /// Every experiment.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its name in JSON and logs.
            #[must_use]
            pub const fn label(self) -> &'static str {
                match self { $(Self::$variant => $label,)* }
            }

            /// The two things it tells apart.
            #[must_use]
            pub const fn tells(self) -> (&'static str, &'static str) {
                match self { $(Self::$variant => ($one, $other),)* }
            }
        }
    };
}

experiments! {
    Again, "again", "trouble that has passed or comes and goes", "trouble that lasts";
    OtherResolver, "other_resolver", "a resolver's own answer", "the name's state everywhere";
    Control, "control", "trouble here", "trouble there";
    OtherFamily, "other_family", "one broken family", "an API that is not reached at all";
    OtherRoute, "other_route", "a blocked route", "an API that is not reached at all";
    NeutralName, "neutral_name", "a filter on the server name", "a broken TLS server or path";
    SmallSegments, "small_segments", "large packets that are lost", "a silent TLS server";
    ClassicalKeys, "classical_keys", "a large client hello that is dropped", "a silent TLS server";
    Http1, "http1", "a broken HTTP/2", "an API that does not answer";
    Keyless, "keyless", "trouble with the key or account", "trouble on the way or at the API";
    PlainHttp, "plain_http", "a portal or another service on the port", "a broken TLS server";
    ServerClock, "server_clock", "a wrong clock here", "a certificate that is really out of date";
    IdleHold, "idle_hold", "a network that forgets idle connections", "a server that ends them";
}

/// An experiment to make.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Wanted {
    /// Which.
    pub experiment: Experiment,
    /// The endpoint whose trouble it is about, as it is shown.
    pub endpoint: Arc<str>,
    /// The route on which the trouble is.
    pub route: Arc<str>,
    /// The family on which the trouble is; what the canary does not choose is `Any`.
    pub family: Family,
    /// The address that was reached, for experiments on it.
    pub address: Option<SocketAddr>,
}

/// What a TLS server or something in its place did with a changed handshake.
#[derive(Debug, Clone, PartialEq)]
pub enum Handshake {
    /// It answered in TLS, be it with a certificate that does not verify or with an alert.
    Answered(Box<TlsEvidence>),
    /// It did not.
    Failed(Failure),
}

/// One experiment's result.
#[derive(Debug, Clone, PartialEq)]
pub enum Trial {
    /// The same path was walked again, twice at once, with the provider's free call and without a key.
    Again(Vec<Outcome>),
    /// Another resolver was asked for the name.
    OtherResolver {
        /// Its name.
        resolver: Arc<str>,
        /// For what.
        record_type: RecordType,
        /// What it said.
        stage: Stage<DnsEvidence>,
    },
    /// Another host was called on the same route, without a key.
    Control {
        /// Its URL.
        url: Arc<str>,
        /// One journey a path.
        outcomes: Vec<Outcome>,
    },
    /// The endpoint was called over the other family.
    OtherFamily(Vec<Outcome>),
    /// The endpoint was called on another route.
    OtherRoute {
        /// Its name.
        route: Arc<str>,
        /// One journey a path.
        outcomes: Vec<Outcome>,
    },
    /// TLS was spoken to the same address with a name that nobody filters.
    NeutralName {
        /// The name sent.
        name: String,
        /// What came of it.
        handshake: Handshake,
    },
    /// TLS was spoken over a connection with small segments.
    SmallSegments {
        /// The largest segment that was let through, in bytes.
        mss: u16,
        /// What came of it.
        handshake: Handshake,
    },
    /// TLS was spoken with classical key exchange only, so with a small client hello.
    ClassicalKeys(Handshake),
    /// The endpoint was called over HTTP/1.1 only.
    Http1(Vec<Outcome>),
    /// The provider's free call without a key was made.
    Keyless(Vec<Outcome>),
    /// Plain HTTP was spoken to the port.
    PlainHttp(PlainAnswer),
    /// The server was asked for its time.
    ServerClock {
        /// Its time, as it said.
        server: SystemTime,
        /// Ours at that moment.
        here: SystemTime,
    },
    /// A connection was kept without a byte, then used again.
    IdleHold {
        /// How long.
        held: Duration,
        /// Why the second call failed; `None` where it worked.
        failure: Option<Failure>,
    },
    /// The experiment could not be made; why.
    Unknown(String),
}

/// What answered plain HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlainAnswer {
    /// An HTTP response.
    Http {
        /// Its status.
        status: u16,
        /// Where it leads, without the query.
        location: Option<String>,
        /// The title of its page, shortened.
        title: Option<String>,
        /// Its `Server` header, shortened.
        server: Option<String>,
    },
    /// Something else; its first bytes as text, shortened.
    Other(String),
    /// The connection was ended or nothing came: what a TLS server does.
    Nothing(String),
}

/// One experiment that was made.
#[derive(Debug, Clone, PartialEq)]
pub struct FollowUp {
    /// What was wanted.
    pub wanted: Wanted,
    /// How long it took.
    pub took: Duration,
    /// What came of it.
    pub trial: Trial,
}
