//! The only place that reads the volume: metadata blocks, the last few of them kept, and pieces of blocks, each from
//! the journal where its newest copy lies there.

use crate::journal_superblock::MAGIC;
use crate::overlay::Overlay;
use crate::patches::Patches;
use crate::superblock::Superblock;
use crate::units::{BlockNumber, BlockSize, beyond_64_bits};
use core::ops::ControlFlow;
use fsimage_sdk::{Error, ErrorKind, Recent, Remarks, Result, Volume, to_u64, to_usize};
use std::sync::Arc;

/// Bytes of metadata blocks kept: enough for the directories of one boot and a map's path.
const CACHE_BYTES: u64 = 256 << 10;

/// Reads blocks by number. File data is never kept: it would push the metadata out.
pub(crate) struct Blocks {
    volume: Volume,
    block_size: BlockSize,
    block_count: u64,
    overlay: Overlay,
    patches: Patches,
    remarks: Remarks,
    recent: Recent<BlockNumber>,
}

impl Blocks {
    pub(crate) fn new(
        volume: Volume,
        superblock: &Superblock,
        overlay: Overlay,
        remarks: Remarks,
    ) -> Result<Self> {
        let block_size = superblock.block_size;
        let block_count = superblock.block_count;
        let capacity = to_usize(block_size.block_at(CACHE_BYTES).clamp(4, 64))?;
        Ok(Self {
            volume,
            block_size,
            block_count,
            overlay,
            patches: Patches::default(),
            remarks,
            recent: Recent::new(capacity),
        })
    }

    /// The same reader for a filesystem that has grown.
    pub(crate) fn resized(self, block_count: u64) -> Self {
        Self { block_count, ..self }
    }

    /// The same reader, with what fast commits changed.
    pub(crate) fn patched(self, patches: Patches) -> Self {
        Self { patches, ..self }
    }

    /// What fast commits changed.
    pub(crate) fn patches(&self) -> &Patches {
        &self.patches
    }

    /// Length of the volume in bytes.
    pub(crate) fn volume_size(&self) -> u64 {
        self.volume.size()
    }

    pub(crate) fn block_size(&self) -> BlockSize {
        self.block_size
    }

    pub(crate) fn remarks(&self) -> &Remarks {
        &self.remarks
    }

    /// Blocks of the filesystem.
    pub(crate) fn count(&self) -> u64 {
        self.block_count
    }

    /// A block number, if the filesystem has it.
    pub(crate) fn number(&self, number: u64) -> Option<BlockNumber> {
        BlockNumber::new(number, self.block_count)
    }

    /// The byte at which a block begins on the volume.
    pub(crate) fn place(&self, block: BlockNumber) -> Result<u64> {
        block.get().checked_mul(self.block_size.bytes()).ok_or_else(beyond_64_bits)
    }

    /// A whole block of metadata.
    ///
    /// # Errors
    /// `Io` when the volume ends before it, or the host's read fails.
    pub(crate) fn read(&self, block: BlockNumber) -> Result<Arc<[u8]>> {
        if let Some(bytes) = self.recent.get(block) {
            return Ok(bytes);
        }
        let bytes = self.read_once(block)?;
        self.recent.keep(block, &bytes);
        Ok(bytes)
    }

