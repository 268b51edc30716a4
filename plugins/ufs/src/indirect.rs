//! Twelve direct pointers, then one map each of one, two and three levels of indirect blocks.

use crate::block_map::{Run, RunSink};
use crate::blocks::Blocks;
use crate::flavour::Pointer;
use crate::inode::{DIRECT, Inode};
use crate::superblock::Superblock;
use core::ops::{ControlFlow, Range};
use fsimage_sdk::{Fields, NodeBudget, Result, to_usize};

/// Levels of the deepest map (`NIADDR`).
const MAX_LEVEL: usize = 3;

/// Hands the blocks of the file numbered `range` that have a place to `sink`, ascending, one run each, cut at the end of
/// the file.
///
/// # Errors
/// `Corrupt` when a pointer leaves the filesystem or an indirect block lies below itself, or the range exceeds what the
/// map can address; `Limit`.
pub(crate) fn walk(
    blocks: &Blocks,
    superblock: &Superblock,
    inode: &Inode,
    range: Range<u64>,
    budget: &mut NodeBudget,
    sink: RunSink<'_>,
) -> Result<ControlFlow<()>> {
    let place = inode.place.saturating_add(inode.pointers_offset);
    let root = Fields::new(&inode.pointers, superblock.endian, "pointers of the inode", place);
    let size = u64::from(superblock.flavour.pointer().size());
    let pointers = superblock.block_size.bytes().checked_div(size).unwrap_or(1);
    let mut walk = Walk { blocks, superblock, inode, range, pointers, budget, sink, path: [None; MAX_LEVEL] };
    let mut first = 0_u64;
    for (slot, level) in (0..DIRECT).map(|slot| (slot, 0)).chain([(12, 1), (13, 2), (14, 3)]) {
        if walk.pointer(&root, slot, level, first)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
        first = first.saturating_add(walk.span(level));
    }
    if walk.range.end > first {
        return Err(inode.bad_size(format_args!("more than the {first} blocks that pointers address")));
    }
    Ok(ControlFlow::Continue(()))
}

struct Walk<'a> {
    blocks: &'a Blocks,
    superblock: &'a Superblock,
    inode: &'a Inode,
    /// Blocks of the file.
    range: Range<u64>,
    /// Pointers of an indirect block.
    pointers: u64,
    budget: &'a mut NodeBudget,
    sink: RunSink<'a>,
    /// The indirect blocks above, by level: a block does not say its level, so only this tells a cycle.
    path: [Option<u64>; MAX_LEVEL],
}

impl Walk<'_> {
    /// Blocks of the file below a pointer of this level.
    fn span(&self, level: u32) -> u64 {
        self.pointers.saturating_pow(level)
    }

    /// The pointer at `slot` of `node`: a data block (level 0) or an indirect block above `level` levels of pointers.
    /// It stands for the file's blocks from `first` on.
    fn pointer(&mut self, node: &Fields<'_>, slot: u64, level: u32, first: u64) -> Result<ControlFlow<()>> {
        let end = first.saturating_add(self.span(level));
        if end <= self.range.start || first >= self.range.end {
            return Ok(ControlFlow::Continue(()));
        }
        let pointer = self.superblock.flavour.pointer();
        let offset = to_usize(slot.saturating_mul(u64::from(pointer.size())))?;
        let number = match pointer {
            Pointer::Narrow => u64::from(node.u32(offset)?),
            Pointer::Wide => node.u64(offset)?,
        };
        if number == 0 {
            return Ok(ControlFlow::Continue(()));
        }
        let length = if level == 0 { self.length(first)? } else { self.superblock.block_size.bytes() };
        let fragments = self.superblock.fragment_size.fragments_of(length);
        let fragment = self.superblock.fragment(number, fragments).ok_or_else(|| {
            let count = self.superblock.fragment_count;
            node.corrupt(offset, format_args!("pointer to fragment {number} of {count}"))
        })?;
        let place = self.superblock.place(fragment);
        let Some(below) = level.checked_sub(1) else {
            let logical = self.superblock.block_size.start_of(first)?;
            return (self.sink)(Run { logical, length, physical: Some(place) });
        };
        if self.path.contains(&Some(number)) {
            return Err(node.corrupt(offset, format_args!("indirect block {number} lies below itself")));
        }
        self.budget.take().map_err(|e| e.at(node.place(offset)))?;
        self.set_path(below, Some(number));
        let flow = self.node(place, below, first);
        self.set_path(below, None);
        flow
    }

    /// Bytes of the file in one of its blocks: less than a block in the last one, which has only the fragments it
    /// needs while it is a direct one.
    fn length(&self, block: u64) -> Result<u64> {
        let size = self.superblock.block_size;
        Ok(self.inode.size().saturating_sub(size.start_of(block)?).min(size.bytes()))
    }

    /// Every pointer of an indirect block within the range; the block is read once for all of them.
    fn node(&mut self, place: u64, below: u32, first: u64) -> Result<ControlFlow<()>> {
        let bytes = self.blocks.read(place, to_usize(self.superblock.block_size.bytes())?)?;
        let node = Fields::new(&bytes, self.superblock.endian, "indirect block", place);
        let span = self.span(below);
        let skip = self.range.start.saturating_sub(first).checked_div(span).unwrap_or(0);
        let stop = self.range.end.saturating_sub(first).div_ceil(span.max(1)).min(self.pointers);
        for slot in skip..stop {
            let at = first.saturating_add(slot.saturating_mul(span));
            if self.pointer(&node, slot, below, at)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn set_path(&mut self, level: u32, block: Option<u64>) {
        if let Some(slot) = usize::try_from(level).ok().and_then(|level| self.path.get_mut(level)) {
            *slot = block;
        }
    }
}
