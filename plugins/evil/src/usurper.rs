//! The conversation taken over: from the first listing on the plugin answers in the worker's place, whatever is asked.
//!
//! The SDK and the worker check what a plugin says; here nobody does before the trusted side.

use crate::{crashes, messages};
use fsimage_protocol::{
    Bytes, Details, DirEntry, Extent, ExtentKind, List, MAX_MESSAGE, Metadata, Place, Reply, Request, Wire,
};
use fsimage_sdk::{ErrorKind, FileType};

/// What the names of these misdeeds begin with.
const PREFIX: &str = "usurp-";
/// The number of every file, and of a directory that is empty.
const SELF: u64 = 1;
/// Bytes of every file.
const SIZE: u64 = 8192;
/// Entries of a page of an endless listing.
const PAGE: u64 = 100;

/// Takes over where this misdeed wants it, and does not come back then.
pub(crate) fn usurp(misdeed: &str, directory: u64) {
    let Some(misdeed) = misdeed.strip_prefix(PREFIX) else { return };
    let mut reply = listing(misdeed, directory, 0);
    loop {
        messages::send_reply(&reply);
        let mut buffer = vec![0; MAX_MESSAGE];
        let length = messages::receive(&mut buffer);
        let request = buffer.get(..length).map(Request::decode);
        reply = match request {
            Some(Ok(Request::ReadDir { node, cursor, .. })) => listing(misdeed, node, cursor),
            // Whoever asks where the data lies is sent to where it is lied about.
            Some(Ok(Request::Extents { .. })) => Reply::NotPlain {},
            Some(Ok(Request::Read { length, .. })) => data(misdeed, length),
            Some(Ok(Request::ReadLink { .. })) => Reply::Target { target: Bytes::from(&b"target"[..]) },
            // Only a directory's metadata are asked for again, before it is entered.
            Some(Ok(Request::Metadata { node, .. })) => {
                Reply::Stat { node, metadata: metadata(FileType::Directory) }
            }
            Some(Ok(_)) => {
                let message = Bytes::from(&b"evil says nothing of that"[..]);
                Reply::Failed { kind: ErrorKind::Unsupported.code(), message, offset: None }
            }
            // The other side has gone.
            _ => return crashes::exit(),
        };
    }
}

/// One page of a directory.
fn listing(misdeed: &str, directory: u64, cursor: u64) -> Reply {
    let next = cursor.saturating_add(1);
    let (entries, next) = match misdeed {
        "slash" => (vec![file("../../etc/passwd")], None),
        "absolute" => (vec![file("/etc/passwd")], None),
        "dot-dot" => (vec![file("..")], None),
        "dot" => (vec![file(".")], None),
        "no-name" => (vec![file("")], None),
        "nul" => (vec![file("a\0b")], None),
        "twice" => (vec![file("same"), file("same")], None),
        "directory-twice" if directory == SELF => (vec![], None),
        "directory-twice" => (vec![folder("same", SELF), folder("same", SELF)], None),
        "endless" => ((0..PAGE).map(|number| file(&format!("{cursor}-{number}"))).collect(), Some(next)),
        "round" => (vec![file("again")], Some(if cursor == 1 { 2 } else { 1 })),
        "standing" => (vec![file("again")], Some(cursor)),
        "empty-pages" => (vec![], Some(next)),
        "self" => (vec![folder("self", directory)], None),
        "deep" => (vec![folder("deeper", directory.wrapping_add(1))], None),
        "type" => (vec![with(|metadata, _| metadata.file_type = 99)], None),
        "mode" => (vec![with(|metadata, _| metadata.mode = 0o100_644)], None),
        "set-user-id" => (vec![with(|metadata, _| metadata.mode = 0o7777)], None),
        "time" => {
            let never = |metadata: &mut Metadata, _: &mut Place| {
                (metadata.mtime_seconds, metadata.mtime_nanoseconds) = (i64::MAX, u32::MAX);
            };
            (vec![with(never)], None)
        }
        "size" => (vec![with(|metadata, _| metadata.size = 1 << 30)], None),
        "huge" => (vec![with(|metadata, _| metadata.size = u64::MAX)], None),
        "past-disk" => (vec![lying(&[(0, SIZE, 0, 1 << 60)])], None),
        "overlap" => (vec![lying(&[(0, 4096, 0, 0), (2048, 6144, 0, 0)])], None),
        "gap" => (vec![lying(&[(0, 4096, 0, 0), (6144, 2048, 0, 0)])], None),
        "past-end" => (vec![lying(&[(0, SIZE + 1, 0, 0)])], None),
        "short" => (vec![lying(&[(0, 4096, 0, 0)])], None),
        "other-disk" => (vec![lying(&[(0, SIZE, 99, 0)])], None),
        "no-extents" => (vec![lying(&[])], None),
        "link-to-nul" => (vec![link(b"a\0b")], None),
        "link-to-nothing" => (vec![link(b"")], None),
        "devices" => {
            let devices = [FileType::CharDevice, FileType::BlockDevice, FileType::Fifo, FileType::Socket];
            let device = |kind: FileType| entry(kind.text(), kind, 9, Place::Untold {});
            (devices.into_iter().map(device).collect(), None)
        }
        // Of the file's data.
        _ => (vec![with(|_, place| *place = Place::NotPlain {})], None),
    };
    Reply::Entries { entries: List(entries), next }
}