    /// A whole block that nobody will ask for again.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub(crate) fn read_once(&self, block: BlockNumber) -> Result<Arc<[u8]>> {
        Ok(self.read_vec_at(self.place(block)?, self.block_size.to_usize()?)?.into())
    }

    /// `length` bytes at a place of the volume.
    ///
    /// # Errors
    /// As [`Self::read`]; the range is checked before memory is taken.
    pub(crate) fn read_vec_at(&self, place: u64, length: usize) -> Result<Vec<u8>> {
        if self.overlay.is_empty() {
            return self.volume.read_vec_at(place, length);
        }
        self.check_on_volume(place, to_u64(length))?;
        let mut bytes = vec![0; length];
        self.read_exact_at(place, &mut bytes)?;
        Ok(bytes)
    }

    /// Fills `buffer` from a place of the volume.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub(crate) fn read_exact_at(&self, place: u64, buffer: &mut [u8]) -> Result<()> {
        if self.overlay.is_empty() {
            return self.volume.read_exact_at(place, buffer);
        }
        let (mut place, mut rest) = (place, buffer);
        while !rest.is_empty() {
            let block = self.block_size.block_at(place);
            let from = self.overlay.next_from(block).unwrap_or(u64::MAX);
            let stop = if from == block { block.saturating_add(1) } else { from };
            let room = stop.saturating_mul(self.block_size.bytes()).saturating_sub(place);
            let length = to_usize(room.min(to_u64(rest.len())))?;
            let (part, behind) = rest.split_at_mut_checked(length).ok_or_else(beyond_64_bits)?;
            if from == block {
                self.read_copy(block, place, part)?;
            } else {
                self.volume.read_exact_at(place, part)?;
            }
            rest = behind;
            place = place.saturating_add(to_u64(length));
        }
        Ok(())
    }

    /// Part of a block whose newest copy lies in the journal.
    fn read_copy(&self, block: u64, place: u64, part: &mut [u8]) -> Result<()> {
        let missing = || Error::new(ErrorKind::Internal, "a block that is not in the journal");
        let copy = self.overlay.get(block).ok_or_else(missing)?;
        let skipped = place.saturating_sub(block.saturating_mul(self.block_size.bytes()));
        let at = self.place(copy.block)?.saturating_add(skipped);
        self.volume.read_exact_at(at, part)?;
        if copy.escaped {
            let magic = MAGIC.to_be_bytes();
            let due = magic.iter().skip(to_usize(skipped)?);
            part.iter_mut().zip(due).for_each(|(byte, due)| *byte = *due);
        }
        Ok(())
    }

    /// Hands `count` blocks from `first` on to `sink` as runs without gap on the volume: their first block in the
    /// range, their length, and the block at which they begin once the journal is replayed.
    ///
    /// # Errors
    /// `Unsupported` at a block whose copy is escaped: its bytes lie nowhere as they should be read.
    pub(crate) fn for_each_piece(
        &self,
        first: BlockNumber,
        count: u64,
        sink: &mut dyn FnMut(u64, u64, BlockNumber) -> Result<ControlFlow<()>>,
    ) -> Result<ControlFlow<()>> {
        let end = first.get().saturating_add(count);
        let mut at = first.get();
        while at < end {
            let source = self.source(at)?;
            let mut stop = match self.overlay.next_from(at) {
                Some(next) if next > at => next.min(end),
                Some(_) => at.saturating_add(1),
                None => end,
            };
            // Copies that follow each other in the journal too.
            while stop < end
                && self.overlay.get(at).is_some()
                && self.overlay.get(stop).is_some()
                && self.source(stop)?.get().checked_sub(source.get()) == stop.checked_sub(at)
            {
                stop = stop.saturating_add(1);
            }
            let skipped = at.saturating_sub(first.get());
            if sink(skipped, stop.saturating_sub(at), source)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
            at = stop;
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Can a file hold a block that [`Self::for_each_piece`] refuses?
    pub(crate) fn has_escaped(&self) -> bool {
        self.overlay.has_escaped()
    }

    fn source(&self, block: u64) -> Result<BlockNumber> {
        match self.overlay.get(block) {
            Some(copy) if copy.escaped => {
                Err(Error::unsupported(format!("block {block} lies escaped in the journal")))
            }
            Some(copy) => Ok(copy.block),
            None => self.number(block).ok_or_else(|| Error::corrupt(format!("block {block}"))),
        }
    }

    /// Checks that a range of data lies on the volume: an image may be shorter than its filesystem says.
    pub(crate) fn check_on_volume(&self, place: u64, length: u64) -> Result<()> {
        self.volume.check_range(place, length)
    }
}
