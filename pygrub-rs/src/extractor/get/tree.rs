//! A directory and all below it, onto the host.
//!
//! What a walk of hostile directories may come to is bounded as in [`crate::extractor::walk`]. Files are copied as the
//! listing tells of them; only directories, which are entered one at a time, and links, which come last, are kept for
//! later, within `--max-listing-bytes`.

use super::Conflict;
use super::copier::{Copier, Held};
use super::place::Place as Target;
use crate::exit::{Failure, Result};
use crate::extractor::walk::join;
use fsimage::output::Existing;
use fsimage::protocol::{Detail, Details, DirEntry, Place};
use fsimage::{FileType, Node, escape};
use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// Memory that remembering a file costs beside its name.
const REMEMBERED: usize = 128;

/// A directory being copied.
struct Level {
    path: Vec<u8>,
    /// Its path on the host, from the tree's root.
    below: PathBuf,
    node: Node,
    to: Held<'static>,
    /// Made by this run, which then gives it its looks.
    is_new: bool,
    /// Where its listing goes on; none when it has been read.
    cursor: Option<u64>,
    directories: Vec<DirEntry>,
    links: Vec<DirEntry>,
    /// Bytes that the two lists take.
    kept: u64,
}

/// The walk, from the tree's root down to the directory that is being copied.
struct Tree<'a, 'b> {
    copier: &'a mut Copier<'b>,
    levels: Vec<Level>,
    /// Files with several names: where the first copy of each is.
    first_names: HashMap<u64, PathBuf>,
    kept: u64,
}

/// Copies a directory to its place, which is in `parent`.
pub(super) fn copy(
    copier: &mut Copier<'_>,
    path: &[u8],
    node: &Node,
    place: &Target,
    parent: &mut Held<'_>,
) -> Result<()> {
    if !copier.how.recursive {
        let why = "a directory in the guest; -r copies directories, -o says where copies go";
        return Err(Failure::Failed(format!("{}: {why}", escape(path))));
    }
    let mut tree = Tree { copier, levels: Vec::new(), first_names: HashMap::new(), kept: 0 };
    let (to, is_new) = match place.name_of_tree(path) {
        Some(name) => tree.make(parent, name)?,
        None => (parent.again(tree.copier.how.conflict)?, false),
    };
    tree.enter(path.to_vec(), PathBuf::new(), node.clone(), to, is_new);
    while let Some(level) = tree.levels.last_mut() {
        if let Some(cursor) = level.cursor.take() {
            tree.page(cursor)?;
        } else if let Some(entry) = level.directories.pop() {
            let path = join(&level.path, &entry.name.0);
            let outcome = tree.descend(path.clone(), &entry);
            tree.copier.forgive(&path, outcome)?;
        } else {
            tree.leave()?;
        }
    }
    Ok(())
}

impl Tree<'_, '_> {
    /// A directory on the host, made or, where that is allowed, found.
    fn make(&mut self, parent: &mut Held<'_>, name: &OsStr) -> Result<(Held<'static>, bool)> {
        parent.look(self.copier.how.conflict)?;
        let (to, is_new) = parent.directory.directory(name)?;
        if !is_new {
            // What is left as it is has no second turn either.
            let conflict = match self.copier.how.conflict {
                Conflict::Keep => Conflict::Replace,
                other => other,
            };
            match parent.existing(name, conflict)? {
                Existing::Directory => {}
                // It was one a moment ago, when it was opened without following a link.
                _ => return Err(Failure::Failed("somebody else is changing the target".to_owned())),
            }
        }
        Ok((Held::new(to, is_new), is_new))
    }

    fn enter(&mut self, path: Vec<u8>, below: PathBuf, node: Node, to: Held<'static>, is_new: bool) {
        self.levels.push(Level {
            path,
            below,
            node,
            to,
            is_new,
            cursor: Some(0),
            directories: Vec::new(),
            links: Vec::new(),
            kept: 0,
        });
    }

    /// Copies one part of the innermost directory's listing.
    fn page(&mut self, cursor: u64) -> Result<()> {
        let Some(level) = self.levels.last_mut() else { return Ok(()) };
        let path = level.path.clone();
        let page =
            self.copier.session.read_page(self.copier.volume, level.node.node, cursor, &Detail::Content {});
        let page = match page {
            Ok(page) => page,
            Err(why) => return self.copier.forgive(&path, Err(why.into())),
        };
        level.cursor = page.next;
        for entry in page.entries {
            let path = join(&path, &entry.name.0);
            let outcome = self.entry(&path, entry);
            self.copier.forgive(&path, outcome)?;
        }
        Ok(())
    }

