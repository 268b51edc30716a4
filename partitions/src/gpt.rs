//! GUID partition tables: which header to believe, and what the entries say.

use crate::disk::Disk;
use crate::frame::{Found, Frame, remark_overlaps};
use crate::gpt_header::{Header, Refused};
use crate::names::Names;
use crate::{MAX_VOLUMES, Partition, Scheme, gpt_types, guid};
use fsimage_sdk::{Endian, Fields, Result};

/// Sizes of a logical block, most likely first. An image file reports 512 whatever disk it was taken from.
const BLOCK_SIZES: [u32; 4] = [512, 4096, 1024, 2048];
/// Attribute bit 2, "Legacy BIOS Bootable": syslinux boots from it.
const LEGACY_BOOTABLE: u64 = 1 << 2;

/// The volumes of a frame's GPT in the order of its slots, and the size of its blocks; none if there is no sound header.
/// Only a GPT that an MBR protects is looked for at its other end: a disk that has become something else keeps the old
/// backup.
pub(crate) fn read(disk: &mut Disk<'_>, frame: &Frame, protected: bool) -> Option<(Vec<Found>, u32)> {
    let header = find(disk, frame, protected)?;
    let mut found = Vec::new();
    for (number, entry) in (1..).zip(header.entries.chunks_exact(header.entry_size)) {
        // OK to drop the error: it says that an entry is shorter than 128 bytes, which the header's checks rule out.
        let Ok(Some(entry)) = Entry::decode(entry) else { continue };
        if found.len() >= MAX_VOLUMES {
            disk.remark(format!("the GPT has more than {MAX_VOLUMES} partitions: the rest is left out"));
            break;
        }
        found.extend(entry.place(disk, frame, &header, frame.names.numbered("gpt", number)));
    }
    remark_overlaps(disk, &found);
    Some((found, header.block_size))
}

/// The first sound header: primaries first, by block size, then the backup that a broken primary names, then the last
/// block.
fn find(disk: &mut Disk<'_>, frame: &Frame, protected: bool) -> Option<Header> {
    let mut sizes = vec![frame.sector_size];
    sizes.extend(BLOCK_SIZES.into_iter().filter(|&size| size != frame.sector_size));
    let mut primaries = Vec::new();
    for &size in &sizes {
        match Header::read(disk, frame, size, 1) {
            Ok(header) => return Some(header),
            Err(Refused::Absent) => {}
            Err(Refused::Broken { why, backup }) => {
                disk.remark(format!("the primary GPT header is broken: {why}"));
                primaries.extend(backup.map(|lba| (size, lba)));
            }
        }
    }
    if !protected {
        return None;
    }
    let last_blocks = sizes.iter().filter_map(|&size| {
        let lba = frame.size.checked_div(u64::from(size))?.checked_sub(1)?;
        Some((size, lba))
    });
    let mut candidates = primaries;
    candidates.extend(last_blocks);
    for (size, lba) in candidates.into_iter().filter(|&(_, lba)| lba > 1) {
        match Header::read(disk, frame, size, lba) {
            Ok(header) => {
                disk.remark("the backup GPT is used");
                return Some(header);
            }
            Err(Refused::Absent) => {}
            Err(Refused::Broken { why, .. }) => {
                disk.remark(format!("the backup GPT header is broken: {why}"))
            }
        }
    }
    None
}

/// A used entry.
struct Entry {
    type_guid: String,
    uuid: String,
    first: u64,
    last: u64,
    attributes: u64,
    name: String,
}

impl Entry {
    fn decode(bytes: &[u8]) -> Result<Option<Self>> {
        let fields = Fields::new(bytes, Endian::Little, "GPT entry", 0);
        let type_guid = fields.array::<16>(0x00)?; // PartitionTypeGUID
        if type_guid == [0; 16] {
            return Ok(None);
        }
        Ok(Some(Self {
            type_guid: guid::text(type_guid),
            uuid: guid::text(fields.array(0x10)?), // UniquePartitionGUID
            first: fields.u64(0x20)?,              // StartingLBA
            last: fields.u64(0x28)?,               // EndingLBA, itself part of the partition
            attributes: fields.u64(0x30)?,         // Attributes
            name: name(fields.slice(0x38, 72)?),   // PartitionName
        }))
    }

    fn place(self, disk: &mut Disk<'_>, frame: &Frame, header: &Header, names: Names) -> Option<Found> {
        let blocks = self.last.checked_sub(self.first).and_then(|more| more.checked_add(1));
        let Some(blocks) = blocks else {
            disk.remark(format!("partition {} ends before it begins: left out", names.address));
            return None;
        };
        if self.first < header.first_usable || self.last > header.last_usable {
            disk.remark(format!("partition {} leaves the blocks that the GPT calls usable", names.address));
        }
        let unit = u64::from(header.block_size);
        let start = frame.at(self.first, unit);
        let found = frame.place(disk, names, Scheme::Gpt, start, blocks.saturating_mul(unit))?;
        let (type_name, role) = gpt_types::describe(&self.type_guid);
        let partition = Partition {
            type_name: type_name.to_owned(),
            type_guid: Some(self.type_guid),
            uuid: Some(self.uuid),
            name: Some(self.name).filter(|name| !name.is_empty()),
            flags: Some(self.attributes),
            active: self.attributes & LEGACY_BOOTABLE != 0,
            ..found.partition
        };
        Some(Found { partition, role, ..found })
    }
}

/// UTF-16LE up to the first zero; what is no character becomes U+FFFD.
fn name(bytes: &[u8]) -> String {
    let units = bytes.as_chunks::<2>().0.iter().map(|&unit| u16::from_le_bytes(unit));
    let text = units.take_while(|&unit| unit != 0);
    char::decode_utf16(text).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}
