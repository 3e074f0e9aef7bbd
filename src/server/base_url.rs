//! The address under which the client knows this server: every link is made from it.

use actix_web::http::header::{HOST, HeaderMap};

use crate::error::{Error, Result};

/// Verifies what `--base-url` says: what is not an address would be written into every link.
///
/// # Errors
/// `Config`, saying what was expected.
pub fn check(configured: &str) -> Result<()> {
    let fits = ["http://", "https://"]
        .iter()
        .find_map(|scheme| configured.strip_prefix(scheme))
        .map(|rest| rest.split_at(rest.find('/').unwrap_or(rest.len())))
        .is_some_and(|(host, path)| is_host(host) && (path.is_empty() || is_prefix(path)));
    if fits {
        return Ok(());
    }
    Err(Error::Config {
        message: format!(
            "--base-url: expected an address such as https://example.org/maps, found {configured:?}"
        ),
    })
}

/// `scheme://host[:port][/prefix]` without a slash at the end.
///
/// `configured` (`--base-url`) wins; else, where a proxy that is believed sends the request,
/// `Forwarded` (RFC 7239), else `X-Forwarded-Proto`, `-Host`, `-Port` and `-Prefix`; else `Host`.
/// What is no plausible host is not believed, so that no header can write markup into a page or a
/// document.
pub fn base_url(
    configured: Option<&str>,
    headers: &HeaderMap,
    is_believed: bool,
    listening: &str,
) -> String {
    if let Some(url) = configured {
        return url.trim_end_matches('/').to_owned();
    }
    // most requests come from no proxy: one look at the names instead of five searches
    if !is_believed || !is_proxied(headers) {
        let host = headers.get(HOST).and_then(|v| v.to_str().ok());
        let host = host.map(str::trim).filter(|h| is_host(h));
        return ["http://", host.unwrap_or(listening)].concat();
    }
    let header = |name: &str| {
        headers
            .get(name)
            .and_then(|v| v.to_str().ok())
            // proxies append: the first is what the client used
            .and_then(|v| v.split(',').next())
            .map(str::trim)
            .filter(|v| !v.is_empty())
    };
    let forwarded = header("forwarded").map(parse_forwarded).unwrap_or_default();
    let scheme = forwarded
        .proto
        .or_else(|| header("x-forwarded-proto").map(str::to_owned))
        .filter(|s| s == "http" || s == "https")
        .unwrap_or_else(|| "http".to_owned());
    let mut host = forwarded
        .host
        .or_else(|| header("x-forwarded-host").map(str::to_owned))
        .filter(|h| is_host(h))
        .or_else(|| header("host").filter(|h| is_host(h)).map(str::to_owned))
        .unwrap_or_else(|| listening.to_owned());
    if let Some(port) = header("x-forwarded-port").and_then(|p| p.parse::<u16>().ok())
        && header("forwarded").is_none()
        && !has_port(&host)
        && port != default_port(&scheme)
    {
        host = format!("{host}:{port}");
    }
    let prefix = header("x-forwarded-prefix")
        .filter(|p| is_prefix(p))
        .map(|p| p.trim_end_matches('/'))
        .unwrap_or("");
    format!("{scheme}://{host}{prefix}")
}

/// True where a proxy says anything of the request, or somebody in the name of one.
pub fn is_proxied(headers: &HeaderMap) -> bool {
    headers.keys().any(|name| {
        let name = name.as_str();
        name == "forwarded" || name.starts_with("x-forwarded-")
    })
}

#[derive(Default)]
struct Forwarded {
    proto: Option<String>,
    host: Option<String>,
}

fn parse_forwarded(element: &str) -> Forwarded {
    let mut found = Forwarded::default();
    for pair in element.split(';') {
        let Some((name, value)) = pair.split_once('=') else {
            continue;
        };
        let value = value.trim().trim_matches('"').to_owned();
        match name.trim().to_ascii_lowercase().as_str() {
            "proto" => found.proto = Some(value),
            "host" => found.host = Some(value),
            _ => {}
        }
    }
    found
}

