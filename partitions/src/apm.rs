//! Apple partition maps, big-endian. docs/formats/apm.md.

use crate::disk::Disk;
use crate::frame::{Found, Frame, Role};
use crate::{Partition, Scheme};
use fsimage_sdk::{Endian, Fields, Result};

/// Most entries: hdiutil makes 63 at most in the space that it reserves.
const MAX_ENTRIES: u32 = 64;
/// Length of what is read of an entry.
const ENTRY: usize = 0x5c;

/// The volumes of a frame in the map's order; none when there is no map. `sector` is the frame's first.
pub(crate) fn read(disk: &mut Disk<'_>, frame: &Frame, sector: &[u8]) -> Option<Vec<Found>> {
    let fields = Fields::new(sector, Endian::Big, "driver descriptor", 0);
    // sbSig; sbBlkSize
    let (signature, block_size) = (fields.array::<2>(0x00).ok()?, fields.u16(0x02).ok()?);
    if signature != *b"ER" {
        return None;
    }
    // A hybrid ISO says 2048 in one place and counts by 512 in another, or the reverse.
    let sizes = [u64::from(block_size), 512, 2048];
    let unit = sizes
        .into_iter()
        .filter(|size| size.is_power_of_two() && (512..=4096).contains(size))
        .find(|&size| entry(disk, frame, size, 1).is_some())?;
    let count = entry(disk, frame, unit, 1)?.entries;
    if count > MAX_ENTRIES {
        disk.remark(format!("the Apple map has more than {MAX_ENTRIES} entries: the rest is left out"));
    }
    let mut found = Vec::new();
    for number in 1..=count.min(MAX_ENTRIES) {
        let Some(entry) = entry(disk, frame, unit, number) else {
            disk.remark(format!("the Apple map's entry {number} has no signature: the rest is left out"));
            break;
        };
        found.extend(entry.place(disk, frame, unit, number));
    }
    Some(found)
}

fn entry(disk: &mut Disk<'_>, frame: &Frame, unit: u64, number: u32) -> Option<Entry> {
    let offset = u64::from(number).checked_mul(unit)?;
    let bytes = frame.read(disk, offset, ENTRY)?;
    let fields = Fields::new(&bytes, Endian::Big, "Apple map entry", offset);
    // OK to drop the error: it says that the entry is too short.
    Entry::decode(&fields).ok().flatten()
}

struct Entry {
    entries: u32,
    start: u32,
    blocks: u32,
    name: String,
    kind: String,
    status: u32,
}

impl Entry {
    fn decode(fields: &Fields<'_>) -> Result<Option<Self>> {
        if fields.array::<2>(0x00)? != *b"PM" {
            return Ok(None); // pmSig
        }
        Ok(Some(Self {
            entries: fields.u32(0x04)?,          // pmMapBlkCnt
            start: fields.u32(0x08)?,            // pmPyPartStart
            blocks: fields.u32(0x0c)?,           // pmPartBlkCnt
            name: text(fields.slice(0x10, 32)?), // pmPartName
            kind: text(fields.slice(0x30, 32)?), // pmPartType
            status: fields.u32(0x58)?,           // pmPartStatus
        }))
    }

    fn place(self, disk: &mut Disk<'_>, frame: &Frame, unit: u64, number: u32) -> Option<Found> {
        // The map itself and what is free are no volumes.
        if self.blocks == 0
            || matches!(self.kind.as_str(), "Apple_partition_map" | "Apple_Free" | "Apple_Void")
        {
            return None;
        }
        let start = frame.at(u64::from(self.start), unit);
        let size = u64::from(self.blocks).saturating_mul(unit);
        let names = frame.names.numbered("apple", number);
        let found = frame.place(disk, names, Scheme::Apm, start, size)?;
        let driver =
            ["Apple_Driver", "Apple_Patches", "Apple_FWDriver"].iter().any(|d| self.kind.starts_with(d));
        let role = if driver { Role::Unlikely } else { Role::Plain };
        let partition = Partition {
            type_name: self.kind,
            name: Some(self.name).filter(|name| !name.is_empty()),
            flags: Some(u64::from(self.status)),
            ..found.partition
        };
        Some(Found { partition, role, ..found })
    }
}

/// Mac OS Roman up to the first zero; only its ASCII half is in use for types.
fn text(bytes: &[u8]) -> String {
    let text = bytes.iter().take_while(|&&byte| byte != 0);
    text.map(|&byte| if byte.is_ascii() { char::from(byte) } else { char::REPLACEMENT_CHARACTER }).collect()
}
