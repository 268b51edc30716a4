//! The part of a disk that a table divides, and what it finds there.

use crate::disk::Disk;
use crate::names::Names;
use crate::{Partition, Scheme};

/// Deepest nesting: tables in partitions in partitions in partitions of the disk.
pub(crate) const MAX_DEPTH: u8 = 4;

/// Where a table lies: the whole disk, or a partition that has a table of its own.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    pub(crate) start: u64,
    pub(crate) size: u64,
    /// Bytes in a logical sector of what the table divides.
    pub(crate) sector_size: u32,
    pub(crate) names: Names,
    /// Tables around this one.
    pub(crate) depth: u8,
}

/// What a volume is likely to be good for, in boot-search order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    /// Made to hold kernels (XBOOTLDR).
    Boot,
    /// A root filesystem, by its type.
    Root,
    /// Anything.
    Plain,
    /// The whole disk once more, boot blocks, swap, spare sectors.
    Unlikely,
}

/// A volume that a table lists.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) partition: Partition,
    pub(crate) role: Role,
    pub(crate) names: Names,
}

impl Frame {
    /// A volume at `start` of the disk, of `size` bytes. It is cut at the frame's end, and left out past it, with a
    /// remark.
    pub(crate) fn place(
        &self,
        disk: &mut Disk<'_>,
        names: Names,
        scheme: Scheme,
        start: u64,
        size: u64,
    ) -> Option<Found> {
        let address = &names.address;
        let end = self.start.saturating_add(self.size);
        let what = if self.depth == 0 { "disk" } else { "partition around it" };
        if start < self.start {
            disk.remark(format!("partition {address} begins before the {what}: left out"));
            return None;
        }
        let Some(available) = end.checked_sub(start).filter(|&bytes| bytes > 0) else {
            disk.remark(format!("partition {address} begins past the end of the {what}: left out"));
            return None;
        };
        if size > available {
            disk.remark(format!("partition {address} reaches past the end of the {what}: cut there"));
        }
        let partition =
            names.name(Partition { scheme, start, size: size.min(available), ..Partition::default() });
        Some(Found { partition, role: Role::Plain, names })
    }

    /// `count` units of `unit` bytes after the frame's start; what does not fit into 64 bits is past any disk.
    pub(crate) fn at(&self, count: u64, unit: u64) -> u64 {
        self.start.saturating_add(count.saturating_mul(unit))
    }

    /// Reads at an offset inside the frame.
    pub(crate) fn read(&self, disk: &mut Disk<'_>, offset: u64, length: usize) -> Option<Vec<u8>> {
        let end = u64::try_from(length).ok().and_then(|length| offset.checked_add(length))?;
        let absolute = self.start.checked_add(offset).filter(|_| end <= self.size)?;
        disk.read(absolute, length)
    }

    /// The frame of a table inside one of this frame's volumes, unless that is too deep.
    pub(crate) fn inside(&self, found: &Found) -> Option<Self> {
        let depth = self.depth.checked_add(1).filter(|&depth| depth < MAX_DEPTH)?;
        let Partition { start, size, .. } = found.partition;
        Some(Self { start, size, sector_size: self.sector_size, names: found.names.clone(), depth })
    }
}

/// Remarks each pair that shares a byte; both stay, since each alone can be read.
pub(crate) fn remark_overlaps(disk: &mut Disk<'_>, found: &[Found]) {
    for (index, left) in found.iter().enumerate() {
        for right in found.iter().skip(index.saturating_add(1)) {
            if left.partition.overlaps(&right.partition) {
                disk.remark(format!("partitions {} and {} overlap", left.names.address, right.names.address));
            }
        }
    }
}