fn default_port(scheme: &str) -> u16 {
    if scheme == "https" { 443 } else { 80 }
}

fn has_port(host: &str) -> bool {
    host.rsplit_once(':')
        .is_some_and(|(_, port)| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()))
}

/// A name, an IPv4 or a bracketed IPv6 address, with or without a port.
fn is_host(text: &str) -> bool {
    (1..=255).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b))
}

fn is_prefix(text: &str) -> bool {
    text.starts_with('/')
        && !text.starts_with("//")
        && text.len() <= 255
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._~/".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};

    fn url(headers: &[(&str, &str)]) -> String {
        let map: HeaderMap = headers
            .iter()
            .map(|(n, v)| {
                (
                    HeaderName::from_bytes(n.as_bytes()).unwrap(),
                    HeaderValue::from_str(v).unwrap(),
                )
            })
            .collect();
        let stranger = base_url(None, &map, false, "127.0.0.1:8080");
        let host = headers.iter().find(|(name, _)| *name == "host");
        let host = host.map_or("127.0.0.1:8080", |(_, host)| host);
        assert!(
            !is_host(host) || stranger == format!("http://{host}"),
            "{stranger}"
        );
        base_url(None, &map, true, "127.0.0.1:8080")
    }

    #[test]
    fn links_follow_the_host_the_client_used() {
        assert_eq!(url(&[]), "http://127.0.0.1:8080");
        assert_eq!(
            url(&[("host", "maps.example.org:81")]),
            "http://maps.example.org:81"
        );
        assert_eq!(
            url(&[
                ("host", "10.0.0.2:8080"),
                ("x-forwarded-proto", "https"),
                ("x-forwarded-host", "carto.gouv.example, inner"),
                ("x-forwarded-prefix", "/geo/")
            ]),
            "https://carto.gouv.example/geo"
        );
        assert_eq!(
            url(&[
                ("host", "inner"),
                (
                    "forwarded",
                    "for=1.2.3.4;proto=https;host=\"carto.example:8443\", for=5.6.7.8"
                )
            ]),
            "https://carto.example:8443"
        );
        assert_eq!(
            url(&[
                ("host", "carto.example"),
                ("x-forwarded-proto", "https"),
                ("x-forwarded-port", "8443")
            ]),
            "https://carto.example:8443"
        );
        assert_eq!(
            url(&[
                ("host", "carto.example"),
                ("x-forwarded-proto", "https"),
                ("x-forwarded-port", "443")
            ]),
            "https://carto.example"
        );
    }

    #[test]
    fn a_header_writes_no_markup_into_links() {
        assert_eq!(url(&[("host", "a\"><script>")]), "http://127.0.0.1:8080");
        assert_eq!(
            url(&[("x-forwarded-prefix", "/<b>"), ("host", "a")]),
            "http://a"
        );
        assert_eq!(
            url(&[("x-forwarded-prefix", "//evil.example"), ("host", "a")]),
            "http://a"
        );
        assert_eq!(
            url(&[("x-forwarded-proto", "javascript"), ("host", "a")]),
            "http://a"
        );
    }

    #[test]
    fn a_configured_address_is_one() {
        for good in [
            "http://a",
            "https://carto.example/",
            "https://carto.example:8443/x/y/",
            "http://[::1]:8080",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "carto.example",
            "ftp://carto.example",
            "https://",
            "https:///maps",
            "https://carto.example/?a=b",
            "https://carto.example/#a",
            "https://carto .example",
            "https://carto.example//x",
            "https://a\"><script>",
        ] {
            let said = check(bad).unwrap_err().to_string();
            assert!(said.contains(&format!("{bad:?}")), "{said}");
        }
    }

    #[test]
    fn a_configured_address_wins() {
        assert_eq!(
            base_url(
                Some("https://carto.example/x/"),
                &HeaderMap::new(),
                false,
                "127.0.0.1:1"
            ),
            "https://carto.example/x"
        );
    }
}
