//! "Inline Data": a file or directory within its inode: `i_block` first, then the attribute `system.data`.

use crate::blocks::Blocks;
use crate::inode::{GOOD_OLD_SIZE, I_BLOCK_SIZE, Inode};
use crate::raw_inode;
use crate::superblock::Superblock;
use fsimage_sdk::{Endian, Fields, Result, to_usize};

/// `h_magic` of "Extended Attributes" within an inode.
const XATTR_MAGIC: u32 = 0xea02_0000;
/// `e_name_index` of the prefix `system.`.
const INDEX_SYSTEM: u8 = 7;
const NAME: &[u8] = b"data";
/// Bytes of an entry before its name.
const ENTRY_SIZE: usize = 16;

/// What an inode holds of its own data.
pub(crate) struct InlineData {
    /// `i_block`.
    pub(crate) head: [u8; I_BLOCK_SIZE],
    /// The value of `system.data`: empty when all fits into the head.
    pub(crate) tail: Vec<u8>,
    /// Byte offset of the tail on the volume, for messages.
    pub(crate) tail_place: u64,
}

impl InlineData {
    /// Both parts in one piece.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        [&self.head, self.tail.as_slice()].concat()
    }
}

/// Reads the rest of the inode, which is at most a block, and finds the attribute in it.
///
/// # Errors
/// `Corrupt` when the attributes contradict themselves.
pub(crate) fn read(blocks: &Blocks, superblock: &Superblock, inode: &Inode) -> Result<InlineData> {
    let skipped = GOOD_OLD_SIZE.saturating_add(inode.extra_size);
    let place = inode.place.saturating_add(u64::from(skipped));
    let bytes = raw_inode::read_attributes(blocks, superblock, inode)?;
    let fields = Fields::new(&bytes, Endian::Little, "extended attributes of the inode", place);
    let has_attributes = bytes.len() >= 4 && fields.u32(0x0)? == XATTR_MAGIC;
    let found = if has_attributes { find(&fields)? } else { None };
    let (tail, tail_place) = match found {
        Some((offset, value)) => (value.to_vec(), fields.place(offset)),
        None => (Vec::new(), place),
    };
    Ok(InlineData { head: inode.i_block, tail, tail_place })
}

/// The value of `system.data` and its offset. Entries begin behind the magic number and end at four zero bytes.
fn find<'a>(fields: &Fields<'a>) -> Result<Option<(usize, &'a [u8])>> {
    const FIRST: usize = 4;
    let mut offset = FIRST;
    // Each round moves on by at least an entry's 16 bytes.
    while offset.saturating_add(4) <= fields.bytes().len() && fields.u32(offset)? != 0 {
        let e_name_len = usize::from(fields.u8(offset)?);
        let e_name_index = fields.u8(offset.saturating_add(1))?;
        let name_offset = offset.saturating_add(ENTRY_SIZE);
        let name = fields.slice(name_offset, e_name_len)?;
        if e_name_index == INDEX_SYSTEM && name == NAME {
            let e_value_offs = usize::from(fields.u16(offset.saturating_add(2))?);
            let e_value_inum = fields.u32(offset.saturating_add(4))?;
            if e_value_inum != 0 {
                return Err(fields.corrupt(offset, "system.data lies in another inode"));
            }
            let e_value_size = to_usize(u64::from(fields.u32(offset.saturating_add(8))?))?;
            let value = FIRST.saturating_add(e_value_offs);
            return Ok(Some((value, fields.slice(value, e_value_size)?)));
        }
        offset = name_offset.saturating_add(e_name_len).next_multiple_of(4);
    }
    Ok(None)
}
