//! Every route on one screen, grouped by audience.

use std::sync::Arc;

use axum::http::Method;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, options, post};
use axum::{Extension, Router};
use tower_http::cors::{AllowHeaders, AllowOrigin, Any, CorsLayer};

use super::endpoints::{
    authorize, discovery, health, introspect, jwks, leaked, provider_logout, revoke, token, userinfo,
};
use super::middleware::host::Hosts;
use super::middleware::{headers, owner};
use super::pages::files::{self, Files};
use super::pages::{
    account, api_keys, authenticator, consent, data, email_sign_in, emails, first_password, history, kept_devices,
    login, logout, lost_factors, mail, missing, new_api_key, new_passkey, new_password, newcomer, passkey_account,
    passkey_sign_in, passkeys, password, profile, proof, recover, recovery_codes, register, replaced_api_key,
    second_step, security_keys, upstream,
};
use super::site::Site;
use crate::app::App;

/// The whole server.
pub fn site(app: App) -> Site {
    let hosts = if app.issuer.is_secure() { Hosts::Any } else { Hosts::Loopback };
    Site::new(app.clone(), router(app), hosts)
}

fn router(app: App) -> Router {
    let base = app.issuer.base().clone();
    let files = Arc::new(Files::new(
        &app.config.brand,
        app.logo.as_ref(),
        base.clone(),
        (
            !app.providers.all().is_empty(),
            app.config.mail.is_on(),
            app.sign_ins.has_second_factors(),
            app.sign_ins.has_passkeys(),
        ),
    ));
    let pages = |routes: Router<App>| {
        routes
            .fallback(missing::get)
            .method_not_allowed_fallback(missing::method)
            .layer(from_fn_with_state(app.clone(), owner::check))
            .layer(from_fn(headers::browser))
            .layer(Extension(files.clone()))
    };

    // For anybody: public facts. A browser asks before a request with headers of its own, and only then.
    let asked_first = || {
        let any = CorsLayer::new().allow_origin(Any).allow_methods([Method::GET]).allow_headers(any_header());
        options(missing::endpoint_method).layer(any)
    };
    let public = |routes: Router<App>| {
        routes
            .method_not_allowed_fallback(missing::endpoint_method)
            .layer(from_fn_with_state(headers::caching(app.config.keys.jwks_max_age), headers::public))
    };
    let facts = Router::new()
        .route("/.well-known/openid-configuration", get(discovery::get).merge(asked_first()))
        .route("/.well-known/oauth-authorization-server", get(discovery::get).merge(asked_first()))
        .route("/.well-known/jwks.json", get(jwks::get).merge(asked_first()));

    // For machines: clients and resource servers. Few of them are browsers: what those ask first costs nobody else anything.
    let asked = app.clone();
    let script_origin = AllowOrigin::predicate(move |origin, _| headers::may_read(&asked, origin));
    let cors = CorsLayer::new()
        .allow_origin(script_origin)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(any_header());
    let asked_by_apps = options(missing::endpoint_method).layer(cors);
    let machine = Router::new()
        .route("/token", post(token::post).merge(asked_by_apps.clone()))
        .route("/revoke", post(revoke::post).merge(asked_by_apps.clone()))
        .route("/userinfo", get(userinfo::get).post(userinfo::post).merge(asked_by_apps))
        .method_not_allowed_fallback(missing::endpoint_method)
        .layer(from_fn_with_state(app.clone(), headers::machine_for_apps));

    // For resource servers, providers and scanners for secrets: no browser's business, so without CORS.
    let other_server = Router::new()
        .route("/introspect", post(introspect::post))
        .route("/api-keys/leaked", post(leaked::post))
        .route("/upstream/{id}/backchannel-logout", post(provider_logout::post))
        .method_not_allowed_fallback(missing::endpoint_method)
        .layer(from_fn(headers::machine));

    // For people in browsers.
    let browser = Router::new()
        .route("/authorize", get(authorize::get).post(authorize::post))
        .route("/authorize/continue", get(authorize::resume))
        .route("/login", get(login::get).post(login::post))
        .route("/login/email", get(email_sign_in::get).post(email_sign_in::post))
        .route("/login/code", get(second_step::get).post(second_step::post))
        .route("/login/recovery", post(second_step::recover))
        .route("/login/passkey", post(passkey_sign_in::post))
        .route("/login/security-key", post(security_keys::show))
        .route("/login/new-passkey", get(new_passkey::get).post(new_passkey::post))
        .route("/login/new-passkey/later", post(new_passkey::later))
        .route("/login/lost", get(lost_factors::get).post(lost_factors::post))
        .route("/login/lost/remove", post(lost_factors::remove))
        .route("/login/authenticator", get(authenticator::get_first).post(authenticator::post_first))
        .route("/register", get(register::get).post(register::post))
        .route("/register/passkey", post(passkey_account::begin))
        .route("/register/passkey/new", post(passkey_account::post))
        .route("/recover", get(recover::get).post(recover::post))
        .route("/mail", get(mail::get).post(mail::post))
        .route("/mail/code", get(mail::get_code).post(mail::post_code))
        .route("/mail/password", get(new_password::get).post(new_password::post))
        .route("/upstream/{id}", post(upstream::post))
        .route("/upstream/{id}/callback", get(upstream::callback).post(upstream::callback_by_post))
        .route("/upstream/{id}/account", get(newcomer::get).post(newcomer::post))
        .route("/upstream/{id}/link", get(newcomer::get_link).post(newcomer::post_link))
        .route("/consent", get(consent::get).post(consent::post))
        .route("/logout", get(logout::get).post(logout::post))
        .route("/logout/confirm", post(logout::confirm))
        .route("/signed-out", get(logout::signed_out))
        .route("/account", get(account::get))
        .route("/account/profile", get(profile::get).post(profile::post))
        .route("/account/password", get(password::get).post(password::post))
        .route("/account/password/first", post(first_password::begin))
        .route("/account/password/remove", post(account::remove_password))
        .route("/account/authenticator", get(authenticator::get).post(authenticator::post))
        .route("/account/authenticator/begin", post(authenticator::begin))
        .route("/account/authenticator/remove", post(authenticator::remove))
        .route("/account/devices/end", post(kept_devices::end))
        .route("/account/passkeys", get(passkeys::get).post(passkeys::post))
        .route("/account/passkeys/begin", post(passkeys::begin))
        .route("/account/passkeys/rename", post(passkeys::rename))
        .route("/account/passkeys/remove", post(passkeys::remove))
        .route("/account/security-keys", post(security_keys::add))
        .route("/account/security-keys/begin", post(security_keys::begin))
        .route("/account/security-keys/remove", post(security_keys::remove))
        .route("/account/recovery-codes", get(recovery_codes::get).post(recovery_codes::post))
        .route("/account/recovery-codes/begin", post(recovery_codes::begin))
        .route("/account/recovery-codes/save", post(recovery_codes::save))
        .route("/account/second-factor/keep", post(lost_factors::stop))
        .route("/account/sign-ins", get(account::sign_ins))
        .route("/account/applications", get(account::applications))
        .route("/account/api-keys", get(api_keys::get).post(new_api_key::post))
        .route("/account/api-keys/begin", post(new_api_key::begin))
        .route("/account/api-keys/new", get(new_api_key::get))
        .route("/account/api-keys/replace", get(replaced_api_key::get).post(replaced_api_key::post))
        .route("/account/api-keys/end", post(api_keys::end))
        .route("/account/history", get(history::get))
        .route("/account/data", get(data::get))
        .route("/account/data/export", post(data::export))
        .route("/account/data/delete", post(data::delete))
        .route("/account/sign-ins/end", post(account::end_sign_in))
        .route("/account/sign-ins/end-others", post(account::end_others))
        .route("/account/apps/end", post(account::end_app))
        .route("/account/proof", post(proof::post))
        .route("/account/emails", get(emails::get).post(emails::post))
        .route("/account/emails/verify", post(emails::verify))
        .route("/account/emails/take", post(account::take_address))
        .route("/account/identities/link", post(account::link))
        .route("/account/identities/unlink", post(account::unlink))
        .route("/", get(account::root))
        .route("/static/{file}", get(files::get));

    // For the operator's machinery.
    let operator = Router::new()
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
        .method_not_allowed_fallback(missing::endpoint_method)
        .layer(from_fn(headers::machine));

    let ours = pages(browser).merge(public(facts)).merge(machine).merge(other_server).merge(operator.clone());
    if base.is_root() {
        return ours.with_state(app);
    }
    // All of it lies below the issuer's path. Beside that the host is not ours, but for the names of the metadata that RFC 8414 §3.1 makes by
    // putting the path behind, and for those who watch over the process and know nothing of the path.
    let metadata = ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"];
    let metadata = metadata.into_iter().fold(Router::new(), |routes, name| {
        routes.route(&format!("{name}{}", base.as_str()), get(discovery::get).merge(asked_first()))
    });
    let beside = Router::new().route(base.place("/").as_str(), get(account::root));
    pages(beside).nest(base.as_str(), ours).merge(public(metadata)).merge(operator).with_state(app)
}

/// Whatever headers a script asks for may come. Nothing here is authenticated by what a browser adds by itself, so a list would guard nothing:
/// it would only break an application on the day that a library of it, such as one for traces, sends another header. Named one by one and not
/// by `*`, which does not stand for `Authorization` (Fetch §3.3.2).
fn any_header() -> AllowHeaders {
    AllowHeaders::mirror_request()
}
