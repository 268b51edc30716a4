//! Tables inside partitions: Solaris and BSD labels where the type says so, and disks copied into a partition.

use crate::bsd_label::{self, System};
use crate::disk::Disk;
use crate::frame::{Found, Frame};
use crate::mbr::{self, SECTOR};
use crate::{MAX_VOLUMES, Scheme, gpt, gpt_types, vtoc};

/// Partitions of `outer`, each followed by the volumes inside it. A partition that a label divides is no volume itself,
/// as an extended partition is none.
pub(crate) fn expand(disk: &mut Disk<'_>, outer: &Frame, partitions: Vec<Found>) -> Vec<Found> {
    let mut volumes = Vec::new();
    let starts: Vec<u64> = partitions.iter().map(|found| found.partition.start).collect();
    for found in partitions {
        // One more than the limit shows that there were more.
        if volumes.len() > MAX_VOLUMES {
            break;
        }
        let Some(frame) = outer.inside(&found) else {
            volumes.push(found);
            continue;
        };
        let Some(slices) = labelled(disk, outer, &frame, &found) else {
            // A volume that begins where its table does is not inside it: one would go round in circles.
            let inside = found.partition.start > outer.start;
            let copied = if inside { copied_disk(disk, frame) } else { Vec::new() };
            volumes.push(found);
            volumes.extend(copied);
            continue;
        };
        let own = |slice: &Found| {
            // NetBSD and OpenBSD list the other systems' partitions too.
            slice.partition.start == frame.start || !starts.contains(&slice.partition.start)
        };
        let slices = slices.into_iter().filter(own).map(|mut slice| {
            slice.partition.active = found.partition.active;
            slice
        });
        let slices = slices.collect();
        volumes.extend(expand(disk, &frame, slices));
    }
    volumes
}

/// The slices of the label that a partition of this type has.
fn labelled(disk: &mut Disk<'_>, outer: &Frame, frame: &Frame, found: &Found) -> Option<Vec<Found>> {
    let address = &found.names.address;
    let slices = match (found.partition.scheme, found.partition.type_code) {
        (Scheme::Mbr, Some(0xbf)) => vtoc::read(disk, frame),
        // Linux swap has the same type, and no label.
        (Scheme::Mbr, Some(0x82)) => return vtoc::read(disk, frame).filter(|slices| !slices.is_empty()),
        (Scheme::Mbr, Some(0xa5)) => bsd_label::read(disk, outer, frame, System::FreeBsd),
        (Scheme::Mbr, Some(0xa6)) => bsd_label::read(disk, outer, frame, System::OpenBsd),
        (Scheme::Mbr, Some(0xa9)) => bsd_label::read(disk, outer, frame, System::NetBsd),
        (Scheme::Gpt, _) if found.partition.type_guid.as_deref() == Some(gpt_types::FREEBSD_DATA) => {
            return bsd_label::read(disk, outer, frame, System::FreeBsd).filter(|slices| !slices.is_empty());
        }
        _ => return None,
    };
    match slices {
        Some(slices) if !slices.is_empty() => Some(slices),
        _ => {
            disk.remark(format!("partition {address} has no label that divides it, against its type"));
            None
        }
    }
}

/// The volumes of a whole disk that was copied into a partition, provided that nothing is odd about its table: the
/// first sector of a filesystem often is a boot loader that merely looks like one.
fn copied_disk(disk: &mut Disk<'_>, mut frame: Frame) -> Vec<Found> {
    let Some(sector) = frame.read(disk, 0, SECTOR) else { return Vec::new() };
    let before = disk.remarks();
    let record = mbr::read(disk, &frame, &sector);
    let mut found = record.found;
    if record.protective {
        (found, frame.sector_size) = gpt::read(disk, &frame, true).unwrap_or((Vec::new(), frame.sector_size));
    }
    if disk.remarks() > before {
        disk.forget(before);
        return Vec::new();
    }
    expand(disk, &frame, found)
}
