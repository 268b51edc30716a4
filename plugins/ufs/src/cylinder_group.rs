//! Cylinder groups (`struct cg`): bitmaps and counts are a writer's, so only the check hash is looked at, where there is
//! one.

use crate::blocks::Blocks;
use crate::check_hash;
use crate::superblock::Superblock;
use crate::units::GroupNumber;
use fsimage_sdk::{Error, Fields, Result, to_usize};

/// Verifies the group an inode lies in: `cg_ckhash` at 0x84.
///
/// # Errors
/// `Io`; a mismatch under `checksums=strict`.
pub(crate) fn check(blocks: &Blocks, superblock: &Superblock, group: GroupNumber) -> Result<()> {
    if !superblock.check_hashes.has_cylinder_groups() {
        return Ok(());
    }
    let size = u64::from(superblock.cylinder_group_size);
    let place = superblock.cylinder_group_place(group).filter(|_| size <= superblock.block_size.bytes());
    let Some(place) = place else {
        let text = format!("cylinder group {}: its block does not lie within the filesystem", group.0);
        return blocks.remarks().mismatch(Error::corrupt(text));
    };
    let bytes = blocks.read(place, to_usize(size)?)?;
    let fields = Fields::new(&bytes, superblock.endian, "cylinder group", place);
    if bytes.len() < 0x88 {
        return blocks.remarks().mismatch(fields.corrupt(0, format_args!("fs_cgsize {size}")));
    }
    check_hash::compare(&fields, 0x84, &bytes, blocks.remarks())
}
