//! OpenID Connect Core at the authorization endpoint and behind it: claims, response modes, hints, context classes, metadata, links.

mod back_channel;
mod claims;
mod form_post_in_chromium;
mod hints;
mod links;
mod metadata;
mod response_mode;

/// The `claims` parameter, form-encoded.
fn claims(text: &str) -> String {
    url::form_urlencoded::Serializer::new(String::new()).append_pair("claims", text).finish()
}
