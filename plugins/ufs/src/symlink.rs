//! Symbolic links: in place of the pointers when short, else in a block of their own.

use crate::blocks::Blocks;
use crate::file::read_mapped;
use crate::inode::Inode;
use crate::superblock::Superblock;
use fsimage_sdk::{ErrorKind, FileType, Result, to_usize};

/// Longest target in bytes: `MAXPATHLEN` is 1024, and Linux, which writes UFS too, has 4096.
const MAX_TARGET: u64 = 4096;

/// A link's target.
///
/// # Errors
/// `NotASymlink`; `Corrupt` when the target is empty, longer than 4096 bytes or holds a NUL.
pub(crate) fn read_link(blocks: &Blocks, superblock: &Superblock, inode: &Inode) -> Result<Vec<u8>> {
    if inode.file_type() != FileType::Symlink {
        return Err(inode.wrong_kind(ErrorKind::NotASymlink));
    }
    let size = inode.size();
    if size == 0 || size > MAX_TARGET {
        return Err(inode.bad_size("a symbolic link of so many bytes"));
    }
    let length = to_usize(size)?;
    let target = if is_short(superblock, inode) {
        let target = inode.pointers.get(..length).map(<[u8]>::to_vec);
        target.ok_or_else(|| inode.bad_size("a symbolic link without blocks is longer than its inode"))?
    } else {
        let mut target = vec![0; length];
        read_mapped(blocks, superblock, inode, 0, &mut target)?;
        target
    };
    if target.contains(&0) {
        return Err(inode.corrupt(inode.pointers_offset, "the symbolic link's target holds a NUL"));
    }
    Ok(target)
}

/// Does the target lie in the inode? BSD goes by its length, since blocks may be those of extended attributes, and like
/// Sun by there being no blocks.
fn is_short(superblock: &Superblock, inode: &Inode) -> bool {
    inode.di_blocks == 0 || superblock.max_short_link.is_some_and(|max| inode.size() < u64::from(max))
}
