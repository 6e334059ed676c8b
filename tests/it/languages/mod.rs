//! The languages: what the files of words hold, that no page holds words of its own, and which language a page is in.

mod chosen;
mod files;
