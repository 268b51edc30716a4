//! The master boot record's four entries. docs/formats/mbr.md has the layout and what is refused.

use crate::disk::Disk;
use crate::frame::{Found, Frame, remark_overlaps};
use crate::{Partition, Scheme, boot_record, ebr, mbr_types};
use fsimage_sdk::{Endian, Fields, Result};
use mbrman::{MBRHeader, MBRPartitionEntry};
use std::io::Cursor;

/// The record's length in bytes, whatever the disk's sector size.
pub(crate) const SECTOR: usize = 512;

const ENTRIES: [usize; 4] = [0x1be, 0x1ce, 0x1de, 0x1ee];
const DISK_SIGNATURE: usize = 0x1b8;
const SIGNATURE: usize = 0x1fe;
const ACTIVE: u8 = 0x80;
const INACTIVE: u8 = 0x00;
const GPT_PROTECTIVE: u8 = 0xee;

/// What a first sector says.
#[derive(Default)]
pub(crate) struct Record {
    /// The sector is a partition table, if perhaps an empty one.
    pub(crate) is_table: bool,
    /// The usable partitions: primaries in the table's order, then logical ones along the chain.
    pub(crate) found: Vec<Found>,
    /// An entry of type 0xee protects a GPT.
    pub(crate) protective: bool,
    /// An entry begins at sector 0: the type byte of the first such one.
    pub(crate) whole_disk: Option<u8>,
}

/// Reads the record of a frame.
pub(crate) fn read(disk: &mut Disk<'_>, frame: &Frame, sector: &[u8]) -> Record {
    // OK to drop the errors: they say that 512 bytes are too few for the record, which the caller rules out.
    let Ok(Some(entries)) = decode(sector) else { return Record::default() };
    if let Ok(Some((number, flag))) = wrong_flag(sector) {
        disk.remark(format!("not a partition table: entry {number} has the boot flag 0x{flag:02x}"));
        // A boot record's text may lie where the entries would.
        if let Some(filesystem) = boot_record::filesystem(sector) {
            disk.remark(format!("the sector is a {filesystem} boot record, not a partition table"));
        }
        return Record::default();
    }
    let odd = disk.remarks();
    let disk_id = disk_id(sector).unwrap_or_default();
    let mut reader = Reader { disk, frame, disk_id, record: Record { is_table: true, ..Record::default() } };
    for (number, entry) in (1..).zip(&entries) {
        reader.take(number, entry);
    }
    let extended: Vec<_> = (1..).zip(&entries).filter(|(_, e)| e.is_extended() && e.sectors > 0).collect();
    let logical = ebr::read(reader.disk, frame, disk_id, &extended);
    reader.record.found.extend(logical);
    remark_overlaps(reader.disk, &reader.record.found);
    reader.finish(odd, boot_record::filesystem(sector))
}

/// A partition that an entry describes, its first sector counted from `base` of the disk.
pub(crate) fn place(
    disk: &mut Disk<'_>,
    frame: &Frame,
    disk_id: u32,
    number: u32,
    base: u64,
    entry: &Entry,
) -> Option<Found> {
    let unit = u64::from(frame.sector_size);
    // OK to saturate: what does not fit into 64 bits lies past any disk.
    let start = base.saturating_add(u64::from(entry.first_sector).saturating_mul(unit));
    let size = u64::from(entry.sectors).saturating_mul(unit);
    let found = frame.place(disk, frame.names.numbered("msdos", number), Scheme::Mbr, start, size)?;
    let partition = Partition {
        type_code: Some(entry.code),
        type_name: mbr_types::name(entry.code).to_owned(),
        active: entry.active,
        // What Linux calls PARTUUID; a disk without a signature has none that would tell it from another.
        uuid: (disk_id != 0).then(|| format!("{disk_id:08x}-{number:02x}")),
        ..found.partition
    };
    Some(Found { partition, ..found })
}

fn disk_id(sector: &[u8]) -> Result<u32> {
    Fields::new(sector, Endian::Little, "master boot record", 0).u32(DISK_SIGNATURE)
}

/// The first entry whose boot flag is neither of the two, and the flag.
fn wrong_flag(sector: &[u8]) -> Result<Option<(u8, u8)>> {
    let fields = Fields::new(sector, Endian::Little, "master boot record", 0);
    for (number, offset) in (1..).zip(ENTRIES) {
        let flag = fields.u8(offset)?;
        if !matches!(flag, ACTIVE | INACTIVE) {
            return Ok(Some((number, flag)));
        }
    }
    Ok(None)
}

/// An entry as it lies on the disk; its CHS fields are never read, since disks of this century do not keep them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) active: bool,
    pub(crate) code: u8,
    pub(crate) first_sector: u32,
    pub(crate) sectors: u32,
}

impl Entry {
    pub(crate) fn is_unused(self) -> bool {
        self.code == 0
    }

    /// DOS's, Windows's and Linux's code, and DR-DOS's two hidden ones.
    pub(crate) fn is_extended(self) -> bool {
        matches!(self.code, 0x05 | 0x0f | 0x85 | 0xc5 | 0xd5)
    }
}