fn data(misdeed: &str, wanted: u32) -> Reply {
    match misdeed {
        "data-too-much" => Reply::Data { length: wanted.saturating_add(1) },
        "data-short" => Reply::Data { length: 0 },
        "zeros-too-much" => Reply::Zeros { length: u32::MAX },
        "zeros-none" => Reply::Zeros { length: 0 },
        _ => Reply::Data { length: wanted },
    }
}

fn metadata(file_type: FileType) -> Metadata {
    let file_type = file_type.code();
    Metadata {
        file_type,
        mode: 0o644,
        uid: 0,
        gid: 0,
        links: 1,
        size: SIZE,
        mtime_seconds: 0,
        mtime_nanoseconds: 0,
    }
}

fn entry(name: &str, file_type: FileType, node: u64, place: Place) -> DirEntry {
    let metadata = metadata(file_type);
    let (file_type, details) = (metadata.file_type, Some(Box::new(Details { metadata, place })));
    DirEntry { name: Bytes::from(name.as_bytes()), node, file_type, details }
}

/// A file whose data is the disk's first bytes.
fn file(name: &str) -> DirEntry {
    entry(name, FileType::Regular, SELF, Place::Extents { extents: extents(&[(0, SIZE, 0, 0)]) })
}

fn folder(name: &str, node: u64) -> DirEntry {
    entry(name, FileType::Directory, node, Place::Untold {})
}

fn link(target: &[u8]) -> DirEntry {
    entry("link", FileType::Symlink, SELF, Place::Target { target: Bytes::from(target) })
}

/// A file of which something else is told.
fn with(change: impl FnOnce(&mut Metadata, &mut Place)) -> DirEntry {
    let mut file = file("file");
    if let Some(details) = &mut file.details {
        let Details { metadata, place } = &mut **details;
        change(metadata, place);
    }
    file
}

/// A file whose data lies there: byte of the file, length, disk, byte of the disk.
fn lying(ranges: &[(u64, u64, u32, u64)]) -> DirEntry {
    with(|_, place| *place = Place::Extents { extents: extents(ranges) })
}

fn extents<const MAX: usize>(ranges: &[(u64, u64, u32, u64)]) -> List<Extent, MAX> {
    let extent = |(logical, length, disk, physical): &(u64, u64, u32, u64)| Extent {
        logical: *logical,
        length: *length,
        kind: ExtentKind::Data { disk: *disk, physical: *physical },
    };
    List(ranges.iter().map(extent).collect())
}
