//! Second factors: setting them up, the second step, doing without, and what operators see of them. How they are attacked stands in `attacks/`.

mod account;
mod operator;
mod required;
mod sign_in;

const ANN: &str = "ann@example.org";
