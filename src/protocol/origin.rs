//! Origins whose scripts may call the token endpoint and userinfo (Fetch §3.3, RFC 6454 §7), as they are registered of a client beside those of
//! its redirect URIs: an application that a shell such as Capacitor or Tauri runs on a device has an origin that is no redirect URI's.

use url::Url;

use super::redirect_uri::{is_loopback, is_taken};

/// The longest origin that can be registered, in bytes.
const MAX_LENGTH: usize = 300;

/// Whether a client may have this origin.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub fn registrable(origin: &str) -> Result<(), String> {
    let refuse = |why: &str| Err(format!("the origin '{}' {why}", origin.escape_debug()));
    let written = |url: &Url| {
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        url.host_str().filter(|host| !host.is_empty()).map(|host| format!("{}://{host}{port}", url.scheme()))
    };
    let is_plain = origin.len() <= MAX_LENGTH && origin.bytes().all(|b| b.is_ascii_graphic() && b != b'*');
    let Some(url) = Url::parse(origin).ok().filter(|url| is_plain && written(url).as_deref() == Some(origin)) else {
        return refuse(
            "must be a scheme and a host, perhaps with a port, as browsers send it: such as capacitor://localhost",
        );
    };
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_loopback(&url) => Ok(()),
        "http" => refuse("may use http only on this machine (localhost, 127.0.0.1, [::1])"),
        scheme if is_taken(scheme) => refuse("has a scheme that no application has to itself"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_scheme_and_a_host_as_browsers_send_it() {
        for fine in [
            "capacitor://localhost",
            "tauri://localhost",
            "http://localhost",
            "https://app.test:8443",
            "http://[::1]:80000",
        ] {
            let is_fine = registrable(fine).is_ok();
            assert_eq!(is_fine, !fine.ends_with(":80000"), "{fine}");
        }
        for wrong in [
            "",
            "*",
            "null",
            "https://*",
            "https://app.test/",
            "https://app.test/x",
            "https://APP.test",
            "https://app.test:443",
            "http://app.test",
            "https://u@app.test",
            "capacitor://",
            "capacitor:localhost",
            "javascript://x",
            "file://",
            "chrome-extension://x",
            "https://app.test?x",
            "https://app.test#x",
            " https://app.test",
        ] {
            assert!(registrable(wrong).is_err(), "{wrong}");
        }
        assert!(registrable(&format!("https://{}.test", "a".repeat(300))).is_err());
    }
}
