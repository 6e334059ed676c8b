//! The process: its allocator and its runtime. Everything else is in the library.

use std::process::ExitCode;

// Without it glibc keeps gigabytes after a storm of sign-ins.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    doorward::cli::main()
}
