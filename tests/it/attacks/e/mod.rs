//! Group E: signing in, sessions and cookies, and who somebody is (OWASP ASVS 6 and 7, NIST SP 800-63B-4).

mod accounts;
mod factors;
mod forms;
mod kept_devices;
mod left_over;
mod lost;
mod mail;
mod passkeys;
mod security_keys;
mod sessions;
mod steps;
