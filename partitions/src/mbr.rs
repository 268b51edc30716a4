//! The master boot record's four entries. docs/formats/mbr.md has the layout and what is refused.

use crate::{Partition, Scheme, boot_record, mbr_types};
use fsimage_sdk::{Endian, Fields, Result};
use mbrman::{MBRHeader, MBRPartitionEntry};
use std::io::Cursor;

/// The record's length in bytes, whatever the disk's sector size.
pub(crate) const SECTOR: usize = 512;
/// The same as a position on a disk.
pub(crate) const LENGTH: u64 = 512;

const ENTRIES: [usize; 4] = [0x1be, 0x1ce, 0x1de, 0x1ee];
const SIGNATURE: usize = 0x1fe;
const GPT_PROTECTIVE: u8 = 0xee;

/// The usable partitions in the table's order, none when the sector is no partition table, and what was odd.
pub(crate) fn read(sector: &[u8; SECTOR], disk_size: u64, sector_size: u32) -> (Vec<Partition>, Vec<String>) {
    let mut reader = Reader {
        disk_size,
        sector_size: u64::from(sector_size),
        partitions: Vec::new(),
        remarks: Vec::new(),
        whole_disk: false,
    };
    // OK to drop the error: it says that 512 bytes are too few for the record, which the types rule out.
    if let Ok(Some(entries)) = decode(sector, &mut reader.remarks) {
        for (number, entry) in (1..).zip(&entries) {
            reader.take(number, entry);
        }
    }
    reader.finish(boot_record::filesystem(sector))
}

/// The four entries, if the sector can be a partition table at all.
///
/// `mbrman` decodes them, from a record of our own that holds nothing else of the guest. Why it cannot panic or
/// loop here (of mbrman 0.6.1, `MBRHeader::read_from`):
/// * it seeks to 0 and decodes a structure of fixed size, 512 bytes, of which there are exactly 512: no length or
///   count comes out of the bytes, so nothing is allocated or repeated by them;
/// * its `unwrap`s and `[0]`s are in the CHS visitor and depend on the number of elements (a tuple of 3), never on
///   their value; the CHS bytes are zeroed here all the same, so that this code only ever sees one input;
/// * its `check` returns errors, for the two things that are checked here before: signature and boot flags.
///
/// What does panic and loop is `MBR::read_from` (it follows extended partitions and guesses an alignment): unused.
fn decode(sector: &[u8; SECTOR], remarks: &mut Vec<String>) -> Result<Option<[MBRPartitionEntry; 4]>> {
    let fields = Fields::new(sector, Endian::Little, "master boot record", 0);
    if fields.array::<2>(SIGNATURE)? != [0x55, 0xaa] {
        return Ok(None);
    }
    let mut record = vec![0; 0x1be];
    for (number, offset) in (1..).zip(ENTRIES) {
        let [flag, _, _, _, code, _, _, _, lba @ ..] = fields.array::<16>(offset)?;
        if !matches!(flag, mbrman::BOOT_ACTIVE | mbrman::BOOT_INACTIVE) {
            remarks.push(format!("not a partition table: entry {number} has the boot flag 0x{flag:02x}"));
            return Ok(None);
        }
        record.extend([flag, 0, 0, 0, code, 0, 0, 0]);
        record.extend(lba);
    }
    record.extend([0x55, 0xaa]);
    Ok(MBRHeader::read_from(&mut Cursor::new(record))
        .ok()
        .map(|h| [h.partition_1, h.partition_2, h.partition_3, h.partition_4]))
}

/// Collects partitions and remarks, entry by entry.
struct Reader {
    disk_size: u64,
    sector_size: u64,
    partitions: Vec<Partition>,
    remarks: Vec<String>,
    /// An entry begins at sector 0.
    whole_disk: bool,
}

impl Reader {
    fn take(&mut self, number: u8, entry: &MBRPartitionEntry) {
        if entry.is_unused() {
            return;
        }
        if entry.sectors == 0 {
            return self.remark(number, "is empty: left out");
        }
        if entry.is_extended() {
            return self.remark(number, "is an extended partition: its logical partitions are not read yet");
        }
        if entry.sys == GPT_PROTECTIVE {
            return self.remark(number, "protects a GPT, which is not read yet");
        }
        if entry.starting_lba == 0 {
            // A hybrid ISO's way to name itself, and mkfs.fat's (`--mbr`).
            self.whole_disk = true;
            return self.remark(number, "begins at sector 0: taken for the whole disk");
        }
        // OK to saturate: 32 bits of sectors of at most 32 bits of bytes fit into 64 bits.
        let start = u64::from(entry.starting_lba).saturating_mul(self.sector_size);
        let stated = u64::from(entry.sectors).saturating_mul(self.sector_size);
        let Some(available) = self.disk_size.checked_sub(start).filter(|&bytes| bytes > 0) else {
            return self.remark(number, "begins past the end of the disk: left out");
        };
        if stated > available {
            self.remark(number, "reaches past the end of the disk: cut there");
        }
        self.partitions.push(Partition {
            address: number.to_string(),
            scheme: Scheme::Mbr,
            start,
            size: stated.min(available),
            type_code: Some(entry.sys),
            type_name: mbr_types::name(entry.sys).to_owned(),
            active: entry.is_active(),
            grub_names: vec![format!("hd0,msdos{number}"), format!("hd0,{number}")],
        });
    }

    /// `boot_record` names the filesystem whose boot record the sector is.
    fn finish(mut self, boot_record: Option<&str>) -> (Vec<Partition>, Vec<String>) {
        self.remark_overlaps();
        if let Some(filesystem) = boot_record {
            // One sector can be both: GRUB keeps the parameter block of a disk that once was a single FAT. Then the
            // table counts, as it does for Linux, provided that nothing at all is odd about it.
            if !self.remarks.is_empty() {
                self.partitions.clear();
                self.remarks.push(format!("the sector is a {filesystem} boot record, not a partition table"));
            } else if !self.partitions.is_empty() {
                self.remarks.push(format!("the sector is a partition table and a {filesystem} boot record"));
            }
        }
        if self.whole_disk && !self.partitions.is_empty() {
            self.partitions.push(Partition::whole_disk(self.disk_size));
        }
        (self.partitions, self.remarks)
    }

    fn remark_overlaps(&mut self) {
        for (index, left) in self.partitions.iter().enumerate() {
            for right in self.partitions.iter().skip(index.saturating_add(1)) {
                // OK to saturate: a partition ends inside the disk, whose size fits into 64 bits.
                let left_end = left.start.saturating_add(left.size);
                let right_end = right.start.saturating_add(right.size);
                if left.start < right_end && right.start < left_end {
                    self.remarks.push(format!("partitions {} and {} overlap", left.address, right.address));
                }
            }
        }
    }

    fn remark(&mut self, number: u8, what: &str) {
        self.remarks.push(format!("partition {number} {what}"));
    }
}
