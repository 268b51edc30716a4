//! "Symbolic Links": in `i_block` when shorter than 60 bytes, else in a block of their own.

use crate::blocks::Blocks;
use crate::file::read_mapped;
use crate::inline_data;
use crate::inode::{I_BLOCK_SIZE, Inode};
use crate::superblock::Superblock;
use fsimage_sdk::{Error, ErrorKind, FileType, Result, to_usize};

/// Longest target in bytes (Linux: `PATH_MAX`).
const MAX_TARGET: u64 = 4096;

/// A link's target.
///
/// # Errors
/// `NotASymlink`; `Corrupt` when the target is empty, longer than 4096 bytes or holds a NUL.
pub(crate) fn read_link(blocks: &Blocks, superblock: &Superblock, inode: &Inode) -> Result<Vec<u8>> {
    if inode.file_type() != FileType::Symlink {
        let text = format!("inode {} is a {}", inode.number.get(), inode.file_type().text());
        return Err(Error::new(ErrorKind::NotASymlink, text));
    }
    inode.check_readable()?;
    let size = inode.size();
    if size == 0 || size > MAX_TARGET {
        return Err(inode.corrupt(0x4, format_args!("a symbolic link of i_size {size}")));
    }
    let length = to_usize(size)?;
    let target = if inode.has_inline_data() {
        inline_data::read(blocks, superblock, inode)?.bytes().get(..length).map(<[u8]>::to_vec)
    } else if length < I_BLOCK_SIZE && !inode.has_extents() {
        inode.i_block.get(..length).map(<[u8]>::to_vec)
    } else {
        let mut target = vec![0; length];
        read_mapped(blocks, inode, 0, &mut target)?;
        Some(target)
    };
    let target = target.ok_or_else(|| inode.corrupt(0x4, "i_size exceeds the inline data"))?;
    if target.contains(&0) {
        return Err(inode.corrupt(0x28, "the symbolic link's target holds a NUL"));
    }
    Ok(target)
}
