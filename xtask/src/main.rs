//! The project's verbs: `cargo xtask VERB`. CI calls nothing but these.
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing)] // runs on the developer's own input only

mod bench;
mod corpus;
mod demo;
mod images;
mod install;
mod lint;
mod measure;
mod packages;
mod shell;
mod test;

use std::process::ExitCode;

/// What a verb does with the words behind it.
type Verb = fn(&[String]) -> shell::Result;

/// Every verb: its name, what it does, its function.
const VERBS: &[(&str, &str, Verb)] = &[
    (
        "demo",
        "build everything and hand the shipped guest to a domain builder: what it would receive, and where",
        demo::run,
    ),
    ("test", "install what the tests need where it is missing, build, run all tests", test::run),
    ("lint", "rustfmt, clippy, docs, licences and bans, the count of unsafe blocks", lint::run),
    ("ci", "what .ci/run runs: demo, lint and test", ci),
    (
        "bench",
        "tables of ratios to cp, Xen's pygrub, grub-fstest, debugfs …   [--quick] [--disk] [ROOM…]",
        bench::run,
    ),
    ("corpus", "run over a folder of images, a line for each   DIR", corpus::run),
    (
        "images",
        "make the images: demo | debian | large MIB   (into target/images, demo into images/)",
        images::run,
    ),
    (
        "install",
        "build for these places and install there   [--prefix=DIR] [--libdir=DIR] [--destdir=DIR] [--built=DIR]",
        install::run,
    ),
    (
        "abi",
        "write the baselines of the plugin ABI and of fsimage.h anew, after a deliberate change",
        test::bless_abi,
    ),
    ("packages", "install the Debian packages of all verbs", |_| packages::ensure()),
];

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let Some((name, rest)) = words.split_first() else {
        return usage();
    };
    let Some((_, _, verb)) = VERBS.iter().find(|(known, _, _)| known == name) else {
        return usage();
    };
    match verb(rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("cargo xtask {name}: {why}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> ExitCode {
    eprintln!("usage: cargo xtask VERB\n");
    for (name, help, _) in VERBS {
        eprintln!("  {name:<10} {help}");
    }
    ExitCode::from(2)
}

fn ci(words: &[String]) -> shell::Result {
    demo::run(words)?;
    lint::run(words)?;
    test::run(words)
}
