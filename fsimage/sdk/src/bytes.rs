//! Fields read by their published hex offset, out of bytes that may be too few.

use crate::{Error, Result};

/// Byte order, as a value: one parser serves both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endian {
    /// Least significant byte first.
    Little,
    /// Most significant byte first.
    Big,
}

/// A length on the disk as one in memory.
///
/// # Errors
/// [`crate::ErrorKind::Limit`] when the address space is smaller.
pub fn to_usize(number: u64) -> Result<usize> {
    usize::try_from(number).map_err(|_| Error::limit(format!("{number} bytes exceed the address space")))
}

/// A length in memory as one on the disk.
#[must_use]
pub fn to_u64(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// An on-disk structure's bytes, with its name and its place for the error message.
#[derive(Debug, Clone, Copy)]
pub struct Fields<'a> {
    bytes: &'a [u8],
    endian: Endian,
    name: &'static str,
    place: u64,
}

macro_rules! integers {
    ($($name:ident: $ty:ident,)*) => {$(
        /// The integer at this offset of the structure.
        ///
        /// # Errors
        /// [`crate::ErrorKind::Corrupt`] when the structure is too short to hold it.
        pub fn $name(&self, offset: usize) -> Result<$ty> {
            let array = self.array::<{ size_of::<$ty>() }>(offset)?;
            Ok(match self.endian {
                Endian::Little => $ty::from_le_bytes(array),
                Endian::Big => $ty::from_be_bytes(array),
            })
        }
    )*};
}

impl<'a> Fields<'a> {
    /// A structure called `name`, read from byte `place` of the volume.
    #[must_use]
    pub fn new(bytes: &'a [u8], endian: Endian, name: &'static str, place: u64) -> Self {
        Self { bytes, endian, name, place }
    }

    integers! { u8: u8, u16: u16, u32: u32, u64: u64, i32: i32, i64: i64, }

    /// `N` bytes at this offset.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Corrupt`] when the structure is too short to hold them.
    pub fn array<const N: usize>(&self, offset: usize) -> Result<[u8; N]> {
        let bytes = self.slice(offset, N)?;
        <[u8; N]>::try_from(bytes).map_err(|_| self.too_short(offset, N))
    }

    /// `length` bytes at this offset.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Corrupt`] when the structure is too short to hold them.
    pub fn slice(&self, offset: usize, length: usize) -> Result<&'a [u8]> {
        offset
            .checked_add(length)
            .and_then(|end| self.bytes.get(offset..end))
            .ok_or_else(|| self.too_short(offset, length))
    }

    /// All bytes.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The structure's place on the volume plus an offset in it, for [`Error::at`].
    #[must_use]
    pub fn place(&self, offset: usize) -> u64 {
        u64::try_from(offset).map_or(self.place, |o| self.place.saturating_add(o))
    }

    /// An error about the field at this offset.
    #[must_use]
    pub fn corrupt(&self, offset: usize, why: impl core::fmt::Display) -> Error {
        Error::corrupt(format!("{}: {why}", self.name)).at(self.place(offset))
    }

    fn too_short(&self, offset: usize, length: usize) -> Error {
        self.corrupt(offset, format_args!("{length} bytes wanted of a structure of {}", self.bytes.len()))
    }
}
