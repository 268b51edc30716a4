//! The check of what a worker says about where a file lies.

use fsimage_protocol::{Extent, ExtentKind};
use std::ops::Range;

/// Smallest unit any filesystem maps: the bound on how many extents a file of a given size can have.
const SMALLEST_UNIT: u64 = 512;

/// Follows the extents of a part of a file and refuses the first that lies.
#[derive(Debug)]
pub(crate) struct ExtentChecker {
    end: u64,
    size: u64,
    disks: Vec<u64>,
    position: u64,
    budget: u64,
}

impl ExtentChecker {
    /// For these bytes of a file of `size` bytes, on disks of these lengths.
    pub(crate) fn new(part: Range<u64>, size: u64, disks: Vec<u64>) -> Self {
        let budget = size.div_ceil(SMALLEST_UNIT).saturating_add(1);
        Self { end: part.end, size, disks, position: part.start, budget }
    }

    /// Where the next extent has to begin.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// Whether the part's end is reached.
    pub(crate) fn is_done(&self) -> bool {
        self.position >= self.end
    }

    /// How many bytes of an accepted extent lie before the part's end.
    pub(crate) fn wanted(&self, extent: &Extent) -> u64 {
        extent.length.min(self.end.saturating_sub(extent.logical))
    }

    /// Takes the next extent, or says what is wrong with it.
    pub(crate) fn accept(&mut self, extent: &Extent) -> Result<(), String> {
        let shown = format!("an extent of {} bytes at file offset 0x{:x}", extent.length, extent.logical);
        if extent.logical != self.position {
            return Err(format!("{shown} where 0x{:x} comes next", self.position));
        }
        if extent.length == 0 {
            return Err(shown);
        }
        self.budget =
            self.budget.checked_sub(1).ok_or_else(|| format!("{shown}: too many for the file's size"))?;
        let end = extent.logical.checked_add(extent.length).filter(|end| *end <= self.size);
        let end = end.ok_or_else(|| format!("{shown}: past the file's end at 0x{:x}", self.size))?;
        if let ExtentKind::Data { disk, physical } = extent.kind {
            let size = usize::try_from(disk).ok().and_then(|disk| self.disks.get(disk));
            let size = size.ok_or_else(|| format!("{shown} on disk {disk}, which does not exist"))?;
            if physical.checked_add(extent.length).is_none_or(|end| end > *size) {
                return Err(format!(
                    "{shown} at disk offset 0x{physical:x}, past the disk's end at 0x{size:x}"
                ));
            }
        }
        self.position = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(logical: u64, length: u64, physical: u64) -> Extent {
        Extent { logical, length, kind: ExtentKind::Data { disk: 0, physical } }
    }

    #[test]
    fn lying_extents_are_refused_by_name() {
        let cases: [(&[Extent], &str); 7] = [
            (&[data(0, 0, 0)], "an extent of 0 bytes at file offset 0x0"),
            (&[data(8, 8, 0)], "where 0x0 comes next"),
            (&[data(0, 2000, 0)], "past the file's end at 0x400"),
            (&[data(0, 512, 9000)], "past the disk's end at 0x2000"),
            (&[data(0, 512, u64::MAX - 8)], "past the disk's end"),
            (&[data(0, 512, 0), data(0, 512, 0)], "where 0x200 comes next"),
            (&[data(0, 1, 0), data(1, 1, 1), data(2, 1, 2), data(3, 1, 3)], "too many for the file's size"),
        ];
        for (extents, expected) in cases {
            let mut checker = ExtentChecker::new(0..1024, 1024, vec![8192]);
            let verdict: Result<Vec<()>, String> = extents.iter().map(|e| checker.accept(e)).collect();
            let message = verdict.expect_err(expected);
            assert!(message.contains(expected), "{message}");
        }
    }

    #[test]
    fn an_extent_that_wraps_64_bits_is_refused() {
        let mut checker = ExtentChecker::new(0..u64::MAX, u64::MAX, vec![u64::MAX]);
        checker.accept(&data(0, 512, 0)).unwrap();
        assert!(checker.accept(&data(512, u64::MAX, 0)).is_err());
    }
}
