//! A file's map as runs: what lies together, in the order of the file, without gap.
//!
//! Maps of all filesystems are walked into these: pointers one by one, extents as they are. Units are the filesystem's: its
//! blocks, or bytes.

use crate::{Error, Result};
use core::ops::{ControlFlow, Range};

/// Where something lies on a volume, counted in the units of its runs.
pub trait Place: Copy + PartialEq {
    /// The place so many units behind; none where numbers end.
    fn behind(self, units: u64) -> Option<Self>;
}

/// A byte of the volume.
impl Place for u64 {
    fn behind(self, units: u64) -> Option<Self> {
        self.checked_add(units)
    }
}

/// Consecutive units of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run<P> {
    /// The first in the file.
    pub logical: u64,
    /// How many; never 0.
    pub length: u64,
    /// The first on the volume; none for a hole.
    pub physical: Option<P>,
}

impl<P: Place> Run<P> {
    /// The unit behind the run, in the file.
    pub fn end(&self) -> u64 {
        self.logical.saturating_add(self.length)
    }

    /// The part of the run that lies within `range`, if there is one.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Corrupt`] where it would lie beyond what numbers can tell.
    pub fn within(&self, range: &Range<u64>) -> Result<Option<Self>> {
        let logical = self.logical.max(range.start);
        let Some(length) = self.end().min(range.end).checked_sub(logical).filter(|&length| length > 0) else {
            return Ok(None);
        };
        let skipped = logical.saturating_sub(self.logical);
        let physical =
            self.physical.map(|first| first.behind(skipped).ok_or_else(beyond_64_bits)).transpose()?;
        Ok(Some(Self { logical, length, physical }))
    }

    /// Does `next` go on where this run ends, on the volume too?
    fn joins(&self, next: &Self) -> bool {
        self.end() == next.logical
            && match (self.physical, next.physical) {
                (None, None) => true,
                (Some(here), Some(there)) => here.behind(self.length) == Some(there),
                _ => false,
            }
    }
}

fn beyond_64_bits() -> Error {
    Error::corrupt("a position beyond 64 bits")
}

/// Who receives runs; `Break` ends the walk and is no error.
pub type RunSink<'a, P> = &'a mut dyn FnMut(Run<P>) -> Result<ControlFlow<()>>;

/// Fills gaps with holes and joins neighbours: of the runs that a walk finds it makes those that cover a range.
pub struct Runs<'a, P> {
    /// The first unit not yet covered.
    next: u64,
    pending: Option<Run<P>>,
    sink: RunSink<'a, P>,
}

impl<'a, P: Place> Runs<'a, P> {
    /// From this unit of the file on.
    pub fn new(start: u64, sink: RunSink<'a, P>) -> Self {
        Self { next: start, pending: None, sink }
    }

    /// The next run of the file that the map has. Runs come in the order of the file, and none twice.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn add(&mut self, run: Run<P>) -> Result<ControlFlow<()>> {
        if self.hole_until(run.logical)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
        self.push(run)
    }

    /// There is nothing more before this unit of the file. Not to be called after a `Break`.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn finish(mut self, end: u64) -> Result<ControlFlow<()>> {
        match self.hole_until(end)? {
            ControlFlow::Continue(()) => self.flush(),
            ControlFlow::Break(()) => Ok(ControlFlow::Break(())),
        }
    }

    fn hole_until(&mut self, end: u64) -> Result<ControlFlow<()>> {
        match end.checked_sub(self.next) {
            Some(length) if length > 0 => self.push(Run { logical: self.next, length, physical: None }),
            _ => Ok(ControlFlow::Continue(())),
        }
    }

    fn push(&mut self, run: Run<P>) -> Result<ControlFlow<()>> {
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

/// How many nodes of a map one request may still read. They are distinct blocks of the filesystem, so there are never more of
/// them than blocks; a disk that says otherwise refers to one of them many times over.
#[derive(Debug)]
pub struct NodeBudget {
    left: u64,
    max: u64,
}

impl NodeBudget {
    /// At most so many.
    #[must_use]
    pub fn new(max: u64) -> Self {
        Self { left: max, max }
    }

    /// Takes one.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Limit`] when none is left.
    pub fn take(&mut self) -> Result<()> {
        self.left = self.left.checked_sub(1).ok_or_else(|| {
            let text =
                format!("the block map has more than {} nodes, which is more than it can need", self.max);
            Error::limit(text)
        })?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    fn run(logical: u64, length: u64, place: impl Into<Option<u64>>) -> Run<u64> {
        Run { logical, length, physical: place.into() }
    }

    /// What comes of runs; the sink breaks at the one with this number.
    fn joined(start: u64, end: u64, runs: &[Run<u64>], stop: usize) -> Vec<Run<u64>> {
        let mut seen = Vec::new();
        let mut sink = |run| {
            seen.push(run);
            Ok(if seen.len() == stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        };
        let mut join = Runs::new(start, &mut sink);
        if runs.iter().all(|run| join.add(*run).unwrap().is_continue()) {
            let _ = join.finish(end).unwrap();
        }
        seen
    }

    #[test]
    fn neighbours_are_joined_and_gaps_are_holes() {
        let runs = [run(2, 1, 100), run(3, 2, 101), run(5, 1, 200), run(9, 1, 300)];
        assert_eq!(
            joined(0, 12, &runs, 0),
            [
                run(0, 2, None),
                run(2, 3, 100),
                run(5, 1, 200),
                run(6, 3, None),
                run(9, 1, 300),
                run(10, 2, None)
            ]
        );
        assert_eq!(joined(0, 5, &[run(0, 1, None), run(1, 1, None)], 0), [run(0, 5, None)]);
        assert_eq!(joined(7, 7, &[], 0), []);
    }

    #[test]
    fn a_sink_that_has_enough_gets_no_more() {
        let runs = [run(2, 1, 100), run(4, 1, 200), run(6, 1, 300)];
        for stop in 1..=6 {
            assert_eq!(joined(0, 12, &runs, stop).len(), stop);
        }
    }

    #[test]
    fn places_do_not_join_beyond_what_numbers_tell() {
        let runs = [run(0, 2, u64::MAX - 1), run(2, 1, 0)];
        assert_eq!(joined(0, 3, &runs, 0), runs);
        assert_eq!(run(0, 4, u64::MAX - 1).within(&(3..4)).unwrap_err().kind(), ErrorKind::Corrupt);
    }

    #[test]
    fn a_run_is_cut_at_a_range() {
        assert_eq!(run(10, 10, 100).within(&(5..12)).unwrap(), Some(run(10, 2, 100)));
        assert_eq!(run(10, 10, 100).within(&(15..100)).unwrap(), Some(run(15, 5, 105)));
        assert_eq!(run(10, 10, None).within(&(15..16)).unwrap(), Some(run(15, 1, None)));
        assert_eq!(run(10, 10, 100).within(&(20..30)).unwrap(), None);
        assert_eq!(run(10, 10, 100).within(&(0..10)).unwrap(), None);
    }

    #[test]
    fn nodes_run_out() {
        let mut budget = NodeBudget::new(1);
        budget.take().unwrap();
        assert_eq!(budget.take().unwrap_err().kind(), ErrorKind::Limit);
    }
}
