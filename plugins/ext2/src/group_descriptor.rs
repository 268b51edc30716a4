//! "Block Group Descriptors" (`struct ext4_group_desc`): read one at a time, when an inode of its group is wanted.

use crate::blocks::Blocks;
use crate::metadata_checksum;
use crate::superblock::Superblock;
use crate::units::{BlockNumber, GroupNumber, beyond_64_bits};
use fsimage_sdk::{Endian, Fields, Result, to_usize};

/// The part of a descriptor that a reader needs.
///
/// Its flags (`INODE_UNINIT` and the like) are not looked at: they spare a writer work, and an inode that a
/// directory names must be valid in itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GroupDescriptor {
    /// First block of the group's inode table.
    pub(crate) inode_table: BlockNumber,
}

impl GroupDescriptor {
    /// The descriptor of one group.
    ///
    /// # Errors
    /// `Corrupt` when the descriptor's place or its inode table lies outside the filesystem.
    pub(crate) fn read(blocks: &Blocks, superblock: &Superblock, group: GroupNumber) -> Result<Self> {
        let place = place(superblock, group)?;
        let wide = superblock.features.has_64bit();
        // At most 1024 bytes. The checksum covers what a later version may have put behind the first 64.
        let bytes = blocks.read_vec_at(place, to_usize(u64::from(superblock.descriptor_size.get()))?)?;
        let descriptor = Fields::new(&bytes, Endian::Little, "group descriptor", place);
        metadata_checksum::descriptor(blocks, superblock, group.0, &descriptor)?;
        let low = descriptor.u32(0x8)?;
        let high = if wide { descriptor.u32(0x28)? } else { 0 };
        let bg_inode_table = crate::units::join_u64(low, high);
        let inode_table = superblock.block_number(bg_inode_table).ok_or_else(|| {
            descriptor.corrupt(
                0x8,
                format_args!(
                    "bg_inode_table of group {} is block {bg_inode_table} of {}",
                    group.0, superblock.block_count
                ),
            )
        })?;
        Ok(Self { inode_table })
    }
}

/// The byte at which a group's descriptor begins.
fn place(superblock: &Superblock, group: GroupNumber) -> Result<u64> {
    let size = u64::from(superblock.descriptor_size.get());
    let per_block = superblock.block_size.get() / superblock.descriptor_size;
    let block_index = group.0.checked_div(per_block).unwrap_or(0);
    let in_block = u64::from(group.0.checked_rem(per_block).unwrap_or(0));
    let block = if superblock.features.meta_bg() && block_index >= superblock.first_meta_bg {
        meta_block(superblock, block_index, per_block)?
    } else {
        superblock_block(superblock)
            .checked_add(1)
            .and_then(|b| b.checked_add(u64::from(block_index)))
            .ok_or_else(beyond_64_bits)?
    };
    superblock
        .block_size
        .start_of(block)?
        .checked_add(in_block.saturating_mul(size))
        .ok_or_else(beyond_64_bits)
}

/// The block that holds the primary superblock.
fn superblock_block(superblock: &Superblock) -> u64 {
    // Under bigalloc with 1 KiB blocks group 0 begins at block 0, and the superblock still fills block 1.
    if superblock.block_size.get() == 1024 { 1 } else { u64::from(superblock.first_data_block) }
}

/// "Meta Block Groups": each descriptor block lies in the first of the groups that it describes, behind the
/// superblock's copy if that group has one.
fn meta_block(superblock: &Superblock, block_index: u32, per_block: u32) -> Result<u64> {
    let group = block_index.saturating_mul(per_block);
    if group == 0 {
        return superblock_block(superblock).checked_add(1).ok_or_else(beyond_64_bits);
    }
    u64::from(group)
        .checked_mul(u64::from(superblock.blocks_per_group.get()))
        .and_then(|b| b.checked_add(u64::from(superblock.first_data_block)))
        .and_then(|b| b.checked_add(u64::from(has_superblock(superblock, group))))
        .ok_or_else(beyond_64_bits)
}

/// Does the group begin with a copy of the superblock? ("Layout", `sparse_super` and `sparse_super2`.)
fn has_superblock(superblock: &Superblock, group: u32) -> bool {
    if superblock.features.sparse_super2() {
        return group == 0 || superblock.backup_groups.contains(&group);
    }
    if !superblock.features.sparse_super() || group <= 1 {
        return true;
    }
    [3, 5, 7].into_iter().any(|base| is_power_of(group, base))
}

fn is_power_of(number: u32, base: u32) -> bool {
    let powers = core::iter::successors(Some(base), |power| power.checked_mul(base));
    powers.take_while(|&power| power <= number).any(|power| power == number)
}

#[cfg(test)]
mod tests {
    use super::is_power_of;

    #[test]
    fn backup_groups() {
        let three: Vec<u32> = (2..100).filter(|&n| is_power_of(n, 3)).collect();
        assert_eq!(three, [3, 9, 27, 81]);
        assert!(!is_power_of(u32::MAX, 7));
    }
}
