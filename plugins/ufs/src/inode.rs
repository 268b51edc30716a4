//! Inodes (`struct dinode`, `struct ufs2_dinode`): read singly, never by the table.

use crate::blocks::Blocks;
use crate::flavour::Flavour;
use crate::superblock::Superblock;
use crate::units::InodeNumber;
use fsimage_sdk::{Error, ErrorKind, Fields, FileType, Metadata, Result, to_usize};

/// Direct pointers of an inode (`NDADDR`).
pub(crate) const DIRECT: u64 = 12;
/// Direct and indirect pointers (`NDADDR` + `NIADDR`).
const POINTERS: u64 = 15;

/// `SF_SNAPSHOT` of BSD's `di_flags`.
const SNAPSHOT: u32 = 0x0020_0000;
/// `UID_LONG`, `GID_LONG`: Sun's owner of 16 bits gives way to the one of 32.
const LONG_ID: u16 = 65535;

/// A checked inode.
#[derive(Debug, Clone)]
pub(crate) struct Inode {
    pub(crate) number: InodeNumber,
    /// Byte offset on the volume, for messages.
    pub(crate) place: u64,
    pub(crate) metadata: Metadata,
    /// Sectors that are held, extended attributes among them.
    pub(crate) di_blocks: u64,
    is_snapshot: bool,
    /// `di_db` and `di_ib`: 15 pointers, or a short symbolic link.
    pub(crate) pointers: Vec<u8>,
    /// Offset of the pointers in the inode.
    pub(crate) pointers_offset: u64,
}

impl Inode {
    /// Reads and checks one inode.
    ///
    /// # Errors
    /// `Corrupt` when its own fields make no sense, or when it is not in use.
    pub(crate) fn read(blocks: &Blocks, superblock: &Superblock, number: InodeNumber) -> Result<Self> {
        Self::read_checked(blocks, superblock, number)
            .map_err(|e| e.within(format!("inode {}", number.get())))
    }

    fn read_checked(blocks: &Blocks, superblock: &Superblock, number: InodeNumber) -> Result<Self> {
        let place = superblock
            .inode_place(number)
            .ok_or_else(|| Error::corrupt("its place lies behind the end of the filesystem"))?;
        let bytes = blocks.read(place, to_usize(u64::from(superblock.flavour.inode_size()))?)?;
        let fields = Fields::new(&bytes, superblock.endian, "dinode", place);
        let inode = Self::parse(superblock.flavour, number, &fields)?;
        superblock.check_hashes.inode(&fields, blocks)?;
        Ok(inode)
    }

    fn parse(flavour: Flavour, number: InodeNumber, inode: &Fields<'_>) -> Result<Self> {
        let di_mode = inode.u16(0x0)?;
        if di_mode == 0 {
            return Err(inode.corrupt(0x0, "di_mode 0: not in use"));
        }
        let file_type = file_type(di_mode)
            .ok_or_else(|| inode.corrupt(0x0, format_args!("di_mode {di_mode:#06x} is no file type")))?;
        let di_nlink = inode.u16(0x2)?;
        if di_nlink == 0 {
            return Err(inode.corrupt(0x2, "di_nlink 0: deleted"));
        }
        let layout = Layout::of(flavour);
        let di_size = inode.u64(layout.size)?;
        if i64::try_from(di_size).is_err() {
            return Err(inode.corrupt(layout.size, format_args!("di_size {di_size:#x} is no file offset")));
        }
        let (uid, gid) = owner(flavour, inode)?;
        let (mtime_seconds, mtime_nanoseconds) = mtime(flavour, inode)?;
        let metadata = Metadata {
            file_type,
            mode: u32::from(di_mode & 0o7777),
            uid,
            gid,
            links: u32::from(di_nlink),
            size: di_size,
            mtime_seconds,
            mtime_nanoseconds,
        };
        let pointers_size = to_usize(u64::from(flavour.pointer().size()).saturating_mul(POINTERS))?;
        Ok(Self {
            number,
            place: inode.place(0x0),
            metadata,
            di_blocks: if flavour.is_ufs2() { inode.u64(0x18)? } else { u64::from(inode.u32(0x68)?) },
            is_snapshot: flavour.has_file_flags() && inode.u32(layout.flags)? & SNAPSHOT != 0,
            pointers: inode.slice(layout.pointers, pointers_size)?.to_vec(),
            pointers_offset: inode.place(layout.pointers).saturating_sub(inode.place(0)),
        })
    }

