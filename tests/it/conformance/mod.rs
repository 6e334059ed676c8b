//! The modules of the OpenID Foundation's conformance suite for the profiles Basic, Config, Form Post, RP-Initiated Logout and
//! Back-Channel Logout, each as one test under the module's own name, and the wrong ways that they imply.
//!
//! Black box: a relying party and a person in front of a browser, over TLS on a real socket. The provider is the real binary or, where
//! time must pass, the same listener in this process under a clock that is turned. `DOORWARD_CONFORMANCE_TARGET` names the
//! description of another provider (`provider.rs` says how), to try the harness itself: what passes there and fails here is our fault,
//! the other way round it is the harness's.

mod back_channel_logout;
mod basic;
mod basic_modules;
mod bench;
mod config;
mod form_post;
mod party;
mod person;
mod provider;
mod rp_initiated_logout;
mod wrong_ways;

/// Defines a test per module: the function of the same name in `basic_modules`, in the given mode.
macro_rules! tests_of_modules {
    ($mode:expr; $($module:ident)+) => {
        $(
            #[tokio::test]
            async fn $module() {
                super::basic_modules::$module($mode).await;
            }
        )+
    };
}

/// Every module of Basic with static clients.
macro_rules! basic_modules_in {
    ($mode:expr) => {
        tests_of_modules! {
            $mode;
            oidcc_server
            oidcc_response_type_missing
            oidcc_userinfo_get
            oidcc_userinfo_post_header
            oidcc_userinfo_post_body
            oidcc_ensure_request_without_nonce_succeeds_for_code_flow
            oidcc_scope_profile
            oidcc_scope_email
            oidcc_scope_address
            oidcc_scope_phone
            oidcc_scope_all
            oidcc_alternate_happy_flow
            oidcc_display_page
            oidcc_display_popup
            oidcc_prompt_login
            oidcc_prompt_none_not_logged_in
            oidcc_prompt_none_logged_in
            oidcc_max_age_1
            oidcc_max_age_10000
            oidcc_ensure_request_with_unknown_parameter_succeeds
            oidcc_id_token_hint
            oidcc_login_hint
            oidcc_ui_locales
            oidcc_claims_locales
            oidcc_ensure_request_with_acr_values_succeeds
            oidcc_codereuse
            oidcc_codereuse_30seconds
            oidcc_ensure_registered_redirect_uri
            oidcc_ensure_post_request_succeeds
            oidcc_server_client_secret_post
            oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported
            oidcc_claims_essential
            oidcc_ensure_request_object_with_redirect_uri
            oidcc_refresh_token
            oidcc_ensure_request_with_valid_pkce_succeeds
        }
    };
}

use {basic_modules_in, tests_of_modules};
