//! Regular files: their bytes, and where these lie.

use crate::block_map::{Run, for_each_run};
use crate::blocks::Blocks;
use crate::inode::Inode;
use crate::superblock::Superblock;
use core::ops::ControlFlow;
use fsimage_sdk::{Error, ErrorKind, Extent, ExtentKind, FileType, Result, to_u64, to_usize};

/// Fills `buffer` from byte `offset`; the count is short only at the end of the file.
///
/// # Errors
/// As [`fsimage_sdk::FileSystem::read_at`].
pub(crate) fn read_at(
    blocks: &Blocks,
    superblock: &Superblock,
    inode: &Inode,
    offset: u64,
    buffer: &mut [u8],
) -> Result<usize> {
    check_regular(inode)?;
    let wanted = inode.size().saturating_sub(offset).min(to_u64(buffer.len()));
    let Some(buffer) = buffer.get_mut(..to_usize(wanted)?).filter(|b| !b.is_empty()) else {
        return Ok(0);
    };
    read_mapped(blocks, superblock, inode, offset, buffer)?;
    Ok(buffer.len())
}

/// Fills the whole buffer, which must end within the file.
pub(crate) fn read_mapped(
    blocks: &Blocks,
    superblock: &Superblock,
    inode: &Inode,
    offset: u64,
    buffer: &mut [u8],
) -> Result<()> {
    let range = offset..offset.saturating_add(to_u64(buffer.len()));
    for_each_run(blocks, superblock, inode, range, &mut |run| {
        let start = to_usize(run.logical.saturating_sub(offset))?;
        let part = buffer
            .get_mut(start..to_usize(run.end().saturating_sub(offset))?)
            .ok_or_else(|| Error::new(ErrorKind::Internal, "a run outside of its range"))?;
        match run.physical {
            Some(place) => blocks.read_exact_at(place, part)?,
            None => part.fill(0),
        }
        Ok(ControlFlow::Continue(()))
    })
}

/// Hands the file's extents from byte `offset` to its end to `sink`.
///
/// # Errors
/// As [`fsimage_sdk::FileSystem::extents`].
pub(crate) fn extents(
    blocks: &Blocks,
    superblock: &Superblock,
    inode: &Inode,
    offset: u64,
    sink: &mut dyn FnMut(Extent) -> ControlFlow<()>,
) -> Result<()> {
    check_regular(inode)?;
    let range = offset..inode.size();
    if blocks.has_overlay() {
        // All or nothing: who got some extents would take what follows them for an error of the disk.
        for_each_run(blocks, superblock, inode, range.clone(), &mut |run| {
            if run.physical.is_some_and(|place| !blocks.is_plain(place, run.length)) {
                let text = format!("inode {}: newer bytes of it lie in Solaris' log", inode.number.get());
                return Err(Error::unsupported(text));
            }
            Ok(ControlFlow::Continue(()))
        })?;
    }
    for_each_run(blocks, superblock, inode, range, &mut |run| Ok(sink(extent(blocks, &run)?)))
}

fn extent(blocks: &Blocks, run: &Run) -> Result<Extent> {
    let kind = match run.physical {
        Some(physical) => {
            blocks.check_on_volume(physical, run.length)?;
            ExtentKind::Data { volume: 0, physical }
        }
        None => ExtentKind::Hole,
    };
    Ok(Extent { logical: run.logical, length: run.length, kind })
}

fn check_regular(inode: &Inode) -> Result<()> {
    match inode.file_type() {
        FileType::Regular => inode.check_readable(),
        FileType::Directory => Err(inode.wrong_kind(ErrorKind::IsADirectory)),
        _ => Err(inode.wrong_kind(ErrorKind::NotAFile)),
    }
}
