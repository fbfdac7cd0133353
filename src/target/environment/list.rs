//! What the readings of `NO_PROXY` have in common.

/// Whether a host is this name or in the domain of this name: a suffix, but only behind a dot. Both in lower case.
pub(super) fn covers(name: &str, host: &str) -> bool {
    !name.is_empty() && (host == name || is_below(name, host))
}

/// Whether a host is in the domain of this name, and not the name itself. Both in lower case.
pub(super) fn is_below(name: &str, host: &str) -> bool {
    host.strip_suffix(name).and_then(|rest| rest.strip_suffix('.')).is_some_and(|rest| !rest.is_empty())
}

/// Splits `host:port` where the port is one or more digits; an IPv6 address without brackets is not split.
pub(super) fn host_port(entry: &str) -> (&str, Option<u16>) {
    match entry.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => match port.parse() {
            Ok(port) => (host, Some(port)),
            Err(_) => (entry, None),
        },
        _ => (entry, None),
    }
}
