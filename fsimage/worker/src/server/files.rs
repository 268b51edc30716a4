//! Answers about files.

use super::volumes::Volumes;
use fsimage_protocol::{Bytes, Extent, ExtentKind, List, MAX_EXTENTS, Metadata, Reply};
use fsimage_sdk::path::LastLink;
use fsimage_sdk::{Error, ErrorKind, NodeId, Result};
use std::ops::ControlFlow;

pub(super) fn stat(volumes: &Volumes, volume: u32, path: &[u8], follow: bool) -> Result<Reply> {
    let last = if follow { LastLink::Follow } else { LastLink::Keep };
    let (node, metadata) = volumes.resolve(volume, path, last)?;
    Ok(reply(node, &metadata))
}

pub(super) fn node(volumes: &Volumes, volume: u32, node: u64) -> Result<Reply> {
    let node = NodeId(node);
    Ok(reply(node, &volumes.mounted(volume)?.fs.metadata(node)?))
}

fn reply(node: NodeId, found: &fsimage_sdk::Metadata) -> Reply {
    Reply::Stat { node: node.0, metadata: metadata(found) }
}

pub(super) fn metadata(metadata: &fsimage_sdk::Metadata) -> Metadata {
    Metadata {
        file_type: metadata.file_type.code(),
        mode: metadata.mode,
        uid: metadata.uid,
        gid: metadata.gid,
        links: metadata.links,
        size: metadata.size,
        mtime_seconds: metadata.mtime_seconds,
        mtime_nanoseconds: metadata.mtime_nanoseconds,
    }
}

pub(super) fn read_link(volumes: &Volumes, volume: u32, node: u64) -> Result<Reply> {
    let target = volumes.mounted(volume)?.fs.read_link(NodeId(node))?;
    Ok(Reply::Target { target: Bytes(target) })
}

pub(super) fn boot_string(volumes: &Volumes, volume: u32, node: u64) -> Result<Reply> {
    let target = volumes.mounted(volume)?.fs.boot_string(NodeId(node))?;
    Ok(Reply::Target { target: Bytes(target) })
}

/// Where a file's bytes lie.
pub(super) enum Extents {
    /// There, as places on the disk; `done` when these reach the file's end.
    Plain { extents: Vec<Extent>, done: bool },
    /// Not plain on the disk.
    NotPlain,
}

/// The file's extents from `offset`, the first cut so that it begins there; at most `most` of them.
pub(super) fn extents(
    volumes: &Volumes,
    volume: u32,
    node: u64,
    offset: u64,
    most: usize,
) -> Result<Extents> {
    if volumes.get(volume)?.depth() > 0 {
        return Ok(Extents::NotPlain);
    }
    let fs = &volumes.mounted(volume)?.fs;
    let mut extents = Vec::new();
    let mut done = true;
    let mut failure = None;
    let outcome = fs.extents(NodeId(node), offset, &mut |extent| {
        if extents.len() == most {
            done = false;
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
        (Err(why), None) if why.kind() == ErrorKind::Unsupported => Ok(Extents::NotPlain),
        (Err(why), None) => Err(why),
        (Ok(()), None) => Ok(Extents::Plain { extents, done }),
    }
}

pub(super) fn whereabouts(volumes: &Volumes, volume: u32, node: u64, offset: u64) -> Result<Reply> {
    Ok(match extents(volumes, volume, node, offset, MAX_EXTENTS)? {
        Extents::Plain { extents, done } => Reply::Extents { extents: List(extents), done },
        Extents::NotPlain => Reply::NotPlain {},
    })
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
    let beyond = || Error::new(ErrorKind::Internal, "a count beyond the buffer");
    Ok(data(buffer.get(..count).ok_or_else(beyond)?))
}

/// These bytes, the first of the shared memory.
pub(super) fn data(bytes: &[u8]) -> Reply {
    // OK to fall back: the shared memory is far smaller than 4 GiB.
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    // A hole that the format could not tell as one stays a hole on the host.
    let is_zeros = length > 0 && bytes.iter().all(|byte| *byte == 0);
    if is_zeros { Reply::Zeros { length } } else { Reply::Data { length } }
}
