//! Group H: markup, headers, and how requests are read.

mod markup;
mod paths;
mod reading;
mod wire;
