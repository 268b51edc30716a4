//! Everything below a directory, in the order of the names' bytes, without ever getting lost in it.
//!
//! A hostile filesystem can have directories that contain themselves, or share directories so that their paths
//! outnumber any patience. So: no directory is entered that is already on the path to it, paths end at `--max-depth`, the
//! walk as a whole at `--max-entries`, and the listings of all directories on one path hold at most `--max-listing-bytes`
//! of names.

use super::args::Common;
use super::file::at_or_link;
use super::several::concerns_one_file;
use crate::console::say;
use crate::exit::{Failure, Result};
use fsimage::protocol::{Detail, DirEntry};
use fsimage::{FileType, Node, Session, escape};

/// Directories on one path, unless told otherwise.
pub(super) const MAX_DEPTH: usize = 256;
/// Files and directories visited, unless told otherwise.
pub(super) const MAX_ENTRIES: u64 = 10_000_000;

/// What is done with each file and directory.
pub(super) type Visitor<'a> = dyn FnMut(&mut Session, &Visit<'_>) -> Result<Then> + 'a;

/// A file or directory that is visited.
pub(super) struct Visit<'a> {
    pub path: &'a [u8],
    /// The last name of the path; at the walk's root all of it.
    pub name: &'a [u8],
    pub node: &'a Node,
    levels: &'a [Level],
}

impl Visit<'_> {
    /// Directories above it, up to the walk's root.
    pub(super) fn depth(&self) -> usize {
        self.levels.len()
    }

    /// For each directory above it, from the root on: whether that is done after this entry's branch.
    pub(super) fn lasts(&self) -> impl Iterator<Item = bool> {
        self.levels.iter().map(|level| level.entries.is_empty())
    }
}

/// Whether a directory is entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// It is, if it is one.
    Enter,
    /// It is not.
    Stay,
}

/// A directory on the current path, with the entries in it that are still to be visited, the next one last.
struct Level {
    path: Vec<u8>,
    node: u64,
    entries: Vec<DirEntry>,
    /// Bytes of all its names.
    names: u64,
}

/// Visits what is at `path` and, where that is a directory, all below it; `detail` is what the visits are going to need
/// of each file. A file that fails is told of on standard error
/// and the walk goes on; it fails at its end then.
pub(super) fn walk(
    session: &mut Session,
    volume: u32,
    path: &[u8],
    common: &Common,
    detail: Detail,
    visit: &mut Visitor<'_>,
) -> Result<()> {
    let mut walk =
        Walk { volume, common, detail, left: common.max_entries, levels: Vec::new(), failed: false };
    let root = at_or_link(session, volume, path)?;
    let outcome = walk.step(session, path.to_vec(), &root, visit);
    walk.forgive(path, outcome)?;
    while let Some(level) = walk.levels.last_mut() {
        let Some(entry) = level.entries.pop() else {
            walk.levels.pop();
            continue;
        };
        let path = join(&level.path, &entry.name.0);
        let outcome = match session.entry(volume, &entry) {
            Ok(node) => walk.step(session, path.clone(), &node, visit),
            Err(why) => Err(why.into()),
        };
        walk.forgive(&path, outcome)?;
    }
    if walk.failed { Err(Failure::AlreadySaid) } else { Ok(()) }
}

struct Walk<'a> {
    volume: u32,
    common: &'a Common,
    detail: Detail,
    left: u64,
    levels: Vec<Level>,
    failed: bool,
}

impl Walk<'_> {
    fn step(
        &mut self,
        session: &mut Session,
        path: Vec<u8>,
        node: &Node,
        visit: &mut Visitor<'_>,
    ) -> Result<()> {
        self.left = self.left.checked_sub(1).ok_or_else(|| {
            Failure::Stopped(
                "more files than --max-entries allows; a hostile directory tree can have no end".to_owned(),
            )
        })?;
        let name = match (self.levels.is_empty(), path.rsplit(|byte| *byte == b'/').next()) {
            (false, Some(name)) => name,
            _ => path.as_slice(),
        };
        let then = visit(session, &Visit { path: &path, name, node, levels: &self.levels })?;
        if node.file_type != FileType::Directory || then == Then::Stay {
            return Ok(());
        }
        if self.levels.iter().any(|level| level.node == node.node) {
            return Err(Failure::Failed("this directory contains itself; not entered again".to_owned()));
        }
        let deepest = self.common.max_depth;
        if self.levels.len() >= deepest {
            return Err(Failure::Failed(format!(
                "more than --max-depth={deepest} directories deep; not entered"
            )));
        }
        let entries: Vec<DirEntry> =
            entries(session, self.volume, node, &self.detail)?.into_iter().rev().collect();
        let names = entries.iter().fold(0_u64, |sum, entry| sum.saturating_add(length(&entry.name.0)));
        let held = self.levels.iter().fold(names, |sum, level| sum.saturating_add(level.names));
        let most = session.options().max_listing_bytes;
        if held > most {
            let why =
                format!("the directories on this path hold more than --max-listing-bytes={most} of names");
            return Err(Failure::Failed(why));
        }
        self.levels.push(Level { path, node: node.node, entries, names });
        Ok(())
    }

    /// Says what failed and goes on, unless nothing can come after it.
    fn forgive(&mut self, path: &[u8], outcome: Result<()>) -> Result<()> {
        match outcome {
            Ok(()) => Ok(()),
            Err(failure) if concerns_one_file(&failure) => {
                say(&format!("fsimage: error: {}: {failure}", escape(path)));
                self.failed = true;
                Ok(())
            }
            Err(other) => Err(other),
        }
    }
}

/// The entries of a directory, in the order of their names' bytes.
pub(super) fn entries(
    session: &mut Session,
    volume: u32,
    directory: &Node,
    detail: &Detail,
) -> Result<Vec<DirEntry>> {
    let mut entries = session.read_dir_with(volume, directory, detail)?;
    entries.sort_unstable_by(|a, b| a.name.0.cmp(&b.name.0));
    Ok(entries)
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// A path and a name in it.
pub(super) fn join(path: &[u8], name: &[u8]) -> Vec<u8> {
    let slash: &[u8] = if path.ends_with(b"/") { b"" } else { b"/" };
    [path, slash, name].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_one_slash_between_names() {
        assert_eq!(join(b"/", b"boot"), b"/boot");
        assert_eq!(join(b"/boot", b"grub"), b"/boot/grub");
        assert_eq!(join(b"boot/", b"grub"), b"boot/grub");
    }
}
