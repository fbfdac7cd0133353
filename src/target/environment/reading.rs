//! How one client reads the variables for one endpoint, and how that differs from curl's reading.

/// Where a client goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Way {
    /// Straight to the endpoint.
    Direct,
    /// To this proxy: `scheme://host:port`, without credentials.
    Proxy(String),
    /// It fails before it goes anywhere.
    Refuse,
}

/// A client's reading.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    /// Where it goes.
    pub(super) way: Way,
    /// The variable that names its proxy.
    pub(super) variable: Option<&'static str>,
    /// The variable that it reads exemptions from.
    pub(super) no_proxy: Option<&'static str>,
    /// The entry there that exempts the endpoint.
    pub(super) exempted: Option<String>,
    /// A reason of its own, where comparing the rest does not give it.
    pub(super) because: Option<String>,
}

impl Reading {
    /// Straight to the endpoint, for no variable says otherwise.
    pub(super) fn direct() -> Self {
        Self { way: Way::Direct, variable: None, no_proxy: None, exempted: None, because: None }
    }

    /// As this variable says.
    pub(super) fn of(variable: &'static str, way: Way) -> Self {
        Self { way, variable: Some(variable), ..Self::direct() }
    }

    /// Straight to the endpoint, for an entry exempts it.
    pub(super) fn exempted(variable: &'static str, entry: &str) -> Self {
        Self { no_proxy: Some(variable), exempted: Some(entry.to_owned()), ..Self::direct() }
    }

    /// A failure for this reason.
    pub(super) fn refuses(because: String) -> Self {
        Self { way: Way::Refuse, because: Some(because), ..Self::direct() }
    }

    /// With the variable that it reads exemptions from.
    pub(super) fn with_no_proxy(mut self, variable: Option<&'static str>) -> Self {
        self.no_proxy = variable;
        self
    }

    /// With a reason of its own.
    pub(super) fn because(mut self, because: impl Into<String>) -> Self {
        self.because = Some(because.into());
        self
    }

    /// What a client would do that curl would not, if it is another thing.
    pub(super) fn differs(&self, client: &str, curl: &Self) -> Option<String> {
        let does = match &self.way {
            way if *way == curl.way => return None,
            Way::Direct => "go direct".to_owned(),
            Way::Proxy(proxy) => format!("go through {proxy}"),
            Way::Refuse => "refuse".to_owned(),
        };
        Some(format!("{client} would {does}: {}", self.reason(curl)))
    }

    fn reason(&self, curl: &Self) -> String {
        if let Some(because) = &self.because {
            return because.clone();
        }
        if self.exempted != curl.exempted {
            return match (self.no_proxy, curl.no_proxy) {
                (Some(own), Some(curls)) if own != curls => {
                    format!("it takes {own} where curl takes {curls}")
                }
                (None, Some("NO_PROXY")) => "to it an empty no_proxy switches NO_PROXY off".to_owned(),
                _ => match (&self.exempted, &curl.exempted) {
                    (None, Some(entry)) if entry.contains('/') => {
                        format!("to it the network {entry:?} in NO_PROXY is a name")
                    }
                    (None, Some(entry)) => format!("to it {entry:?} in NO_PROXY does not exempt the host"),
                    (Some(entry), _) => format!("to it {entry:?} in NO_PROXY exempts the host"),
                    (None, None) => "it reads NO_PROXY another way".to_owned(),
                },
            };
        }
        match (self.variable, curl.variable) {
            (None, Some(curls)) => format!("it does not read {curls}"),
            (Some(own), None) => format!("it reads {own}"),
            (Some(own), Some(curls)) if own != curls => format!("it takes {own} where curl takes {curls}"),
            _ => self.other_port(curl).unwrap_or_else(|| "it reads the value another way".to_owned()),
        }
    }

    /// The words for the same proxy on another port: the one that each takes where none is named.
    fn other_port(&self, curl: &Self) -> Option<String> {
        let (Way::Proxy(own), Way::Proxy(curls)) = (&self.way, &curl.way) else { return None };
        let (own_host, own_port) = own.rsplit_once(':')?;
        let (curls_host, curls_port) = curls.rsplit_once(':')?;
        let variable = self.variable?;
        (own_host == curls_host).then(|| {
            format!("{variable} names no port, for which it takes {own_port} and curl takes {curls_port}")
        })
    }
}
