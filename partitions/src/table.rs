//! What a partition table says, once it has been checked.

/// How a disk, or a partition of it, is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Scheme {
    /// Not at all: the disk is one volume.
    #[default]
    WholeDisk,
    /// By a master boot record and the chain of its extended partition.
    Mbr,
    /// By a GUID partition table.
    Gpt,
    /// By the VTOC of Solaris on x86.
    Vtoc,
    /// By the label of Sun's SPARC machines.
    Sun,
    /// By a BSD disklabel.
    Bsd,
    /// By the volume header of SGI's machines.
    Sgi,
    /// By an Apple partition map.
    Apm,
}

impl Scheme {
    /// The name in listings and in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::WholeDisk => "whole",
            Self::Mbr => "mbr",
            Self::Gpt => "gpt",
            Self::Vtoc => "vtoc",
            Self::Sun => "sun",
            Self::Bsd => "bsd",
            Self::Sgi => "sgi",
            Self::Apm => "apm",
        }
    }
}

/// A volume of a disk. It lies wholly inside the disk.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Partition {
    /// What people type: `0` for the whole disk, `1` to `4` for primaries, `5`… for logical ones, the slot of a GPT or
    /// an Apple map; inside a partition `2s0` (a Solaris slice), `1a` (a BSD slice), `3p1` (a table in a partition);
    /// `s0` and `a` where the label is the disk's own; `mbr2` and `apm2` for what only a disk's second table lists.
    pub address: String,
    /// The kind of table that lists it.
    pub scheme: Scheme,
    /// First byte on the disk.
    pub start: u64,
    /// Length in bytes.
    pub size: u64,
    /// The MBR's type byte, or a BSD label's, or an SGI header's.
    pub type_code: Option<u8>,
    /// The type's GUID in a GPT, lower case.
    pub type_guid: Option<String>,
    /// The type in words, as `sfdisk` has them; an Apple map's is the guest's own text.
    pub type_name: String,
    /// Marked as the one to boot from.
    pub active: bool,
    /// A Solaris slice's tag, a number that [`Partition::type_name`] says in words.
    pub tag: Option<u16>,
    /// A Solaris slice's flags (0x01 not mountable, 0x10 read-only), or a GPT entry's attributes.
    pub flags: Option<u64>,
    /// The name in a GPT or an Apple map: **the guest's own text**, to be escaped by whoever shows it.
    pub name: Option<String>,
    /// The partition's unique id: a GPT's GUID, or what Linux calls PARTUUID (`1234abcd-05`) for an MBR.
    pub uuid: Option<String>,
    /// GRUB's names, without parentheses: `hd0,msdos1` and `hd0,1`.
    pub grub_names: Vec<String>,
    /// Legacy GRUB's name, which counts from 0: `hd0,0`, `hd0,0,a`. Its `hd0,1` is not GRUB's `hd0,1`.
    pub legacy_grub_name: Option<String>,
    /// Linux's name if this were its first SCSI disk, where it is certain: `sda5`.
    pub linux_name: Option<String>,
}

impl Partition {
    /// A disk of `size` bytes as one volume.
    pub(crate) fn whole_disk(size: u64) -> Self {
        Self {
            address: "0".to_owned(),
            size,
            type_name: "whole disk".to_owned(),
            grub_names: vec!["hd0".to_owned()],
            legacy_grub_name: Some("hd0".to_owned()),
            linux_name: Some("sda".to_owned()),
            ..Self::default()
        }
    }

    /// First byte after it.
    pub(crate) fn end(&self) -> u64 {
        // OK to saturate: a partition ends inside the disk, whose size fits into 64 bits.
        self.start.saturating_add(self.size)
    }

    /// Whether the two share a byte.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        self.start < other.end() && other.start < self.end()
    }
}

/// What divides a disk. There is always at least one partition, and at most [`crate::MAX_VOLUMES`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The kind of table.
    pub scheme: Scheme,
    /// The volumes in boot-search order, which [`crate`] explains.
    pub partitions: Vec<Partition>,
    /// What was odd, in words of our own: they never quote the guest's bytes.
    pub remarks: Vec<String>,
}
