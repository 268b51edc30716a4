//! From a file's bytes to the volume's: runs without gap.

use crate::blocks::Blocks;
use crate::indirect;
use crate::inode::Inode;
use crate::superblock::Superblock;
use core::ops::{ControlFlow, Range};
use fsimage_sdk::{Error, Result};

/// Bytes of indirect blocks read for one request: the map of a 500 GiB file in single 8 KiB blocks.
const MAX_MAP_BYTES: u64 = 512 << 20;

/// Consecutive bytes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    /// First byte in the file.
    pub(crate) logical: u64,
    /// Bytes, never 0.
    pub(crate) length: u64,
    /// First byte on the volume; `None` for a hole.
    pub(crate) place: Option<u64>,
}

impl Run {
    /// The byte behind the run, in the file.
    pub(crate) fn end(&self) -> u64 {
        self.logical.saturating_add(self.length)
    }

    /// Does `next` go on where this run ends, on the volume too?
    fn joins(&self, next: &Run) -> bool {
        self.end() == next.logical
            && match (self.place, next.place) {
                (None, None) => true,
                (Some(here), Some(there)) => here.checked_add(self.length) == Some(there),
                _ => false,
            }
    }

    /// The part of the run that lies within `range`.
    fn within(&self, range: &Range<u64>) -> Option<Run> {
        let logical = self.logical.max(range.start);
        let length = self.end().min(range.end).checked_sub(logical).filter(|length| *length != 0)?;
        let place = self.place.map(|place| place.saturating_add(logical.saturating_sub(self.logical)));
        Some(Run { logical, length, place })
    }
}

/// Who receives runs; `Break` ends the walk and is no error.
pub(crate) type RunSink<'a> = &'a mut dyn FnMut(Run) -> Result<ControlFlow<()>>;

/// How many indirect blocks a map may still read. They are distinct blocks of the filesystem, so there are never more
/// of them than blocks; a disk that says otherwise refers to one of them many times over.
#[derive(Debug)]
pub(crate) struct NodeBudget(u64);

impl NodeBudget {
    fn new(superblock: &Superblock) -> Self {
        let blocks = superblock.block_size.blocks_of(superblock.size());
        Self(superblock.block_size.block_at(MAX_MAP_BYTES).min(blocks))
    }

    /// Takes one node.
    ///
    /// # Errors
    /// `Limit` when none is left.
    pub(crate) fn take(&mut self) -> Result<()> {
        self.0 = self.0.checked_sub(1).ok_or_else(|| {
            Error::limit(format!(
                "the block map has more indirect blocks than the filesystem has blocks or than {MAX_MAP_BYTES} bytes \
                 hold"
            ))
        })?;
        Ok(())
    }
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
    let mut join = Join { next: range.start, pending: None, sink };
    let mut budget = NodeBudget::new(superblock);
    let flow = indirect::walk(blocks, superblock, inode, numbers, &mut budget, &mut |run| {
        run.within(&range).map_or(Ok(ControlFlow::Continue(())), |run| join.data(run))
    })?;
    if flow.is_continue() && join.hole_until(range.end)?.is_continue() {
        return join.flush().map(|_| ());
    }
    Ok(())
}

/// Fills gaps with holes and joins neighbours.
struct Join<'a> {
    /// The first byte not yet covered.
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
            Some(length) if length > 0 => self.push(Run { logical: self.next, length, place: None }),
            _ => Ok(ControlFlow::Continue(())),
        }
    }

    fn push(&mut self, run: Run) -> Result<ControlFlow<()>> {
        self.next = run.end();
        if let Some(pending) = &mut self.pending
            && pending.joins(&run)
        {
            pending.length = pending.length.saturating_add(run.length);
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
