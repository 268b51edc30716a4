//! From the first sector to the list of volumes: which tables a disk has, and which of them counts.

use crate::bsd_label::System;
use crate::disk::Disk;
use crate::frame::{Found, Frame, Role};
use crate::mbr::{self, SECTOR};
use crate::names::Names;
use crate::{MAX_VOLUMES, Partition, Scheme, Table, apm, bsd_label, gpt, nested, sgi_label, sun_label, vtoc};
use fsimage_sdk::{Result, Volume};

/// Where an ISO 9660 filesystem's first volume descriptor has its name.
const ISO_IDENTIFIER: u64 = 0x8001;

/// Reads what divides a disk.
pub(crate) fn scan(volume: &Volume) -> Result<Table> {
    let size = volume.size();
    let mut sector = vec![0; SECTOR];
    if u64::try_from(SECTOR).is_ok_and(|length| size < length) {
        return Ok(table(size, Scheme::WholeDisk, Vec::new(), Vec::new()));
    }
    // The one read whose failure is the caller's to know: without it nothing at all is known.
    volume.read_exact_at(0, &mut sector)?;
    let mut disk = Disk::new(volume);
    let mut frame =
        Frame { start: 0, size, sector_size: volume.sector_size(), names: Names::disk(), depth: 0 };
    let (scheme, mut found, whole) = divide(&mut disk, &mut frame, &sector);
    let iso = disk.read(ISO_IDENTIFIER, 5).is_some_and(|name| name == *b"CD001");
    if let Some(code) = whole {
        // What FreeBSD writes on a disk that it has for itself: the MBR is its boot block, the label counts.
        let label =
            (code == 0xa5).then(|| bsd_label::read(&mut disk, &frame, &frame, System::Bare)).flatten();
        found.extend(label.unwrap_or_default());
    }
    let mut volumes = nested::expand(&mut disk, &frame, found);
    if (whole.is_some() || iso) && !volumes.is_empty() {
        volumes.push(whole_disk(size));
    }
    if volumes.len() > MAX_VOLUMES {
        disk.remark(format!("there are more than {MAX_VOLUMES} volumes: the rest is left out"));
    }
    Ok(table(size, scheme, volumes, disk.into_remarks()))
}

/// The table that counts, its partitions, and the type of an entry that stands for the whole disk. The frame gets the
/// size of the sectors that the table counts in.
fn divide(disk: &mut Disk<'_>, frame: &mut Frame, sector: &[u8]) -> (Scheme, Vec<Found>, Option<u8>) {
    let before = disk.remarks();
    let mut record = mbr::read(disk, frame, sector);
    let mut gpt = None;
    if record.protective {
        // A hybrid MBR counts in the GPT's blocks, whose size is known after that: it is read once more then.
        disk.forget(before);
        gpt = gpt::read(disk, frame, true);
        frame.sector_size = gpt.as_ref().map_or(frame.sector_size, |(_, block_size)| *block_size);
        record = mbr::read(disk, frame, sector);
    } else if !record.is_table {
        gpt = gpt::read(disk, frame, false);
    }
    let whole = record.whole_disk;
    let apple = apm::read(disk, frame, sector).unwrap_or_default();
    if let Some((mut found, _)) = gpt {
        if !record.protective {
            disk.remark("there is a GPT, but no MBR that protects it");
        }
        add_second(frame, &mut found, record.found, "msdos", "mbr");
        add_second(frame, &mut found, apple, "apple", "apm");
        return (Scheme::Gpt, found, whole);
    }
    if record.protective {
        disk.remark("the MBR protects a GPT, and there is none that is sound");
    }
    if !record.found.is_empty() {
        let mut found = record.found;
        add_second(frame, &mut found, apple, "apple", "apm");
        return (Scheme::Mbr, found, whole);
    }
    if !apple.is_empty() {
        return (Scheme::Apm, apple, whole);
    }
    if let Some(found) = sun_label::read(disk, frame, sector) {
        return (Scheme::Sun, found, whole);
    }
    if let Some(found) = sgi_label::read(disk, frame, sector) {
        return (Scheme::Sgi, found, whole);
    }
    // A label on a bare disk lies in the second sector, so a disk can have one and a boot block before it.
    if let Some(found) = vtoc::read(disk, frame) {
        return (Scheme::Vtoc, found, whole);
    }
    if let Some(found) = bsd_label::read(disk, frame, frame, System::Bare) {
        return (Scheme::Bsd, found, None);
    }
    (Scheme::WholeDisk, Vec::new(), whole)
}

/// Adds what only a hybrid's second table lists, under names that are not the first table's.
fn add_second(frame: &Frame, found: &mut Vec<Found>, second: Vec<Found>, map: &str, prefix: &str) {
    for other in second {
        let known = found.iter().any(|f| f.partition.start == other.partition.start);
        let Ok(number) = other.names.address.parse() else { continue };
        if !known {
            let names = frame.names.of_second_table(map, prefix, number);
            found.push(Found { partition: names.name(other.partition), names, ..other });
        }
    }
}

fn whole_disk(size: u64) -> Found {
    Found { partition: Partition::whole_disk(size), role: Role::Boot, names: Names::disk() }
}

/// Puts the volumes in boot-search order.
fn table(size: u64, scheme: Scheme, mut volumes: Vec<Found>, remarks: Vec<String>) -> Table {
    let scheme = if volumes.is_empty() { Scheme::WholeDisk } else { scheme };
    if volumes.is_empty() {
        volumes.push(whole_disk(size));
    }
    // The sort is stable: among equals the table's own order stays.
    volumes.sort_by_key(|found| {
        (found.partition.scheme != Scheme::WholeDisk, !found.partition.active, found.role)
    });
    volumes.truncate(MAX_VOLUMES);
    Table { scheme, partitions: volumes.into_iter().map(|found| found.partition).collect(), remarks }
}
