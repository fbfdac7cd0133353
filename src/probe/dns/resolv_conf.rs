//! Reading resolv.conf: pure, but for the numbers of interfaces.
//!
//! Promises: as in the C library, a line that cannot be used costs only that line, and a file that names no server means
//! the local machine.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs as _};

/// Where DNS is asked.
const PORT: u16 = 53;

/// The C library asks no more servers than these (MAXNS).
const MOST_SERVERS: usize = 3;

/// What the C library does without the option.
const NDOTS: usize = 1;

/// The most that the C library takes from the option.
const MOST_NDOTS: usize = 15;

/// What the file says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Servers {
    pub(super) addresses: Vec<SocketAddr>,
    pub(super) search: Vec<String>,
    pub(super) ndots: usize,
}

/// Reads the file's text; an error if it names servers of which none can be asked. What is passed over otherwise is
/// given to `passed_over`.
pub(super) fn parse(text: &str, mut passed_over: impl FnMut(String)) -> Result<Servers, String> {
    let mut servers = Servers { addresses: Vec::new(), search: Vec::new(), ndots: NDOTS };
    let mut problems = Vec::new();
    for line in text.lines() {
        let line = line.split(['#', ';']).next().unwrap_or_default();
        let mut words = line.split_whitespace();
        match words.next() {
            Some("nameserver") => match server(words.next().unwrap_or_default()) {
                Ok(address) => servers.addresses.push(address),
                Err(problem) => problems.push(problem),
            },
            // The last of these lines counts.
            Some("search" | "domain") => servers.search = words.map(str::to_owned).collect(),
            Some("options") => {
                let ndots =
                    words.filter_map(|option| option.strip_prefix("ndots:")?.parse().ok()).next_back();
                servers.ndots = ndots.unwrap_or(servers.ndots).min(MOST_NDOTS);
            }
            Some(_) | None => {}
        }
    }
    if servers.addresses.is_empty() {
        if !problems.is_empty() {
            return Err(problems.join(", "));
        }
        servers.addresses.push((Ipv4Addr::LOCALHOST, PORT).into());
    }
    for unused in servers.addresses.drain(MOST_SERVERS.min(servers.addresses.len())..) {
        problems.push(format!("{unused} is one more than the {MOST_SERVERS} that are asked"));
    }
    problems.into_iter().for_each(&mut passed_over);
    Ok(servers)
}

fn server(text: &str) -> Result<SocketAddr, String> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok((address, PORT).into());
    }
    let not_one = || format!("{text:?} is not an IP address");
    // A link-local address is only one together with its interface: fe80::1%eth0.
    let (address, interface) = text.split_once('%').ok_or_else(not_one)?;
    if !matches!(address.parse(), Ok(IpAddr::V6(_))) {
        return Err(not_one());
    }
    // This is not a name that could be asked of DNS: the C library only looks the interface up.
    let found = (text, PORT).to_socket_addrs().ok().and_then(|mut found| found.next());
    found.ok_or_else(|| format!("{text} is on the interface {interface}, which does not exist"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Servers, String> {
        parse(text, |_| {})
    }

    #[test]
    fn servers_search_domains_and_options_are_read() {
        let text = "# made by hand\nnameserver 192.0.2.1 # first\nnameserver 2001:db8::1\nsearch old\n\
            search a.example b.example.\noptions edns0 ndots:5 trust-ad\n";
        let servers = read(text).unwrap();
        let addresses = ["192.0.2.1:53", "[2001:db8::1]:53"].map(|text| text.parse().unwrap());
        assert_eq!(servers.addresses, addresses);
        assert_eq!(servers.search, ["a.example", "b.example."]);
        assert_eq!(servers.ndots, 5);
    }

    #[test]
    fn a_file_that_names_no_server_means_the_local_machine() {
        for text in ["", "search example\n", "; nameserver 192.0.2.1\n"] {
            assert_eq!(read(text).unwrap().addresses, ["127.0.0.1:53".parse().unwrap()], "{text}");
        }
    }

    #[test]
    fn a_bad_line_costs_only_itself() {
        let mut passed_over = Vec::new();
        let text =
            "search bad..domain -- \u{fffd}\nnameserver nonsense\nnameserver 192.0.2.1\noptions ndots:x\n";
        let servers = parse(text, |problem| passed_over.push(problem)).unwrap();
        assert_eq!(servers.addresses, ["192.0.2.1:53".parse().unwrap()]);
        assert_eq!((passed_over.len(), servers.ndots), (1, NDOTS));
        assert!(read("nameserver nonsense\n").unwrap_err().contains("nonsense"));
    }

    #[test]
    fn a_link_local_server_keeps_its_interface() {
        let Ok(Servers { addresses, .. }) = read("nameserver fe80::1%lo\n") else { panic!() };
        assert!(matches!(addresses[..], [SocketAddr::V6(v6)] if v6.scope_id() == 1), "{addresses:?}");
        let error = read("nameserver fe80::1%no-such0\n").unwrap_err();
        assert!(error.contains("the interface no-such0, which does not exist"), "{error}");
        assert!(read("nameserver 192.0.2.1%lo\n").is_err());
    }
}
