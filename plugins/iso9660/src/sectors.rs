//! Metadata of the volume, the last pieces of it kept.

use crate::remarks::Remarks;
use fsimage_sdk::{Error, ErrorKind, ReadAt, Recent, Result, Volume, to_u64, to_usize};
use std::sync::Arc;

/// Bytes read at a time: four sectors of a directory.
const PIECE: u64 = 8 << 10;
/// Pieces kept: 512 KiB, more than the directories of one boot.
const PIECES_KEPT: usize = 64;
/// Longest structure that is read at once.
const MAX_STRUCTURE: usize = 4096;

/// Reads structures by their place. File data never goes through here: it would push the metadata out.
pub(crate) struct Sectors {
    volume: Volume,
    /// By where they begin.
    recent: Recent<u64>,
    /// What was odd about what was read.
    remarks: Remarks,
}

impl Sectors {
    pub(crate) fn new(volume: Volume) -> Self {
        Self { volume, recent: Recent::new(PIECES_KEPT), remarks: Remarks::default() }
    }

    pub(crate) fn volume(&self) -> &dyn ReadAt {
        &*self.volume
    }

    pub(crate) fn remarks(&self) -> &Remarks {
        &self.remarks
    }

    /// `length` bytes of metadata.
    ///
    /// # Errors
    /// `Io` when the volume ends before them, or the host's read fails.
    pub(crate) fn read(&self, place: u64, length: usize) -> Result<Vec<u8>> {
        if length > MAX_STRUCTURE {
            return Err(Error::new(ErrorKind::Internal, "a structure beyond MAX_STRUCTURE").at(place));
        }
        self.check_on_volume(place, to_u64(length))?;
        let mut bytes = Vec::with_capacity(length);
        while let Some(wanted) = length.checked_sub(bytes.len()).filter(|&wanted| wanted > 0) {
            let at = place.saturating_add(to_u64(bytes.len()));
            let start = at.checked_rem(PIECE).map_or(at, |rest| at.saturating_sub(rest));
            let piece = self.piece(start)?;
            let part = piece.get(to_usize(at.saturating_sub(start))?..).unwrap_or_default();
            let part = part.get(..wanted).unwrap_or(part);
            if part.is_empty() {
                return Err(Error::new(ErrorKind::Internal, "an empty piece").at(at));
            }
            bytes.extend_from_slice(part);
        }
        Ok(bytes)
    }

    /// Checks that a range lies on the volume: an image may be shorter than its filesystem says.
    ///
    /// # Errors
    /// `Io`.
    pub(crate) fn check_on_volume(&self, place: u64, length: u64) -> Result<()> {
        self.volume.check_range(place, length)
    }

    fn piece(&self, start: u64) -> Result<Arc<[u8]>> {
        if let Some(bytes) = self.recent.get(start) {
            return Ok(bytes);
        }
        let length = self.volume.size().saturating_sub(start).min(PIECE);
        let bytes: Arc<[u8]> = self.volume().read_vec_at(start, to_usize(length)?)?.into();
        self.recent.keep(start, &bytes);
        Ok(bytes)
    }
}
