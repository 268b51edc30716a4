//! "Metadata Checksums": whether a structure is what was written. What a mismatch means is the policy of `Remarks`.

use crate::blocks::Blocks;
use crate::checksum::crc16;
use crate::inode::GOOD_OLD_SIZE;
use crate::superblock::Superblock;
use fsimage_sdk::{Endian, Error, Fields, Result, crc32c};

/// `det_reserved_ft` of the entry that ends a checksummed leaf.
const TAIL_FILE_TYPE: u8 = 0xde;
const TAIL_SIZE: usize = 12;

/// crc32c over pieces, the checksum's own bytes replaced by zeros by the caller.
fn sum<const N: usize>(seed: u32, pieces: [&[u8]; N]) -> u32 {
    pieces.into_iter().fold(seed, crc32c)
}

/// The superblock, which `metadata_csum` covers up to its last field.
pub(crate) fn superblock(blocks: &Blocks, superblock: &Superblock, bytes: &[u8]) -> Result<()> {
    if superblock.seed.is_none() {
        return Ok(());
    }
    let sb = Fields::new(bytes, Endian::Little, "superblock", crate::superblock::SUPERBLOCK_OFFSET);
    compare(blocks, &sb, 0x3fc, u64::from(sb.u32(0x3fc)?), u64::from(crc32c(u32::MAX, sb.slice(0, 0x3fc)?)))
}

/// A group descriptor, whole: under `metadata_csum` or the older `uninit_bg`.
pub(crate) fn descriptor(
    blocks: &Blocks,
    superblock: &Superblock,
    group: u32,
    descriptor: &Fields<'_>,
) -> Result<()> {
    let (before, behind) = (descriptor.slice(0, 0x1e)?, descriptor.bytes().get(0x20..).unwrap_or_default());
    let number = group.to_le_bytes();
    let due = if let Some(seed) = superblock.seed {
        sum(seed, [&number, before, &[0; 2], behind]) & 0xffff
    } else if superblock.features.gdt_csum() {
        let pieces = [superblock.uuid.as_slice(), &number, before, behind];
        u32::from(pieces.into_iter().fold(u16::MAX, crc16))
    } else {
        return Ok(());
    };
    compare(blocks, descriptor, 0x1e, u64::from(descriptor.u16(0x1e)?), u64::from(due))
}

/// An inode, whole; gives the seed for the sums of its blocks.
pub(crate) fn inode(
    blocks: &Blocks,
    superblock: &Superblock,
    number: u32,
    inode: &Fields<'_>,
) -> Result<Option<u32>> {
    let Some(own) = inode_seed(superblock, number, inode)? else { return Ok(None) };
    let body = sum(own, [inode.slice(0, 0x7c)?, &[0; 2], inode.slice(0x7e, 2)?]);
    let wide = superblock.inode_size > GOOD_OLD_SIZE && inode.u16(0x80)? >= 4;
    let behind = |from: usize| inode.bytes().get(from..).unwrap_or_default();
    let low = u32::from(inode.u16(0x7c)?);
    let (found, due) = if wide {
        let due = sum(body, [inode.slice(0x80, 2)?, &[0; 2], behind(0x84)]);
        (low | u32::from(inode.u16(0x82)?) << 16, due)
    } else {
        (low, sum(body, [behind(0x80)]) & 0xffff)
    };
    compare(blocks, inode, 0x7c, u64::from(found), u64::from(due))?;
    Ok(Some(own))
}

/// The seed alone, for the sums of an inode's blocks: they go on from its number and `i_generation`.
pub(crate) fn inode_seed(superblock: &Superblock, number: u32, inode: &Fields<'_>) -> Result<Option<u32>> {
    let generation = inode.slice(0x64, 4)?;
    Ok(superblock.seed.map(|seed| sum(seed, [&number.to_le_bytes(), generation])))
}

/// A node of an extent tree: the sum follows its last possible entry.
pub(crate) fn extent_node(blocks: &Blocks, seed: Option<u32>, node: &Fields<'_>) -> Result<()> {
    let Some(seed) = seed else { return Ok(()) };
    let offset = usize::from(node.u16(0x4)?).saturating_add(1).saturating_mul(12);
    // A node that leaves no room has a wrong eh_max, which the tree's own checks judge.
    match (node.slice(0, offset), node.u32(offset)) {
        (Ok(covered), Ok(found)) => {
            compare(blocks, node, offset, u64::from(found), u64::from(crc32c(seed, covered)))
        }
        _ => Ok(()),
    }
}

/// A leaf of a directory: the sum lies in what looks like an unused last entry.
pub(crate) fn directory_leaf(blocks: &Blocks, seed: Option<u32>, leaf: &Fields<'_>) -> Result<()> {
    let Some(seed) = seed else { return Ok(()) };
    let start = leaf.bytes().len().saturating_sub(TAIL_SIZE);
    let at = |field: usize| start.saturating_add(field);
    if leaf.u32(at(0))? != 0 || leaf.u16(at(4))? != 12 || leaf.u8(at(7))? != TAIL_FILE_TYPE {
        return blocks.remarks().mismatch(leaf.corrupt(start, "no checksum"));
    }
    compare(blocks, leaf, at(8), u64::from(leaf.u32(at(8))?), u64::from(crc32c(seed, leaf.slice(0, start)?)))
}

/// A node of a directory's index whose entries begin at `entries`: the sum follows the last possible entry.
pub(crate) fn index_node(
    blocks: &Blocks,
    seed: Option<u32>,
    node: &Fields<'_>,
    entries: usize,
) -> Result<()> {
    let Some(seed) = seed else { return Ok(()) };
    let end_of = |field: u16| entries.saturating_add(usize::from(field).saturating_mul(8));
    let used = end_of(node.u16(entries.saturating_add(2))?);
    let tail = end_of(node.u16(entries)?);
    match (node.slice(0, used), node.slice(tail, 8)) {
        (Ok(covered), Ok(_)) => {
            let reserved = node.slice(tail, 4)?;
            let found = node.u32(tail.saturating_add(4))?;
            compare(blocks, node, tail, u64::from(found), u64::from(sum(seed, [covered, reserved, &[0; 4]])))
        }
        _ => blocks.remarks().mismatch(node.corrupt(entries, "no room for a checksum")),
    }
}

fn compare(blocks: &Blocks, structure: &Fields<'_>, offset: usize, found: u64, due: u64) -> Result<()> {
    if found == due {
        return Ok(());
    }
    let error: Error = structure.corrupt(offset, format_args!("checksum {found:#x} where {due:#x} is due"));
    blocks.remarks().mismatch(error)
}
