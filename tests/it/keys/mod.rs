//! Signing keys: their life, what verifies under them, and what happens to them when things go wrong.

mod hints;
