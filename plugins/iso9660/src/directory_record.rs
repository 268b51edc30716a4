//! "Format of a Directory Record" (ECMA-119 9.1).

use crate::date;
use crate::remarks::Remarks;
use crate::sectors::Sectors;
use crate::units::BlockSize;
use fsimage_sdk::{Endian, Error, Fields, Result, to_u64};

/// Bytes of a record before its name.
const FIXED_PART: usize = 33;
/// The smallest record: a name of one byte.
pub(crate) const MIN_RECORD: usize = 34;
/// File Flags, BP 26: "Directory".
const DIRECTORY: u8 = 1 << 1;
/// File Flags: "Associated File".
const ASSOCIATED: u8 = 1 << 2;
/// File Flags: "Multi-Extent", the record is not the file's last.
const MULTI_EXTENT: u8 = 1 << 7;

/// The name of a directory's first record, itself.
pub(crate) const SELF_NAME: &[u8] = &[0];
/// The name of its second record, its parent.
pub(crate) const PARENT_NAME: &[u8] = &[1];

/// A record as it lies in its directory.
#[derive(Debug, Clone)]
pub(crate) struct DirectoryRecord {
    /// Byte offset on the volume.
    pub(crate) place: u64,
    /// Length of the record itself.
    pub(crate) length: usize,
    /// Byte offset on the volume of the data, behind an extended attribute record.
    pub(crate) data_place: u64,
    pub(crate) data_length: u32,
    pub(crate) mtime: i64,
    flags: u8,
    /// Blocks of a file unit and of the gap behind it, both 0 unless interleaved.
    pub(crate) interleave: (u8, u8),
    pub(crate) name: Vec<u8>,
    /// Whether a number's big-endian half is not its little-endian one, which counts.
    halves_disagree: bool,
    /// "System Use": the rest of the record.
    pub(crate) system_use: Vec<u8>,
}

/// A remark of descriptors and records.
pub(crate) const HALVES_DIFFER: &str =
    "a number is stored twice and differently, its little-endian half counts";

/// A number in both byte orders (ECMA-119 7.3.3).
pub(crate) fn both_halves(fields: &Fields<'_>, at: usize) -> Result<(u32, u32)> {
    Ok((fields.u32(at)?, u32::from_be_bytes(fields.array(at.saturating_add(4))?)))
}

impl DirectoryRecord {
    /// The record whose first byte is the first of `bytes`, which may go on behind it.
    ///
    /// # Errors
    /// `Corrupt` when it is shorter than its parts, or longer than `bytes`.
    pub(crate) fn parse(bytes: &[u8], place: u64, block_size: BlockSize) -> Result<Self> {
        let all = Fields::new(bytes, Endian::Little, "directory record", place);
        let length = usize::from(all.u8(0)?);
        let Some(bytes) = bytes.get(..length) else {
            let text = format!("a record of {length} bytes crosses the end of its sector or directory");
            return Err(all.corrupt(0, text));
        };
        // BP n of the standard is offset n - 1. Of numbers in both byte orders the little-endian half counts.
        let record = Fields::new(bytes, Endian::Little, "directory record", place);
        if length < MIN_RECORD {
            return Err(record.corrupt(0, format_args!("a record of {length} bytes, at least {MIN_RECORD}")));
        }
        let extended = record.u8(1)?;
        let extent = record.u32(2)?;
        let data_length = record.u32(10)?;
        let halves_disagree =
            [2_usize, 10].iter().any(|&at| both_halves(&record, at).is_ok_and(|(l, b)| l != b));
        let mtime = date::short(record.array(18)?);
        let flags = record.u8(25)?;
        let interleave = (record.u8(26)?, record.u8(27)?);
        let name_length = usize::from(record.u8(32)?);
        let name_end = FIXED_PART.saturating_add(name_length);
        if name_length == 0 || name_end > length {
            let text = format!("a name of {name_length} bytes in a record of {length}");
            return Err(record.corrupt(32, text));
        }
        let name = record.slice(FIXED_PART, name_length)?.to_vec();
        // A name of even length is padded, so that what follows begins at an even offset.
        let padded = name_end.saturating_add(name_end % 2);
        let system_use = bytes.get(padded..).unwrap_or_default().to_vec();
        let data_block = extent.checked_add(u32::from(extended)).ok_or_else(|| {
            record.corrupt(2, format_args!("extent {extent} and {extended} blocks behind it"))
        })?;
        let data_place = block_size.place(data_block);
        Ok(Self {
            place,
            length,
            data_place,
            data_length,
            mtime,
            flags,
            interleave,
            name,
            halves_disagree,
            system_use,
        })
    }

    /// Remarks what is odd about the record: the first one of a disc stands for all of them.
    pub(crate) fn remark(&self, remarks: &Remarks) {
        if self.halves_disagree {
            remarks.note(HALVES_DIFFER, format_args!("directory record at 0x{:x}", self.place));
        }
    }

    /// The record at this byte of the volume.
    ///
    /// # Errors
    /// `Corrupt` when no record can lie there, `Io` when the volume ends before it.
    pub(crate) fn read(sectors: &Sectors, place: u64, block_size: BlockSize) -> Result<Self> {
        let length = sectors.read(place, 1)?.first().copied().unwrap_or(0);
        let bytes = sectors.read(place, usize::from(length).max(1))?;
        Self::parse(&bytes, place, block_size)
    }

    /// Byte offset on the volume of the System Use field.
    pub(crate) fn system_use_place(&self) -> u64 {
        let skipped = self.length.saturating_sub(self.system_use.len());
        self.place.saturating_add(to_u64(skipped))
    }

    pub(crate) fn is_directory(&self) -> bool {
        self.flags & DIRECTORY != 0
    }

    pub(crate) fn is_associated(&self) -> bool {
        self.flags & ASSOCIATED != 0
    }

    /// Whether the file goes on in the next record.
    pub(crate) fn goes_on(&self) -> bool {
        self.flags & MULTI_EXTENT != 0
    }

    pub(crate) fn is_self_or_parent(&self) -> bool {
        self.name == SELF_NAME || self.name == PARENT_NAME
    }

    /// An error about this record.
    pub(crate) fn corrupt(&self, why: impl core::fmt::Display) -> Error {
        Error::corrupt(format!("directory record: {why}")).at(self.place)
    }
}
