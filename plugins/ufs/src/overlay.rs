//! What Solaris' log says of the disk's bytes, once its transactions are done: which are newer in the log, which are
//! zeros.

use crate::blocks::end_of;
use crate::log_space::{LogPosition, LogSpace};
use fsimage_sdk::{Error, ErrorKind, Result, Volume, to_u64, to_usize};
use std::collections::BTreeMap;

/// Bytes that a piece takes in memory, roughly: what a limit is divided by.
const PIECE_COST: u64 = 128;

/// Where the newest bytes of a range are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// In the log, from this position on.
    Log(LogPosition),
    /// Nowhere: zeros (`DT_ABZERO`).
    Zeros,
}

#[derive(Debug, Clone, Copy)]
struct Piece {
    end: u64,
    source: Source,
}

/// Ranges of the volume that are read from elsewhere.
#[derive(Debug, Default)]
pub(crate) struct Overlay {
    /// By the first byte; without overlaps.
    pieces: BTreeMap<u64, Piece>,
    space: Option<LogSpace>,
}

impl Overlay {
    /// Nothing yet, over a log's space.
    pub(crate) fn new(space: LogSpace) -> Self {
        Self { pieces: BTreeMap::new(), space: Some(space) }
    }

    pub(crate) fn len(&self) -> usize {
        self.pieces.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Lays a range over what is there.
    ///
    /// # Errors
    /// `Limit` beyond `max_memory`.
    pub(crate) fn insert(&mut self, place: u64, length: u64, source: Source, max_memory: u64) -> Result<()> {
        self.remove(place, length);
        if to_u64(self.pieces.len()).saturating_mul(PIECE_COST) > max_memory {
            return Err(Error::limit(format!("max_memory={max_memory}: more deltas in the log than fit")));
        }
        if length > 0 {
            self.pieces.insert(place, Piece { end: place.saturating_add(length), source });
        }
        Ok(())
    }

    /// Takes away whatever lies over a range.
    pub(crate) fn remove(&mut self, place: u64, length: u64) {
        let end = place.saturating_add(length);
        while let Some((start, piece)) = self.first_touching(place, end) {
            self.pieces.remove(&start);
            if start < place {
                self.pieces.insert(start, Piece { end: place, source: piece.source });
            }
            if piece.end > end {
                let source = match piece.source {
                    Source::Log(position) => Source::Log(position.advanced(end.saturating_sub(start))),
                    Source::Zeros => Source::Zeros,
                };
                self.pieces.insert(end, Piece { end: piece.end, source });
            }
        }
    }

    pub(crate) fn touches(&self, place: u64, length: u64) -> bool {
        self.first_touching(place, place.saturating_add(length)).is_some()
    }

    /// Replaces the bytes of `buffer`, which were read from `place`, by newer ones.
    ///
    /// # Errors
    /// `Io` when the log cannot be read.
    pub(crate) fn apply(&self, volume: &Volume, place: u64, buffer: &mut [u8]) -> Result<()> {
        let end = end_of(place, buffer.len());
        let mut from = place;
        while let Some((start, piece)) = self.first_touching(from, end) {
            let (first, stop) = (start.max(place), piece.end.min(end));
            let range = to_usize(first.saturating_sub(place))?..to_usize(stop.saturating_sub(place))?;
            let part = buffer
                .get_mut(range)
                .ok_or_else(|| Error::new(ErrorKind::Internal, "a piece outside of its range"))?;
            match (piece.source, &self.space) {
                (Source::Log(position), Some(space)) => {
                    space.read(volume, position.advanced(first.saturating_sub(start)), part)?;
                }
                _ => part.fill(0),
            }
            from = stop;
        }
        Ok(())
    }

    /// The first piece that has a byte within `place..end`.
    fn first_touching(&self, place: u64, end: u64) -> Option<(u64, Piece)> {
        if place >= end {
            return None;
        }
        let before = self.pieces.range(..=place).next_back().filter(|(_, piece)| piece.end > place);
        let found = before.or_else(|| self.pieces.range(place..end).next());
        found.map(|(start, piece)| (*start, *piece))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(overlay: &Overlay) -> Vec<(u64, u64, Source)> {
        overlay.pieces.iter().map(|(start, piece)| (*start, piece.end, piece.source)).collect()
    }

    #[test]
    fn later_ranges_win_and_leave_the_rest() {
        let mut overlay = Overlay::default();
        let log = |at| Source::Log(LogPosition(at));
        overlay.insert(100, 50, log(1000), u64::MAX).unwrap();
        overlay.insert(120, 10, Source::Zeros, u64::MAX).unwrap();
        assert_eq!(
            pieces(&overlay),
            [(100, 120, log(1000)), (120, 130, Source::Zeros), (130, 150, log(1030))]
        );
        overlay.remove(110, 15);
        assert_eq!(
            pieces(&overlay),
            [(100, 110, log(1000)), (125, 130, Source::Zeros), (130, 150, log(1030))]
        );
        assert!(overlay.touches(109, 1) && !overlay.touches(110, 15) && overlay.touches(0, 101));
        overlay.insert(0, 1000, log(0), u64::MAX).unwrap();
        assert_eq!(pieces(&overlay), [(0, 1000, log(0))]);
        overlay.remove(0, 1000);
        assert!(overlay.is_empty());
    }

    #[test]
    fn memory_is_limited() {
        let mut overlay = Overlay::default();
        let error = (0..100).map(|at| overlay.insert(at << 1, 1, Source::Zeros, 1000)).find_map(Result::err);
        assert!(error.unwrap().to_string().contains("max_memory=1000"));
    }

    #[test]
    fn zeros_are_laid_over_bytes() {
        let volume: Volume = std::sync::Arc::new(vec![7; 64]);
        let mut overlay = Overlay::default();
        overlay.insert(10, 4, Source::Zeros, u64::MAX).unwrap();
        let mut buffer = [7; 8];
        overlay.apply(&volume, 8, &mut buffer).unwrap();
        assert_eq!(buffer, [7, 7, 0, 0, 0, 0, 7, 7]);
    }
}
