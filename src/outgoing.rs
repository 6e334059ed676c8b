//! The one guarded HTTP client for everything that we fetch or tell: the only file that names reqwest (OWASP ASVS 13.2.4, SSRF).
//!
//! https only; plain http to exempted hosts alone. No redirects, no proxy from the environment, no cookies. The address is checked
//! when it is dialled: names are resolved by our own resolver, which drops every address that is not public, and literal
//! addresses are checked before; ports of other protocols are not called. Hosts of `[outgoing] allow` are exempt. Five seconds and 64 KiB at most.

mod collector;
mod exchange;

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use opentelemetry::trace::TraceContextExt;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::CONTENT_TYPE;
use tracing::Instrument;
use tracing_opentelemetry::OpenTelemetrySpanExt;
use url::form_urlencoded::Serializer;
use url::{Host, Url};

use crate::config::OutgoingConfig;
use crate::failure::Failure;
use crate::protocol::trace::{TraceId, TraceParent};

pub use collector::Collector;
pub use exchange::{Call, Reply};

/// The longest body that is read, in bytes.
const MAX_BODY: usize = 65_536;
/// How long a whole exchange may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The port of https. No other below 1024 is the web's (RFC 6335 §6),
const HTTPS: u16 = 443;
const FIRST_FREE: u16 = 1024;
/// and neither are these: what listens there takes orders in the clear, or is one of those that no browser calls either (Fetch §2.9).
const OTHER_PROTOCOLS: &[u16] = &[
    1433, 1521, 1719, 1720, 1723, 2049, 2375, 2379, 3306, 3389, 3659, 4045, 4190, 5060, 5061, 5432, 5672, 6000, 6379,
    6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 9042, 9092, 9200, 10080, 11211, 27017,
];

/// The guarded client. Clones share it.
#[derive(Clone, Debug)]
pub struct Outgoing(Arc<Clients>);

/// Its two halves, each made when it is first needed: reading the system's certificate authorities takes longer than the rest of a
/// start, and most processes never call anybody.
#[derive(Debug)]
struct Clients {
    allow: Vec<String>,
    roots: Vec<reqwest::Certificate>,
    guarded: OnceLock<reqwest::Client>,
    exempt: OnceLock<reqwest::Client>,
}

/// Which half a host is called by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Public addresses alone.
    Guarded,
    /// Any: the settings name the host.
    Exempt,
}

impl Outgoing {
    /// A client as configured.
    ///
    /// # Errors
    /// A sentence when the file of certificate authorities cannot be read.
    pub fn new(config: &OutgoingConfig) -> Result<Self, Failure> {
        Ok(Self(Arc::new(Clients {
            allow: config.allow.clone(),
            roots: roots(&config.ca)?,
            guarded: OnceLock::new(),
            exempt: OnceLock::new(),
        })))
    }

    /// Fetches a small document: the body of a 200 answer.
    ///
    /// # Errors
    /// When the URL may not be fetched, or the other side does not answer well.
    pub async fn get(&self, url: &str) -> Result<Vec<u8>, Failure> {
        let url = Url::parse(url).map_err(Failure::internal)?;
        let client = self.client(self.way(&url)?).await?;
        let response = send(client.get(url.clone()), &url).await?;
        if response.status() != reqwest::StatusCode::OK {
            return Err(Failure::unavailable(format!("{} answered {}", place(&url), response.status())));
        }
        let body = body(response).await.map_err(|error| unanswered(&url, &error))?;
        body.ok_or_else(|| Failure::unavailable(format!("{} answered more than {MAX_BODY} bytes", place(&url))))
    }

    /// Posts a form. The answer's status counts, its body is not read.
    ///
    /// # Errors
    /// When the URL may not be called, or the other side does not answer with success (200 to 299).
    pub async fn post_form(&self, url: &str, fields: &[(&str, &str)]) -> Result<(), Failure> {
        let url = Url::parse(url).map_err(Failure::internal)?;
        let client = self.client(self.way(&url)?).await?;
        let body = Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = client.post(url.clone()).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
        let response = send(request, &url).await?;
        if response.status().is_success() {
            Ok(())
        } else {
            Err(Failure::unavailable(format!("{} answered {}", place(&url), response.status())))
        }
    }

    /// Whether the URL may be called, as far as it can be known without a call: names are looked up only then.
    ///
    /// # Errors
    /// A sentence that says why not.
    pub fn check(&self, url: &str) -> Result<(), Failure> {
        let url = Url::parse(url).map_err(Failure::internal)?;
        self.way(&url).map(drop)
    }

    /// The half, made on a thread that answers no request.
    async fn client(&self, way: Way) -> Result<reqwest::Client, Failure> {
        if let Some(client) = self.0.of(way).get() {
            return Ok(client.clone());
        }
        let clients = self.0.clone();
        let built = tokio::task::spawn_blocking(move || clients.build(way)).await.map_err(Failure::internal)?;
        let built = built.map_err(Failure::internal)?;
        Ok(self.0.of(way).get_or_init(|| built).clone())
    }

