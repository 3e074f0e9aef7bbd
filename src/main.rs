//! The command line of cartotheque.

use std::process::ExitCode;

fn main() -> ExitCode {
    cartotheque::cli::main()
}
