//! `fsimage`: what is on a guest's disk image, and copies of it.

mod args;
mod bootcfg;
mod cat;
mod get;
mod info;
mod jail;
mod ls;
mod output;
mod partitions;
mod progress;
mod sum;
mod volume;
mod walk;

use crate::console::say;
use crate::exit::{self, Result};
use args::{Cli, Common, Verb};
use clap::Parser;
use fsimage::protocol::Layout;
use fsimage::{Disk, Session};
use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

/// Runs the program on this command line. clap ends it with status 2 where that is wrong.
pub fn main(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let cli = Cli::parse_from(arguments);
    exit::extractor(run(&cli), cli.common.debug)
}

fn run(cli: &Cli) -> Result<()> {
    let common = &cli.common;
    if common.no_sandbox {
        say(
            "fsimage: WARNING: --no-sandbox: the disk is read WITHOUT A JAIL; a hostile disk may take over this host",
        );
    }
    match &cli.verb {
        Verb::Partitions { image } => partitions::partitions(&mut open(Some(image), common)?, common),
        Verb::Info { sandbox, image } => {
            info::info(&mut open(image.as_deref(), common)?, *sandbox, image.is_some(), common)
        }
        Verb::Bootcfg { image } => bootcfg::bootcfg(&mut open(Some(image), common)?, common),
        Verb::Ls { image, paths, how } => ls::ls(&mut open(Some(image), common)?, paths, how, common),
        Verb::Cat { image, paths } => cat::cat(&mut open(Some(image), common)?, paths, common),
        Verb::Get { image, paths, how } => {
            let place = get::Place::open(&how.output, paths)?;
            get::get(&mut open(Some(image), common)?, paths, &place, &how.how(), common)
        }
        Verb::Sum { image, paths, how } => sum::sum(&mut open(Some(image), common)?, paths, how, common),
    }
}

fn open(image: Option<&Path>, common: &Common) -> Result<Session> {
    let disks = image.map(Disk::open).transpose()?;
    let options = fsimage::Options {
        sandbox: !common.no_sandbox,
        layout: common.offset.map_or(Layout::Scan {}, |start| Layout::Offset { start }),
        ..common.worker.options()
    };
    Ok(Session::open(disks.into_iter().collect(), &options)?)
}
