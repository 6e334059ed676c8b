//! Who may do what: each kind of caller at every route, and each kind of actor at every function of the registry. What has no row fails.

mod registry;
mod routes;
