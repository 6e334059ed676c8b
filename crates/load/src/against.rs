//! Another server, which is not started here: JWKS, discovery and, with the credentials of a client, client credentials (RFC 6749 §4.4) and
//! introspection (RFC 7662), at the endpoints that its discovery document names (OpenID Connect Discovery §4, RFC 8414 §3).
//!
//! Its CPU time is known only by its process; without that the figure is wall time. No TLS: put a server behind plain http on loopback.

use std::net::{SocketAddr, ToSocketAddrs};

use serde_json::Value;
use url::Url;

use crate::Outcome;
use crate::arguments::Arguments;
use crate::bench::{Bench, Spec, Subject};
use crate::cores::Cores;
use crate::floor::Floor;
use crate::http::Connection;
use crate::operation::{Application, Operation, get};
use crate::process::Watched;
use crate::progress::Progress;
use crate::report::Report;
use crate::round::Workload;

/// An address of the other server.
struct Endpoint {
    address: SocketAddr,
    host: String,
    path: String,
}

/// Measures it.
///
/// # Errors
/// When it does not answer as the protocols have it.
pub async fn run(arguments: &Arguments, issuer: &Url, cores: Cores, progress: &Progress) -> Outcome<Report> {
    let watched = arguments.pid.map(Watched::new).transpose()?;
    let base = issuer.as_str().trim_end_matches('/');
    let discovery = Endpoint::at(&format!("{base}/.well-known/openid-configuration"))?;
    let metadata = discovery.json().await?;
    let named = |name: &str| metadata[name].as_str().map(Endpoint::at).transpose();
    let jwks = named("jwks_uri")?.ok_or("its discovery document names no jwks_uri")?;
    let bench = Bench::start(arguments.rounds()?, &cores, &jwks.json().await?.to_string())?;

    let mut work = vec![
        (spec("jwks", "JWKS", Floor::H), jwks.same("\"keys\"")),
        (spec("discovery", "discovery", Floor::H), discovery.same("\"issuer\"")),
    ];
    let mut notes = Vec::new();
    if let (Some(id), Some(secret)) = (&arguments.client_id, &arguments.client_secret) {
        let client =
            |endpoint: &Endpoint| Application { host: endpoint.host.clone(), id: id.clone(), secret: secret.clone() };
        let endpoint = named("token_endpoint")?.ok_or("its discovery document names no token_endpoint")?;
        let mut form = vec![("grant_type", "client_credentials")];
        form.extend(arguments.scope.as_deref().map(|scope| ("scope", scope)));
        let request = client(&endpoint).form(&endpoint.path, &form);
        let token = match &arguments.token {
            Some(token) => token.clone(),
            None => {
                endpoint.answer(&request).await?["access_token"].as_str().ok_or("it gave no access token")?.to_owned()
            }
        };
        let has = "\"access_token\"";
        work.push((spec("client-credentials", "client credentials", Floor::S), endpoint.with(request, has)));
        match named("introspection_endpoint")? {
            None => notes.push("its discovery document names no introspection_endpoint".to_owned()),
            Some(endpoint) => {
                let request = client(&endpoint).form(&endpoint.path, &[("token", &token)]);
                if endpoint.answer(&request).await?["active"] != true {
                    notes.push(
                        "to this client it says that the token is not active: what is measured is that".to_owned(),
                    );
                }
                work.push((spec("introspection", "introspection", Floor::S), endpoint.with(request, "\"active\"")));
            }
        }
    }
    let mut rows = Vec::new();
    for (spec, (address, operation)) in work {
        let workload = Workload::new(address, vec![operation; bench.rounds.connections]);
        rows.push(bench.row(spec, Subject { workload, watched, installation: None }, progress).await?);
    }
    if watched.is_none() {
        notes.push("without --pid, the figures are wall time over all connections, not CPU time".to_owned());
    }
    Ok(Report { about: vec![("against", issuer.to_string())], floors: bench.floors(), rows, notes })
}

fn spec(name: &'static str, title: &'static str, floor: Floor) -> Spec {
    Spec { name, title, floor, target: None }
}

impl Endpoint {
    fn at(location: &str) -> Outcome<Self> {
        let url = Url::parse(location)?;
        if url.scheme() != "http" {
            return Err(
                format!("{location}: this tool speaks plain http alone, to leave TLS out of the figures").into()
            );
        }
        let (host, port) = (url.host_str().unwrap_or_default(), url.port().unwrap_or(80));
        let address = (host.trim_matches(['[', ']']), port).to_socket_addrs()?.next().ok_or("no such host")?;
        let path = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        Ok(Self { address, host, path })
    }

    fn with(&self, request: Vec<u8>, has: &'static str) -> (SocketAddr, Operation) {
        (self.address, Operation::Same { request, has })
    }

    fn same(&self, has: &'static str) -> (SocketAddr, Operation) {
        self.with(get(&self.host, &self.path, ""), has)
    }

    async fn json(&self) -> Outcome<Value> {
        self.answer(&get(&self.host, &self.path, "")).await
    }

    async fn answer(&self, request: &[u8]) -> Outcome<Value> {
        let mut connection = Connection::new(self.address);
        let answer = connection.exchange(request).await?;
        if answer.status != 200 {
            return Err(answer.unexpected("a 200"));
        }
        answer.json()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_read_from_its_location() {
        let endpoint = Endpoint::at("http://127.0.0.1:8080/realms/a/token?x=1").unwrap();
        assert_eq!((endpoint.host.as_str(), endpoint.path.as_str()), ("127.0.0.1:8080", "/realms/a/token?x=1"));
        assert_eq!(endpoint.address.to_string(), "127.0.0.1:8080");
        assert_eq!(Endpoint::at("http://[::1]:81/").unwrap().address.to_string(), "[::1]:81");
        assert_eq!(Endpoint::at("http://127.0.0.1/").unwrap().host, "127.0.0.1");
        assert!(Endpoint::at("https://127.0.0.1/").is_err());
    }
}