    pub(crate) fn size(&self) -> u64 {
        self.metadata.size
    }

    pub(crate) fn file_type(&self) -> FileType {
        self.metadata.file_type
    }

    /// An error for the files of FreeBSD's and NetBSD's snapshots: pointers in them mean something else.
    pub(crate) fn check_readable(&self) -> Result<()> {
        if self.is_snapshot {
            let text = format!("inode {}: a snapshot of the filesystem (SF_SNAPSHOT)", self.number.get());
            return Err(Error::unsupported(text).at(self.place));
        }
        Ok(())
    }

    /// An error about this inode; `offset` is the field's in the inode.
    pub(crate) fn corrupt(&self, offset: u64, why: impl core::fmt::Display) -> Error {
        Error::corrupt(format!("inode {}: {why}", self.number.get())).at(self.place.saturating_add(offset))
    }

    /// The same, about the file's length.
    pub(crate) fn bad_size(&self, why: impl core::fmt::Display) -> Error {
        let offset = if self.pointers_offset == 0x70 { 0x10 } else { 0x8 };
        self.corrupt(offset, format_args!("di_size {}: {why}", self.size()))
    }

    /// The error of an operation that this kind of file does not have.
    pub(crate) fn wrong_kind(&self, kind: ErrorKind) -> Error {
        Error::new(kind, format!("inode {} is a {}", self.number.get(), self.file_type().text()))
    }
}

/// Where the two layouts differ.
struct Layout {
    size: usize,
    flags: usize,
    pointers: usize,
}

impl Layout {
    fn of(flavour: Flavour) -> Self {
        if flavour.is_ufs2() {
            Self { size: 0x10, flags: 0x58, pointers: 0x70 }
        } else {
            Self { size: 0x8, flags: 0x64, pointers: 0x28 }
        }
    }
}

/// `IFMT`. Sun's `IFSHAD` and `IFATTRDIR` hold attributes and are named by no directory.
fn file_type(di_mode: u16) -> Option<FileType> {
    Some(match di_mode & 0xf000 {
        0x1000 => FileType::Fifo,
        0x2000 => FileType::CharDevice,
        0x4000 => FileType::Directory,
        0x6000 => FileType::BlockDevice,
        0x8000 => FileType::Regular,
        0xa000 => FileType::Symlink,
        0xc000 => FileType::Socket,
        _ => return None,
    })
}

fn owner(flavour: Flavour, inode: &Fields<'_>) -> Result<(u32, u32)> {
    let solaris = |short: u16, long: u32| if short == LONG_ID { long } else { u32::from(short) };
    Ok(match flavour {
        Flavour::Ufs2 | Flavour::Ufs2Ea => (inode.u32(0x4)?, inode.u32(0x8)?),
        Flavour::Bsd44 => (inode.u32(0x70)?, inode.u32(0x74)?),
        Flavour::Old => (u32::from(inode.u16(0x4)?), u32::from(inode.u16(0x6)?)),
        Flavour::Solaris | Flavour::SolarisMtb => {
            (solaris(inode.u16(0x4)?, inode.u32(0x74)?), solaris(inode.u16(0x6)?, inode.u32(0x78)?))
        }
    })
}

/// Sun counts microseconds where BSD counts nanoseconds.
fn mtime(flavour: Flavour, inode: &Fields<'_>) -> Result<(i64, u32)> {
    let (seconds, fraction) = if flavour.is_ufs2() {
        (inode.i64(0x28)?, inode.u32(0x40)?)
    } else {
        (i64::from(inode.i32(0x18)?), inode.u32(0x1c)?)
    };
    let nanoseconds = if flavour.is_solaris() { fraction.checked_mul(1000).unwrap_or(0) } else { fraction };
    Ok((seconds, if nanoseconds < 1_000_000_000 { nanoseconds } else { 0 }))
}
