//! The one way to read a disk, and checked windows of it.

use crate::{Error, ErrorKind, Result};
use std::sync::Arc;

/// A positioned, exact, read-only input of known size.
///
/// Three methods and no position: several readers share one input without a lock, and a short read is an error,
/// never zeros.
pub trait ReadAt: Send + Sync {
    /// Length in bytes. Does not change.
    fn size(&self) -> u64;

    /// Logical sector size of the disk below, in bytes: a power of two from 512 to 65536.
    fn sector_size(&self) -> u32;

    /// Fills `buffer` from `offset`, or fails with [`ErrorKind::Io`] and the buffer in an unknown state.
    ///
    /// # Errors
    /// When the range does not lie wholly inside the input, or the host's read fails.
    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()>;
}

impl dyn ReadAt + '_ {
    /// `length` bytes from `offset`, freshly allocated. The range is checked before memory is taken.
    ///
    /// # Errors
    /// As [`ReadAt::read_exact_at`].
    pub fn read_vec_at(&self, offset: u64, length: usize) -> Result<Vec<u8>> {
        check_range(offset, length, self.size())?;
        let mut buffer = vec![0; length];
        self.read_exact_at(offset, &mut buffer)?;
        Ok(buffer)
    }

    /// Checks that a range of data lies on the volume: an image may be shorter than its filesystem says.
    ///
    /// # Errors
    /// [`ErrorKind::Io`].
    pub fn check_range(&self, offset: u64, length: u64) -> Result<()> {
        let size = self.size();
        match offset.checked_add(length) {
            Some(end) if end <= size => Ok(()),
            _ => {
                let text = format!("{length} bytes of data past the end of {size} bytes");
                Err(Error::new(ErrorKind::Io, text).at(offset))
            }
        }
    }
}

/// A volume as plugins hold it.
pub type Volume = Arc<dyn ReadAt>;

/// Checks that `offset..offset + length` lies inside `size` bytes.
pub(crate) fn check_range(offset: u64, length: usize, size: u64) -> Result<()> {
    let inside =
        u64::try_from(length).ok().and_then(|l| offset.checked_add(l)).is_some_and(|end| end <= size);
    if inside {
        Ok(())
    } else {
        Err(Error::new(ErrorKind::Io, format!("{length} bytes wanted past the end of {size} bytes"))
            .at(offset))
    }
}

/// A checked window of an input, itself an input.
#[derive(Clone)]
pub struct Region {
    inner: Volume,
    start: u64,
    length: u64,
}

impl Region {
    /// The window of `length` bytes at `start`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] when it does not lie wholly inside `inner`.
    pub fn new(inner: Volume, start: u64, length: u64) -> Result<Self> {
        match start.checked_add(length) {
            Some(end) if end <= inner.size() => Ok(Self { inner, start, length }),
            _ => Err(Error::new(
                ErrorKind::InvalidArgument,
                format!("a region of {length} bytes does not fit into {} bytes", inner.size()),
            )
            .at(start)),
        }
    }

    /// Where the window begins in the input below, in bytes.
    #[must_use]
    pub fn start(&self) -> u64 {
        self.start
    }
}

impl ReadAt for Region {
    fn size(&self) -> u64 {
        self.length
    }

    fn sector_size(&self) -> u32 {
        self.inner.sector_size()
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        check_range(offset, buffer.len(), self.length)?;
        let absolute = self
            .start
            .checked_add(offset)
            .ok_or_else(|| Error::new(ErrorKind::InvalidArgument, "offset beyond 64 bits").at(offset))?;
        self.inner.read_exact_at(absolute, buffer)
    }
}

/// An image in memory, of 512-byte sectors: for tests and fuzzers.
impl ReadAt for Vec<u8> {
    fn size(&self) -> u64 {
        u64::try_from(self.len()).unwrap_or(u64::MAX)
    }

    fn sector_size(&self) -> u32 {
        512
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        check_range(offset, buffer.len(), self.size())?;
        let bytes = usize::try_from(offset)
            .ok()
            .and_then(|start| Some(start..start.checked_add(buffer.len())?))
            .and_then(|range| self.get(range))
            .ok_or_else(|| Error::new(ErrorKind::Io, "past the end").at(offset))?;
        buffer.copy_from_slice(bytes);
        Ok(())
    }
}
