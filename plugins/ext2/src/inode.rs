//! "Index Nodes" (`struct ext4_inode`): read singly, never by the table.

use crate::blocks::Blocks;
use crate::group_descriptor::GroupDescriptor;
use crate::metadata_checksum;
use crate::patches::Ranges;
use crate::superblock::Superblock;
use crate::units::{InodeNumber, beyond_64_bits, join_u64};
use fsimage_sdk::{Endian, Error, Fields, FileType, Metadata, Result, to_usize};
use std::sync::Arc;

/// Bytes of `i_block`: a map's root, a short symlink, or inline data.
pub(crate) const I_BLOCK_SIZE: usize = 60;
/// Every inode has these bytes; larger ones have `i_extra_isize` more fields, then extended attributes.
pub(crate) const GOOD_OLD_SIZE: u32 = 128;
/// The fields we read end at 0x8c; no more is read of an inode unless a checksum covers it or its data is inline.
const READ_SIZE: u32 = 0xa0;

const ENCRYPT_FL: u32 = 0x800;
const INDEX_FL: u32 = 0x1000;
pub(crate) const EXTENTS_FL: u32 = 0x8_0000;
pub(crate) const INLINE_DATA_FL: u32 = 0x1000_0000;
const CASEFOLD_FL: u32 = 0x4000_0000;

/// A checked inode.
#[derive(Debug, Clone)]
pub(crate) struct Inode {
    pub(crate) number: InodeNumber,
    /// Byte offset on the volume, for messages.
    pub(crate) place: u64,
    pub(crate) metadata: Metadata,
    flags: u32,
    /// `i_extra_isize`: bytes of fields behind the first 128. At most the inode's size less those.
    pub(crate) extra_size: u32,
    pub(crate) i_block: [u8; I_BLOCK_SIZE],
    /// What the checksums of this inode's blocks go on from; `None` when there are none.
    pub(crate) seed: Option<u32>,
    /// What fast commits changed of its block map.
    pub(crate) ranges: Arc<Ranges>,
}

impl Inode {
    /// Reads and checks one inode.
    ///
    /// # Errors
    /// `Corrupt` when its group's descriptor or its own fields make no sense, or when it is not in use.
    pub(crate) fn read(blocks: &Blocks, superblock: &Superblock, number: InodeNumber) -> Result<Self> {
        Self::read_with_place(blocks, superblock, number)
            .map_err(|e| e.within(format!("inode {}", number.get())))
    }

    fn read_with_place(blocks: &Blocks, superblock: &Superblock, number: InodeNumber) -> Result<Self> {
        let place = place(blocks, superblock, number)?;
        let patch = blocks.patches().inode(number).cloned().unwrap_or_default();
        if let Some(raw) = patch.raw {
            // The sum of a fast commit covers it, its own is of another time.
            let fields = Fields::new(&raw, Endian::Little, "ext4_inode of a fast commit", place);
            let seed = metadata_checksum::inode_seed(superblock, number.get(), &fields)?;
            return Ok(Self { ranges: patch.ranges, ..Self::parse(superblock, number, &fields, seed)? });
        }
        let used = match superblock.inode_size {
            size if superblock.seed.is_some() => size,
            size => size.min(READ_SIZE),
        };
        let bytes = blocks.read_vec_at(place, to_usize(u64::from(used))?)?;
        let fields = Fields::new(&bytes, Endian::Little, "ext4_inode", place);
        let seed = metadata_checksum::inode(blocks, superblock, number.get(), &fields)?;
        Ok(Self { ranges: patch.ranges, ..Self::parse(superblock, number, &fields, seed)? })
    }

    fn parse(
        superblock: &Superblock,
        number: InodeNumber,
        inode: &Fields<'_>,
        seed: Option<u32>,
    ) -> Result<Self> {
        let i_mode = inode.u16(0x0)?;
        let file_type = file_type(i_mode)
            .ok_or_else(|| inode.corrupt(0x0, format_args!("i_mode {i_mode:#06x} is no file type")))?;
        let i_links_count = inode.u16(0x1a)?;
        if i_links_count == 0 {
            return Err(inode.corrupt(0x1a, "i_links_count 0: not in use"));
        }
        let extra_size = extra_size(superblock, inode)?;
        let (mtime_seconds, mtime_nanoseconds) = mtime(inode, extra_size)?;
        let metadata = Metadata {
            file_type,
            mode: u32::from(i_mode & 0o7777),
            uid: u32::from(inode.u16(0x2)?) | u32::from(inode.u16(0x78)?) << 16,
            gid: u32::from(inode.u16(0x18)?) | u32::from(inode.u16(0x7a)?) << 16,
            links: u32::from(i_links_count),
            size: size(superblock, inode, file_type)?,
            mtime_seconds,
            mtime_nanoseconds,
        };
        Ok(Self {
            number,
            place: inode.place(0x0),
            metadata,
            flags: inode.u32(0x20)?,
            extra_size,
            i_block: inode.array(0x28)?,
            seed,
            ranges: Arc::default(),
        })
    }

