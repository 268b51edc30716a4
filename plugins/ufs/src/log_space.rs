//! The space of Solaris' log: extents on the volume that make one run of sectors, each of which ends in a trailer; behind
//! the last sector the first follows.

use crate::units::beyond_64_bits;
use fsimage_sdk::{Error, Result, Volume, to_u64, to_usize};

/// `DEV_BSIZE`.
pub(crate) const SECTOR: u64 = 512;
/// `LDL_USABLE_BSIZE`: a sector without its `sect_trailer` (`st_tid`, `st_ident`).
pub(crate) const USABLE: u64 = 504;

/// A position in what the log holds: bytes counted from the head's sector on, without the trailers. So that adding to it
/// crosses trailers, extents and the log's end alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LogPosition(pub(crate) u64);

impl LogPosition {
    pub(crate) fn advanced(self, bytes: u64) -> Self {
        Self(self.0.saturating_add(bytes))
    }

    /// The same, or the start of the next sector: a commit fills its sector up.
    pub(crate) fn next_sector(self) -> Self {
        Self(self.0.next_multiple_of(USABLE))
    }

    /// Sectors behind the head's.
    pub(crate) fn sector(self) -> u64 {
        self.0 / USABLE
    }
}

/// `extent`: consecutive sectors of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LogExtent {
    /// `lbno`: the first one's number within the log.
    pub(crate) first: u64,
    /// `nbno`.
    pub(crate) count: u64,
    /// `pbno` as a byte offset on the volume.
    pub(crate) place: u64,
}

/// Where the log's sectors lie.
#[derive(Debug, Clone)]
pub(crate) struct LogSpace {
    pub(crate) extents: Vec<LogExtent>,
    /// `od_bol_lof` in sectors: where the circle begins.
    pub(crate) begin: u64,
    /// Sectors of the circle.
    pub(crate) sectors: u64,
    /// `od_head_lof` in sectors from `begin`: position 0 lies in it.
    pub(crate) head: u64,
}

impl LogSpace {
    /// The byte on the volume of a sector, counted from the log's first (the header's).
    ///
    /// # Errors
    /// `Corrupt` when no extent has it.
    pub(crate) fn sector_place(extents: &[LogExtent], sector: u64) -> Result<u64> {
        extents
            .iter()
            .find_map(|extent| {
                let index = sector.checked_sub(extent.first).filter(|index| *index < extent.count)?;
                index.checked_mul(SECTOR)?.checked_add(extent.place)
            })
            .ok_or_else(|| Error::corrupt(format!("log: sector {sector} lies in no extent")))
    }

    /// The byte on the volume of a sector, counted from the head's.
    ///
    /// # Errors
    /// As [`Self::sector_place`].
    pub(crate) fn place(&self, sector: u64) -> Result<u64> {
        let index = self.head.saturating_add(sector).checked_rem(self.sectors).unwrap_or(0);
        Self::sector_place(&self.extents, self.begin.saturating_add(index))
    }

    /// Fills `buffer` from a position.
    ///
    /// # Errors
    /// `Io`; `Corrupt` as [`Self::sector_place`].
    pub(crate) fn read(&self, volume: &Volume, position: LogPosition, buffer: &mut [u8]) -> Result<()> {
        let (mut position, mut rest) = (position, buffer);
        while !rest.is_empty() {
            let offset = position.0 % USABLE;
            let length = to_usize(USABLE.saturating_sub(offset).min(to_u64(rest.len())))?;
            let (part, behind) = rest.split_at_mut_checked(length).ok_or_else(beyond_64_bits)?;
            volume.read_exact_at(self.place(position.sector())?.saturating_add(offset), part)?;
            position = position.advanced(to_u64(length));
            rest = behind;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    /// A log of a header's two sectors and four of the circle, in two extents the wrong way round on the disk.
    fn space() -> (LogSpace, Volume) {
        let extents = vec![
            LogExtent { first: 0, count: 3, place: 2560 },
            LogExtent { first: 3, count: 3, place: SECTOR },
        ];
        let mut bytes = vec![0; 4096];
        // The circle's sectors are at 7, then 1, 2, 3.
        for (sector, letter) in [(7, b'a'), (1, b'b'), (2, b'c'), (3, b'd')] {
            let sector: &mut [u8] = bytes.chunks_mut(512).nth(sector).unwrap();
            sector[..504].fill(letter);
            sector[504..].fill(b'!');
        }
        (LogSpace { extents, begin: 2, sectors: 4, head: 2 }, Arc::new(bytes))
    }

    #[test]
    fn positions_cross_trailers_extents_and_the_end() {
        let (space, volume) = space();
        let mut buffer = vec![0; 2016];
        space.read(&volume, LogPosition(0), &mut buffer).unwrap();
        for (chunk, letter) in buffer.chunks(504).zip(*b"cdab") {
            assert!(chunk.iter().all(|byte| *byte == letter));
        }
        let mut two = [0; 2];
        space.read(&volume, LogPosition(503), &mut two).unwrap();
        assert_eq!(&two, b"cd");
        assert_eq!(LogPosition(1).next_sector(), LogPosition(504));
        assert_eq!(LogPosition(504).next_sector(), LogPosition(504));
    }

    #[test]
    fn a_sector_of_no_extent() {
        let (mut space, volume) = space();
        space.extents.pop();
        let error = space.read(&volume, LogPosition(0), &mut [0]).unwrap_err().to_string();
        assert!(error.contains("sector 4 lies in no extent"), "{error}");
    }
}
