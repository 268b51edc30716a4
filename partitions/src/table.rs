//! What a partition table says, once it has been checked.

/// How a disk is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scheme {
    /// Not at all: the disk is one volume.
    WholeDisk,
    /// By the four entries of a master boot record.
    Mbr,
}

impl Scheme {
    /// The name in listings and in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::WholeDisk => "whole",
            Self::Mbr => "mbr",
        }
    }
}

/// A volume of a disk. It lies wholly inside the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// What people type: `0` for the whole disk, `1` to `4` for primaries.
    pub address: String,
    /// The kind of table that lists it.
    pub scheme: Scheme,
    /// First byte on the disk.
    pub start: u64,
    /// Length in bytes.
    pub size: u64,
    /// The MBR's type byte.
    pub type_code: Option<u8>,
    /// The type in words, as `sfdisk` has them.
    pub type_name: String,
    /// Marked as the one to boot from.
    pub active: bool,
    /// GRUB's names, without parentheses: `hd0,msdos1` and `hd0,1`.
    pub grub_names: Vec<String>,
}

impl Partition {
    /// A disk of `size` bytes as one volume.
    pub(crate) fn whole_disk(size: u64) -> Self {
        Self {
            address: "0".to_owned(),
            scheme: Scheme::WholeDisk,
            start: 0,
            size,
            type_code: None,
            type_name: "whole disk".to_owned(),
            active: false,
            grub_names: vec!["hd0".to_owned()],
        }
    }
}

/// What divides a disk. There is always at least one partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The kind of table.
    pub scheme: Scheme,
    /// The volumes in boot-search order: active ones first, then as the table lists them.
    pub partitions: Vec<Partition>,
    /// What was odd, in words of our own: they never quote the guest's bytes.
    pub remarks: Vec<String>,
}

impl Table {
    /// A table of partitions given in the table's own order.
    pub(crate) fn new(scheme: Scheme, mut partitions: Vec<Partition>, remarks: Vec<String>) -> Self {
        // The sort is stable, so the table's order survives within each half. A volume that is the whole disk
        // (a hybrid ISO's) comes first whatever else is active.
        partitions.sort_by_key(|p| (p.scheme != Scheme::WholeDisk, !p.active));
        Self { scheme, partitions, remarks }
    }

    /// A disk of `size` bytes that nothing divides.
    pub(crate) fn whole_disk(size: u64, remarks: Vec<String>) -> Self {
        Self::new(Scheme::WholeDisk, vec![Partition::whole_disk(size)], remarks)
    }
}
