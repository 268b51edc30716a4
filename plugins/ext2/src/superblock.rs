//! "The Super Block" (`struct ext4_super_block`).

use crate::features::Features;
use crate::units::{BlockNumber, BlockSize, GroupNumber, InodeNumber, join_u64};
use core::num::NonZeroU32;
use fsimage_sdk::{Endian, Error, Fields, Result, Volume, crc32c};

/// Byte offset of the primary superblock, whatever the block size.
pub(crate) const SUPERBLOCK_OFFSET: u64 = 0x400;
/// Its length in bytes.
pub(crate) const SUPERBLOCK_SIZE: usize = 0x400;

const MAGIC: u16 = 0xef53;
/// `s_rev_level` of a filesystem with variable inode sizes and feature bits.
const EXT4_DYNAMIC_REV: u32 = 1;
/// Inode size of revision 0, and the smallest.
const GOOD_OLD_INODE_SIZE: u32 = 128;
/// Descriptor size without the 64bit feature.
const MIN_DESC_SIZE: u32 = 32;
/// Smallest `s_desc_size` with the 64bit feature.
const MIN_DESC_SIZE_64BIT: u32 = 64;
/// `EXT2_FLAGS_UNSIGNED_HASH` of `s_flags`.
const UNSIGNED_HASH: u32 = 0x2;
/// Largest `s_desc_size` (Linux: the smallest block).
const MAX_DESC_SIZE: u32 = 1024;

/// The checked superblock: what the rest of the reader needs, in its own units.
#[derive(Debug, Clone)]
pub(crate) struct Superblock {
    pub(crate) features: Features,
    pub(crate) block_size: BlockSize,
    /// Blocks of the whole filesystem.
    pub(crate) block_count: u64,
    /// The block of group 0's start: 1 with 1 KiB blocks, else 0.
    pub(crate) first_data_block: u32,
    pub(crate) blocks_per_group: NonZeroU32,
    pub(crate) inodes_per_group: NonZeroU32,
    pub(crate) inode_count: u32,
    /// Bytes from one inode to the next: a power of two from 128 to the block size.
    pub(crate) inode_size: u32,
    /// Bytes from one group descriptor to the next: a power of two from 32 to 1024.
    pub(crate) descriptor_size: NonZeroU32,
    /// The first descriptor block that `meta_bg` moved into its own group.
    pub(crate) first_meta_bg: u32,
    /// Groups with backup superblocks under `sparse_super2`.
    pub(crate) backup_groups: [u32; 2],
    pub(crate) label: Vec<u8>,
    pub(crate) uuid: [u8; 16],
    /// `s_journal_inum`: 8, or 0 when the journal lies on another volume.
    pub(crate) journal_inode: u32,
    /// `s_journal_uuid`: of the journal that lies on another volume.
    pub(crate) journal_uuid: [u8; 16],
    /// What every checksum of metadata goes on from; `None` when there are none.
    pub(crate) seed: Option<u32>,
    /// `s_hash_seed`.
    pub(crate) hash_seed: [u32; 4],
    /// `s_flags`: names hash as unsigned characters.
    pub(crate) unsigned_hash: bool,
    /// `s_encoding`: by which tables names are compared without regard to case.
    pub(crate) encoding: u16,
}

impl Superblock {
    /// The superblock's bytes when its magic number is there; `None` when the volume holds something else.
    ///
    /// # Errors
    /// When the host's read fails.
    pub(crate) fn recognise(volume: &Volume) -> Result<Option<Vec<u8>>> {
        let end = SUPERBLOCK_OFFSET.saturating_add(0x400);
        if volume.size() < end {
            return Ok(None);
        }
        let bytes = volume.read_vec_at(SUPERBLOCK_OFFSET, SUPERBLOCK_SIZE)?;
        let is_ext = fields(&bytes).u16(0x38)? == MAGIC;
        Ok(is_ext.then_some(bytes))
    }

