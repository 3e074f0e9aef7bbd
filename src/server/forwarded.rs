//! Whom to believe what a proxy says of a request: the address that the client used, and the
//! client's own.

use std::net::{IpAddr, Ipv6Addr};

use actix_web::HttpRequest;
use actix_web::http::header::HeaderMap;

use crate::identity::Network;

/// Addresses of this machine and of private networks, where proxies and containers are
/// (RFC 1918, RFC 4193; link-local ones, RFC 3927 and RFC 4291).
const NEAR: [&str; 8] = [
    "127.0.0.0/8",
    "::1",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "169.254.0.0/16",
    "fc00::/7",
    "fe80::/10",
];

/// The headers that say under which address the client knows this server, as `Vary` tells them.
pub const NAMES: &str =
    "Forwarded, X-Forwarded-Host, X-Forwarded-Port, X-Forwarded-Prefix, X-Forwarded-Proto";

/// The proxies that are believed.
#[derive(Debug)]
pub struct Proxies {
    networks: Vec<Network>,
    /// They were named, so that whoever else is in a chain of proxies is a client.
    is_named: bool,
}

impl Proxies {
    /// The proxies that were named; where none was, those of this machine and of private networks.
    pub fn new(named: &[Network]) -> Proxies {
        let networks = match named {
            [] => NEAR.iter().filter_map(|text| text.parse().ok()).collect(),
            named => named.to_vec(),
        };
        Proxies {
            networks,
            is_named: !named.is_empty(),
        }
    }

    /// True where `peer` is a proxy. Who can't be told is none.
    pub fn believes(&self, peer: Option<IpAddr>) -> bool {
        peer.is_some_and(|peer| self.networks.iter().any(|network| network.holds(peer)))
    }

    /// The address of who sends a request, behind proxies too: IPv6 by the 64 bits that one
    /// customer has. `None` where a proxy does not tell.
    pub fn client(&self, request: &HttpRequest) -> Option<IpAddr> {
        let peer = request.peer_addr().map(|address| address.ip());
        let client = match self.believes(peer) {
            true => self.said_client(request.headers()),
            false => peer,
        };
        client.map(customer)
    }

    /// Each proxy appends who came to it: what stands before that, a client may have sent. The
    /// last that is no proxy of ours counts; where proxies are only guessed, the last.
    fn said_client(&self, headers: &HeaderMap) -> Option<IpAddr> {
        let values: Vec<&str> = headers
            .get_all("x-forwarded-for")
            .filter_map(|value| value.to_str().ok())
            .collect();
        let all = values.join(",");
        let mut clients = all.rsplit(',').map(address);
        clients
            .find(|client| !(self.is_named && self.believes(*client)))
            .flatten()
    }
}

/// `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1` or `[2001:db8::1]:4711`.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let alone = text.parse().ok();
    alone.or_else(|| {
        text.parse()
            .ok()
            .map(|both: std::net::SocketAddr| both.ip())
    })
}

fn customer(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = u128::from(address) & (u128::MAX << 64);
            IpAddr::V6(Ipv6Addr::from(network))
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn neighbours_are_believed_where_nobody_was_named_and_strangers_never() {
        let near = Proxies::new(&[]);
        let named = Proxies::new(&["203.0.113.0/24".parse().unwrap()]);
        for (peer, is_near, is_named) in [
            ("127.0.0.1", true, false),
            ("::1", true, false),
            ("::ffff:127.0.0.1", true, false),
            ("172.17.0.1", true, false),
            ("172.32.0.1", false, false),
            ("192.168.1.1", true, false),
            ("fd00::1", true, false),
            ("203.0.113.9", false, true),
            ("2001:db8::1", false, false),
        ] {
            let peer = Some(peer.parse().unwrap());
            assert_eq!(near.believes(peer), is_near, "{peer:?}");
            assert_eq!(named.believes(peer), is_named, "{peer:?}");
        }
        assert!(!near.believes(None));
    }

    #[test]
    fn a_client_can_not_choose_its_address() {
        let near = Proxies::new(&[]);
        let chain = ["127.0.0.1".parse().unwrap(), "10.0.0.0/8".parse().unwrap()];
        let named = Proxies::new(&chain);
        let client = |proxies: &Proxies, peer: &str, said: &[&str]| {
            let mut request = TestRequest::default().peer_addr(peer.parse().unwrap());
            for value in said {
                request = request.append_header(("x-forwarded-for", *value));
            }
            let client = proxies.client(&request.to_http_request());
            client.map(|client| client.to_string())
        };
        let is = |text: &str| Some(text.to_owned());
        let own = "127.0.0.1:4000";
        assert_eq!(client(&near, own, &[]), None);
        assert_eq!(client(&near, own, &["192.0.2.1"]), is("192.0.2.1"));
        assert_eq!(client(&near, own, &["8.8.8.8, 10.1.1.1"]), is("10.1.1.1"));
        assert_eq!(
            client(&near, own, &["8.8.8.8", "192.0.2.1"]),
            is("192.0.2.1")
        );
        assert_eq!(client(&near, own, &["8.8.8.8, unknown"]), None);
        assert_eq!(
            client(&named, own, &["8.8.8.8, 192.0.2.1:4711, 10.1.1.1"]),
            is("192.0.2.1")
        );
        assert_eq!(client(&near, "192.0.2.7:1", &["8.8.8.8"]), is("192.0.2.7"));
        assert_eq!(client(&near, "[2001:db8::5]:1", &[]), is("2001:db8::"));
    }
}