    fn entry(&mut self, path: &[u8], mut entry: DirEntry) -> Result<()> {
        self.copier.left = self.copier.left.checked_sub(1).ok_or_else(|| {
            Failure::Stopped(
                "more files than --max-entries allows; a hostile directory tree can have no end".to_owned(),
            )
        })?;
        let node = self.copier.session.entry(self.copier.volume, &entry)?;
        match node.file_type {
            FileType::Regular => self.file(path, &entry.name.0, &node),
            FileType::Directory => {
                self.keep(entry.name.0.len())?;
                entry.details = None;
                self.innermost(|level| level.directories.push(entry));
                Ok(())
            }
            FileType::Symlink if self.copier.how.links => {
                let target = match entry.details.as_deref() {
                    Some(Details { place: Place::Target { target }, .. }) => target.0.len(),
                    _ => 0,
                };
                self.keep(entry.name.0.len().saturating_add(target))?;
                self.innermost(|level| level.links.push(entry));
                Ok(())
            }
            other => {
                self.copier.skip(path, other);
                Ok(())
            }
        }
    }

    fn innermost(&mut self, change: impl FnOnce(&mut Level)) {
        if let Some(level) = self.levels.last_mut() {
            change(level);
        }
    }

    /// Accounts for an entry that is kept for later.
    fn keep(&mut self, bytes: usize) -> Result<()> {
        let bytes = u64::try_from(bytes.saturating_add(REMEMBERED)).unwrap_or(u64::MAX);
        let most = self.copier.session.options().max_listing_bytes;
        self.kept = self.kept.saturating_add(bytes);
        if self.kept > most {
            return Err(Failure::Stopped(format!(
                "more directories and links than --max-listing-bytes={most} bytes hold"
            )));
        }
        self.innermost(|level| level.kept = level.kept.saturating_add(bytes));
        Ok(())
    }

    fn file(&mut self, path: &[u8], name: &[u8], node: &Node) -> Result<()> {
        let Some((level, above)) = self.levels.split_last_mut() else { return Ok(()) };
        let name = OsStr::from_bytes(name);
        let whole = self.copier.whole;
        self.copier.progress.in_tree(|| escape(path), whole);
        if node.metadata.links < 2 {
            return self.copier.file(&mut level.to, name, path, node);
        }
        let root = above.first().map_or(&level.to, |root| &root.to);
        if let Some(first) = self.first_names.get(&node.node) {
            // A filesystem without hard links, or whose links are used up, gets another copy.
            if root.directory.hard_link(first, &level.to.directory, name).is_ok() {
                return self.copier.done(&level.to, name, path, node);
            }
        }
        let place = level.below.join(name);
        self.copier.file(&mut level.to, name, path, node)?;
        self.remember(node.node, place);
        Ok(())
    }

    fn remember(&mut self, node: u64, place: PathBuf) {
        // Remembered until the end, and so not part of a directory's own account.
        let bytes = u64::try_from(place.as_os_str().len().saturating_add(REMEMBERED)).unwrap_or(u64::MAX);
        let most = self.copier.session.options().max_listing_bytes;
        if self.kept.saturating_add(bytes) <= most && self.first_names.insert(node, place).is_none() {
            self.kept = self.kept.saturating_add(bytes);
        }
    }

    fn descend(&mut self, path: Vec<u8>, entry: &DirEntry) -> Result<()> {
        let node = self.copier.session.entry(self.copier.volume, entry)?;
        if node.file_type != FileType::Directory {
            return Err(Failure::Failed("a directory a moment ago, and now none".to_owned()));
        }
        if self.levels.iter().any(|level| level.node.node == node.node) {
            return Err(Failure::Failed("this directory contains itself; not entered again".to_owned()));
        }
        let deepest = self.copier.common.max_depth;
        if self.levels.len() >= deepest {
            return Err(Failure::Failed(format!(
                "more than --max-depth={deepest} directories deep; not entered"
            )));
        }
        let name = OsStr::from_bytes(&entry.name.0);
        let Some(mut parent) = self.levels.pop() else { return Ok(()) };
        let made = self.make(&mut parent.to, name);
        let below = parent.below.join(name);
        self.levels.push(parent);
        let (to, is_new) = made?;
        self.enter(path, below, node, to, is_new);
        Ok(())
    }

    /// What comes last in a directory: its links, then its looks.
    fn leave(&mut self) -> Result<()> {
        let Some(mut level) = self.levels.pop() else { return Ok(()) };
        for entry in std::mem::take(&mut level.links) {
            let path = join(&level.path, &entry.name.0);
            let outcome = self.link(&mut level.to, &path, &entry);
            self.copier.forgive(&path, outcome)?;
        }
        self.kept = self.kept.saturating_sub(level.kept);
        if level.is_new {
            let looks = self.copier.looks_of_directory(&level.node);
            let outcome = level.to.directory.apply(&looks).map_err(Failure::from);
            self.copier.forgive(&level.path, outcome)?;
            self.copier.tell(&level.path, &level.node, level.to.directory.path())?;
        }
        Ok(())
    }

    fn link(&mut self, to: &mut Held<'_>, path: &[u8], entry: &DirEntry) -> Result<()> {
        let node = self.copier.session.entry(self.copier.volume, entry)?;
        self.copier.link(to, OsStr::from_bytes(&entry.name.0), path, &node)
    }
}
