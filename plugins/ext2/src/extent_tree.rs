//! "Extent Tree" (`struct ext4_extent_header`, `ext4_extent_idx`, `ext4_extent`).

use crate::block_map::{Run, RunSink};
use crate::blocks::Blocks;
use crate::inode::Inode;
use crate::metadata_checksum;
use core::ops::{ControlFlow, Range};
use fsimage_sdk::{Endian, Fields, NodeBudget, Result};

const MAGIC: u16 = 0xf30a;
/// Five levels of the smallest nodes address 2^32 blocks; Linux makes no deeper tree.
const MAX_DEPTH: u16 = 5;
/// Bytes of the header, and of every entry of either kind.
const ENTRY_SIZE: usize = 12;
/// `ee_len` above this: an unwritten extent of `ee_len` minus this, which reads as zeros.
const INIT_MAX_LEN: u64 = 32768;

/// Hands the written extents within `range` to `sink`, ascending and cut at the range's ends.
///
/// # Errors
/// `Corrupt` when a node contradicts itself, its parent or the filesystem; `Limit`.
pub(crate) fn walk(
    blocks: &Blocks,
    inode: &Inode,
    range: Range<u64>,
    budget: &mut NodeBudget,
    sink: RunSink<'_>,
) -> Result<ControlFlow<()>> {
    let root =
        Fields::new(&inode.i_block, Endian::Little, "extent tree root", inode.place.saturating_add(0x28));
    let depth = root.u16(0x6)?;
    if depth > MAX_DEPTH {
        return Err(root.corrupt(0x6, format_args!("eh_depth {depth} exceeds {MAX_DEPTH}")));
    }
    // Logical blocks are 32-bit fields.
    Walk { blocks, seed: inode.seed, range, budget, sink }.node(&root, depth, 0..1 << 32)
}

struct Walk<'a> {
    blocks: &'a Blocks,
    seed: Option<u32>,
    range: Range<u64>,
    budget: &'a mut NodeBudget,
    sink: RunSink<'a>,
}

impl Walk<'_> {
    /// A node that must have this depth and may only map `covers`.
    ///
    /// Depth falls by one with each level and stands in every node, so no node can lie below itself; siblings
    /// cover disjoint parts of their parent, so the walk always moves forward.
    fn node(&mut self, node: &Fields<'_>, depth: u16, covers: Range<u64>) -> Result<ControlFlow<()>> {
        let entries = entry_count(node, depth)?;
        match depth.checked_sub(1) {
            None => self.leaf(node, entries, covers),
            Some(below) => self.index(node, entries, below, covers),
        }
    }

    fn index(
        &mut self,
        node: &Fields<'_>,
        entries: usize,
        below: u16,
        covers: Range<u64>,
    ) -> Result<ControlFlow<()>> {
        let mut at_least = covers.start;
        for number in 0..entries {
            let offset = entry_offset(number);
            let ei_block = u64::from(node.u32(offset)?);
            let end = match number.checked_add(1) {
                Some(next) if next < entries => u64::from(node.u32(entry_offset(next))?),
                _ => covers.end,
            };
            if ei_block < at_least || end <= ei_block || end > covers.end {
                return Err(node.corrupt(offset, format_args!("ei_block {ei_block} is out of order")));
            }
            at_least = end;
            if end <= self.range.start || ei_block >= self.range.end {
                continue;
            }
            if self.child(node, offset, below, ei_block..end)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn child(
        &mut self,
        node: &Fields<'_>,
        offset: usize,
        depth: u16,
        covers: Range<u64>,
    ) -> Result<ControlFlow<()>> {
        let leaf = block_48(node, offset.saturating_add(4), offset.saturating_add(8))?;
        let block = self.blocks.number(leaf).ok_or_else(|| {
            node.corrupt(offset, format_args!("ei_leaf is block {leaf} of {}", self.blocks.count()))
        })?;
        self.budget.take().map_err(|e| e.at(node.place(offset)))?;
        let bytes = self.blocks.read(block)?;
        let child = Fields::new(&bytes, Endian::Little, "extent tree node", self.blocks.place(block)?);
        metadata_checksum::extent_node(self.blocks, self.seed, &child)?;
        self.node(&child, depth, covers)
    }

    fn leaf(&mut self, node: &Fields<'_>, entries: usize, covers: Range<u64>) -> Result<ControlFlow<()>> {
        let mut at_least = covers.start;
        for number in 0..entries {
            let extent = Extent::read(node, entry_offset(number), at_least..covers.end, self.blocks.count())?;
            at_least = extent.run.end();
            let Some(run) = extent.run.within(&self.range)? else { continue };
            if extent.written && (self.sink)(run)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

struct Extent {
    run: Run,
    written: bool,
}

impl Extent {
    fn read(node: &Fields<'_>, offset: usize, within: Range<u64>, block_count: u64) -> Result<Self> {
        let ee_block = u64::from(node.u32(offset)?);
        let ee_len = u64::from(node.u16(offset.saturating_add(4))?);
        let (count, written) = match ee_len.checked_sub(INIT_MAX_LEN) {
            Some(unwritten) if unwritten > 0 => (unwritten, false),
            _ => (ee_len, true),
        };
        let end = ee_block.saturating_add(count);
        if count == 0 || ee_block < within.start || end > within.end {
            let why = format_args!("extent of {count} blocks at ee_block {ee_block} is out of order");
            return Err(node.corrupt(offset, why));
        }
        let start = block_48(node, offset.saturating_add(8), offset.saturating_add(6))?;
        let physical = crate::units::BlockNumber::new(start, block_count)
            .filter(|first| first.get().checked_add(count).is_some_and(|end| end <= block_count))
            .ok_or_else(|| {
                let why = format_args!("extent of {count} blocks at ee_start {start} of {block_count}");
                node.corrupt(offset, why)
            })?;
        Ok(Self { run: Run { logical: ee_block, length: count, physical: Some(physical) }, written })
    }
}

/// Checks the header and gives the number of entries behind it.
fn entry_count(node: &Fields<'_>, depth: u16) -> Result<usize> {
    let eh_magic = node.u16(0x0)?;
    if eh_magic != MAGIC {
        return Err(node.corrupt(0x0, format_args!("eh_magic {eh_magic:#06x}")));
    }
    let eh_depth = node.u16(0x6)?;
    if eh_depth != depth {
        return Err(node.corrupt(0x6, format_args!("eh_depth {eh_depth} where {depth} is due")));
    }
    let (eh_entries, eh_max) = (node.u16(0x2)?, node.u16(0x4)?);
    let room = (node.bytes().len() / ENTRY_SIZE).saturating_sub(1);
    if eh_entries > eh_max || usize::from(eh_max) > room || eh_entries == 0 && depth > 0 {
        return Err(
            node.corrupt(0x2, format_args!("eh_entries {eh_entries} of eh_max {eh_max}, room {room}"))
        );
    }
    Ok(usize::from(eh_entries))
}

fn entry_offset(number: usize) -> usize {
    number.saturating_add(1).saturating_mul(ENTRY_SIZE)
}

/// A block number of 48 bits in two fields.
fn block_48(node: &Fields<'_>, low: usize, high: usize) -> Result<u64> {
    Ok(crate::units::join_u64(node.u32(low)?, u32::from(node.u16(high)?)))
}
