//! From a disk to its volumes.
//!
//! [`read_table`] reads what divides a disk and hands back the volumes. It never fails on what the guest wrote: a table
//! that makes no sense is no table, the whole disk is then the one volume, and [`Table::remarks`] say why. It fails only
//! when the host cannot read the disk's first sector; what else it cannot read is remarked.
//!
//! A [`Partition`] never reaches past the disk, so `Region::new(disk, start, size)` always succeeds on one: what begins
//! past the end is left out, what reaches past it is cut, both with a remark.
//!
//! # Which table counts
//! A GPT that an MBR protects, or whose primary header is sound on a disk without an MBR; an MBR; an Apple map; Sun's
//! label; SGI's; a Solaris VTOC or a BSD label in the second sector; else nothing, and the disk is one volume. What only the
//! other tables of a hybrid list is listed behind, as `mbr2` and `apm2`. Inside partitions, Solaris and BSD labels are
//! read where the type announces them, and then their slices stand for the partition; a whole disk copied into a
//! partition is read too, if nothing is odd about its table.
//!
//! # Limits
//! 256 volumes ([`MAX_VOLUMES`]), tables nested to a depth of 4, 128 extended boot records a table, 4096 GPT entries in
//! at most 1 MiB, 64 entries of an Apple map, 22 BSD slices; 4096 reads and 16 MiB for all of it. What a limit cuts off
//! is remarked, and so is whatever else is odd, 64 times.
//!
//! # Boot-search order
//! 1. the whole disk, if it is an ISO 9660 or an MBR entry begins at sector 0 (a hybrid image);
//! 2. what is active: the MBR's flag, the GPT's attribute "legacy BIOS bootable", and slices of an active partition;
//! 3. in each of the two halves: XBOOTLDR partitions; roots (a GPT's root types, Solaris's tag 2, BSD's slice `a`); all
//!    others; last what holds no kernel (swap, boot blocks, reserved areas, and slices that are the whole disk again);
//! 4. among equals, the order of the table, a partition before what is inside it.
#![forbid(unsafe_code)]

mod apm;
mod boot_record;
mod bsd_label;
mod bsd_types;
mod crc32;
mod disk;
mod ebr;
mod frame;
mod gpt;
mod gpt_header;
mod gpt_types;
mod guid;
mod mbr;
mod mbr_types;
mod names;
mod nested;
mod scan;
mod sgi_label;
mod sun_label;
mod sun_types;
mod table;
mod vtoc;

pub use table::{Partition, Scheme, Table};

use fsimage_sdk::{Result, Volume};

/// Most volumes that a disk can have; the rest is left out with a remark.
pub const MAX_VOLUMES: usize = 256;

/// Reads the partition tables of a disk.
///
/// # Errors
/// [`fsimage_sdk::ErrorKind::Io`] when the host's read of the first sector fails; nothing else.
pub fn read_table(disk: &Volume) -> Result<Table> {
    scan::scan(disk)
}
