//! `fsimage completions` and `fsimage man`: the command line as shells and as man(1) want it.

use super::args::Cli;
use super::output::Output;
use crate::exit::{Failure, Result};
use crate::pygrub;
use clap::{Command, CommandFactory, ValueEnum};
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};
use std::io;
use std::path::Path;

const NAME: &str = "fsimage";
const PYGRUB: &str = "pygrub-rs";
/// What paragraphs of a help's end begin with, and their sections in a page.
const SECTIONS: [(&str, &str); 3] =
    [("Examples:\n", "EXAMPLES"), ("Environment: ", "ENVIRONMENT"), ("Exit status: ", "EXIT STATUS")];

/// A program of this installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Program {
    /// The extractor.
    Fsimage,
    /// The boot loader.
    PygrubRs,
}

/// Prints a shell's script for a program.
pub(super) fn completions(shell: Shell, program: Program) -> Result<()> {
    let mut script = Vec::new();
    let (name, mut command) = match program {
        Program::Fsimage => (NAME, Cli::command()),
        Program::PygrubRs => (PYGRUB, pygrub::command()),
    };
    clap_complete::generate(shell, &mut command, name, &mut script);
    let mut output = Output::new();
    output.bytes(&script)?;
    output.finish()
}

/// Prints the page of the program or of a verb; or writes them all into a directory.
pub(super) fn man(directory: Option<&Path>, verb: Option<&str>) -> Result<()> {
    let pages = pages();
    if let Some(directory) = directory {
        return pages.iter().try_for_each(|(name, page)| {
            let path = directory.join(format!("{name}.1"));
            rendered(name, page)
                .and_then(|text| std::fs::write(&path, text))
                .map_err(|why| Failure::io(path.display(), &why))
        });
    }
    let wanted = match verb {
        None => NAME.to_owned(),
        Some(PYGRUB) => PYGRUB.to_owned(),
        Some(verb) => format!("{NAME}-{verb}"),
    };
    let (name, page) = pages.iter().find(|(name, _)| *name == wanted).ok_or_else(|| {
        let verb = verb.unwrap_or_default();
        Failure::Usage(format!("{verb}: no such verb; `fsimage help` lists them; {PYGRUB} has a page, too"))
    })?;
    let text = rendered(name, page).map_err(|why| Failure::io("the page", &why))?;
    let mut output = Output::new();
    output.bytes(&text)?;
    output.finish()
}

/// The program, each of its verbs as `fsimage-VERB`, and the boot loader, with the pages' names.
fn pages() -> Vec<(String, Command)> {
    let mut program = Cli::command().disable_help_subcommand(true);
    program.build();
    let verbs: Vec<(String, Command)> =
        program.get_subcommands().map(|verb| (format!("{NAME}-{}", verb.get_name()), verb.clone())).collect();
    let pygrub = (PYGRUB.to_owned(), pygrub::command());
    [(NAME.to_owned(), program)].into_iter().chain(verbs).chain([pygrub]).collect()
}

/// A page in the order of man-pages(7).
fn rendered(name: &str, page: &Command) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    let source = format!("pygrub-rs {}", env!("CARGO_PKG_VERSION"));
    // All options, one by one, are in their own section.
    let usage = page.clone().render_usage().to_string();
    let page = page
        .clone()
        .override_usage(usage.trim_start_matches("Usage: ").to_owned())
        // What the short help leaves out clap_mangen would leave without a word.
        .mut_args(|argument| argument.hide_short_help(false));
    let man = Man::new(page.clone()).title(name.to_uppercase()).section("1").source(source);
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    if page.has_subcommands() {
        man.render_subcommands_section(&mut text)?;
    }
    man.render_options_section(&mut text)?;
    let mut rest = Roff::new();
    if !matches!(name, NAME | PYGRUB) {
        rest.control("SH", ["EXIT STATUS"]);
        rest.text([roman("0 done, 1 failed with a message on standard error, 2 wrong usage.")]);
    }
    let end = page.get_after_help().map(ToString::to_string).unwrap_or_default();
    for paragraph in end.split("\n\n") {
        let section = SECTIONS
            .iter()
            .find_map(|(start, section)| paragraph.strip_prefix(start).map(|text| (*section, text)));
        let Some((section, told)) = section else { continue };
        rest.control("SH", [section]);
        // Examples as they stand, line by line.
        let stands = section == "EXAMPLES";
        if stands {
            rest.control("nf", []);
        }
        for line in told.lines() {
            rest.text([roman(line.strip_prefix("  ").unwrap_or(line))]);
        }
        if stands {
            rest.control("fi", []);
        }
    }
    rest.control("SH", ["SEE ALSO"]);
    rest.text([roman(match name {
        NAME => "pygrub-rs(1)",
        PYGRUB => "fsimage(1), xl.cfg(5)",
        _ => "fsimage(1), which tells how images and paths are named",
    })]);
    rest.to_writer(&mut text)?;
    Ok(text)
}
