use std::net::IpAddr;
use std::str::FromStr;

/// A proxy in front that says who somebody is: it must remove these headers from what comes from
/// outside, and only its own addresses are believed.
#[derive(Debug, Clone, PartialEq)]
pub struct TrustedProxy {
    pub networks: Vec<Network>,
    /// The header with the user's name, in lower case.
    pub user_header: String,
    /// The header with the roles, separated by commas or spaces.
    pub roles_header: Option<String>,
    /// The roles that the configuration names: others are not taken.
    pub known: Vec<String>,
}

impl TrustedProxy {
    pub fn trusts(&self, peer: IpAddr) -> bool {
        self.networks.iter().any(|network| network.holds(peer))
    }

    /// The known ones among the roles of a header.
    pub fn roles(&self, header: &str) -> Vec<String> {
        header
            .split([',', ' ', ';'])
            .filter(|role| self.known.iter().any(|known| known == role))
            .map(str::to_owned)
            .collect()
    }
}

/// Addresses that begin alike: `10.0.0.0/8`, `::1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// True where it is every address of its kind.
    pub fn is_all(&self) -> bool {
        self.bits == 0
    }

    pub fn holds(&self, peer: IpAddr) -> bool {
        // an IPv4 client of an IPv6 socket
        let peer = peer.to_canonical();
        match (self.address, peer) {
            (IpAddr::V4(own), IpAddr::V4(peer)) => {
                let shift = 32 - u32::from(self.bits.min(32));
                (u32::from(own) ^ u32::from(peer))
                    .checked_shr(shift)
                    .unwrap_or(0)
                    == 0
            }
            (IpAddr::V6(own), IpAddr::V6(peer)) => {
                let shift = 128 - u32::from(self.bits.min(128));
                (u128::from(own) ^ u128::from(peer))
                    .checked_shr(shift)
                    .unwrap_or(0)
                    == 0
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Network, &'static str> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address
            .parse()
            .map_err(|_| "expected an address or a network such as 10.0.0.0/8")?;
        let max = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            None => max,
            Some(bits) => bits
                .parse()
                .ok()
                .filter(|bits| *bits <= max)
                .ok_or("expected a number of bits of at most 32, or 128 for IPv6")?,
        };
        Ok(Network { address, bits })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_the_addresses_that_begin_like_it() {
        for (network, address, expected) in [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("192.168.1.7", "192.168.1.7", true),
            ("192.168.1.7", "192.168.1.6", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("127.0.0.1", "::ffff:127.0.0.1", true),
            ("::1", "::1", true),
            ("2001:db8::/32", "2001:db8:1::5", true),
            ("2001:db8::/32", "2001:db9::", false),
            ("::/0", "10.0.0.1", false),
        ] {
            let holds = network
                .parse::<Network>()
                .unwrap()
                .holds(address.parse().unwrap());
            assert_eq!(holds, expected, "{network} {address}");
        }
        for wrong in ["10.0.0.0/33", "proxy", "::1/129", "10.0.0.0/x", ""] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
    }
}
