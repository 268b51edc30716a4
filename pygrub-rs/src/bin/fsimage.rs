//! `fsimage`: what is on a guest's disk image, and copies of it.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    pygrub_rs::extractor::main(std::env::args_os())
}
