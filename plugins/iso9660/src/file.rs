//! File sections (ECMA-119 6.5): a file's data in one piece, or in several that follow each other.

use crate::sectors::Sectors;
use core::ops::ControlFlow;
use fsimage_sdk::{Error, ErrorKind, Extent, ExtentKind, Result, to_u64, to_usize};

/// A piece of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Section {
    /// First byte in the file.
    logical: u64,
    /// First byte on the volume.
    place: u64,
    length: u64,
}

/// A file's data as it lies on the volume: ascending, without gaps, no section empty, neighbours merged.
#[derive(Debug, Default)]
pub(crate) struct Data {
    sections: Vec<Section>,
    size: u64,
}

impl Data {
    /// Adds what one directory record points to.
    pub(crate) fn push(&mut self, place: u64, length: u64) {
        if length == 0 {
            return;
        }
        match self.sections.last_mut() {
            Some(last) if last.place.saturating_add(last.length) == place => {
                last.length = last.length.saturating_add(length);
            }
            _ => self.sections.push(Section { logical: self.size, place, length }),
        }
        self.size = self.size.saturating_add(length);
    }

    /// Bytes of all sections.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Fills the whole buffer, which must end within the data.
    pub(crate) fn read(&self, sectors: &Sectors, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let mut rest = buffer;
        let mut at = offset;
        for section in self.sections.iter().skip(self.index_of(offset)) {
            let skipped = at.saturating_sub(section.logical);
            let count = section.length.saturating_sub(skipped).min(to_u64(rest.len()));
            let (part, behind) = rest.split_at_mut_checked(to_usize(count)?).ok_or_else(outside)?;
            if part.is_empty() {
                return Ok(());
            }
            sectors.volume().read_exact_at(section.place.saturating_add(skipped), part)?;
            at = at.saturating_add(count);
            rest = behind;
        }
        if rest.is_empty() { Ok(()) } else { Err(outside()) }
    }

    /// A few bytes that describe the rest, through the cache of metadata; and where they lie.
    ///
    /// # Errors
    /// `Corrupt` when the data ends before them.
    pub(crate) fn read_meta(&self, sectors: &Sectors, offset: u64, length: usize) -> Result<(Vec<u8>, u64)> {
        let place = self.place_of(offset);
        let end = offset.checked_add(to_u64(length)).filter(|&end| end <= self.size);
        let Some(end) = end else {
            let text = format!("{length} bytes at {offset} wanted of a file of {}", self.size);
            return Err(Error::corrupt(text).at(place));
        };
        let section = self.sections.get(self.index_of(offset)).ok_or_else(outside)?;
        if end <= section.logical.saturating_add(section.length) {
            return Ok((sectors.read(place, length)?, place));
        }
        let mut bytes = vec![0; length];
        self.read(sectors, offset, &mut bytes)?;
        Ok((bytes, place))
    }

    /// The place on the volume of a byte of the data.
    pub(crate) fn place_of(&self, offset: u64) -> u64 {
        let section = self.sections.get(self.index_of(offset));
        section.map_or(0, |s| s.place.saturating_add(offset.saturating_sub(s.logical)))
    }

    /// Fills `buffer` from byte `offset`; the count is short only at the end of the file.
    ///
    /// # Errors
    /// As [`fsimage_sdk::FileSystem::read_at`].
    pub(crate) fn read_at(&self, sectors: &Sectors, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let wanted = self.size.saturating_sub(offset).min(to_u64(buffer.len()));
        let buffer = buffer.get_mut(..to_usize(wanted)?).unwrap_or_default();
        if !buffer.is_empty() {
            self.read(sectors, offset, buffer)?;
        }
        Ok(buffer.len())
    }

    /// Hands the extents from byte `offset` to `sink`.
    ///
    /// # Errors
    /// `Io` for a section past the volume's end.
    pub(crate) fn extents(
        &self,
        sectors: &Sectors,
        offset: u64,
        sink: &mut dyn FnMut(Extent) -> ControlFlow<()>,
    ) -> Result<()> {
        if offset >= self.size {
            return Ok(());
        }
        for section in self.sections.iter().skip(self.index_of(offset)) {
            sectors.check_on_volume(section.place, section.length)?;
            let kind = ExtentKind::Data { volume: 0, physical: section.place };
            if sink(Extent { logical: section.logical, length: section.length, kind }).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// The section that holds a byte.
    fn index_of(&self, offset: u64) -> usize {
        self.sections.partition_point(|s| s.logical.saturating_add(s.length) <= offset)
    }
}

fn outside() -> Error {
    Error::new(ErrorKind::Internal, "bytes outside of their file")
}

#[cfg(test)]
mod tests {
    use super::Data;
    use crate::sectors::Sectors;
    use std::sync::Arc;

    #[test]
    fn sections_merge_where_they_touch() {
        let mut data = Data::default();
        for (place, length) in [(10, 5), (15, 5), (0, 0), (2, 4)] {
            data.push(place, length);
        }
        assert_eq!((data.sections.len(), data.size()), (2, 14));
        assert_eq!((data.place_of(0), data.place_of(9), data.place_of(10)), (10, 19, 2));
        let sectors = Sectors::new(Arc::new((0..100).collect::<Vec<u8>>()));
        let mut buffer = [0; 20];
        assert_eq!(data.read_at(&sectors, 8, &mut buffer).unwrap(), 6);
        assert_eq!(buffer[..6], [18, 19, 2, 3, 4, 5]);
        assert_eq!(data.read_at(&sectors, 14, &mut buffer).unwrap(), 0);
        assert_eq!(data.read_at(&sectors, u64::MAX, &mut buffer).unwrap(), 0);
        assert_eq!(data.read_meta(&sectors, 9, 2).unwrap(), (vec![19, 2], 19));
        assert!(data.read_meta(&sectors, 13, 2).is_err());
    }
}