    /// Checks every field that is used.
    ///
    /// # Errors
    /// `Corrupt` for contradictions, `Unsupported` for revisions and features we do not read; each names the
    /// field and its place.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self> {
        let sb = fields(bytes);
        let s_rev_level = sb.u32(0x4c)?;
        if s_rev_level > EXT4_DYNAMIC_REV {
            return Err(
                Error::unsupported(format!("superblock: s_rev_level {s_rev_level}")).at(sb.place(0x4c))
            );
        }
        let dynamic = s_rev_level == EXT4_DYNAMIC_REV;
        let features = if dynamic {
            Features { compat: sb.u32(0x5c)?, incompat: sb.u32(0x60)?, ro_compat: sb.u32(0x64)? }
        } else {
            // Revision 0 has no feature fields: what lies there is not defined.
            Features::default()
        };
        features.check().map_err(|e| e.at(sb.place(0x60)))?;

        let s_log_block_size = sb.u32(0x18)?;
        let block_size = BlockSize::from_log(s_log_block_size)
            .ok_or_else(|| sb.corrupt(0x18, format_args!("s_log_block_size {s_log_block_size} exceeds 6")))?;
        let block_count = block_count(&sb, features, block_size)?;
        let first_data_block = first_data_block(&sb, features, block_size, block_count)?;
        let blocks_per_group =
            per_group(&sb, 0x20, "s_blocks_per_group", blocks_limit(&sb, features, block_size)?)?;
        let inodes_per_group = per_group(&sb, 0x28, "s_inodes_per_group", bitmap_bits(block_size))?;
        let superblock = Self {
            features,
            block_size,
            block_count,
            first_data_block,
            blocks_per_group,
            inodes_per_group,
            inode_count: sb.u32(0x0)?,
            inode_size: inode_size(&sb, dynamic, block_size)?,
            descriptor_size: descriptor_size(&sb, features)?,
            first_meta_bg: sb.u32(0x104)?,
            backup_groups: [sb.u32(0x24c)?, sb.u32(0x250)?],
            label: until_nul(sb.slice(0x78, 16)?),
            uuid: sb.array(0x68)?,
            journal_inode: sb.u32(0xe0)?,
            seed: checksum_seed(&sb, features)?,
            hash_seed: [sb.u32(0xec)?, sb.u32(0xf0)?, sb.u32(0xf4)?, sb.u32(0xf8)?],
            unsigned_hash: sb.u32(0x160)? & UNSIGNED_HASH != 0,
            encoding: sb.u16(0x27c)?,
            journal_uuid: sb.array(0xd0)?,
        };
        superblock.check_inode_count(&sb)?;
        Ok(superblock)
    }

    /// Every inode needs a table: more inodes than the groups hold would be looked for outside of them.
    fn check_inode_count(&self, sb: &Fields<'_>) -> Result<()> {
        let held = u64::from(self.group_count()).saturating_mul(u64::from(self.inodes_per_group.get()));
        if u64::from(self.inode_count) > held || self.inode_count < ROOT_INODE {
            let groups = self.group_count();
            return Err(sb.corrupt(
                0x0,
                format_args!("s_inodes_count {}, while {groups} groups hold {held}", self.inode_count),
            ));
        }
        Ok(())
    }

    /// Block groups, the last of which may be short.
    pub(crate) fn group_count(&self) -> u32 {
        let blocks = self.block_count.saturating_sub(u64::from(self.first_data_block));
        u32::try_from(blocks.div_ceil(u64::from(self.blocks_per_group.get()))).unwrap_or(u32::MAX)
    }

    /// The group whose table holds this inode, and the inode's index in that table.
    pub(crate) fn group_of(&self, inode: InodeNumber) -> (GroupNumber, u32) {
        let index = inode.index();
        (GroupNumber(index / self.inodes_per_group), index % self.inodes_per_group)
    }

    /// An inode number, if the filesystem has it.
    pub(crate) fn inode_number(&self, number: u32) -> Option<InodeNumber> {
        InodeNumber::new(number, self.inode_count)
    }

    /// A block number, if the filesystem has it.
    pub(crate) fn block_number(&self, number: u64) -> Option<BlockNumber> {
        BlockNumber::new(number, self.block_count)
    }

    /// The filesystem's size in bytes.
    pub(crate) fn size(&self) -> u64 {
        self.block_count.saturating_mul(self.block_size.bytes())
    }
}

/// The root directory's inode, always.
pub(crate) const ROOT_INODE: u32 = 2;

