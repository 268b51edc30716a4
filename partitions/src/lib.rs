//! From a disk to its volumes.
//!
//! [`read_table`] reads what divides a disk and hands back the volumes in the order in which a boot loader should
//! search them. It never fails on what the guest wrote: a table that makes no sense is no table, the whole disk is
//! then the one volume, and [`Table::remarks`] say why. It fails only when the host cannot read the disk.
//!
//! A [`Partition`] never reaches past the disk, so `Region::new(disk, start, size)` always succeeds on one.
#![forbid(unsafe_code)]

mod boot_record;
mod mbr;
mod mbr_types;
mod table;

pub use table::{Partition, Scheme, Table};

use fsimage_sdk::{Result, Volume};

/// Reads the partition table of a disk.
///
/// # Errors
/// [`fsimage_sdk::ErrorKind::Io`] when the host's read of the first sector fails; nothing else.
pub fn read_table(disk: &Volume) -> Result<Table> {
    let size = disk.size();
    if size < mbr::LENGTH {
        return Ok(Table::whole_disk(size, Vec::new()));
    }
    let mut sector = [0; mbr::SECTOR];
    disk.read_exact_at(0, &mut sector)?;
    let (partitions, remarks) = mbr::read(&sector, size, disk.sector_size());
    Ok(if partitions.is_empty() {
        Table::whole_disk(size, remarks)
    } else {
        Table::new(Scheme::Mbr, partitions, remarks)
    })
}
