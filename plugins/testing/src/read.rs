//! A file's bytes by both ways: through the filesystem, and from the volume as its extents say.

use crate::walk::walk;
use fsimage_sdk::{ErrorKind, Extent, ExtentKind, FileSystem, FileType, NodeId, ReadAt, Result};
use sha2::{Digest, Sha256};
use std::ops::ControlFlow;

/// Read a piece at a time, in pieces that fit no block.
const PIECE: usize = 1_000_003;

/// Hands a file's bytes to `sink`, in pieces.
pub(crate) fn pieces(fs: &dyn FileSystem, node: NodeId, sink: &mut dyn FnMut(&[u8])) {
    let mut buffer = vec![0; PIECE];
    let mut offset = 0;
    loop {
        let count = fs.read_at(node, offset, &mut buffer).unwrap();
        sink(&buffer[..count]);
        offset += u64::try_from(count).unwrap();
        if count < buffer.len() {
            return;
        }
    }
}

/// A file read whole.
#[must_use]
pub fn read(fs: &dyn FileSystem, node: NodeId) -> Vec<u8> {
    let mut bytes = Vec::new();
    pieces(fs, node, &mut |piece| bytes.extend_from_slice(piece));
    bytes
}

/// A file's extents from `offset` on.
pub fn extents(fs: &dyn FileSystem, node: NodeId, offset: u64) -> Result<Vec<Extent>> {
    let mut found = Vec::new();
    fs.extents(node, offset, &mut |extent| {
        found.push(extent);
        ControlFlow::Continue(())
    })?;
    Ok(found)
}

/// Hands a file's bytes to `sink` as its extents put them together, which are checked to be ascending and whole, and
/// joined where the data is.
fn extent_pieces(
    fs: &dyn FileSystem,
    volume: &dyn ReadAt,
    node: NodeId,
    sink: &mut dyn FnMut(&[u8]),
) -> Result<()> {
    let (mut end, mut last) = (0, None);
    for extent in extents(fs, node, 0)? {
        assert_eq!(extent.logical, end, "a gap or an overlap");
        assert_ne!(extent.length, 0);
        end += extent.length;
        let joined = match (last, extent.kind) {
            (Some((ExtentKind::Data { physical, .. }, length)), ExtentKind::Data { physical: next, .. }) => {
                physical + length == next
            }
            (Some((ExtentKind::Hole, _)), ExtentKind::Hole) => true,
            _ => false,
        };
        assert!(!joined, "two extents that should be one: {last:?}, {extent:?}");
        last = Some((extent.kind, extent.length));
        let mut buffer = vec![0; PIECE];
        let mut done = 0;
        while done < extent.length {
            let count = usize::try_from(extent.length - done).map_or(PIECE, |left| left.min(PIECE));
            match extent.kind {
                ExtentKind::Data { volume: 0, physical } => {
                    volume.read_exact_at(physical + done, &mut buffer[..count])?
                }
                ExtentKind::Data { volume, .. } => panic!("volume {volume} of one"),
                ExtentKind::Hole => buffer.fill(0),
            }
            sink(&buffer[..count]);
            done += u64::try_from(count).unwrap();
        }
    }
    Ok(())
}

/// A file put together from its extents, which are checked to be ascending, whole and joined.
#[must_use]
pub fn read_extents(fs: &dyn FileSystem, volume: &dyn ReadAt, node: NodeId) -> Vec<u8> {
    let mut bytes = Vec::new();
    extent_pieces(fs, volume, node, &mut |piece| bytes.extend_from_slice(piece)).unwrap();
    bytes
}

/// The extents of every regular file hold the bytes that `read_at` gives. Files may say that they have none (their
/// data is not plain): how many do is returned.
pub fn assert_extents(fs: &dyn FileSystem, volume: &dyn ReadAt) -> usize {
    let mut without = 0;
    for (path, (node, metadata)) in walk(fs) {
        if metadata.file_type != FileType::Regular {
            continue;
        }
        let mut by_extents = Sha256::new();
        match extent_pieces(fs, volume, node, &mut |piece| by_extents.update(piece)) {
            Ok(()) => {
                let mut by_reading = Sha256::new();
                pieces(fs, node, &mut |piece| by_reading.update(piece));
                assert!(by_extents.finalize() == by_reading.finalize(), "{path}: extents lie");
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Unsupported, "{path}: {error}");
                without += 1;
            }
        }
    }
    without
}
