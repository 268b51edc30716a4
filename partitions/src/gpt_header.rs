//! The header of a GUID partition table, validated. docs/formats/gpt.md has the layout and what is refused.

use crate::crc32::crc32;
use crate::disk::Disk;
use crate::frame::Frame;
use fsimage_sdk::{Endian, Fields, Result};

/// Most entries: the specification asks for 128 and sets no upper bound; sgdisk makes up to a few hundred.
const MAX_ENTRIES: u32 = 4096;
/// Largest entry in bytes; all of them that are known have 128.
const MAX_ENTRY_SIZE: u32 = 4096;
/// Most bytes of all entries together.
const MAX_TABLE: usize = 1 << 20;
/// Signature, at 0x00.
const SIGNATURE: &[u8] = b"EFI PART";
/// HeaderSize of revision 1.0, the least that a header can have.
const LEAST_HEADER: usize = 92;

/// A header whose every field has been checked, the table's checksum included.
pub(crate) struct Header {
    pub(crate) block_size: u32,
    pub(crate) first_usable: u64,
    pub(crate) last_usable: u64,
    pub(crate) entry_size: usize,
    /// The entries' bytes, whole.
    pub(crate) entries: Vec<u8>,
}

/// Why there is no header.
pub(crate) enum Refused {
    /// No signature: nobody says that there is one.
    Absent,
    /// A signature, and something that does not hold. `backup` is where a header with a sound checksum puts the other.
    Broken { why: &'static str, backup: Option<u64> },
}

impl Header {
    /// The header in block `lba` of a frame of blocks of this size, and its table.
    pub(crate) fn read(
        disk: &mut Disk<'_>,
        frame: &Frame,
        block_size: u32,
        lba: u64,
    ) -> Result<Self, Refused> {
        let block = usize::try_from(block_size).ok();
        let offset = lba.checked_mul(u64::from(block_size));
        let place = block.zip(offset).ok_or(Refused::Absent)?;
        // Most disks have no header at most places: eight bytes tell.
        if frame.read(disk, place.1, SIGNATURE.len()).is_none_or(|bytes| bytes != SIGNATURE) {
            return Err(Refused::Absent);
        }
        let bytes = frame.read(disk, place.1, place.0).ok_or(Refused::Absent)?;
        let fields = Fields::new(&bytes, Endian::Little, "GPT header", place.1);
        let raw = Raw::decode(&fields).map_err(|_| Refused::Absent)?;
        let backup = Some(raw.other_lba);
        raw.check(&fields, lba).map_err(|why| Refused::Broken { why, backup: None })?;
        let (entry_size, length) = raw.extent().map_err(|why| Refused::Broken { why, backup })?;
        let entries = raw
            .entries_lba
            .checked_mul(u64::from(block_size))
            .and_then(|offset| frame.read(disk, offset, length))
            .ok_or(Refused::Broken { why: "its table lies past the end", backup })?;
        if crc32(&[&entries]) != raw.entries_crc {
            return Err(Refused::Broken { why: "its table's checksum is wrong", backup });
        }
        let Raw { first_usable, last_usable, .. } = raw;
        Ok(Self { block_size, first_usable, last_usable, entry_size, entries })
    }
}

/// The fields as they lie on the disk.
struct Raw {
    header_size: u32,
    header_crc: u32,
    my_lba: u64,
    other_lba: u64,
    first_usable: u64,
    last_usable: u64,
    entries_lba: u64,
    entries: u32,
    entry_size: u32,
    entries_crc: u32,
}

impl Raw {
    fn decode(fields: &Fields<'_>) -> Result<Self> {
        Ok(Self {
            header_size: fields.u32(0x0c)?,  // HeaderSize
            header_crc: fields.u32(0x10)?,   // HeaderCRC32
            my_lba: fields.u64(0x18)?,       // MyLBA
            other_lba: fields.u64(0x20)?,    // AlternateLBA
            first_usable: fields.u64(0x28)?, // FirstUsableLBA
            last_usable: fields.u64(0x30)?,  // LastUsableLBA
            entries_lba: fields.u64(0x48)?,  // PartitionEntryLBA
            entries: fields.u32(0x50)?,      // NumberOfPartitionEntries
            entry_size: fields.u32(0x54)?,   // SizeOfPartitionEntry
            entries_crc: fields.u32(0x58)?,  // PartitionEntryArrayCRC32
        })
    }

    /// The header's own soundness.
    fn check(&self, fields: &Fields<'_>, lba: u64) -> Result<(), &'static str> {
        let size = usize::try_from(self.header_size).unwrap_or(usize::MAX);
        let before_crc = fields.slice(0, 0x10);
        let after_crc = size.checked_sub(0x14).and_then(|length| fields.slice(0x14, length).ok());
        let (Ok(before), Some(after), true) = (before_crc, after_crc, size >= LEAST_HEADER) else {
            return Err("its size is impossible");
        };
        // The checksum is that of the header with the checksum's own field zero.
        if crc32(&[before, &[0; 4], after]) != self.header_crc {
            return Err("its checksum is wrong");
        }
        if self.my_lba != lba {
            return Err("it says that it lies elsewhere");
        }
        if self.first_usable > self.last_usable {
            return Err("its usable blocks end before they begin");
        }
        Ok(())
    }

    /// Size of an entry, and of all of them, in bytes.
    fn extent(&self) -> Result<(usize, usize), &'static str> {
        let possible = self.entry_size.is_power_of_two() && (128..=MAX_ENTRY_SIZE).contains(&self.entry_size);
        if !possible {
            return Err("its entries' size is not 128 times a power of two, or above 4096");
        }
        if self.entries == 0 || self.entries > MAX_ENTRIES {
            return Err("it has no entry, or more than 4096");
        }
        let size = usize::try_from(self.entry_size).ok();
        let length = usize::try_from(self.entries).ok().zip(size).and_then(|(n, size)| n.checked_mul(size));
        size.zip(length.filter(|&length| length <= MAX_TABLE)).ok_or("its table is larger than 1 MiB")
    }
}