    fn way(&self, url: &Url) -> Result<Way, Failure> {
        let refuse = |why: &str| Err(Failure::internal(format!("{} may not be called: {why}", place(url))));
        let exempt = self.0.allow.contains(&place(url));
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("it carries a user name");
        }
        match (url.scheme(), exempt) {
            ("https" | "http", true) => return Ok(Way::Exempt),
            ("https", false) => {}
            _ => return refuse("it is not https"),
        }
        let port = url.port_or_known_default().unwrap_or(0);
        if (port != HTTPS && port < FIRST_FREE) || OTHER_PROTOCOLS.contains(&port) {
            return refuse("its port is that of another protocol");
        }
        match url.host() {
            Some(Host::Domain(_)) => Ok(Way::Guarded),
            Some(Host::Ipv4(address)) if is_public(address.into()) => Ok(Way::Guarded),
            Some(Host::Ipv6(address)) if is_public(address.into()) => Ok(Way::Guarded),
            _ => refuse("its address is not public"),
        }
    }
}

/// Sends a request, in a span that it names to the other side (W3C Trace Context).
async fn send(request: reqwest::RequestBuilder, url: &Url) -> Result<reqwest::Response, Failure> {
    let span = tracing::info_span!(target: "spans", "call", otel.name = "call", otel.kind = "client", server.address = place(url));
    let context = span.context();
    let of = context.span().span_context().clone();
    let request = if of.is_valid() {
        let parent = TraceParent {
            trace: TraceId::of(of.trace_id().to_bytes()),
            span: of.span_id().to_bytes(),
            sampled: of.is_sampled(),
        };
        request.header("traceparent", parent.to_string())
    } else {
        request
    };
    request.send().instrument(span).await.map_err(|error| unanswered(url, &error))
}

impl Clients {
    fn of(&self, way: Way) -> &OnceLock<reqwest::Client> {
        match way {
            Way::Guarded => &self.guarded,
            Way::Exempt => &self.exempt,
        }
    }

    fn build(&self, way: Way) -> reqwest::Result<reqwest::Client> {
        let builder = builder(self.roots.clone());
        if way == Way::Guarded { builder.dns_resolver(Arc::new(PublicOnly)) } else { builder }.build()
    }
}

/// What every client of ours has: these authorities beside the usual ones, no proxy, no redirects, no patience.
fn builder(roots: Vec<reqwest::Certificate>) -> reqwest::ClientBuilder {
    let builder = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(TIMEOUT)
        .connect_timeout(TIMEOUT)
        .user_agent(concat!("doorward/", env!("CARGO_PKG_VERSION")));
    if roots.is_empty() { builder } else { builder.tls_certs_merge(roots) }
}

/// The body of an answer; `None` when it is longer than it may be.
async fn body(mut response: reqwest::Response) -> reqwest::Result<Option<Vec<u8>>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > MAX_BODY {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}

/// The further certificate authorities of the settings.
fn roots(ca: &Path) -> Result<Vec<reqwest::Certificate>, Failure> {
    if ca.as_os_str().is_empty() {
        return Ok(Vec::new());
    }
    let unusable = |why: &dyn std::fmt::Display| Failure::internal(format!("outgoing.ca: {}: {why}", ca.display()));
    let pem = std::fs::read(ca).map_err(|error| unusable(&error))?;
    reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| unusable(&error))
}

/// `host:port`, as `[outgoing] allow` has it.
fn place(url: &Url) -> String {
    format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(0))
}

fn unanswered(url: &Url, error: &reqwest::Error) -> Failure {
    let why = if error.is_timeout() { "no answer in time" } else { "no connection, or it broke" };
    Failure::unavailable(format!("{}: {why}", place(url)))
}

/// Resolves names and drops every address that is not public.
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                Err("the name has no public address".into())
            } else {
                Ok(Box::new(public.into_iter()) as Addrs)
            }
        })
    }
}

/// Whether an address is on the public internet (IANA's special-purpose registries; addresses that carry an IPv4 one are judged by it).
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            !(ip.is_private()
                || ip.is_loopback()
                || ip.is_link_local()
                || ip.is_broadcast()
                || ip.is_documentation()
                || ip.is_multicast()
                || a == 0
                || a >= 240
                || (a == 100 && (64..128).contains(&b))
                || (a, b, c) == (192, 0, 0)
                || (a == 198 && (18..20).contains(&b)))
        }
        IpAddr::V6(ip) => {
            let groups = ip.segments();
            let carried =
                IpAddr::from([(groups[6] >> 8) as u8, groups[6] as u8, (groups[7] >> 8) as u8, groups[7] as u8]);
            match groups {
                // NAT64 and 6to4 carry an IPv4 address.
                [0x64, 0xff9b, 0, 0, 0, 0, ..] => is_public(carried),
                [0x2002, high, low, ..] => {
                    is_public(IpAddr::from([(high >> 8) as u8, high as u8, (low >> 8) as u8, low as u8]))
                }
                [0x2001, 0xdb8, ..] | [0x2001, 0..0x200, ..] => false,
                [first, ..] => (0x2000..0x4000).contains(&first),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_public() {
        for public in ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "64:ff9b::101:101"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "::1",
            "::",
            "fc00::1",
            "fe80::1",
            "::ffff:127.0.0.1",
            "::ffff:7f00:1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "ff02::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
    }

    #[tokio::test]
    async fn forbidden_urls_are_refused_before_anything_is_dialled() {
        let outgoing = Outgoing::new(&OutgoingConfig::default()).unwrap();
        for url in [
            "http://example.org/",
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://017700000001/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://u:p@example.org/",
            "file:///etc/passwd",
            "gopher://example.org/",
        ] {
            for refused in [outgoing.get(url).await.map(drop), outgoing.post_form(url, &[]).await, outgoing.check(url)]
            {
                assert!(refused.unwrap_err().detail.contains("may not be called"), "{url}");
            }
        }
    }
}
