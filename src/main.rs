//! The command line of cartotheque.

use std::process::ExitCode;

// A map is thousands of small allocations on one thread, freed on the same: mimalloc keeps
// them thread-local, where glibc's arenas lock and hold on to what was freed.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cartotheque::cli::main()
}
