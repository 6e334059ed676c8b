//! The endpoints of the protocols; one file each, handlers called `get` and `post`.

pub(super) mod authorize;
pub(super) mod discovery;
pub(super) mod health;
pub(super) mod introspect;
pub(super) mod jwks;
pub(super) mod leaked;
pub(super) mod provider_logout;
pub(super) mod revoke;
pub(super) mod token;
pub(super) mod userinfo;