/// The four entries, if the sector has the signature.
///
/// `mbrman` decodes them, from a record of our own that holds nothing else of the guest. Why it cannot panic or
/// loop here (of mbrman 0.6.1, `MBRHeader::read_from`):
/// * it seeks to 0 and decodes a structure of fixed size, 512 bytes, of which there are exactly 512: no length or
///   count comes out of the bytes, so nothing is allocated or repeated by them;
/// * its `unwrap`s and `[0]`s are in the CHS visitor and depend on the number of elements (a tuple of 3), never on
///   their value; the CHS bytes are zeroed here all the same, so that this code only ever sees one input;
/// * its `check` returns errors, for two things that this record always has right: signature and boot flags.
///
/// What does panic and loop is `MBR::read_from` (it follows extended partitions and guesses an alignment): unused.
pub(crate) fn decode(sector: &[u8]) -> Result<Option<[Entry; 4]>> {
    let fields = Fields::new(sector, Endian::Little, "master boot record", 0);
    if fields.array::<2>(SIGNATURE)? != [0x55, 0xaa] {
        return Ok(None);
    }
    let mut record = vec![0; 0x1be];
    for offset in ENTRIES {
        let [flag, _, _, _, code, _, _, _, lba @ ..] = fields.array::<16>(offset)?;
        let flag = if flag == ACTIVE { mbrman::BOOT_ACTIVE } else { mbrman::BOOT_INACTIVE };
        record.extend([flag, 0, 0, 0, code, 0, 0, 0]);
        record.extend(lba);
    }
    record.extend([0x55, 0xaa]);
    let header = MBRHeader::read_from(&mut Cursor::new(record)).ok();
    Ok(header.map(|h| [h.partition_1, h.partition_2, h.partition_3, h.partition_4].map(Entry::from)))
}

impl From<MBRPartitionEntry> for Entry {
    fn from(entry: MBRPartitionEntry) -> Self {
        Self {
            active: entry.is_active(),
            code: entry.sys,
            first_sector: entry.starting_lba,
            sectors: entry.sectors,
        }
    }
}

/// Collects partitions, entry by entry.
struct Reader<'d, 'v, 'f> {
    disk: &'d mut Disk<'v>,
    frame: &'f Frame,
    disk_id: u32,
    record: Record,
}

impl Reader<'_, '_, '_> {
    fn take(&mut self, number: u32, entry: &Entry) {
        if entry.is_unused() && entry.first_sector == 0 && entry.active && entry.sectors > 0 {
            // xorriso's way to give a hybrid ISO an active partition.
            self.record.whole_disk.get_or_insert(entry.code);
        }
        if entry.is_unused() || entry.is_extended() && entry.sectors > 0 {
            return;
        }
        if entry.sectors == 0 {
            return self.remark(number, "is empty: left out");
        }
        if entry.code == GPT_PROTECTIVE {
            self.record.protective = true;
            return;
        }
        if entry.first_sector == 0 {
            // A hybrid ISO's way to name itself, mkfs.fat's (`--mbr`), and FreeBSD's on a disk it has for itself.
            self.record.whole_disk.get_or_insert(entry.code);
            return self.remark(number, "begins at sector 0: taken for the whole disk");
        }
        let found = place(self.disk, self.frame, self.disk_id, number, self.frame.start, entry);
        self.record.found.extend(found);
    }

    /// `boot_record` names the filesystem whose boot record the sector is; `odd` remarks were made before.
    fn finish(mut self, odd: usize, boot_record: Option<&str>) -> Record {
        if let Some(filesystem) = boot_record {
            // One sector can be both: GRUB keeps the parameter block of a disk that once was a single FAT. Then the
            // table counts, as it does for Linux, provided that nothing at all is odd about it.
            if self.disk.remarks() > odd {
                self.record = Record::default();
                self.disk.remark(format!("the sector is a {filesystem} boot record, not a partition table"));
            } else if !self.record.found.is_empty() {
                self.disk.remark(format!("the sector is a partition table and a {filesystem} boot record"));
            } else {
                self.record.is_table = false;
            }
        }
        self.record
    }

    fn remark(&mut self, number: u32, what: &str) {
        let address = self.frame.names.numbered("msdos", number).address;
        self.disk.remark(format!("partition {address} {what}"));
    }
}

#[cfg(test)]
mod tests {
    use super::{ENTRIES, Entry, decode};

    /// What mbrman makes of an entry is what its published layout says: docs/formats/mbr.md.
    #[test]
    fn entries_are_decoded_by_their_published_offsets() {
        let mut noise = 1_u32;
        for _ in 0..2000 {
            let mut sector = vec![0; 512];
            for byte in sector.iter_mut().skip(0x1be).take(64) {
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                [_, _, _, *byte] = noise.to_le_bytes();
            }
            sector[0x1fe..].copy_from_slice(&[0x55, 0xaa]);
            let word = |place: usize| u32::from_le_bytes(sector[place..place + 4].try_into().unwrap());
            let expected = ENTRIES.map(|offset| Entry {
                active: sector[offset] == 0x80,
                code: sector[offset + 4],
                first_sector: word(offset + 8),
                sectors: word(offset + 12),
            });
            assert_eq!(decode(&sector).unwrap().unwrap(), expected);
        }
    }
}
