//! Files, directories and links, each known by the place of its directory record.

use crate::directory::{self, Follow};
use crate::directory_record::{DirectoryRecord, SELF_NAME};
use crate::file::Data;
use crate::rock_ridge::{Posix, RockRidge};
use crate::symlink_component::Target;
use crate::tree::Tree;
use crate::zisofs::Compression;
use fsimage_sdk::{Error, ErrorKind, FileType, Metadata, Result};

/// Mode of what has none: readable and executable, as Linux shows it.
const DEFAULT_MODE: u32 = 0o555;

/// A node.
pub(crate) struct Node {
    pub(crate) place: u64,
    pub(crate) metadata: Metadata,
    pub(crate) data: Data,
    pub(crate) target: Option<Target>,
    pub(crate) compression: Option<Compression>,
    interleave: (u8, u8),
    sparse: bool,
}

/// The node that a record of a directory stands for, and its type.
pub(crate) fn node_of(tree: &Tree, record: &DirectoryRecord, rock_ridge: &RockRidge) -> (u64, FileType) {
    match rock_ridge.child {
        Some(block) => (tree.block_size.place(block), FileType::Directory),
        None if record.is_directory() => (record.data_place, FileType::Directory),
        None => (record.place, file_type(rock_ridge.posix)),
    }
}

/// The type of what is no directory: where `PX` and the record's flag disagree, the flag counts, as it decides
/// what the extent holds.
fn file_type(posix: Option<Posix>) -> FileType {
    posix.and_then(Posix::file_type).filter(|&t| t != FileType::Directory).unwrap_or(FileType::Regular)
}

impl Node {
    /// The node whose record lies at this byte.
    ///
    /// # Errors
    /// `Corrupt` when none can lie there, or its parts contradict each other.
    pub(crate) fn read(tree: &Tree, place: u64, compressed: bool) -> Result<Self> {
        let record = tree.record(place)?;
        let is_self = record.name == SELF_NAME;
        if record.is_directory() != is_self || (record.is_self_or_parent() && !is_self) {
            return Err(record.corrupt("no node: neither a file's record nor a directory's first"));
        }
        let rock_ridge = tree.rock_ridge(&record)?;
        if rock_ridge.child.is_some() && !is_self {
            return Err(record.corrupt("no node: it stands for a relocated directory"));
        }
        let mut data = Data::default();
        if is_self {
            data.push(place, u64::from(record.data_length));
        } else {
            data.push(record.data_place, u64::from(record.data_length));
            if record.goes_on() {
                directory::following_sections(tree, &record, &mut |section| {
                    data.push(section.data_place, u64::from(section.data_length));
                    Ok(if section.goes_on() { Follow::Next } else { Follow::Enough })
                })?;
            }
        }
        let file_type = if is_self { FileType::Directory } else { file_type(rock_ridge.posix) };
        let compression = rock_ridge.compression.filter(|_| compressed && file_type == FileType::Regular);
        let size = match (file_type, &rock_ridge.target, &compression) {
            (FileType::Symlink, Some(target), _) => u64::try_from(target.bytes().len()).unwrap_or(u64::MAX),
            (FileType::Regular, _, Some(compression)) => compression.size,
            (FileType::Regular | FileType::Directory, ..) => data.size(),
            _ => 0,
        };
        let posix = rock_ridge.posix.unwrap_or(Posix { mode: DEFAULT_MODE, links: 1, uid: 0, gid: 0 });
        let metadata = Metadata {
            file_type,
            mode: posix.mode & 0o7777,
            uid: posix.uid,
            gid: posix.gid,
            links: posix.links,
            size,
            mtime_seconds: rock_ridge.mtime.unwrap_or(record.mtime),
            mtime_nanoseconds: 0,
        };
        let (interleave, sparse) = (record.interleave, rock_ridge.sparse);
        Ok(Self { place, metadata, data, target: rock_ridge.target, compression, interleave, sparse })
    }

    /// Refuses what has no bytes, or has them in a way that is not read.
    ///
    /// # Errors
    /// `IsADirectory`, `NotAFile`, `Unsupported`.
    pub(crate) fn check_regular(&self) -> Result<()> {
        match self.metadata.file_type {
            FileType::Regular => {}
            FileType::Directory => {
                return Err(Error::new(ErrorKind::IsADirectory, "its data is records").at(self.place));
            }
            other => {
                return Err(Error::new(ErrorKind::NotAFile, format!("a {}", other.text())).at(self.place));
            }
        }
        if self.interleave != (0, 0) {
            let (unit, gap) = self.interleave;
            let text = format!("an interleaved file: units of {unit} blocks, gaps of {gap}");
            return Err(Error::unsupported(text).at(self.place));
        }
        if self.sparse {
            return Err(Error::unsupported("SF: a file stored without its holes").at(self.place));
        }
        Ok(())
    }

    /// A symbolic link's target.
    ///
    /// # Errors
    /// `NotASymlink`; `Corrupt` for an empty one or one that holds a NUL.
    pub(crate) fn read_link(&self) -> Result<Vec<u8>> {
        if self.metadata.file_type != FileType::Symlink {
            let text = format!("a {}", self.metadata.file_type.text());
            return Err(Error::new(ErrorKind::NotASymlink, text).at(self.place));
        }
        let target = self.target.as_ref().map(Target::bytes).unwrap_or_default();
        if target.is_empty() || target.contains(&0) {
            let text = format!("SL: the target \"{}\"", target.escape_ascii());
            return Err(Error::corrupt(text).at(self.place));
        }
        Ok(target.to_vec())
    }
}
