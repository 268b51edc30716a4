//! Where the journal's blocks lie: its inode's map, read once, before any replay.

use crate::block_map::{Run, for_each_run};
use crate::blocks::Blocks;
use crate::inode::Inode;
use crate::units::BlockNumber;
use core::ops::ControlFlow;
use fsimage_sdk::{Error, FileType, Result};

/// Pieces of a journal, which mke2fs makes of one or a few.
const MAX_RUNS: usize = 1 << 16;

/// The journal as a file.
#[derive(Debug)]
pub(crate) struct JournalMap {
    runs: Vec<Run>,
    /// Blocks.
    length: u64,
}

impl JournalMap {
    /// # Errors
    /// `Corrupt` when the inode is no plain file without holes; `Limit` beyond 65536 pieces.
    pub(crate) fn read(blocks: &Blocks, inode: &Inode) -> Result<Self> {
        if inode.file_type() != FileType::Regular || inode.has_inline_data() {
            return Err(inode.corrupt(0x0, "the journal's inode is no plain file"));
        }
        let length = blocks.block_size().block_at(inode.size());
        let mut runs = Vec::new();
        for_each_run(blocks, inode, 0..length, &mut |run| {
            if runs.len() == MAX_RUNS {
                return Err(Error::limit(format!("the journal lies in more than {MAX_RUNS} pieces")));
            }
            if let Some(first) = run.physical {
                // A truncated image is no failure of the host's disk: GRUB would boot it.
                let length = blocks.block_size().start_of(run.length)?;
                blocks.check_on_volume(blocks.place(first)?, length).map_err(|error| {
                    Error::corrupt("the journal runs past the volume's end").at(error.offset().unwrap_or(0))
                })?;
            }
            runs.push(run);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(Self { runs, length })
    }

    /// Blocks of the journal.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Where a block of the journal lies on the volume.
    ///
    /// # Errors
    /// `Corrupt` in a hole and past the end.
    pub(crate) fn block(&self, blocks: &Blocks, logical: u32) -> Result<BlockNumber> {
        let logical = u64::from(logical);
        let index = self.runs.partition_point(|run| run.end() <= logical);
        self.runs
            .get(index)
            .and_then(|run| run.physical?.get().checked_add(logical.checked_sub(run.logical)?))
            .and_then(|number| blocks.number(number))
            .ok_or_else(|| Error::corrupt(format!("the journal has no block {logical}")))
    }
}
