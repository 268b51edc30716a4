//! `fsimage completions` and `fsimage man`: the command line as shells and as man(1) want it.

use super::args::Cli;
use super::output::Output;
use crate::exit::{Failure, Result};
use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;
use std::io;
use std::path::Path;

const NAME: &str = "fsimage";

/// Prints a shell's script.
pub(super) fn completions(shell: Shell) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), NAME, &mut script);
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
    let wanted = verb.map_or(NAME.to_owned(), |verb| format!("{NAME}-{verb}"));
    let (name, page) = pages.iter().find(|(name, _)| *name == wanted).ok_or_else(|| {
        Failure::Usage(format!("{}: no such verb; `fsimage help` lists them", verb.unwrap_or_default()))
    })?;
    let text = rendered(name, page).map_err(|why| Failure::io("the page", &why))?;
    let mut output = Output::new();
    output.bytes(&text)?;
    output.finish()
}

/// The program, and each of its verbs as `fsimage-VERB`, with the pages' names.
fn pages() -> Vec<(String, Command)> {
    let mut program = Cli::command().disable_help_subcommand(true);
    program.build();
    let verbs: Vec<(String, Command)> =
        program.get_subcommands().map(|verb| (format!("{NAME}-{}", verb.get_name()), verb.clone())).collect();
    [(NAME.to_owned(), program)].into_iter().chain(verbs).collect()
}

fn rendered(name: &str, page: &Command) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    let source = format!("pygrub-rs {}", env!("CARGO_PKG_VERSION"));
    Man::new(page.clone()).title(name.to_uppercase()).section("1").source(source).render(&mut text)?;
    Ok(text)
}
