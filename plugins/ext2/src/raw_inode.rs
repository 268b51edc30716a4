//! An inode as bytes: what a fast commit says of it, put over what the disk has.

use crate::blocks::Blocks;
use crate::inode::{EXTENTS_FL, GOOD_OLD_SIZE, I_BLOCK_SIZE, Inode, place};
use crate::superblock::Superblock;
use crate::units::InodeNumber;
use fsimage_sdk::{Result, to_usize};

const I_BLOCK: usize = 0x28;
const I_GENERATION: usize = 0x64;
/// `eh_magic`, little-endian, with which a map of extents begins.
const EXTENT_MAGIC: [u8; 2] = [0x0a, 0xf3];
/// The header of a map without extents: magic, no entries of at most four, depth 0, generation 0.
const NO_EXTENTS: [u8; 12] = [0x0a, 0xf3, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0];

/// All bytes of an inode as they lie on the disk.
///
/// # Errors
/// As [`Inode::read`]; what the bytes say is not looked at.
pub(crate) fn read(blocks: &Blocks, superblock: &Superblock, number: InodeNumber) -> Result<Vec<u8>> {
    place(blocks, superblock, number)
        .and_then(|place| blocks.read_vec_at(place, to_usize(u64::from(superblock.inode_size))?))
        .map_err(|e| e.within(format!("inode {}", number.get())))
}

/// The bytes of an inode behind its fields, where its extended attributes are.
///
/// # Errors
/// `Io`.
pub(crate) fn read_attributes(blocks: &Blocks, superblock: &Superblock, inode: &Inode) -> Result<Vec<u8>> {
    let skipped = GOOD_OLD_SIZE.saturating_add(inode.extra_size);
    if let Some(raw) = blocks.patches().inode(inode.number).and_then(|patch| patch.raw.as_ref()) {
        return Ok(raw.get(to_usize(u64::from(skipped))?..).unwrap_or_default().to_vec());
    }
    let length = superblock.inode_size.saturating_sub(skipped);
    blocks.read_vec_at(inode.place.saturating_add(u64::from(skipped)), to_usize(u64::from(length))?)
}

/// Is this another file than the one that had the inode's number before?
pub(crate) fn is_another(old: &[u8], new: &[u8]) -> bool {
    let generation = |raw: &[u8]| raw.get(I_GENERATION..I_GENERATION.saturating_add(4)).map(<[u8]>::to_vec);
    generation(old) != generation(new)
}

pub(crate) fn is_directory(raw: &[u8]) -> bool {
    raw.get(1).is_some_and(|high| high & 0xf0 == 0x40)
}

/// A fast commit's inode over the whole one that was there before. A map of extents stays, for the commit's tags move its
/// blocks one range at a time; what else `i_block` can hold (a link's target, inline data) comes with the inode.
pub(crate) fn merged(old: Vec<u8>, new: &[u8]) -> Vec<u8> {
    let map = I_BLOCK..I_BLOCK.saturating_add(I_BLOCK_SIZE);
    let known = old.get(map.clone()).filter(|map| map.starts_with(&EXTENT_MAGIC) && !is_another(&old, new));
    let kept: Option<Vec<u8>> = has_extents(new).then(|| match known {
        Some(map) => map.to_vec(),
        None => NO_EXTENTS.into_iter().chain([0; I_BLOCK_SIZE]).take(I_BLOCK_SIZE).collect(),
    });
    let mut whole = old;
    whole.iter_mut().zip(new).for_each(|(byte, new)| *byte = *new);
    if let (Some(kept), Some(map)) = (kept, whole.get_mut(map)) {
        map.iter_mut().zip(kept).for_each(|(byte, kept)| *byte = kept);
    }
    whole
}

fn has_extents(raw: &[u8]) -> bool {
    let i_flags = raw.get(0x20..0x24).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_le_bytes);
    i_flags & EXTENTS_FL != 0
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;

    fn raw(generation: u8, flags: u32, map: &[u8], rest: u8) -> Vec<u8> {
        let mut raw = vec![rest; 256];
        raw[0x20..0x24].copy_from_slice(&flags.to_le_bytes());
        raw[I_BLOCK..I_BLOCK + map.len()].copy_from_slice(map);
        raw[I_GENERATION..I_GENERATION + 4].fill(generation);
        raw
    }

    #[test]
    fn what_stays_of_an_inode() {
        let root = [&EXTENT_MAGIC[..], &[1, 0, 4, 0], &[7; 54]].concat();
        let old = raw(1, EXTENTS_FL, &root, 0xee);
        let map = |raw: &[u8]| raw[I_BLOCK..I_BLOCK + I_BLOCK_SIZE].to_vec();
        let same = merged(old.clone(), &raw(1, EXTENTS_FL, &[9; 60], 0x11)[..160]);
        assert_eq!(map(&same), root, "the map stays");
        assert_eq!((same[0], same[159], same[160], same.len()), (0x11, 0x11, 0xee, 256));
        let another = merged(old.clone(), &raw(2, EXTENTS_FL, &[9; 60], 0x11)[..160]);
        assert_eq!(map(&another)[..12], NO_EXTENTS, "another file's map does not");
        assert_eq!(map(&another)[12..], [0; 48]);
        let link = merged(old, &raw(1, 0, &[b'x'; 60], 0x11)[..160]);
        assert_eq!(map(&link), [b'x'; 60], "a link's target comes with the inode");
    }
}
