//! `fsimage`: what is on a guest's disk image, and copies of it.

mod address;
mod args;
mod boot;
mod bootcfg;
mod cat;
mod examples;
mod file;
mod find;
mod get;
mod info;
mod interruption;
mod jail;
mod ls;
mod manual;
mod output;
mod partitions;
mod pattern;
mod plugins;
mod progress;
mod several;
mod stat;
mod sum;
mod tree;
mod volume;
mod walk;

use crate::console::say;
use crate::exit::{self, Failure, Result};
use address::Source;
use args::{Cli, Common, Files, Verb};
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
    let source = |what: &Files| Source::new(&what.image, &what.paths, common);
    match &cli.verb {
        Verb::Partitions { image } => {
            let source = Source::new(&image.image, &[], common)?.without_path("partitions")?;
            partitions::partitions(&mut open(Some(&source.image), common)?, &source.common)
        }
        Verb::Info { sandbox, image: None } => info::info(&mut open(None, common)?, *sandbox, false, common),
        Verb::Info { sandbox, image: Some(image) } => {
            let source = Source::new(image, &[], common)?.without_path("info")?;
            info::info(&mut open(Some(&source.image), common)?, *sandbox, true, &source.common)
        }
        Verb::Bootcfg { image } => {
            let source = Source::new(&image.image, &[], common)?.without_path("bootcfg")?;
            bootcfg::bootcfg(&mut open(Some(&source.image), common)?, &source.common)
        }
        Verb::Boot { image, how } => {
            let Source { image, common, .. } =
                Source::new(&image.image, &[], common)?.without_path("boot")?;
            let folder = boot::open(how)?;
            let how = how.how();
            let common = boot::with_memory(&common, how.unpack);
            boot::boot(&mut open(Some(&image), &common)?, &image, &folder, &how, &common)
        }
        Verb::Ls { what, how } => {
            let Source { image, paths, common } = source(what)?.or_root();
            ls::ls(&mut open(Some(&image), &common)?, &paths, how, &common)
        }
        Verb::Tree { what, how } => {
            let Source { image, paths, common } = source(what)?.or_root();
            tree::tree(&mut open(Some(&image), &common)?, &paths, how, &common)
        }
        Verb::Stat { what, how } => {
            let Source { image, paths, common } = source(what)?.with_path("stat")?;
            stat::stat(&mut open(Some(&image), &common)?, &paths, how, &common)
        }
        Verb::Cat { what, how } => {
            has_no_json("cat", common)?;
            let Source { image, paths, common } = source(what)?.with_path("cat")?;
            let common = boot::with_memory(&common, how.vmlinux);
            cat::cat(&mut open(Some(&image), &common)?, &paths, how, &common)
        }
        Verb::Get { what, how } => {
            let source = source(what)?;
            let Source { image, paths, common } =
                if how.recursive { source.or_root() } else { source.with_path("get")? };
            let place = get::Place::open(&how.output, &paths)?;
            let common = boot::with_memory(&common, how.vmlinux);
            get::get(&mut open(Some(&image), &common)?, &paths, &place, &how.how(), &common)
        }
        Verb::Find { what, how } => {
            let Source { image, paths, common } = source(what)?.or_root();
            find::find(&mut open(Some(&image), &common)?, &paths, how, &common)
        }
        Verb::Sum { what, how } => {
            let source = source(what)?;
            let Source { image, paths, common } =
                if how.recursive { source.or_root() } else { source.with_path("sum")? };
            sum::sum(&mut open(Some(&image), &common)?, &paths, how, &common)
        }
        Verb::Plugins => plugins::plugins(&open(None, common)?, common),
        Verb::Completions { shell, program } => {
            has_no_json("completions", common)?;
            manual::completions(*shell, *program)
        }
        Verb::Man { output, verb } => {
            has_no_json("man", common)?;
            manual::man(output.as_deref(), verb.as_deref())
        }
    }
}

/// A verb whose output is a file's own bytes must not be taken for one that prints JSON.
fn has_no_json(verb: &str, common: &Common) -> Result<()> {
    match common.json {
        false => Ok(()),
        true => Err(Failure::Usage(format!("--json: `fsimage {verb}` prints bytes as they are, never JSON"))),
    }
}

fn open(image: Option<&Path>, common: &Common) -> Result<Session> {
    if image == Some(Path::new("-")) {
        let why =
            "-: an image cannot come from standard input, in which nothing could be looked up; ./- is a file";
        return Err(Failure::Failed(why.to_owned()));
    }
    let disks = image.map(Disk::open).transpose()?;
    let options = fsimage::Options {
        sandbox: !common.no_sandbox,
        layout: common.offset.map_or(Layout::Scan {}, |start| Layout::Offset { start }),
        ..common.worker.options()
    };
    Ok(Session::open(disks.into_iter().collect(), &options)?)
}
