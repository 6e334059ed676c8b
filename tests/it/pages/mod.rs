//! The pages: a file for each of `src/http/pages`, and one for what all their forms have in common.

mod account;
mod account_endings;
mod account_history;
mod account_password;
mod account_profile;
mod api_keys_in_chromium;
mod brand;
mod consent;
mod devices;
mod forms;
mod german_in_chromium;
mod journey;
mod leaving_in_chromium;
mod letters;
mod limit;
mod lockout;
mod login;
mod logout;
mod look;
mod lost_factors_in_chromium;
mod mail_in_chromium;
mod no_address;
mod passkeys_in_chromium;
mod providers;
#[cfg(feature = "demo")]
mod providers_in_chromium;
mod register;
mod register_limit;
mod roles_in_chromium;
mod second_factor_in_chromium;
mod slow_line_in_chromium;
mod spread;
#[cfg(feature = "demo")]
mod step_up_in_chromium;
mod tabs;
pub mod tabs_in_chromium;
