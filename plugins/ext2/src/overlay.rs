//! What a journal's replay would have written, as a map to where the bytes lie in the journal.

use crate::units::BlockNumber;
use std::collections::BTreeMap;

/// Where the newest copy of a block lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct JournalCopy {
    /// The journal's block, on the volume.
    pub(crate) block: BlockNumber,
    /// The block begins with the journal's magic number, for which four zero bytes stand in the copy.
    pub(crate) escaped: bool,
}

/// Blocks of the filesystem whose newest copy lies in the journal.
#[derive(Debug, Clone, Default)]
pub(crate) struct Overlay {
    copies: BTreeMap<u64, JournalCopy>,
}

impl Overlay {
    pub(crate) fn insert(&mut self, block: u64, copy: JournalCopy) {
        self.copies.insert(block, copy);
    }

    /// A revoke record: whatever was written to this block so far is not to be replayed.
    pub(crate) fn remove(&mut self, block: u64) {
        self.copies.remove(&block);
    }

    pub(crate) fn len(&self) -> usize {
        self.copies.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.copies.is_empty()
    }

    pub(crate) fn get(&self, block: u64) -> Option<JournalCopy> {
        self.copies.get(&block).copied()
    }

    /// The first block at or behind this one that has a copy.
    pub(crate) fn next_from(&self, block: u64) -> Option<u64> {
        self.copies.range(block..).next().map(|(&block, _)| block)
    }

    /// Is there a block that no extent can show?
    pub(crate) fn has_escaped(&self) -> bool {
        self.copies.values().any(|copy| copy.escaped)
    }
}
