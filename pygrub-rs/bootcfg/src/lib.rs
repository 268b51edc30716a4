//! Boot configuration files of guests, evaluated to a boot menu.
//!
//! The text is hostile: it comes from a guest's disk. Nothing here panics, recurses without a depth budget,
//! loops without a step budget or keeps more than the [`Limits`] say. Everything is bytes: a title, a path or an
//! argument is whatever the guest wrote, and only the trusted side decides how to show it.
//!
//! GRUB 2 is described in the [manual](https://www.gnu.org/software/grub/manual/grub/grub.html); the section names
//! in this crate's documentation are that manual's. GRUB legacy and the syslinux family say theirs in their own modules.
#![forbid(unsafe_code)]

mod access;
mod bls;
mod bsd_device;
mod budget;
mod discover;
mod error;
mod extlinux;
mod freebsd;
mod grub2;
mod grub_legacy;
mod guest;
mod illumos;
mod interact;
mod lilo;
mod limits;
mod linux_guess;
mod loader_conf;
mod menu;
mod multiboot;
mod netbsd;
mod netware;
mod notes;
mod openbsd;
mod posix_regex;
mod reader;
mod solaris;
mod systemd_boot;
mod text;
mod uki;

pub use access::{Account, Hotkey, Secret, Security, TimeoutStyle};
pub use discover::{Candidate, candidates, discover, evaluate, guess, parse_config};
pub use error::Error;
pub use guest::{
    BootFile, DirName, FileKind, FileRef, FileStatus, GptEntry, Guest, GuestError, Section, VolumeId,
    VolumeName,
};
pub use interact::{CommandEnd, Completion, Printed, command_line, complete, edited};
pub use limits::{DiskSteps, LimitName, Limits};
pub use menu::{BootEntry, BootMenu, Loader, Submenu};
