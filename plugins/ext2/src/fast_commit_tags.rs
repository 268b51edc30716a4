//! "Fast Commits": tag by tag, each a header of tag and length (`struct ext4_fc_tl`) and a value. Little-endian, unlike
//! the rest of a journal.

use crate::blocks::Blocks;
use crate::inode::GOOD_OLD_SIZE;
use crate::superblock::Superblock;
use crate::units::{BlockNumber, InodeNumber};
use core::ops::Range;
use fsimage_sdk::{Fields, Result, to_u64};

/// Bytes of tag and length.
pub(crate) const HEADER_SIZE: usize = 4;
/// `ee_len` above this: an unwritten extent.
const INIT_MAX_LEN: u16 = 32768;
/// Bytes of an entry's tag before the name.
const DENTRY_SIZE: usize = 8;
const MAX_NAME: usize = 255;

/// What a tag is, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    AddRange,
    DelRange,
    Create,
    Link,
    Unlink,
    Inode,
    Pad,
    Tail,
    Head,
}

impl Kind {
    /// The tag of this number, if a value of this length can be its own.
    pub(crate) fn new(number: u16, length: usize, inode_size: u32) -> Option<Self> {
        let name = length.checked_sub(DENTRY_SIZE).is_some_and(|name| (1..=MAX_NAME).contains(&name));
        let inode = length
            .checked_sub(4)
            .and_then(|raw| u32::try_from(raw).ok())
            .is_some_and(|raw| (GOOD_OLD_SIZE..=inode_size).contains(&raw));
        let (kind, fits) = match number {
            1 => (Self::AddRange, length == 16),
            2 => (Self::DelRange, length == 12),
            3 => (Self::Create, name),
            4 => (Self::Link, name),
            5 => (Self::Unlink, name),
            6 => (Self::Inode, inode),
            7 => (Self::Pad, true),
            8 => (Self::Tail, length >= 8),
            9 => (Self::Head, length == 8),
            _ => return None,
        };
        fits.then_some(kind)
    }
}

/// A name in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dentry {
    pub(crate) parent: InodeNumber,
    pub(crate) inode: InodeNumber,
    pub(crate) name: Vec<u8>,
}

/// What a tag asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// Blocks of a file lie here from now on; nowhere when they are unwritten or taken away.
    Map {
        inode: InodeNumber,
        blocks: Range<u64>,
        physical: Option<BlockNumber>,
    },
    /// An inode, but for its block map.
    Inode {
        inode: InodeNumber,
        raw: Vec<u8>,
    },
    /// A new inode gets its first name.
    Create(Dentry),
    Link(Dentry),
    Unlink(Dentry),
}

/// The change that a tag's value asks for; nothing for those that frame and fill.
///
/// # Errors
/// `Corrupt`: an inode or a block that the filesystem does not have, a name that is none.
pub(crate) fn change(
    kind: Kind,
    value: &Fields<'_>,
    blocks: &Blocks,
    superblock: &Superblock,
) -> Result<Option<Change>> {
    let inode_at = |offset: usize| {
        let number = value.u32(offset)?;
        superblock.inode_number(number).ok_or_else(|| {
            value.corrupt(offset, format_args!("inode {number} of {}", superblock.inode_count))
        })
    };
    let dentry = || {
        let name = value.slice(DENTRY_SIZE, value.bytes().len().saturating_sub(DENTRY_SIZE))?;
        if name.iter().any(|&byte| byte == b'/' || byte == 0) || name == b"." || name == b".." {
            return Err(value.corrupt(DENTRY_SIZE, format_args!("the name \"{}\"", name.escape_ascii())));
        }
        Ok(Dentry { parent: inode_at(0x0)?, inode: inode_at(0x4)?, name: name.to_vec() })
    };
    Ok(Some(match kind {
        Kind::AddRange => Change::Map {
            inode: inode_at(0x0)?,
            blocks: file_blocks(value.u32(0x4)?, u32::from(extent_length(value.u16(0x8)?))),
            physical: extent_start(value, blocks)?,
        },
        Kind::DelRange => Change::Map {
            inode: inode_at(0x0)?,
            blocks: file_blocks(value.u32(0x4)?, value.u32(0x8)?),
            physical: None,
        },
        Kind::Inode => {
            let raw = value.bytes().get(4..).unwrap_or_default().to_vec();
            Change::Inode { inode: inode_at(0x0)?, raw }
        }
        Kind::Create => Change::Create(dentry()?),
        Kind::Link => Change::Link(dentry()?),
        Kind::Unlink => Change::Unlink(dentry()?),
        Kind::Pad | Kind::Tail | Kind::Head => return Ok(None),
    }))
}

fn file_blocks(first: u32, count: u32) -> Range<u64> {
    let first = u64::from(first);
    first..first.saturating_add(u64::from(count))
}

fn extent_length(ee_len: u16) -> u16 {
    if ee_len > INIT_MAX_LEN { ee_len.saturating_sub(INIT_MAX_LEN) } else { ee_len }
}

/// Where the `struct ext4_extent` at 0x4 begins on the volume; nowhere when it is unwritten.
fn extent_start(value: &Fields<'_>, blocks: &Blocks) -> Result<Option<BlockNumber>> {
    let ee_len = value.u16(0x8)?;
    let start = u64::from(value.u32(0xc)?) | u64::from(value.u16(0xa)?) << 32;
    let count = u64::from(extent_length(ee_len));
    let last = start.saturating_add(count.saturating_sub(1));
    match (blocks.number(start), blocks.number(last)) {
        (Some(first), Some(_)) if count > 0 => Ok((ee_len <= INIT_MAX_LEN).then_some(first)),
        _ => Err(value.corrupt(0x8, format_args!("{count} blocks from {start} on, of {}", blocks.count()))),
    }
}

/// Bytes of memory that a change takes, about.
pub(crate) fn weight(kind: Kind, length: usize, superblock: &Superblock) -> u64 {
    const NODE: u64 = 128;
    match kind {
        // It is completed to a whole inode.
        Kind::Inode => to_u64(length).saturating_add(u64::from(superblock.inode_size)).saturating_add(NODE),
        Kind::Pad | Kind::Tail | Kind::Head => 0,
        // A directory's patch and a name in it, twice: while the commit is open, and applied.
        _ => to_u64(length).saturating_mul(2).saturating_add(2 * NODE),
    }
}