fn fields(bytes: &[u8]) -> Fields<'_> {
    Fields::new(bytes, Endian::Little, "superblock", SUPERBLOCK_OFFSET)
}

fn block_count(sb: &Fields<'_>, features: Features, block_size: BlockSize) -> Result<u64> {
    let high = if features.has_64bit() { sb.u32(0x150)? } else { 0 };
    let count = join_u64(sb.u32(0x4)?, high);
    // A size in bytes must stay a file offset; every product of a valid block number then fits into 64 bits.
    let fits = count.checked_mul(block_size.bytes()).is_some_and(|size| i64::try_from(size).is_ok());
    if count == 0 || !fits {
        return Err(
            sb.corrupt(0x4, format_args!("s_blocks_count {count} blocks of {} bytes", block_size.get()))
        );
    }
    Ok(count)
}

fn first_data_block(
    sb: &Fields<'_>,
    features: Features,
    block_size: BlockSize,
    block_count: u64,
) -> Result<u32> {
    let first = sb.u32(0x14)?;
    // With 1 KiB blocks the superblock fills block 1, so group 0 begins there, except under bigalloc, whose
    // groups begin at whole clusters.
    let overlaps = first == 0 && block_size.get() == 1024 && !features.bigalloc();
    if first > 1 || overlaps || u64::from(first) >= block_count {
        return Err(sb.corrupt(0x14, format_args!("s_first_data_block {first}")));
    }
    Ok(first)
}

/// A bitmap of one block has a bit for each item of its group.
fn bitmap_bits(block_size: BlockSize) -> u32 {
    block_size.get().saturating_mul(8)
}

/// Most blocks of a group: a bitmap's bits, times a cluster's blocks under bigalloc.
fn blocks_limit(sb: &Fields<'_>, features: Features, block_size: BlockSize) -> Result<u32> {
    if !features.bigalloc() {
        return Ok(bitmap_bits(block_size));
    }
    let s_log_cluster_size = sb.u32(0x1c)?;
    let blocks_per_cluster = s_log_cluster_size
        .checked_sub(sb.u32(0x18)?)
        .and_then(|log| 1_u32.checked_shl(log))
        .ok_or_else(|| sb.corrupt(0x1c, format_args!("s_log_cluster_size {s_log_cluster_size}")))?;
    Ok(bitmap_bits(block_size).saturating_mul(blocks_per_cluster))
}

fn per_group(sb: &Fields<'_>, offset: usize, name: &str, limit: u32) -> Result<NonZeroU32> {
    let value = sb.u32(offset)?;
    NonZeroU32::new(value)
        .filter(|v| v.get() <= limit)
        .ok_or_else(|| sb.corrupt(offset, format_args!("{name} {value} is not within 1 to {limit}")))
}

fn inode_size(sb: &Fields<'_>, dynamic: bool, block_size: BlockSize) -> Result<u32> {
    if !dynamic {
        return Ok(GOOD_OLD_INODE_SIZE);
    }
    let size = u32::from(sb.u16(0x58)?);
    if !size.is_power_of_two() || size < GOOD_OLD_INODE_SIZE || size > block_size.get() {
        return Err(sb.corrupt(0x58, format_args!("s_inode_size {size}")));
    }
    Ok(size)
}

fn descriptor_size(sb: &Fields<'_>, features: Features) -> Result<NonZeroU32> {
    let size = if features.has_64bit() { u32::from(sb.u16(0xfe)?) } else { MIN_DESC_SIZE };
    let valid = !features.has_64bit()
        || size.is_power_of_two() && (MIN_DESC_SIZE_64BIT..=MAX_DESC_SIZE).contains(&size);
    NonZeroU32::new(size)
        .filter(|_| valid)
        .ok_or_else(|| sb.corrupt(0xfe, format_args!("s_desc_size {size} with 64bit")))
}

fn checksum_seed(sb: &Fields<'_>, features: Features) -> Result<Option<u32>> {
    Ok(match (features.metadata_csum(), features.csum_seed()) {
        (false, _) => None,
        (true, true) => Some(sb.u32(0x270)?),
        (true, false) => Some(crc32c(u32::MAX, sb.slice(0x68, 16)?)),
    })
}

/// A padded name without its padding.
fn until_nul(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().take_while(|&b| b != 0).collect()
}
