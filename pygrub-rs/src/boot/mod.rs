//! What a guest boots, and its files: what both programs have in common.

mod choice;
mod files;
mod image;
mod ramdisk;
mod select;
mod solaris;
pub(crate) mod volumes;

pub(crate) use choice::{Choice, from_entry, join_arguments, without_config};
pub(crate) use files::{BootFiles, Limits};
pub(crate) use select::{entry, menu};

use crate::console::say;

/// Largest kernel, and largest ramdisk, unless told otherwise.
pub(crate) const DEFAULT_FILE_SIZE: u64 = 1 << 30;
/// Memory of a worker that unpacks, unless told otherwise: windows of half as much are what kernels are packed with.
pub(crate) const UNPACKING_MEMORY: u64 = 256 << 20;

/// How a program speaks of itself and of what a person can do next.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Voice {
    /// Its name.
    pub program: &'static str,
    /// What shows the menu's entries, as the end of a sentence: `-l lists them`.
    pub lists: &'static str,
    /// The option that adds arguments.
    pub more_arguments: &'static str,
    /// Whether what was looked at is told, too.
    pub debug: bool,
}

impl Voice {
    /// Says a line for `--debug`.
    pub(crate) fn debug(&self, message: &str) {
        if self.debug {
            self.say(&format!("debug: {message}"));
        }
    }

    /// Says a line.
    pub(crate) fn say(&self, message: &str) {
        say(&format!("{}: {message}", self.program));
    }
}

/// What a command line asks to be booted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    /// The menu entry by its number, title or id; none for the default.
    pub entry: Option<Vec<u8>>,
    /// The kernel; no configuration is read then.
    pub kernel: Option<Vec<u8>>,
    /// Other ramdisks than the entry's.
    pub ramdisks: Option<Vec<Vec<u8>>>,
    /// Arguments behind the entry's.
    pub args: Option<Vec<u8>>,
}
