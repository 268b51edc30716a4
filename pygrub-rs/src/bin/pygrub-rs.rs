//! `pygrub-rs`: the boot loader that a domain builder runs.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    pygrub_rs::pygrub::main(std::env::args_os())
}
