//! The addresses an endpoint's name may stand for: whoever can change a name's entry must not move the hub's deliveries.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// Most networks one endpoint names.
pub const NETWORKS_MAX: usize = 64;

/// Where clouds give every machine its own secrets, beside link-local addresses.
const METADATA: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
];

/// The addresses that an endpoint means.
///
/// With networks named, those alone. Without, any but link-local and metadata addresses, and those of no single machine;
/// loopback only for a host that says so itself. An address in place of a name means itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Addresses {
    host: String,
    named: Vec<IpNet>,
}

impl Addresses {
    /// The addresses of a URL's host, of which the file names these networks.
    #[must_use]
    pub fn new(host: &str, named: Vec<IpNet>) -> Self {
        Self { host: host.trim_matches(['[', ']']).to_ascii_lowercase(), named }
    }

    /// Any address: for the hub's own operator, who names the host on the command line.
    #[must_use]
    pub fn anywhere() -> Self {
        Self {
            host: String::new(),
            named: vec![IpNet::V4(Ipv4Net::default()), IpNet::V6(Ipv6Net::default())],
        }
    }

    /// Whether an address is meant.
    #[must_use]
    pub fn mean(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        if !self.named.is_empty() {
            return self.named.iter().any(|network| network.contains(&address));
        }
        if self.host.parse::<IpAddr>().is_ok_and(|host| host.to_canonical() == address) {
            return true;
        }
        let local = self.host == "localhost" || self.host.ends_with(".localhost");
        !reserved(address) && (!address.is_loopback() || local)
    }

    /// Whether the host is an address that the networks named leave out.
    #[must_use]
    pub fn contradicts(&self) -> bool {
        self.host.parse().is_ok_and(|host| !self.mean(host))
    }
}

/// Reads `10.1.2.3` or `10.0.0.0/8`.
#[must_use]
pub fn network(text: &str) -> Option<IpNet> {
    let network = text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))?;
    // A network written with bits beyond its length is a slip of the pen.
    (network.network() == network.addr()).then_some(network)
}

/// Whether two https URLs name one server and path, however they are spelt: an address of the machine as its name, escapes,
/// doubled slashes and dots in the path, upper case, a query or a fragment make no other place of it.
#[must_use]
pub fn is_one(url: &str, other: &str) -> bool {
    let named = |url: &str| {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let authority = authority.rsplit_once('@').map_or(authority, |(_, authority)| authority);
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().unwrap_or(0)),
            _ => (authority, 443_u16),
        };
        (machine(host), port, steps(path))
    };
    named(url) == named(other)
}

/// A host as one text: names in lower case, addresses as they are written shortest, those of this machine by its name.
fn machine(host: &str) -> String {
    let host = host.trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase();
    match host.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(address) if address.is_loopback() => "localhost".to_owned(),
        Ok(address) => address.to_string(),
        Err(_) => host,
    }
}

/// The steps of a path, as a lenient server may read it.
fn steps(path: &str) -> Vec<String> {
    let plain = percent_encoding::percent_decode_str(path).decode_utf8_lossy().to_lowercase();
    let mut steps: Vec<String> = Vec::new();
    for step in plain.split('/') {
        match step {
            "" | "." => {}
            ".." => drop(steps.pop()),
            step => steps.push(step.to_owned()),
        }
    }
    steps
}

/// Addresses of no server: of no single machine, or of the machine's own surroundings.
fn reserved(address: IpAddr) -> bool {
    let here = match address {
        IpAddr::V4(v4) => v4.is_link_local() || v4.is_broadcast(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    };
    here || METADATA.contains(&address) || address.is_unspecified() || address.is_multicast()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn means(host: &str, named: &[&str], address: &str) -> bool {
        let named = named.iter().map(|text| network(text).unwrap()).collect();
        Addresses::new(host, named).mean(address.parse().unwrap())
    }

    #[test]
    fn one_place_is_known_however_it_is_spelt() {
        let same = [
            ("https://[::1]:8443/coo", "https://[0:0:0:0:0:0:0:1]:8443/coo"),
            ("https://[::1]:8443/coo", "https://localhost:8443/coo"),
            ("https://127.0.0.1:8443/coo", "https://[::ffff:7f00:1]:8443/coo"),
            ("https://Customs.example.:443/coo", "https://customs.example/coo"),
            ("https://c.example:443/coo", "https://c.example:443/%63o%6F"),
            ("https://c.example:443/coo", "https://c.example:443//x/.././COO/?test#x"),
        ];
        for (url, other) in same {
            assert!(is_one(url, other), "{url} {other}");
        }
        for other in
            ["https://c.example:444/coo", "https://d.example:443/coo", "https://c.example:443/coo/test"]
        {
            assert!(!is_one("https://c.example:443/coo", other), "{other}");
        }
    }

    #[test]
    fn where_networks_are_named_no_other_address_is_meant() {
        let named = ["10.0.0.0/8", "192.0.2.7", "2001:db8::/32"];
        for address in ["10.255.0.1", "192.0.2.7", "2001:db8::7", "::ffff:10.1.1.1"] {
            assert!(means("customs.example", &named, address), "{address}");
        }
        for address in ["11.0.0.1", "192.0.2.8", "2001:db9::7", "127.0.0.1", "::1"] {
            assert!(!means("customs.example", &named, address), "{address}");
        }
        assert!(means("customs.example", &["127.0.0.1"], "127.0.0.1"));
        assert!(means("customs.example", &["169.254.0.0/16"], "169.254.1.1"));
    }

    #[test]
    fn without_networks_a_name_never_means_the_hubs_own_surroundings() {
        for address in ["192.0.2.7", "10.0.0.1", "2001:db8::7", "fd12::1"] {
            assert!(means("customs.example", &[], address), "{address}");
        }
        for address in [
            "127.0.0.1",
            "::1",
            "::ffff:127.0.0.1",
            "169.254.169.254",
            "fe80::1",
            "fd00:ec2::254",
            "100.100.100.200",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
        ] {
            assert!(!means("customs.example", &[], address), "{address}");
        }
        assert!(means("localhost", &[], "127.0.0.1") && means("LOCALHOST", &[], "::1"));
        assert!(means("127.0.0.1", &[], "127.0.0.1") && means("[::1]", &[], "::1"));
        assert!(!means("127.0.0.1", &[], "127.0.0.2"));
    }

    #[test]
    fn a_network_is_an_address_or_a_prefix_without_stray_bits() {
        assert!(network("10.0.0.0/8").is_some() && network("::1").is_some());
        for text in ["10.0.0.1/8", "10.0.0.0/33", "10.0.0", "customs.example", ""] {
            assert!(network(text).is_none(), "{text}");
        }
        let contradicts =
            |host: &str| Addresses::new(host, vec![network("10.0.0.0/8").unwrap()]).contradicts();
        assert!(contradicts("192.0.2.1") && !contradicts("10.1.1.1") && !contradicts("customs.example"));
    }

    #[test]
    fn two_urls_are_one_whatever_their_spelling() {
        let url = "https://customs.example:443/coo";
        for same in [url, "HTTPS://CUSTOMS.example.:0443/coo", "https://customs.example/coo"] {
            assert!(is_one(url, same), "{same}");
        }
        for other in
            ["https://customs.example:444/coo", "https://customs.example:443/test", "https://c:443/coo"]
        {
            assert!(!is_one(url, other), "{other}");
        }
        assert!(is_one("https://c:1", "https://c:1/") && is_one("https://[::1]/", "https://[::1]:443"));
    }
}
