//! Which of the family a filesystem is: the magic number tells 1 from 2, the places of two masks tell Sun from BSD.

use fsimage_sdk::Endian;

/// `FS_MAGIC`, `FS_UFS1_MAGIC`.
const UFS1: u32 = 0x0001_1954;
/// `MTB_UFS_MAGIC`: Solaris over 1 TiB.
const MTB: u32 = 0x00de_cade;
/// `FS_UFS2_MAGIC`.
const UFS2: u32 = 0x1954_0119;
/// `FS_UFS2EA_MAGIC`: NetBSD's, where extended attributes are in use.
const UFS2_EA: u32 = 0x1901_2038;
/// `FS_BAD_MAGIC`: newfs did not finish.
const UNFINISHED: u32 = 0x1996_0408;

/// What `fs_magic` says, before anything else is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Magic {
    Ufs1,
    Mtb,
    Ufs2,
    Ufs2Ea,
    Unfinished,
}

impl Magic {
    /// The magic number and the byte order in which it is one.
    pub(crate) fn recognise(bytes: [u8; 4]) -> Option<(Self, Endian)> {
        let of = |number: u32| match number {
            UFS1 => Some(Self::Ufs1),
            MTB => Some(Self::Mtb),
            UFS2 => Some(Self::Ufs2),
            UFS2_EA => Some(Self::Ufs2Ea),
            UNFINISHED => Some(Self::Unfinished),
            _ => None,
        };
        let little = of(u32::from_le_bytes(bytes)).map(|magic| (magic, Endian::Little));
        little.or_else(|| of(u32::from_be_bytes(bytes)).map(|magic| (magic, Endian::Big)))
    }

    /// Inodes of 256 bytes with pointers of 64 bits?
    pub(crate) fn is_ufs2(self) -> bool {
        matches!(self, Self::Ufs2 | Self::Ufs2Ea)
    }
}

/// The flavour, as far as reading depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flavour {
    /// Sun's UFS1.
    Solaris,
    /// Sun's UFS1 of more than 1 TiB.
    SolarisMtb,
    /// 4.3BSD and before: owners of 16 bits, entries without types.
    Old,
    /// 4.4BSD and what came of it: FreeBSD, NetBSD, OpenBSD.
    Bsd44,
    /// FreeBSD's, NetBSD's and OpenBSD's second version.
    Ufs2,
    /// NetBSD's, with extended attributes in use.
    Ufs2Ea,
}

impl Flavour {
    /// The name shown.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Solaris => "ufs-solaris",
            Self::SolarisMtb => "ufs-solaris-mtb",
            Self::Old => "ufs1-old",
            Self::Bsd44 => "ufs1",
            Self::Ufs2 => "ufs2",
            Self::Ufs2Ea => "ufs2ea",
        }
    }

    pub(crate) fn is_solaris(self) -> bool {
        matches!(self, Self::Solaris | Self::SolarisMtb)
    }

    pub(crate) fn is_ufs2(self) -> bool {
        matches!(self, Self::Ufs2 | Self::Ufs2Ea)
    }

    /// Does `di_flags` hold what chflags(1) sets? Sun has other flags there, older BSD nothing.
    pub(crate) fn has_file_flags(self) -> bool {
        matches!(self, Self::Bsd44 | Self::Ufs2 | Self::Ufs2Ea)
    }

    /// Bytes of an inode.
    pub(crate) fn inode_size(self) -> u32 {
        if self.is_ufs2() { 256 } else { 128 }
    }

    /// Width of a block pointer.
    pub(crate) fn pointer(self) -> Pointer {
        if self.is_ufs2() { Pointer::Wide } else { Pointer::Narrow }
    }

    /// How directory entries begin.
    pub(crate) fn entry_header(self) -> EntryHeader {
        match self {
            Self::Solaris | Self::SolarisMtb | Self::Old => EntryHeader::NameLength16,
            Self::Bsd44 | Self::Ufs2 | Self::Ufs2Ea => EntryHeader::TypeAndNameLength,
        }
    }
}

/// A block pointer's width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pointer {
    /// `ufs1_daddr_t`: 32 bits.
    Narrow,
    /// `ufs2_daddr_t`: 64 bits.
    Wide,
}

impl Pointer {
    /// Its bytes.
    pub(crate) fn size(self) -> u32 {
        match self {
            Self::Narrow => 4,
            Self::Wide => 8,
        }
    }
}

/// The two bytes at offset 6 of a directory entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EntryHeader {
    /// `d_namlen` of 16 bits: Sun's, and BSD's before 4.4.
    NameLength16,
    /// `d_type` and `d_namlen` of 8 bits each.
    TypeAndNameLength,
}
