//! Regular files: their bytes, and where these lie.

use crate::block_map::{Run, RunSink, for_each_run};
use crate::blocks::Blocks;
use crate::inline_data;
use crate::inode::Inode;
use crate::superblock::Superblock;
use core::ops::ControlFlow;
use fsimage_sdk::{Error, ErrorKind, Extent, ExtentKind, FileType, Result, Runs, to_u64, to_usize};

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
    if inode.has_inline_data() {
        let data = inline_data::read(blocks, superblock, inode)?.bytes();
        // As in Linux, a file that was made longer before it left its inode goes on as a hole.
        let mut source = data.get(to_usize(offset)?..).unwrap_or_default().iter();
        buffer.fill_with(|| source.next().copied().unwrap_or(0));
        return Ok(buffer.len());
    }
    read_mapped(blocks, inode, offset, buffer)?;
    Ok(buffer.len())
}

/// Fills the whole buffer, which must end within the file.
pub(crate) fn read_mapped(blocks: &Blocks, inode: &Inode, offset: u64, buffer: &mut [u8]) -> Result<()> {
    let block_size = blocks.block_size();
    let end = offset.saturating_add(to_u64(buffer.len()));
    let range = block_size.block_at(offset)..block_size.blocks_of(end);
    for_each_run(blocks, inode, range, &mut |run| {
        let run_start = block_size.start_of(run.logical)?;
        let start = run_start.max(offset);
        let stop = block_size.start_of(run.end())?.min(end);
        let part = buffer
            .get_mut(to_usize(start.saturating_sub(offset))?..to_usize(stop.saturating_sub(offset))?)
            .ok_or_else(|| Error::new(ErrorKind::Internal, "a run outside of its range"))?;
        match run.physical {
            Some(physical) => {
                let skipped = start.saturating_sub(run_start);
                let place = blocks.place(physical)?.saturating_add(skipped);
                blocks.read_exact_at(place, part)?;
            }
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
    inode: &Inode,
    offset: u64,
    sink: &mut dyn FnMut(Extent) -> ControlFlow<()>,
) -> Result<()> {
    check_regular(inode)?;
    if inode.has_inline_data() {
        return Err(Error::unsupported(format!("inode {}: inline data has no extents", inode.number.get())));
    }
    let size = inode.size();
    if offset >= size {
        return Ok(());
    }
    let range = blocks.block_size().block_at(offset)..blocks.block_size().blocks_of(size);
    if blocks.has_escaped() {
        // All or nothing: who got some extents would take what follows them for an error of the disk.
        for_each_run(blocks, inode, range.clone(), &mut |run| {
            for_each_piece(blocks, &run, &mut |_| Ok(ControlFlow::Continue(())))
        })?;
    }
    let mut to_extent = |run| Ok(sink(extent(blocks, &run, size)?));
    // Blocks that the journal moved next to each other join anew.
    let mut runs = Runs::new(range.start, &mut to_extent);
    let mut stopped = false;
    for_each_run(blocks, inode, range.clone(), &mut |run| {
        let flow = for_each_piece(blocks, &run, &mut |piece| runs.add(piece))?;
        stopped = flow.is_break();
        Ok(flow)
    })?;
    if !stopped {
        let _ = runs.finish(range.end)?;
    }
    Ok(())
}

/// A run in pieces, where parts of it lie in the journal.
fn for_each_piece(blocks: &Blocks, run: &Run, sink: RunSink<'_>) -> Result<ControlFlow<()>> {
    let Some(first) = run.physical else { return sink(*run) };
    blocks.for_each_piece(first, run.length, &mut |skipped, length, physical| {
        sink(Run { logical: run.logical.saturating_add(skipped), length, physical: Some(physical) })
    })
}

/// A run in bytes, cut at the end of the file.
fn extent(blocks: &Blocks, run: &Run, size: u64) -> Result<Extent> {
    let logical = blocks.block_size().start_of(run.logical)?;
    let length = blocks.block_size().start_of(run.end())?.min(size).saturating_sub(logical);
    let kind = match run.physical {
        Some(block) => {
            let physical = blocks.place(block)?;
            blocks.check_on_volume(physical, length)?;
            ExtentKind::Data { volume: 0, physical }
        }
        None => ExtentKind::Hole,
    };
    Ok(Extent { logical, length, kind })
}

fn check_regular(inode: &Inode) -> Result<()> {
    match inode.file_type() {
        FileType::Regular => inode.check_readable(),
        FileType::Directory => {
            Err(Error::new(ErrorKind::IsADirectory, format!("inode {}", inode.number.get())))
        }
        other => {
            let text = format!("inode {} is a {}", inode.number.get(), other.text());
            Err(Error::new(ErrorKind::NotAFile, text))
        }
    }
}
