//! From a file's blocks to the volume's: runs without gap, whichever of the two maps the inode has.

use crate::blocks::Blocks;
use crate::inode::Inode;
use crate::units::BlockNumber;
use crate::{extent_tree, indirect};
use core::ops::Range;
use fsimage_sdk::{NodeBudget, Result, Runs, to_u64};

/// Bytes of map nodes read for one request: the map of a 500 GiB file in single 4 KiB blocks.
const MAX_MAP_BYTES: u64 = 512 << 20;

/// Nodes from a map's root to a leaf, at most.
const MAX_PATH: u64 = 6;

/// Linux counts a file's blocks in 32 bits, whatever the map.
const MAX_LOGICAL_BLOCKS: u64 = 1 << 32;

/// Consecutive blocks of a file.
pub(crate) type Run = fsimage_sdk::Run<BlockNumber>;

/// Who receives them.
pub(crate) type RunSink<'a> = fsimage_sdk::RunSink<'a, BlockNumber>;

/// For a map that is walked in so many pieces: at each cut a path of nodes is met again.
fn node_budget(blocks: &Blocks, pieces: usize) -> NodeBudget {
    let nodes = blocks.block_size().block_at(MAX_MAP_BYTES).min(blocks.count());
    NodeBudget::new(nodes.saturating_add(to_u64(pieces).saturating_mul(MAX_PATH)))
}

/// Hands the runs that cover `range` (blocks of the file) to `sink`: ascending, without gap or overlap, joined
/// where they join on the volume, cut at both ends of the range. No node is read that lies outside of it.
///
/// # Errors
/// `Corrupt` when the map contradicts itself or leaves the filesystem; `Limit`.
pub(crate) fn for_each_run(
    blocks: &Blocks,
    inode: &Inode,
    range: Range<u64>,
    sink: RunSink<'_>,
) -> Result<()> {
    if range.end > MAX_LOGICAL_BLOCKS {
        return Err(inode.corrupt(0x4, format_args!("i_size {:#x} exceeds 2^32 blocks", inode.size())));
    }
    cover(blocks, inode, range, sink).map_err(|e| e.within(format!("inode {}", inode.number.get())))
}

fn cover(blocks: &Blocks, inode: &Inode, range: Range<u64>, sink: RunSink<'_>) -> Result<()> {
    let mut runs = Runs::new(range.start, sink);
    let mut budget = node_budget(blocks, inode.ranges.len());
    let walk = if inode.has_extents() { extent_tree::walk } else { indirect::walk };
    let mut at = range.start;
    while at < range.end {
        // What fast commits moved lies over the map.
        let (moved, physical) = inode.ranges.next_from(at).unwrap_or((range.end..range.end, None));
        let (start, end) = (moved.start.clamp(at, range.end), moved.end.min(range.end));
        if at < start && walk(blocks, inode, at..start, &mut budget, &mut |run| runs.add(run))?.is_break() {
            return Ok(());
        }
        if let Some(physical) = physical.filter(|_| start < end) {
            let physical = Some(physical.plus(start.saturating_sub(moved.start)));
            if runs.add(Run { logical: start, length: end.saturating_sub(start), physical })?.is_break() {
                return Ok(());
            }
        }
        at = end.max(start);
    }
    runs.finish(range.end).map(|_| ())
}
