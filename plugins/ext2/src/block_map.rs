//! From a file's blocks to the volume's: runs without gap, whichever of the two maps the inode has.

use crate::blocks::Blocks;
use crate::inode::Inode;
use crate::units::{BlockNumber, to_u64};
use crate::{extent_tree, indirect};
use core::ops::{ControlFlow, Range};
use fsimage_sdk::{Error, Result};

/// Bytes of map nodes read for one request: the map of a 500 GiB file in single 4 KiB blocks.
const MAX_MAP_BYTES: u64 = 512 << 20;

/// Nodes from a map's root to a leaf, at most.
const MAX_PATH: u64 = 6;

/// Linux counts a file's blocks in 32 bits, whatever the map.
const MAX_LOGICAL_BLOCKS: u64 = 1 << 32;

/// Consecutive blocks of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    /// First block in the file.
    pub(crate) logical: u64,
    /// Blocks, never 0.
    pub(crate) count: u64,
    /// First block on the volume; `None` for a hole.
    pub(crate) physical: Option<BlockNumber>,
}

impl Run {
    /// The block behind the run, in the file.
    pub(crate) fn end(&self) -> u64 {
        self.logical.saturating_add(self.count)
    }

    /// Does `next` go on where this run ends, on the volume too?
    fn joins(&self, next: &Run) -> bool {
        self.end() == next.logical
            && match (self.physical, next.physical) {
                (None, None) => true,
                (Some(here), Some(there)) => here.get().checked_add(self.count) == Some(there.get()),
                _ => false,
            }
    }
}

/// Who receives runs; `Break` ends the walk and is no error.
pub(crate) type RunSink<'a> = &'a mut dyn FnMut(Run) -> Result<ControlFlow<()>>;

/// How many nodes a map may still read. A map's nodes are distinct blocks of the filesystem, so there are never
/// more of them than blocks; a disk that says otherwise refers to one node many times over.
#[derive(Debug)]
pub(crate) struct NodeBudget(u64);

impl NodeBudget {
    /// For a map that is walked in so many pieces: at each cut a path of nodes is met again.
    fn new(blocks: &Blocks, pieces: usize) -> Self {
        let nodes = blocks.block_size().block_at(MAX_MAP_BYTES).min(blocks.count());
        Self(nodes.saturating_add(to_u64(pieces).saturating_mul(MAX_PATH)))
    }

    /// Takes one node.
    ///
    /// # Errors
    /// `Limit` when none is left.
    pub(crate) fn take(&mut self) -> Result<()> {
        self.0 = self.0.checked_sub(1).ok_or_else(|| {
            Error::limit(format!(
                "the block map has more nodes than the filesystem has blocks or than {MAX_MAP_BYTES} bytes hold"
            ))
        })?;
        Ok(())
    }
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
    let mut join = Join { next: range.start, pending: None, sink };
    let mut budget = NodeBudget::new(blocks, inode.ranges.len());
    let walk = if inode.has_extents() { extent_tree::walk } else { indirect::walk };
    let mut at = range.start;
    while at < range.end {
        // What fast commits moved lies over the map.
        let (moved, physical) = inode.ranges.next_from(at).unwrap_or((range.end..range.end, None));
        let (start, end) = (moved.start.clamp(at, range.end), moved.end.min(range.end));
        if at < start && walk(blocks, inode, at..start, &mut budget, &mut |run| join.data(run))?.is_break() {
            return Ok(());
        }
        if let Some(physical) = physical.filter(|_| start < end) {
            let physical = Some(physical.plus(start.saturating_sub(moved.start)));
            if join.data(Run { logical: start, count: end.saturating_sub(start), physical })?.is_break() {
                return Ok(());
            }
        }
        at = end.max(start);
    }
    if join.hole_until(range.end)?.is_continue() {
        return join.flush().map(|_| ());
    }
    Ok(())
}

/// Fills gaps with holes and joins neighbours.
struct Join<'a> {
    /// The first block not yet covered.
    next: u64,
    pending: Option<Run>,
    sink: RunSink<'a>,
}

impl Join<'_> {
    fn data(&mut self, run: Run) -> Result<ControlFlow<()>> {
        if self.hole_until(run.logical)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
        self.push(run)
    }

    fn hole_until(&mut self, end: u64) -> Result<ControlFlow<()>> {
        match end.checked_sub(self.next) {
            Some(count) if count > 0 => self.push(Run { logical: self.next, count, physical: None }),
            _ => Ok(ControlFlow::Continue(())),
        }
    }

    fn push(&mut self, run: Run) -> Result<ControlFlow<()>> {
        self.next = run.end();
        if let Some(pending) = &mut self.pending
            && pending.joins(&run)
        {
            pending.count = pending.count.saturating_add(run.count);
            return Ok(ControlFlow::Continue(()));
        }
        let flow = self.flush()?;
        self.pending = Some(run);
        Ok(flow)
    }

    fn flush(&mut self) -> Result<ControlFlow<()>> {
        match self.pending.take() {
            Some(run) => (self.sink)(run),
            None => Ok(ControlFlow::Continue(())),
        }
    }
}
