//! Second factors: setting them up, the second step, doing without, and what operators see of them. How they are attacked stands in `attacks/`.

mod account;
mod commands;
mod demands;
mod import;
mod kept;
mod lost;
mod lost_links;
mod meanwhile;
mod operator;
mod required;
mod sign_in;
mod step_up;
mod taken_back;

const ANN: &str = "ann@example.org";
