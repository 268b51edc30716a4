//! "Direct/Indirect Block Addressing": twelve direct pointers, then one map each of one, two and three levels.

use crate::block_map::{Run, RunSink};
use crate::blocks::Blocks;
use crate::inode::Inode;
use crate::units::BlockNumber;
use core::ops::{ControlFlow, Range};
use fsimage_sdk::{Endian, Error, Fields, NodeBudget, Result, to_usize};

const DIRECT_POINTERS: u64 = 12;
/// Bytes of a pointer, in `i_block` and in every node.
const POINTER_SIZE: u64 = 4;
/// Levels of the deepest map.
const MAX_LEVEL: usize = 3;

/// Hands the mapped blocks within `range` to `sink`, ascending, as runs of one block.
///
/// # Errors
/// `Corrupt` when a pointer leaves the filesystem or a node lies below itself, or the range exceeds what the map
/// can address; `Limit`.
pub(crate) fn walk(
    blocks: &Blocks,
    inode: &Inode,
    range: Range<u64>,
    budget: &mut NodeBudget,
    sink: RunSink<'_>,
) -> Result<ControlFlow<()>> {
    let root = Fields::new(&inode.i_block, Endian::Little, "i_block", inode.place.saturating_add(0x28));
    let pointers = blocks.block_size().bytes() / POINTER_SIZE;
    let mut walk = Walk { blocks, range, pointers, budget, sink, path: [None; MAX_LEVEL] };
    let mut first = 0_u64;
    for (slot, level) in (0..DIRECT_POINTERS).map(|slot| (slot, 0)).chain([(12, 1), (13, 2), (14, 3)]) {
        if walk.pointer(&root, slot, level, first)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
        first = first.saturating_add(walk.span(level));
    }
    if walk.range.end > first {
        let text = format!("i_size {:#x} exceeds the {first} blocks that the map addresses", inode.size());
        return Err(Error::corrupt(text).at(inode.place.saturating_add(0x4)));
    }
    Ok(ControlFlow::Continue(()))
}

struct Walk<'a> {
    blocks: &'a Blocks,
    range: Range<u64>,
    /// Pointers in a node.
    pointers: u64,
    budget: &'a mut NodeBudget,
    sink: RunSink<'a>,
    /// The nodes above, by level: a node does not say its level, so only this tells a cycle.
    path: [Option<BlockNumber>; MAX_LEVEL],
}

impl Walk<'_> {
    /// Blocks of the file below a pointer of this level.
    fn span(&self, level: u32) -> u64 {
        self.pointers.saturating_pow(level)
    }

    /// The pointer at `slot` of `node`: a data block (level 0) or a node above `level` levels of pointers. It
    /// stands for the file's blocks from `first` on.
    fn pointer(&mut self, node: &Fields<'_>, slot: u64, level: u32, first: u64) -> Result<ControlFlow<()>> {
        let end = first.saturating_add(self.span(level));
        if end <= self.range.start || first >= self.range.end {
            return Ok(ControlFlow::Continue(()));
        }
        let offset = to_usize(slot.saturating_mul(POINTER_SIZE))?;
        let number = u64::from(node.u32(offset)?);
        if number == 0 {
            return Ok(ControlFlow::Continue(()));
        }
        let block = self.blocks.number(number).ok_or_else(|| {
            node.corrupt(offset, format_args!("pointer to block {number} of {}", self.blocks.count()))
        })?;
        let Some(below) = level.checked_sub(1) else {
            return (self.sink)(Run { logical: first, length: 1, physical: Some(block) });
        };
        if self.path.contains(&Some(block)) {
            return Err(node.corrupt(offset, format_args!("indirect block {number} lies below itself")));
        }
        self.budget.take().map_err(|e| e.at(node.place(offset)))?;
        self.set_path(below, Some(block));
        let flow = self.node(block, below, first);
        self.set_path(below, None);
        flow
    }

    /// Every pointer of a node within the range; the node is read once for all of them.
    fn node(&mut self, block: BlockNumber, below: u32, first: u64) -> Result<ControlFlow<()>> {
        let bytes = self.blocks.read(block)?;
        let node = Fields::new(&bytes, Endian::Little, "indirect block", self.blocks.place(block)?);
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

    fn set_path(&mut self, level: u32, block: Option<BlockNumber>) {
        if let Some(slot) = usize::try_from(level).ok().and_then(|level| self.path.get_mut(level)) {
            *slot = block;
        }
    }
}
