//! From a file's bytes to the volume's: runs without gap.

use crate::blocks::Blocks;
use crate::indirect;
use crate::inode::Inode;
use crate::superblock::Superblock;
use core::ops::{ControlFlow, Range};
use fsimage_sdk::{NodeBudget, Result, Runs};

/// Bytes of indirect blocks read for one request: the map of a 500 GiB file in single 8 KiB blocks.
const MAX_MAP_BYTES: u64 = 512 << 20;

/// Consecutive bytes of a file.
pub(crate) type Run = fsimage_sdk::Run<u64>;

/// Who receives them.
pub(crate) type RunSink<'a> = fsimage_sdk::RunSink<'a, u64>;

fn node_budget(superblock: &Superblock) -> NodeBudget {
    let blocks = superblock.block_size.blocks_of(superblock.size());
    NodeBudget::new(superblock.block_size.block_at(MAX_MAP_BYTES).min(blocks))
}

/// Hands the runs that cover `range` (bytes of the file, none behind its end) to `sink`: ascending, without gap or
/// overlap, joined where they join on the volume, cut at both ends of the range. No indirect block is read that lies
/// outside of it.
///
/// # Errors
/// `Corrupt` when the map contradicts itself or leaves the filesystem; `Limit`.
pub(crate) fn for_each_run(
    blocks: &Blocks,
    superblock: &Superblock,
    inode: &Inode,
    range: Range<u64>,
    sink: RunSink<'_>,
) -> Result<()> {
    let range = range.start..range.end.min(inode.size());
    if range.is_empty() {
        return Ok(());
    }
    cover(blocks, superblock, inode, range, sink)
        .map_err(|e| e.within(format!("inode {}", inode.number.get())))
}

fn cover(
    blocks: &Blocks,
    superblock: &Superblock,
    inode: &Inode,
    range: Range<u64>,
    sink: RunSink<'_>,
) -> Result<()> {
    let block_size = superblock.block_size;
    let numbers = block_size.block_at(range.start)..block_size.blocks_of(range.end);
    let mut runs = Runs::new(range.start, sink);
    let mut budget = node_budget(superblock);
    let flow = indirect::walk(blocks, superblock, inode, numbers, &mut budget, &mut |run| {
        run.within(&range)?.map_or(Ok(ControlFlow::Continue(())), |run| runs.add(run))
    })?;
    match flow {
        ControlFlow::Continue(()) => runs.finish(range.end).map(|_| ()),
        ControlFlow::Break(()) => Ok(()),
    }
}
