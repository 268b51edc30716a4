//! "Descriptor Block": which blocks the copies behind it are of (`struct journal_block_tag_s`, `…_tag3_s`).

use crate::journal_superblock::{Checksums, JournalSuperblock};
use crate::units::join_u64;
use fsimage_sdk::{Fields, Result};

const FLAG_ESCAPE: u32 = 0x1;
const FLAG_SAME_UUID: u32 = 0x2;
const FLAG_LAST_TAG: u32 = 0x8;
/// Bytes of a block's header, before the first tag.
const HEADER_SIZE: usize = 12;
const UUID_SIZE: usize = 16;

/// One copy.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tag {
    /// The filesystem's block.
    pub(crate) block: u64,
    pub(crate) escaped: bool,
    /// crc32c of sequence number and copy; its low 16 bits in version 2, 0 without.
    pub(crate) checksum: u32,
}

/// The tags of a block, at most as many as fit into it.
pub(crate) fn read(block: &Fields<'_>, journal: &JournalSuperblock) -> Result<Vec<Tag>> {
    let size = size(journal);
    let tail = if journal.has_crc32c() { 4 } else { 0 };
    let end = block.bytes().len().saturating_sub(tail);
    let mut tags = Vec::new();
    let mut offset = HEADER_SIZE;
    // Each round moves on by at least 8 bytes.
    while offset.saturating_add(size) <= end {
        let at = |field: usize| offset.saturating_add(field);
        let (flags, checksum) = match journal.checksums {
            Checksums::V3 => (block.u32(at(0x4))?, block.u32(at(0xc))?),
            _ => (u32::from(block.u16(at(0x6))?), u32::from(block.u16(at(0x4))?)),
        };
        let high = if journal.wide_tags { block.u32(at(0x8))? } else { 0 };
        tags.push(Tag {
            block: join_u64(block.u32(offset)?, high),
            escaped: flags & FLAG_ESCAPE != 0,
            checksum,
        });
        offset = at(size);
        if flags & FLAG_SAME_UUID == 0 {
            offset = offset.saturating_add(UUID_SIZE);
        }
        if flags & FLAG_LAST_TAG != 0 {
            break;
        }
    }
    Ok(tags)
}

/// Bytes of a tag. Version 2 adds two bytes that it never uses.
fn size(journal: &JournalSuperblock) -> usize {
    match (journal.checksums, journal.wide_tags) {
        (Checksums::V3, _) => 16,
        (Checksums::V2, true) => 14,
        (Checksums::V2, false) => 10,
        (_, true) => 12,
        (_, false) => 8,
    }
}
