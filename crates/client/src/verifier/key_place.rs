//! The keys of an issuer as it publishes them, and for how long they are fresh.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, Uri, header};
use serde::Deserialize;

use crate::discovery::{self, FetchError};
use crate::http::Http;
use crate::key_set::KeySet;

/// The longest key set, in bytes.
const LONGEST_KEYS: usize = 1 << 20;
/// How long keys are fresh when the answer does not say.
const USUAL: Duration = Duration::from_secs(600);
/// What an answer can say at least and at most.
const SHORTEST: Duration = Duration::from_secs(60);
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// Where an issuer says that its keys are.
pub(super) async fn find(http: &Arc<dyn Http>, issuer: &str) -> Result<Uri, FetchError> {
    #[derive(Deserialize)]
    struct Metadata {
        jwks_uri: String,
    }
    let metadata: Metadata = discovery::metadata(http, issuer).await?;
    discovery::pointed_to(issuer, &metadata.jwks_uri)
}

/// Reads a key set, and for how long it is fresh.
pub(super) async fn read(http: &Arc<dyn Http>, uri: Uri) -> Result<(KeySet, Duration), FetchError> {
    let answer = discovery::get(http, uri).await?;
    if answer.body().len() > LONGEST_KEYS {
        return Err(FetchError::TooLong);
    }
    let set = KeySet::parse(answer.body()).map_err(|_| FetchError::Unreadable("key set"))?;
    Ok((set, fresh_for(answer.headers())))
}

/// `max-age` of `Cache-Control` (RFC 9111 §5.2.2.1), within bounds.
fn fresh_for(headers: &HeaderMap) -> Duration {
    let directives = headers.get_all(header::CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let seconds = directives.flat_map(|text| text.split(',')).find_map(|directive| {
        let (name, value) = directive.trim().split_once('=')?;
        name.eq_ignore_ascii_case("max-age").then(|| value.trim_matches('"').parse::<u64>().ok())?
    });
    seconds.map_or(USUAL, Duration::from_secs).clamp(SHORTEST, LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_fresh_for_as_long_as_the_answer_says_within_bounds() {
        let cases = [
            ("max-age=300", 300),
            ("public, Max-Age=\"900\", must-revalidate", 900),
            ("max-age=0", 60),
            ("max-age=99999999", 86400),
            ("max-age=-1", 600),
            ("no-store", 600),
            ("s-maxage=5", 600),
        ];
        for (value, seconds) in cases {
            let headers = HeaderMap::from_iter([(header::CACHE_CONTROL, value.parse().unwrap())]);
            assert_eq!(fresh_for(&headers).as_secs(), seconds, "{value}");
        }
        assert_eq!(fresh_for(&HeaderMap::new()), USUAL);
    }
}
