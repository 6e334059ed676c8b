//! Which core does what. Server and floor share one core, so that they meet the same caches; the generator has another one to itself.
//!
//! A child process inherits the affinity of the thread that starts it, which is why [`Cores::spawn`] starts it from a thread of its own:
//! so it is pinned before its first instruction, and no runtime counts more cores than it may use.

use std::io;
use std::process::{Child, Command};

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

use crate::Outcome;

/// The calling thread.
const THIS: Pid = Pid::from_raw(0);

/// Which core does what.
#[derive(Clone, Copy)]
pub struct Cores {
    all: CpuSet,
    /// The number of the core that server and floor run on.
    pub server: usize,
    /// The number of the core that the generator runs on.
    pub generator: usize,
}

/// Where a child process runs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// On the core of what is measured.
    Measured,
    /// On any core: commands, a build.
    Anywhere,
}

impl Cores {
    /// Takes the last core that this process may use for the server and the first for the generator, unless others are named.
    ///
    /// # Errors
    /// When a named core may not be used.
    pub fn choose(server: Option<usize>, generator: Option<usize>) -> Outcome<Self> {
        let all = sched_getaffinity(THIS)?;
        let usable: Vec<usize> = (0..CpuSet::count()).filter(|core| all.is_set(*core).unwrap_or(false)).collect();
        for core in [server, generator].into_iter().flatten() {
            if !usable.contains(&core) {
                return Err(format!("there is no core {core}; there are: {usable:?}").into());
            }
        }
        let last = usable.last().copied().unwrap_or(0);
        let server = server.unwrap_or(last);
        let first = usable.iter().copied().find(|core| *core != server).unwrap_or(server);
        Ok(Self { all, server, generator: generator.unwrap_or(first) })
    }

    /// Whether server and generator have to share a core.
    pub fn shared(&self) -> bool {
        self.server == self.generator
    }

    /// How many cores there are for what runs [`Place::Anywhere`].
    pub fn count(&self) -> usize {
        (0..CpuSet::count()).filter(|core| self.all.is_set(*core).unwrap_or(false)).count()
    }

    /// Pins the calling thread, and every thread that it starts from now on, to the core of the generator.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn pin_generator(&self) -> Outcome<()> {
        Ok(sched_setaffinity(THIS, &one(self.generator)?)?)
    }

    /// Starts a process in its place.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn spawn(&self, place: Place, command: &mut Command) -> io::Result<Child> {
        let set = match place {
            Place::Measured => one(self.server)?,
            Place::Anywhere => self.all,
        };
        std::thread::scope(|scope| {
            let started = scope.spawn(|| {
                sched_setaffinity(THIS, &set)?;
                command.spawn()
            });
            started.join().unwrap_or_else(|_| Err(io::Error::other("the thread that starts it has panicked")))
        })
    }
}

fn one(core: usize) -> nix::Result<CpuSet> {
    let mut set = CpuSet::new();
    set.set(core)?;
    Ok(set)
}

#[cfg(test)]
mod tests {
    use std::process::Stdio;

    use super::*;

    #[test]
    fn a_child_runs_on_the_core_of_what_is_measured() {
        let cores = Cores::choose(None, None).unwrap();
        let mut command = Command::new("grep");
        let child = cores
            .spawn(Place::Measured, command.args(["Cpus_allowed_list", "/proc/self/status"]).stdout(Stdio::piped()));
        let output = child.unwrap().wait_with_output().unwrap();
        let line = String::from_utf8(output.stdout).unwrap();
        assert_eq!(line.split_whitespace().last(), Some(cores.server.to_string().as_str()), "{line}");
    }

    #[test]
    fn a_core_that_there_is_not_is_refused() {
        let refused = Cores::choose(Some(CpuSet::count() - 1), None).err().unwrap().to_string();
        assert!(refused.starts_with("there is no core"), "{refused}");
    }
}
