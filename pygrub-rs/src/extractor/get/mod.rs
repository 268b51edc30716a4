//! `fsimage get`: copies on the host, each whole or not at all, none outside its target, none through a link.
//!
//! A tree is copied directory by directory, each held by its descriptor: names of one component are made in it, and no
//! link on the host is followed. What a guest may choose is a file's name, its bytes and, where asked for, its
//! permissions, time and owner; never set-user-id, a device or a fifo. Symbolic links come last in their directory, so
//! nothing could be written through them even if all of that failed.

mod copier;
mod place;
mod preserve;
mod tree;

pub(super) use place::Place;
pub(super) use preserve::Preserve;

use super::args::Common;
use super::file::{at, check_is_regular};
use super::progress::Progress;
use super::volume;
use crate::exit::{Failure, Result};
use copier::{Copier, Held};
use fsimage::{ErrorKind, FileType, Session, escape};
use rustix::termios::isatty;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

/// What to do with a name that something has already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Conflict {
    /// Say so, and leave it.
    Refuse,
    /// Replace files and links; go into directories.
    Replace,
    /// Leave files and links alone, without a word; go into directories.
    Keep,
}

/// How to copy.
#[derive(Debug, Clone)]
pub(super) struct How {
    pub recursive: bool,
    pub conflict: Conflict,
    pub preserve: Preserve,
    /// Symbolic links are copied, too.
    pub links: bool,
    /// A file is a kernel, to be unpacked.
    pub unpack: bool,
    /// Each copy is told of on standard output.
    pub verbose: bool,
    pub max_total_size: u64,
}

/// Copies files and directories out of the image.
pub(super) fn get(
    session: &mut Session,
    paths: &[OsString],
    place: &Place,
    how: &How,
    common: &Common,
) -> Result<()> {
    let volume = volume::choose(session, common, paths)?;
    let is_told = (how.verbose || common.json) && isatty(std::io::stdout());
    let progress = Progress::new(common).unless(is_told);
    let mut copier = Copier::new(session, volume, how, common, progress);
    let mut to = Held::from(place.directory());
    let outcome = paths.iter().try_for_each(|path| {
        let copied = one(&mut copier, path.as_bytes(), place, &mut to);
        match paths.len() {
            1 => copied,
            _ => copier.forgive_named(copied.map_err(hint)),
        }
    });
    copier.finish(outcome)
}

fn one(copier: &mut Copier<'_>, path: &[u8], place: &Place, to: &mut Held<'_>) -> Result<()> {
    let node = at(copier.session, copier.volume, path, true)?;
    if node.file_type == FileType::Directory {
        return tree::copy(copier, path, &node, place, to);
    }
    let name = place.name_of_file(path)?;
    copier.progress.file(&escape(path), node.metadata.size);
    check_is_regular(&node)
        .and_then(|()| copier.file(to, name, path, &node))
        .map_err(|failure| failure.within(escape(path)))
}

/// Whoever knows cp(1) may have put the target last.
fn hint(why: Failure) -> Failure {
    match why {
        Failure::Fsimage(why) if why.kind() == ErrorKind::NotFound => {
            Failure::Failed(format!("{why}; every PATH is the guest's, -o says where copies go"))
        }
        other => other,
    }
}
