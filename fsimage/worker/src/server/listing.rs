//! Directory listings, with as much of each file as was asked for: a small file then costs no message of its own.

use super::files::{Extents, extents, metadata};
use super::volumes::Volumes;
use fsimage_protocol::{
    Bytes, Detail, Details, DirEntry, List, MAX_DIR_ENTRIES, MAX_LISTED_EXTENTS, MAX_NAME, Place, Reply,
};
use fsimage_sdk::{DirCursor, Error, FileType, NodeId, Result};
use std::ops::ControlFlow;

/// Bytes of entries in one message: leaves room for one entry of the largest kind (a name, a target) and the fields around
/// the list.
const ENTRIES: usize = 56 << 10;
/// Bytes of an entry around its name: three numbers, a length, a flag, metadata, a place's number and its list's length.
const FIXED: usize = 80;
/// Bytes of an extent at most.
const EXTENT: usize = 29;

/// An entry, and the cursor behind it.
struct Found {
    entry: DirEntry,
    next: u64,
}

/// One message's worth of a directory, from `cursor` on.
pub(super) fn read_dir(
    volumes: &Volumes,
    volume: u32,
    directory: u64,
    cursor: u64,
    detail: &Detail,
) -> Result<Reply> {
    let (found, mut more) = names(volumes, volume, directory, cursor)?;
    let mut entries = Vec::with_capacity(found.len());
    let mut next = cursor;
    let mut used = 0_usize;
    for mut found in found {
        if used > ENTRIES {
            more = true;
            break;
        }
        found.entry.details = details(volumes, volume, &found.entry, detail);
        used = used.saturating_add(length(&found.entry));
        next = found.next;
        entries.push(found.entry);
    }
    Ok(Reply::Entries { entries: List(entries), next: more.then_some(next) })
}

/// The names that fit one message, and whether more follow. Nothing else is asked of the filesystem while it lists.
fn names(volumes: &Volumes, volume: u32, directory: u64, cursor: u64) -> Result<(Vec<Found>, bool)> {
    let fs = &volumes.mounted(volume)?.fs;
    let mut found = Vec::new();
    let mut used = 0_usize;
    let mut more = false;
    let mut too_long = None;
    fs.read_dir(NodeId(directory), DirCursor(cursor), &mut |entry| {
        if found.len() == MAX_DIR_ENTRIES || used > ENTRIES {
            more = true;
            return ControlFlow::Break(());
        }
        if entry.name.len() > MAX_NAME {
            too_long = Some(entry.name.len());
            return ControlFlow::Break(());
        }
        let next = entry.next.0;
        let entry = DirEntry {
            name: Bytes::from(entry.name),
            node: entry.node.0,
            file_type: entry.file_type.code(),
            details: None,
        };
        used = used.saturating_add(length(&entry));
        found.push(Found { entry, next });
        ControlFlow::Continue(())
    })?;
    if let Some(length) = too_long {
        return Err(Error::limit(format!("a file name of {length} bytes (at most {MAX_NAME})")));
    }
    Ok((found, more))
}

/// What was asked for. What fails is left out: whoever wants that file asks for it by itself, and is told why.
fn details(volumes: &Volumes, volume: u32, entry: &DirEntry, detail: &Detail) -> Option<Box<Details>> {
    if *detail == (Detail::Names {}) {
        return None;
    }
    let fs = &volumes.mounted(volume).ok()?.fs;
    let found = fs.metadata(NodeId(entry.node)).ok()?;
    let place = match (detail, found.file_type) {
        (Detail::Content {}, FileType::Regular) => {
            match extents(volumes, volume, entry.node, 0, MAX_LISTED_EXTENTS) {
                Ok(Extents::Plain { extents, done: true }) => Place::Extents { extents: List(extents) },
                Ok(Extents::NotPlain) => Place::NotPlain {},
                _ => Place::Untold {},
            }
        }
        (Detail::Content {}, FileType::Symlink) => fs
            .read_link(NodeId(entry.node))
            .map_or(Place::Untold {}, |target| Place::Target { target: Bytes(target) }),
        _ => Place::Untold {},
    };
    Some(Box::new(Details { metadata: metadata(&found), place }))
}

/// Bytes that an entry takes in a message, at most.
fn length(entry: &DirEntry) -> usize {
    let place = match entry.details.as_ref().map(|details| &details.place) {
        Some(Place::Extents { extents }) => extents.0.len().saturating_mul(EXTENT),
        Some(Place::Target { target }) => target.0.len(),
        _ => 0,
    };
    FIXED.saturating_add(entry.name.0.len()).saturating_add(place)
}
