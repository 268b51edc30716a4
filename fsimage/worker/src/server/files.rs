//! Answers about files.

use super::volumes::Volumes;
use fsimage_protocol::{
    Bytes, DirEntry, Extent, ExtentKind, List, MAX_DIR_ENTRIES, MAX_EXTENTS, MAX_NAME, Metadata, Reply,
};
use fsimage_sdk::path::LastLink;
use fsimage_sdk::{DirCursor, Error, ErrorKind, NodeId, Result};
use std::ops::ControlFlow;

/// Bytes of names in one listing message: leaves room for the fields around them.
const NAMES: usize = 48 << 10;

pub(super) fn stat(volumes: &Volumes, volume: u32, path: &[u8], follow: bool) -> Result<Reply> {
    let last = if follow { LastLink::Follow } else { LastLink::Keep };
    let (node, metadata) = volumes.resolve(volume, path, last)?;
    Ok(reply(node, &metadata))
}

pub(super) fn metadata(volumes: &Volumes, volume: u32, node: u64) -> Result<Reply> {
    let node = NodeId(node);
    Ok(reply(node, &volumes.mounted(volume)?.fs.metadata(node)?))
}

fn reply(node: NodeId, metadata: &fsimage_sdk::Metadata) -> Reply {
    Reply::Stat {
        node: node.0,
        metadata: Metadata {
            file_type: metadata.file_type.code(),
            mode: metadata.mode,
            uid: metadata.uid,
            gid: metadata.gid,
            links: metadata.links,
            size: metadata.size,
            mtime_seconds: metadata.mtime_seconds,
            mtime_nanoseconds: metadata.mtime_nanoseconds,
        },
    }
}

pub(super) fn read_dir(volumes: &Volumes, volume: u32, directory: u64, cursor: u64) -> Result<Reply> {
    let fs = &volumes.mounted(volume)?.fs;
    let mut entries = Vec::new();
    let mut names = 0_usize;
    let mut last = cursor;
    let mut full = false;
    let mut too_long = None;
    fs.read_dir(NodeId(directory), DirCursor(cursor), &mut |entry| {
        if entries.len() == MAX_DIR_ENTRIES || names > NAMES {
            full = true;
            return ControlFlow::Break(());
        }
        if entry.name.len() > MAX_NAME {
            too_long = Some(entry.name.len());
            return ControlFlow::Break(());
        }
        names = names.saturating_add(entry.name.len());
        last = entry.next.0;
        entries.push(DirEntry {
            name: Bytes::from(entry.name),
            node: entry.node.0,
            file_type: entry.file_type.code(),
        });
        ControlFlow::Continue(())
    })?;
    if let Some(length) = too_long {
        return Err(Error::limit(format!("a file name of {length} bytes (at most {MAX_NAME})")));
    }
    Ok(Reply::Entries { entries: List(entries), next: full.then_some(last) })
}

pub(super) fn read_link(volumes: &Volumes, volume: u32, node: u64) -> Result<Reply> {
    let target = volumes.mounted(volume)?.fs.read_link(NodeId(node))?;
    Ok(Reply::Target { target: Bytes(target) })
}

pub(super) fn boot_string(volumes: &Volumes, volume: u32, node: u64) -> Result<Reply> {
    let target = volumes.mounted(volume)?.fs.boot_string(NodeId(node))?;
    Ok(Reply::Target { target: Bytes(target) })
}

/// The file's extents from `offset`, the first cut so that it begins there, as places on the disk.
pub(super) fn extents(volumes: &Volumes, volume: u32, node: u64, offset: u64) -> Result<Reply> {
    let fs = &volumes.mounted(volume)?.fs;
    let mut extents = Vec::new();
    let mut full = false;
    let mut failure = None;
    let outcome = fs.extents(NodeId(node), offset, &mut |extent| {
        if extents.len() == MAX_EXTENTS {
            full = true;
            return ControlFlow::Break(());
        }
        match on_disk(volumes, volume, &extent, offset) {
            Ok(None) => ControlFlow::Continue(()),
            Ok(Some(extent)) => {
                extents.push(extent);
                ControlFlow::Continue(())
            }
            Err(why) => {
                failure = Some(why);
                ControlFlow::Break(())
            }
        }
    });
    match (outcome, failure) {
        (_, Some(why)) => Err(why),
        (Err(why), None) if why.kind() == ErrorKind::Unsupported => Ok(Reply::NotPlain {}),
        (Err(why), None) => Err(why),
        (Ok(()), None) => Ok(Reply::Extents { extents: List(extents), done: !full }),
    }
}

fn on_disk(
    volumes: &Volumes,
    volume: u32,
    extent: &fsimage_sdk::Extent,
    offset: u64,
) -> Result<Option<Extent>> {
    let before = offset.saturating_sub(extent.logical);
    let Some(length) = extent.length.checked_sub(before).filter(|length| *length > 0) else {
        return Ok(None);
    };
    let kind = match extent.kind {
        fsimage_sdk::ExtentKind::Hole => ExtentKind::Hole {},
        fsimage_sdk::ExtentKind::Data { physical, .. } => {
            let physical = physical.saturating_add(before);
            ExtentKind::Data { disk: 0, physical: volumes.disk_offset(volume, physical, length)? }
        }
    };
    Ok(Some(Extent { logical: extent.logical.saturating_add(before), length, kind }))
}

pub(super) fn read(
    volumes: &Volumes,
    volume: u32,
    node: u64,
    offset: u64,
    buffer: &mut [u8],
) -> Result<Reply> {
    let count = volumes.mounted(volume)?.fs.read_at(NodeId(node), offset, buffer)?;
    let length =
        u32::try_from(count).map_err(|_| Error::new(ErrorKind::Internal, "a count beyond the buffer"))?;
    Ok(Reply::Data { length })
}
