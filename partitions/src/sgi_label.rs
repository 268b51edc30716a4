//! The volume header of SGI's machines, in a disk's first sector, big-endian. docs/formats/sgi.md.

use crate::disk::Disk;
use crate::frame::{Found, Frame, Role};
use crate::{Partition, Scheme};
use fsimage_sdk::{Endian, Fields, Result};

/// vh_magic.
const MAGIC: u32 = 0x0be5_a941;
/// NPARTAB.
const PARTITIONS: u32 = 16;
/// The header counts blocks of this size.
const UNIT: u64 = 512;

/// The volumes in the header's order; none when the sector is no header.
pub(crate) fn read(disk: &mut Disk<'_>, frame: &Frame, sector: &[u8]) -> Option<Vec<Found>> {
    let fields = Fields::new(sector, Endian::Big, "SGI volume header", 0);
    // OK to drop the error: it says that the sector is too short for a header.
    let entries = decode(&fields).ok().flatten()?;
    let mut found = Vec::new();
    for (number, (blocks, first, code)) in (1..).zip(entries).filter(|(_, (blocks, _, _))| *blocks > 0) {
        let (start, size) = (frame.at(u64::from(first), UNIT), u64::from(blocks).saturating_mul(UNIT));
        let names = frame.names.numbered("dvh", number);
        let Some(placed) = frame.place(disk, names, Scheme::Sgi, start, size) else { continue };
        let (type_name, role) = describe(code);
        let type_code = u8::try_from(code).ok();
        let partition = Partition { type_code, type_name: type_name.to_owned(), ..placed.partition };
        found.push(Found { partition, role, ..placed });
    }
    Some(found)
}

/// Blocks, first block, type of each partition.
fn decode(fields: &Fields<'_>) -> Result<Option<Vec<(u32, u32, u32)>>> {
    // vh_csum makes the sum of all 32-bit words zero.
    let words = fields.bytes().as_chunks::<4>().0.iter();
    let sum = words.fold(0_u32, |sum, &word| sum.wrapping_add(u32::from_be_bytes(word)));
    if fields.u32(0x00)? != MAGIC || sum != 0 {
        return Ok(None);
    }
    let entry = |number: u32| {
        // vh_pt; OK to saturate: at most 0x138 + 15 * 12.
        let base = usize::try_from(number).unwrap_or(0).saturating_mul(12).saturating_add(0x138);
        // pt_nblks, pt_firstlbn, pt_type
        Ok((fields.u32(base)?, fields.u32(base.saturating_add(4))?, fields.u32(base.saturating_add(8))?))
    };
    (0..PARTITIONS).map(entry).collect::<Result<_>>().map(Some)
}

/// The type's name, as `sfdisk -X sgi -T` has it, and what such a partition is likely to hold.
fn describe(code: u32) -> (&'static str, Role) {
    match code {
        0x00 => ("SGI volhdr", Role::Unlikely),
        0x01 => ("SGI trkrepl", Role::Unlikely),
        0x02 => ("SGI secrepl", Role::Unlikely),
        0x03 => ("SGI raw", Role::Unlikely),
        0x04 => ("SGI bsd", Role::Plain),
        0x05 => ("SGI sysv", Role::Plain),
        0x06 => ("SGI volume", Role::Unlikely),
        0x07 => ("SGI efs", Role::Plain),
        0x08 => ("SGI lvol", Role::Plain),
        0x09 => ("SGI rlvol", Role::Plain),
        0x0a => ("SGI xfs", Role::Plain),
        0x0b => ("SGI xfslog", Role::Unlikely),
        0x0c => ("SGI xlv", Role::Plain),
        0x0d => ("SGI xvm", Role::Plain),
        0x82 => ("Linux swap", Role::Unlikely),
        0x83 => ("Linux native", Role::Plain),
        0x8e => ("Linux LVM", Role::Plain),
        0xfd => ("Linux RAID", Role::Plain),
        _ => ("unknown", Role::Plain),
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    #[test]
    fn names_are_those_of_sfdisk() {
        let output = Command::new("sfdisk")
            .args(["-X", "sgi", "-T"])
            .output()
            .expect("sfdisk does not run: install Debian's package fdisk");
        let listing = String::from_utf8(output.stdout).unwrap();
        let mut compared = 0;
        for line in listing.lines() {
            let Some((code, theirs)) = line.trim_start().split_once("  ") else { continue };
            let Ok(code) = u32::from_str_radix(code, 16) else { continue };
            assert_eq!(super::describe(code).0, theirs, "type {code:02x}");
            compared += 1;
        }
        assert_eq!(compared, 18);
    }
}
