//! Progress, on standard error: one line that moves on a terminal, else a line now and then. Standard output is for the result alone.

use std::cell::Cell;
use std::io::{IsTerminal, Write};

/// Tells how far things are.
pub struct Progress {
    terminal: bool,
    /// Whether the line that stands there now will be written over.
    open: Cell<bool>,
    /// The tenth of the work that was told last, where lines stay.
    told: Cell<usize>,
}

impl Progress {
    /// On standard error.
    pub fn new() -> Self {
        Self { terminal: std::io::stderr().is_terminal(), open: Cell::new(false), told: Cell::new(0) }
    }

    /// A line that stays.
    pub fn say(&self, text: impl AsRef<str>) {
        let end = if self.open.replace(false) { "\r\x1b[K" } else { "" };
        self.told.set(0);
        let _ = writeln!(std::io::stderr(), "{end}{}", text.as_ref());
    }

    /// So many of so many are done: told at once on a terminal, else with every fifth of them.
    pub fn step(&self, what: &str, done: usize, of: usize) {
        if self.terminal {
            self.open.set(done < of);
            let end = if done < of { "" } else { "\n" };
            let _ = write!(std::io::stderr(), "\r\x1b[K  {what}: {done} of {of}{end}");
            let _ = std::io::stderr().flush();
            return;
        }
        let fifth = done * 5 / of.max(1);
        if fifth > self.told.get() || done == of {
            self.told.set(if done < of { fifth } else { 0 });
            let _ = writeln!(std::io::stderr(), "  {what}: {done} of {of}");
        }
    }
}