    pub(crate) fn size(&self) -> u64 {
        self.metadata.size
    }

    pub(crate) fn file_type(&self) -> FileType {
        self.metadata.file_type
    }

    pub(crate) fn has_extents(&self) -> bool {
        self.flags & EXTENTS_FL != 0
    }

    pub(crate) fn has_inline_data(&self) -> bool {
        self.flags & INLINE_DATA_FL != 0
    }

    pub(crate) fn has_index(&self) -> bool {
        self.flags & INDEX_FL != 0
    }

    pub(crate) fn is_casefold(&self) -> bool {
        self.flags & CASEFOLD_FL != 0
    }

    /// An error when data and names of this inode are ciphertext.
    pub(crate) fn check_readable(&self) -> Result<()> {
        if self.flags & ENCRYPT_FL == 0 {
            return Ok(());
        }
        let text = format!("inode {}: i_flags has EXT4_ENCRYPT_FL", self.number.get());
        Err(Error::new(fsimage_sdk::ErrorKind::Encrypted, text).at(self.place.saturating_add(0x20)))
    }

    /// An error about this inode; `offset` is the field's in the inode.
    pub(crate) fn corrupt(&self, offset: u64, why: impl core::fmt::Display) -> Error {
        Error::corrupt(format!("inode {}: {why}", self.number.get())).at(self.place.saturating_add(offset))
    }
}

/// The byte at which an inode begins.
pub(crate) fn place(blocks: &Blocks, superblock: &Superblock, number: InodeNumber) -> Result<u64> {
    let (group, index) = superblock.group_of(number);
    let table = GroupDescriptor::read(blocks, superblock, group)?.inode_table;
    let offset = u64::from(index).saturating_mul(u64::from(superblock.inode_size));
    let place = blocks.place(table)?.checked_add(offset).ok_or_else(beyond_64_bits)?;
    let end = place.checked_add(u64::from(superblock.inode_size)).ok_or_else(beyond_64_bits)?;
    if end > superblock.size() {
        let why = format!("the inode table of group {} runs past the filesystem's end", group.0);
        return Err(Error::corrupt(why).at(place));
    }
    Ok(place)
}

fn file_type(i_mode: u16) -> Option<FileType> {
    Some(match i_mode & 0xf000 {
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

/// `i_size_high` counts for files, and for directories under `large_dir`; elsewhere it was once `i_dir_acl`.
fn size(superblock: &Superblock, inode: &Fields<'_>, file_type: FileType) -> Result<u64> {
    let wide = match file_type {
        FileType::Regular => true,
        FileType::Directory => superblock.features.large_dir(),
        _ => false,
    };
    let high = if wide { inode.u32(0x6c)? } else { 0 };
    let size = join_u64(inode.u32(0x4)?, high);
    if i64::try_from(size).is_err() {
        return Err(inode.corrupt(0x6c, format_args!("i_size {size:#x} is no file offset")));
    }
    Ok(size)
}

fn extra_size(superblock: &Superblock, inode: &Fields<'_>) -> Result<u32> {
    let room = superblock.inode_size.saturating_sub(GOOD_OLD_SIZE);
    if room == 0 {
        return Ok(0);
    }
    let i_extra_isize = u32::from(inode.u16(0x80)?);
    if i_extra_isize > room || i_extra_isize % 4 != 0 {
        return Err(inode.corrupt(0x80, format_args!("i_extra_isize {i_extra_isize} of {room} bytes")));
    }
    Ok(i_extra_isize)
}

/// "Inode Timestamps": two bits of the extra field extend the seconds, the rest are nanoseconds.
fn mtime(inode: &Fields<'_>, extra_size: u32) -> Result<(i64, u32)> {
    let seconds = i64::from(inode.i32(0x10)?);
    // i_mtime_extra lies at 0x88..0x8c: within the first 12 bytes behind the first 128.
    if extra_size < 12 {
        return Ok((seconds, 0));
    }
    let i_mtime_extra = inode.u32(0x88)?;
    let epochs = i64::from(i_mtime_extra & 3) << 32;
    let nanoseconds = i_mtime_extra >> 2;
    let nanoseconds = if nanoseconds < 1_000_000_000 { nanoseconds } else { 0 };
    Ok((seconds.saturating_add(epochs), nanoseconds))
}
