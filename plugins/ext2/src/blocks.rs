//! Metadata blocks of the volume, the last few of them kept.

use crate::superblock::Superblock;
use crate::units::{BlockNumber, BlockSize, beyond_64_bits, to_usize};
use fsimage_sdk::{Error, ErrorKind, ReadAt, Result, Volume};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

/// Bytes of metadata blocks kept: enough for the directories of one boot and a map's path.
const CACHE_BYTES: u64 = 256 << 10;

/// Reads blocks by number. File data never goes through here: it would push the metadata out.
pub(crate) struct Blocks {
    volume: Volume,
    block_size: BlockSize,
    block_count: u64,
    /// Newest last. A mutex that is only ever tried: a reader that finds it taken does without.
    kept: Mutex<VecDeque<(BlockNumber, Arc<[u8]>)>>,
    capacity: usize,
}

impl Blocks {
    pub(crate) fn new(volume: Volume, superblock: &Superblock) -> Result<Self> {
        let block_size = superblock.block_size;
        let capacity = to_usize(block_size.block_at(CACHE_BYTES).clamp(4, 64))?;
        Ok(Self { volume, block_size, block_count: superblock.block_count, kept: Mutex::default(), capacity })
    }

    pub(crate) fn volume(&self) -> &dyn ReadAt {
        &*self.volume
    }

    pub(crate) fn block_size(&self) -> BlockSize {
        self.block_size
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
        if let Some(bytes) = self.recall(block) {
            return Ok(bytes);
        }
        let place = self.place(block)?;
        let bytes: Arc<[u8]> = self.volume().read_vec_at(place, self.block_size.to_usize()?)?.into();
        self.keep(block, &bytes);
        Ok(bytes)
    }

    /// Checks that a range of data lies on the volume: an image may be shorter than its filesystem says.
    pub(crate) fn check_on_volume(&self, place: u64, length: u64) -> Result<()> {
        match place.checked_add(length) {
            Some(end) if end <= self.volume.size() => Ok(()),
            _ => Err(Error::new(
                ErrorKind::Io,
                format!("{length} bytes of data past the end of {} bytes", self.volume.size()),
            )
            .at(place)),
        }
    }

    fn recall(&self, block: BlockNumber) -> Option<Arc<[u8]>> {
        let mut kept = self.kept.try_lock().ok()?;
        let index = kept.iter().position(|(number, _)| *number == block)?;
        let entry = kept.remove(index)?;
        let bytes = Arc::clone(&entry.1);
        kept.push_back(entry);
        Some(bytes)
    }

    fn keep(&self, block: BlockNumber, bytes: &Arc<[u8]>) {
        if let Ok(mut kept) = self.kept.try_lock() {
            if kept.len() >= self.capacity {
                kept.pop_front();
            }
            kept.push_back((block, Arc::clone(bytes)));
        }
    }
}
