//! A process from the outside: its CPU time, its memory, its end.
//!
//! CPU time is the process's own clock (`clock_getcpuclockid(3)`): all its threads, also those that have ended, in user and system mode, to
//! the nanosecond. `/proc/PID/stat` says the same in ticks of 10 ms.

use std::process::{Child, ExitStatus};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::time::{ClockId, clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;

use crate::Outcome;

/// A process that is watched.
#[derive(Clone, Copy, Debug)]
pub struct Watched {
    pid: Pid,
    clock: ClockId,
}

impl Watched {
    /// Watches a process.
    ///
    /// # Errors
    /// When there is none with this id, or it belongs to somebody else.
    pub fn new(pid: i32) -> Outcome<Self> {
        let pid = Pid::from_raw(pid);
        let clock = clock_getcpuclockid(pid).map_err(|why| format!("the process {pid} cannot be watched: {why}"))?;
        Ok(Self { pid, clock })
    }

    /// The CPU time that it has used since it started.
    ///
    /// # Errors
    /// When it has ended.
    pub fn cpu(&self) -> Outcome<Duration> {
        let used = clock_gettime(self.clock).map_err(|why| format!("the process {} has ended ({why})", self.pid))?;
        Ok(used.into())
    }

    /// Its resident memory, in KiB.
    ///
    /// # Errors
    /// When it has ended.
    pub fn resident_kib(&self) -> Outcome<u64> {
        self.memory_kib("VmRSS")
    }

    /// What of its resident memory is its own and not a page of a file, such as its program, in KiB.
    ///
    /// # Errors
    /// When it has ended.
    pub fn anonymous_kib(&self) -> Outcome<u64> {
        self.memory_kib("RssAnon")
    }

    fn memory_kib(&self, field: &str) -> Outcome<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid))
            .map_err(|why| format!("the process {} has ended ({why})", self.pid))?;
        Ok(status_kib(&status, field).ok_or("/proc/PID/status tells no memory: the process has ended")?)
    }
}

/// The CPU time that this process, the generator, has used since it started.
///
/// # Errors
/// When the system has no such clock.
pub fn own_cpu() -> Outcome<Duration> {
    Ok(clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID)?.into())
}

/// A field of `/proc/PID/status` that is counted in kB, by which the kernel means KiB (proc_pid_status(5)).
fn status_kib(status: &str, field: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// A child process that ends with this value.
pub struct Running {
    child: Child,
    /// The same process, watched.
    pub watched: Watched,
}

impl Running {
    /// Takes a child process over.
    ///
    /// # Errors
    /// When it has ended already.
    pub fn new(mut child: Child) -> Outcome<Self> {
        let watched = i32::try_from(child.id()).map_err(Into::into).and_then(Watched::new);
        match watched {
            Ok(watched) => Ok(Self { child, watched }),
            Err(why) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(why)
            }
        }
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Asks it to end, and waits until it has.
    ///
    /// # Errors
    /// When it cannot be waited for.
    pub fn stop(mut self) -> Outcome<()> {
        let _ = kill(self.watched.pid, Signal::SIGTERM);
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.ended().is_none() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_field_of_the_status_file_is_read_by_its_whole_name() {
        let status = "Name:\tdoorward\nVmHWM:\t   30124 kB\nVmRSS:\t   22528 kB\nRssAnon:\t 9000 kB\nThreads:\t9\n";
        assert_eq!(status_kib(status, "VmRSS"), Some(22528));
        assert_eq!(status_kib(status, "VmR"), None);
        assert_eq!(status_kib(status, "Threads"), None);
        assert_eq!(status_kib(status, "VmSwap"), None);
    }

    #[test]
    fn cpu_time_and_memory_of_another_process_are_seen_until_it_ends() {
        let child = Command::new("sh").args(["-c", "while :; do :; done"]).stdin(Stdio::null()).spawn().unwrap();
        let running = Running::new(child).unwrap();
        let watched = running.watched;
        let before = watched.cpu().unwrap();
        while watched.cpu().unwrap() == before {
            std::thread::yield_now();
        }
        assert!(watched.resident_kib().unwrap() > watched.anonymous_kib().unwrap());
        drop(running);
        assert!(watched.cpu().is_err());
        assert!(watched.resident_kib().is_err());
    }
}
