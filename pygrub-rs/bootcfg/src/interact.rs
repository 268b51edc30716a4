//! For a person at the menu: an entry with other commands, and a command line.
//!
//! Nothing is kept from one question to the next: the configuration is run again each time, which costs less than to keep
//! what it left behind, and cannot go stale.

use crate::discover::Candidate;
use crate::guest::Guest;
use crate::limits::Limits;
use crate::menu::{BootEntry, BootMenu, Loader};
use crate::{extlinux, grub_legacy, grub2};

/// What lines of a command line came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Printed {
    /// What the last line printed: guest text.
    pub output: Vec<u8>,
    /// What comes next.
    pub end: CommandEnd,
}

/// What comes after a command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommandEnd {
    /// More lines.
    Waits,
    /// `boot`.
    Boots(Box<BootEntry>),
    /// `exit`, `normal`: back to the menu.
    Leaves,
    /// `configfile` and its like: the menu of another configuration, which [`crate::evaluate`] makes.
    Opens(Candidate),
}

/// How a line might go on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Completion {
    /// So many bytes at the line's end are replaced.
    pub replaces: usize,
    /// By these, which all candidates have in common; a blank behind them where there is one candidate alone.
    pub common: Vec<u8>,
    /// What it might be, in order.
    pub candidates: Vec<Vec<u8>>,
}

/// What an entry would boot with these commands, in the language of its [`BootEntry::source`].
///
/// # Errors
/// It has none, or the configuration does not give the entry any more.
pub fn edited(
    guest: &dyn Guest,
    menu: &BootMenu,
    index: usize,
    commands: &[u8],
    limits: &Limits,
) -> Result<BootEntry, String> {
    let entry = menu.entries.get(index).ok_or("there is no such entry")?;
    if entry.source.is_none() {
        return Err("this entry has no commands, only arguments".to_owned());
    }
    match menu.loader {
        Loader::Grub2 => grub2::edited(guest, &menu.config, index, commands, limits),
        Loader::GrubLegacy => grub_legacy::edited(guest, &menu.config, entry, commands, limits),
        Loader::Extlinux => extlinux::edited(guest, &menu.config, entry, commands, limits),
        #[allow(unreachable_patterns, reason = "loaders come and go")]
        _ => Err("this loader's entries cannot be edited".to_owned()),
    }
}

/// Carries out lines in GRUB 2's language, after the guest's configuration where that is GRUB 2's.
#[must_use]
pub fn command_line(guest: &dyn Guest, menu: &BootMenu, lines: &[&[u8]], limits: &Limits) -> Printed {
    grub2::command_line(guest, menu, lines, limits)
}

/// How a line behind others might go on.
#[must_use]
pub fn complete(
    guest: &dyn Guest,
    menu: &BootMenu,
    lines: &[&[u8]],
    line: &[u8],
    limits: &Limits,
) -> Completion {
    grub2::complete(guest, menu, lines, line, limits)
}
