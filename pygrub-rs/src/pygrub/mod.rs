//! `pygrub-rs`: from a guest's disk to kernel, ramdisk and arguments on the host.

mod args;
mod blanks;
mod config;
mod deliver;
mod limits;
mod list;
mod run;
mod target;

use crate::{console, exit};
use args::Invocation;
use std::ffi::OsString;
use std::process::ExitCode;

/// The program's command line, for its page and its completions.
pub(crate) fn command() -> clap::Command {
    <args::Options as clap::CommandFactory>::command()
}

/// Runs the program on this command line.
pub fn main(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    match args::parse(arguments) {
        Ok(Invocation::Teach(text)) => exit::pygrub(console::print(&text).map_err(stdout), false),
        Ok(Invocation::Run(options)) => exit::pygrub(run::run(&options), options.debug),
        Err(failure) => exit::pygrub(Err(failure), false),
    }
}

fn stdout(why: std::io::Error) -> exit::Failure {
    exit::Failure::io("standard output", &why)
}
