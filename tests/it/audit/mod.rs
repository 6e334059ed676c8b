//! The audit record: what is written of what happens, when, and by whom.

mod recording;
