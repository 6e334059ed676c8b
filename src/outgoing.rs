//! The one guarded HTTP client for everything that we fetch or tell: the only file that names reqwest (OWASP ASVS 13.2.4, SSRF).
//!
//! https only; plain http to exempted hosts alone. No redirects, no proxy from the environment, no cookies. The address is checked
//! when it is dialled: names are resolved by our own resolver, which drops every address that is not public, and literal
//! addresses are checked before. Hosts of `[outgoing] allow` are exempt. Five seconds and 64 KiB at most.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::CONTENT_TYPE;
use url::form_urlencoded::Serializer;
use url::{Host, Url};

use crate::config::OutgoingConfig;
use crate::failure::Failure;

/// The longest body that is read, in bytes.
const MAX_BODY: usize = 65_536;
/// How long a whole exchange may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The guarded client. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Outgoing {
    guarded: reqwest::Client,
    exempt: reqwest::Client,
    allow: Arc<Vec<String>>,
}

impl Outgoing {
    /// A client as configured.
    ///
    /// # Errors
    /// A sentence when the file of certificate authorities cannot be read.
    pub fn new(config: &OutgoingConfig) -> Result<Self, Failure> {
        Ok(Self {
            guarded: builder(config)?.dns_resolver(Arc::new(PublicOnly)).build().map_err(Failure::internal)?,
            exempt: builder(config)?.build().map_err(Failure::internal)?,
            allow: Arc::new(config.allow.clone()),
        })
    }

    /// Fetches a small document: the body of a 200 answer.
    ///
    /// # Errors
    /// When the URL may not be fetched, or the other side does not answer well.
    pub async fn get(&self, url: &str) -> Result<Vec<u8>, Failure> {
        let url = Url::parse(url).map_err(Failure::internal)?;
        let client = self.client_for(&url)?;
        let mut response = client.get(url.clone()).send().await.map_err(|error| unanswered(&url, &error))?;
        if response.status() != reqwest::StatusCode::OK {
            return Err(Failure::unavailable(format!("{} answered {}", place(&url), response.status())));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| unanswered(&url, &error))? {
            if body.len() + chunk.len() > MAX_BODY {
                return Err(Failure::unavailable(format!("{} answered more than {MAX_BODY} bytes", place(&url))));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// Posts a form. The answer's status counts, its body is not read.
    ///
    /// # Errors
    /// When the URL may not be called, or the other side does not answer with success (200 to 299).
    pub async fn post_form(&self, url: &str, fields: &[(&str, &str)]) -> Result<(), Failure> {
        let url = Url::parse(url).map_err(Failure::internal)?;
        let client = self.client_for(&url)?;
        let body = Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = client.post(url.clone()).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
        let response = request.send().await.map_err(|error| unanswered(&url, &error))?;
        match response.status().is_success() {
            true => Ok(()),
            false => Err(Failure::unavailable(format!("{} answered {}", place(&url), response.status()))),
        }
    }

    /// Whether the URL may be called, as far as it can be known without a call: names are looked up only then.
    ///
    /// # Errors
    /// A sentence that says why not.
    pub fn check(&self, url: &str) -> Result<(), Failure> {
        let url = Url::parse(url).map_err(Failure::internal)?;
        self.client_for(&url).map(drop)
    }

    fn client_for(&self, url: &Url) -> Result<&reqwest::Client, Failure> {
        let refuse = |why: &str| Err(Failure::internal(format!("{} may not be called: {why}", place(url))));
        let exempt = self.allow.contains(&place(url));
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("it carries a user name");
        }
        match (url.scheme(), exempt) {
            ("https" | "http", true) => return Ok(&self.exempt),
            ("https", false) => {}
            _ => return refuse("it is not https"),
        }
        match url.host() {
            Some(Host::Domain(_)) => Ok(&self.guarded),
            Some(Host::Ipv4(address)) if is_public(address.into()) => Ok(&self.guarded),
            Some(Host::Ipv6(address)) if is_public(address.into()) => Ok(&self.guarded),
            _ => refuse("its address is not public"),
        }
    }
}

fn builder(config: &OutgoingConfig) -> Result<reqwest::ClientBuilder, Failure> {
    let builder = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(TIMEOUT)
        .connect_timeout(TIMEOUT)
        .user_agent(concat!("doorward/", env!("CARGO_PKG_VERSION")));
    if config.ca.as_os_str().is_empty() {
        return Ok(builder);
    }
    let unusable =
        |why: &dyn std::fmt::Display| Failure::internal(format!("outgoing.ca: {}: {why}", config.ca.display()));
    let pem = std::fs::read(&config.ca).map_err(|error| unusable(&error))?;
    let roots = reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| unusable(&error))?;
    Ok(builder.tls_certs_merge(roots))
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
            match public.is_empty() {
                true => Err("the name has no public address".into()),
                false => Ok(Box::new(public.into_iter()) as Addrs),
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
