//! The only place that reads the volume: metadata, the last few pieces of it kept, and data, with what Solaris' log holds
//! laid over both.

use crate::overlay::Overlay;
use crate::superblock::Superblock;
use fsimage_sdk::{Recent, Remarks, Result, Volume, to_u64};
use std::sync::Arc;

/// Bytes of metadata kept: enough for the directories of one boot and a map's path.
const CACHE_BYTES: u64 = 256 << 10;

/// Reads metadata by place and length. File data is never kept: it would push the metadata out.
pub(crate) struct Blocks {
    volume: Volume,
    overlay: Overlay,
    remarks: Remarks,
    /// By place and length.
    recent: Recent<(u64, usize)>,
}

impl Blocks {
    pub(crate) fn new(volume: Volume, superblock: &Superblock, overlay: Overlay, remarks: Remarks) -> Self {
        let capacity = CACHE_BYTES.checked_div(superblock.block_size.bytes()).unwrap_or(0).clamp(4, 64);
        let recent = Recent::new(usize::try_from(capacity).unwrap_or(4));
        Self { volume, overlay, remarks, recent }
    }

    pub(crate) fn remarks(&self) -> &Remarks {
        &self.remarks
    }

    /// `length` bytes of metadata at a place of the volume.
    ///
    /// # Errors
    /// `Io` when the volume ends before them, or the host's read fails.
    pub(crate) fn read(&self, place: u64, length: usize) -> Result<Arc<[u8]>> {
        if let Some(bytes) = self.recent.get((place, length)) {
            return Ok(bytes);
        }
        // The range is checked before memory is taken.
        let mut bytes = self.volume.read_vec_at(place, length)?;
        self.overlay.apply(&self.volume, place, &mut bytes)?;
        let bytes: Arc<[u8]> = bytes.into();
        self.recent.keep((place, length), &bytes);
        Ok(bytes)
    }

    /// Fills `buffer` from a place of the volume.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub(crate) fn read_exact_at(&self, place: u64, buffer: &mut [u8]) -> Result<()> {
        self.volume.read_exact_at(place, buffer)?;
        self.overlay.apply(&self.volume, place, buffer)
    }

    /// Is anything laid over anything?
    pub(crate) fn has_overlay(&self) -> bool {
        !self.overlay.is_empty()
    }

    /// Do these bytes lie plain on the volume, with nothing laid over them?
    pub(crate) fn is_plain(&self, place: u64, length: u64) -> bool {
        !self.overlay.touches(place, length)
    }

    /// Checks that a range of data lies on the volume: an image may be shorter than its filesystem says.
    pub(crate) fn check_on_volume(&self, place: u64, length: u64) -> Result<()> {
        self.volume.check_range(place, length)
    }
}

/// The end of a range that has been checked to lie on the volume.
pub(crate) fn end_of(place: u64, length: usize) -> u64 {
    place.saturating_add(to_u64(length))
}
