//! What fast commits change: inodes, their block maps, names in directories. They lie beside the disk, which is never
//! written, and whoever reads an inode, a map or a directory looks here first.

use crate::blocks::Blocks;
use crate::fast_commit_tags::{Change, Dentry};
use crate::raw_inode;
use crate::superblock::Superblock;
use crate::units::{BlockNumber, InodeNumber};
use core::ops::Range;
use fsimage_sdk::Result;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Every change, by the inode it is of.
#[derive(Debug, Default)]
pub(crate) struct Patches {
    inodes: BTreeMap<u32, InodePatch>,
    directories: BTreeMap<u32, Arc<DirectoryPatch>>,
}

/// An inode as it is read instead of the disk's.
#[derive(Debug, Clone, Default)]
pub(crate) struct InodePatch {
    /// All of its bytes; nothing when only its map has changed.
    pub(crate) raw: Option<Arc<[u8]>>,
    pub(crate) ranges: Arc<Ranges>,
}

/// Names that a directory got and lost.
#[derive(Debug, Clone, Default)]
pub(crate) struct DirectoryPatch {
    /// It is new, and what lies in its inode's place on the disk is another's.
    pub(crate) is_new: bool,
    pub(crate) added: BTreeMap<Vec<u8>, InodeNumber>,
    /// By inode: a name on the disk is gone if it is of this one, for it may have been several inodes' in turn.
    removed: BTreeMap<u32, BTreeSet<Vec<u8>>>,
}

impl Patches {
    pub(crate) fn inode(&self, number: InodeNumber) -> Option<&InodePatch> {
        self.inodes.get(&number.get())
    }

    pub(crate) fn directory(&self, number: InodeNumber) -> Option<Arc<DirectoryPatch>> {
        self.directories.get(&number.get()).cloned()
    }

    /// Enters one change. `blocks` and `superblock` are of the filesystem as the log leaves it.
    ///
    /// # Errors
    /// Those of reading the inode that is changed.
    pub(crate) fn apply(&mut self, change: Change, blocks: &Blocks, superblock: &Superblock) -> Result<()> {
        match change {
            Change::Map { inode, blocks, physical } => {
                let patch = self.inodes.entry(inode.get()).or_default();
                Arc::make_mut(&mut patch.ranges).set(blocks, physical);
            }
            Change::Inode { inode, raw } => {
                let known = self.inodes.get(&inode.get()).and_then(|patch| patch.raw.clone());
                let old = match known {
                    Some(raw) => raw.to_vec(),
                    None => raw_inode::read(blocks, superblock, inode)?,
                };
                let patch = self.inodes.entry(inode.get()).or_default();
                if raw_inode::is_another(&old, &raw) {
                    patch.ranges = Arc::default();
                }
                patch.raw = Some(raw_inode::merged(old, &raw).into());
            }
            Change::Create(dentry) => {
                let number = dentry.inode.get();
                self.directories.remove(&number);
                // Linux gives a new directory a new block, with nothing in it.
                let raw = self.inodes.get(&number).and_then(|patch| patch.raw.as_deref());
                if raw.is_some_and(raw_inode::is_directory) {
                    let patch = DirectoryPatch { is_new: true, ..DirectoryPatch::default() };
                    self.directories.insert(number, Arc::new(patch));
                }
                self.link(dentry);
            }
            Change::Link(dentry) => self.link(dentry),
            Change::Unlink(dentry) => {
                let patch = Arc::make_mut(self.directories.entry(dentry.parent.get()).or_default());
                match patch.added.get(&dentry.name) {
                    Some(inode) if *inode == dentry.inode => drop(patch.added.remove(&dentry.name)),
                    Some(_) => {}
                    None => drop(patch.removed.entry(dentry.inode.get()).or_default().insert(dentry.name)),
                }
            }
        }
        Ok(())
    }

    fn link(&mut self, dentry: Dentry) {
        let patch = Arc::make_mut(self.directories.entry(dentry.parent.get()).or_default());
        patch.added.insert(dentry.name, dentry.inode);
    }
}

impl DirectoryPatch {
    /// Does this entry of the disk's directory count no longer?
    pub(crate) fn hides(&self, name: &[u8], inode: InodeNumber) -> bool {
        self.added.contains_key(name)
            || self.removed.get(&inode.get()).is_some_and(|names| names.contains(name))
    }
}

/// Blocks of a file that lie elsewhere than its map says. No two ranges overlap.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ranges(BTreeMap<u64, Moved>);

/// A range's end, and where it begins on the volume; nowhere when it is a hole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Moved {
    end: u64,
    physical: Option<BlockNumber>,
}

impl Ranges {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Puts a range over whatever was known of its blocks.
    fn set(&mut self, blocks: Range<u64>, physical: Option<BlockNumber>) {
        if blocks.is_empty() {
            return;
        }
        // The range that begins before and reaches in keeps its front, and its back if it reaches out again.
        if let Some((&start, &before)) = self.0.range(..blocks.start).next_back()
            && before.end > blocks.start
        {
            self.0.insert(start, Moved { end: blocks.start, ..before });
            self.keep_back(start, before, blocks.end);
        }
        while let Some((&start, &inside)) = self.0.range(blocks.clone()).next() {
            self.0.remove(&start);
            self.keep_back(start, inside, blocks.end);
        }
        self.0.insert(blocks.start, Moved { end: blocks.end, physical });
    }

    /// What of a range lies behind `end`.
    fn keep_back(&mut self, start: u64, range: Moved, end: u64) {
        if range.end > end {
            let skipped = end.saturating_sub(start);
            let physical = range.physical.map(|block| block.plus(skipped));
            self.0.insert(end, Moved { physical, ..range });
        }
    }

    /// The first range that ends behind this block.
    pub(crate) fn next_from(&self, block: u64) -> Option<(Range<u64>, Option<BlockNumber>)> {
        let reaching = self.0.range(..=block).next_back().filter(|(_, range)| range.end > block);
        let (&start, range) = reaching.or_else(|| self.0.range(block..).next())?;
        Some((start..range.end, range.physical))
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;

    /// A map of blocks one by one says the same.
    #[test]
    fn ranges_over_ranges() {
        let mut random = 1_u64;
        let mut next = |below: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) % below
        };
        for _ in 0..200 {
            let (mut ranges, mut plain) = (Ranges::default(), [None; 40]);
            for _ in 0..12 {
                let (first, count, physical) = (next(30), next(10), next(90) + 1);
                let physical = (physical > 30).then_some(physical);
                ranges.set(first..first + count, physical.and_then(|block| BlockNumber::new(block, 200)));
                for block in first..first + count {
                    plain[usize::try_from(block).unwrap()] =
                        Some(physical.map(|start| start + block - first));
                }
            }
            let mut found = [None; 40];
            let mut at = 0;
            while let Some((blocks, physical)) = ranges.next_from(at) {
                assert!(blocks.start >= at && !blocks.is_empty(), "overlap at {at}: {ranges:?}");
                for block in blocks.clone() {
                    let start = physical.map(|physical| physical.get() + block - blocks.start);
                    found[usize::try_from(block).unwrap()] = Some(start);
                }
                at = blocks.end;
            }
            assert_eq!(found, plain);
        }
    }

    #[test]
    fn a_block_within_a_range() {
        let mut ranges = Ranges::default();
        ranges.set(10..20, BlockNumber::new(5, 100));
        assert_eq!(ranges.next_from(15).unwrap().0, 10..20);
        assert_eq!(ranges.next_from(20), None);
        assert_eq!(ranges.next_from(0).unwrap().0, 10..20);
    }
}
