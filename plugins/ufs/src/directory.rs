//! Directories: chunks of 512 bytes (`DIRBLKSIZ`), each filled with entries (`struct direct`).

use crate::block_map::for_each_run;
use crate::blocks::Blocks;
use crate::flavour::EntryHeader;
use crate::inode::Inode;
use crate::superblock::Superblock;
use crate::units::InodeNumber;
use core::ops::ControlFlow;
use fsimage_sdk::path::display;
use fsimage_sdk::{
    DirCursor, DirEntry, Error, ErrorKind, Fields, FileType, Limits, NodeId, Result, to_u64, to_usize,
};

/// `DIRBLKSIZ`: no entry crosses a multiple of it.
const CHUNK: usize = 512;
/// Bytes of an entry before its name: `d_ino`, `d_reclen`, and two that depend on the flavour.
const HEADER_SIZE: usize = 8;
/// The smallest entry: a header, a name of up to three bytes and its NUL.
const MIN_RECLEN: usize = 12;
/// The largest name (`MAXNAMLEN`).
const MAX_NAME: usize = 255;
/// The largest entry.
const MAX_RECLEN: u64 = 264;
/// `DT_WHT`: a name that hides another one in a union of directories, and is no file.
const WHITEOUT: u8 = 14;

/// Who receives one entry of a directory.
type EntrySink<'a> = &'a mut dyn FnMut(&Entry<'_>) -> Result<ControlFlow<()>>;

/// A used entry as its chunk has it.
struct Entry<'a> {
    inode: InodeNumber,
    name: &'a [u8],
    file_type: FileType,
    /// Byte offset in the directory of the entry behind this one.
    next: u64,
    /// Byte offset on the volume.
    place: u64,
}

/// A directory ready to be read.
pub(crate) struct Directory<'a> {
    blocks: &'a Blocks,
    superblock: &'a Superblock,
    inode: &'a Inode,
    limits: &'a Limits,
}

impl<'a> Directory<'a> {
    /// # Errors
    /// `NotADirectory`.
    pub(crate) fn new(
        blocks: &'a Blocks,
        superblock: &'a Superblock,
        inode: &'a Inode,
        limits: &'a Limits,
    ) -> Result<Self> {
        if inode.file_type() != FileType::Directory {
            return Err(inode.wrong_kind(ErrorKind::NotADirectory));
        }
        Ok(Self { blocks, superblock, inode, limits })
    }

    /// The inode that `name` names.
    ///
    /// # Errors
    /// `NotFound`; `Corrupt`.
    pub(crate) fn lookup(&self, name: &[u8]) -> Result<InodeNumber> {
        let mut found = None;
        self.for_each(0, &mut |entry| {
            found = (entry.name == name).then_some(entry.inode);
            Ok(found.map_or(ControlFlow::Continue(()), |_| ControlFlow::Break(())))
        })?;
        found.ok_or_else(|| {
            let text = format!("\"{}\" in inode {}", display(name), self.inode.number.get());
            Error::new(ErrorKind::NotFound, text)
        })
    }

    /// Entries behind `cursor`, without `.` and `..`.
    ///
    /// # Errors
    /// `Corrupt`; `Limit` beyond `max_directory_entries`.
    pub(crate) fn read(
        &self,
        cursor: DirCursor,
        sink: &mut dyn FnMut(DirEntry<'_>) -> ControlFlow<()>,
    ) -> Result<()> {
        let mut left = self.limits.max_directory_entries;
        self.for_each(cursor.0, &mut |entry| {
            if entry.name == b"." || entry.name == b".." {
                return Ok(ControlFlow::Continue(()));
            }
            if entry.name.iter().any(|&b| b == b'/' || b == 0) {
                let text = format!("directory entry: the name \"{}\"", entry.name.escape_ascii());
                return Err(Error::corrupt(text).at(entry.place));
            }
            left = left.checked_sub(1).ok_or_else(|| self.too_large())?;
            Ok(sink(DirEntry {
                name: entry.name,
                node: NodeId(u64::from(entry.inode.get())),
                file_type: entry.file_type,
                next: DirCursor(entry.next),
            }))
        })
    }

    fn too_large(&self) -> Error {
        Error::limit(format!("max_directory_entries={}", self.limits.max_directory_entries))
    }

    /// Every used entry that begins at byte `from` of the directory or behind it.
    fn for_each(&self, from: u64, sink: EntrySink<'_>) -> Result<()> {
        let block_size = self.superblock.block_size.bytes();
        let start = from.checked_div(block_size).unwrap_or(0).saturating_mul(block_size);
        // Chunks may be empty of entries, so the entries' limit alone would not end the walk in time.
        let mut bytes_left = self.limits.max_directory_entries.saturating_mul(MAX_RECLEN).max(block_size);
        for_each_run(self.blocks, self.superblock, self.inode, start..self.inode.size(), &mut |run| {
            let Some(place) = run.physical else {
                return Err(self
                    .inode
                    .bad_size(format_args!("a hole at byte {} of the directory", run.logical)));
            };
            let mut done = 0;
            while done < run.length {
                let length = run.length.saturating_sub(done).min(block_size);
                bytes_left = bytes_left.checked_sub(length).ok_or_else(|| self.too_large())?;
                let bytes = self.blocks.read(place.saturating_add(done), to_usize(length)?)?;
                let logical = run.logical.saturating_add(done);
                for (index, chunk) in bytes.chunks(CHUNK).enumerate() {
                    let skipped = to_u64(index.saturating_mul(CHUNK));
                    let at = place.saturating_add(done).saturating_add(skipped);
                    let fields = Fields::new(chunk, self.superblock.endian, "directory entry", at);
                    if self.chunk(&fields, logical.saturating_add(skipped), from, sink)?.is_break() {
                        return Ok(ControlFlow::Break(()));
                    }
                }
                done = done.saturating_add(length);
            }
            Ok(ControlFlow::Continue(()))
        })
    }

    /// The used entries of one chunk, which begins at byte `logical` of the directory.
    fn chunk(
        &self,
        fields: &Fields<'_>,
        logical: u64,
        from: u64,
        sink: EntrySink<'_>,
    ) -> Result<ControlFlow<()>> {
        let mut offset = 0;
        // Each round moves on by d_reclen, which is at least 12.
        while offset < fields.bytes().len() {
            let d_reclen = reclen(fields, offset)?;
            let next = offset.saturating_add(d_reclen);
            let here = logical.saturating_add(to_u64(offset));
            if here >= from
                && let Some((inode, name, file_type)) = self.entry(fields, offset, d_reclen)?
            {
                let next = logical.saturating_add(to_u64(next));
                let entry = Entry { inode, name, file_type, next, place: fields.place(offset) };
                if sink(&entry)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            offset = next;
        }
        Ok(ControlFlow::Continue(()))
    }

    /// One entry, unless it is unused.
    fn entry<'f>(
        &self,
        fields: &Fields<'f>,
        offset: usize,
        d_reclen: usize,
    ) -> Result<Option<(InodeNumber, &'f [u8], FileType)>> {
        let d_ino = fields.u32(offset)?;
        if d_ino == 0 {
            return Ok(None);
        }
        let at = offset.saturating_add(6);
        let (d_type, d_namlen) = match self.superblock.flavour.entry_header() {
            EntryHeader::NameLength16 => (0, usize::from(fields.u16(at)?)),
            EntryHeader::TypeAndNameLength => (fields.u8(at)?, usize::from(fields.u8(at.saturating_add(1))?)),
        };
        if d_type == WHITEOUT {
            return Ok(None);
        }
        if d_namlen == 0 || d_namlen > MAX_NAME.min(d_reclen.saturating_sub(HEADER_SIZE)) {
            return Err(
                fields.corrupt(offset, format_args!("d_namlen {d_namlen} in a d_reclen of {d_reclen}"))
            );
        }
        let inode = self.superblock.inode_number(d_ino).ok_or_else(|| {
            fields.corrupt(offset, format_args!("d_ino {d_ino} of {}", self.superblock.inode_count()))
        })?;
        let name = fields.slice(offset.saturating_add(HEADER_SIZE), d_namlen)?;
        Ok(Some((inode, name, file_type(d_type))))
    }
}

/// Length of an entry in bytes: a multiple of 4 that stays within the chunk.
fn reclen(fields: &Fields<'_>, offset: usize) -> Result<usize> {
    let d_reclen = usize::from(fields.u16(offset.saturating_add(4))?);
    let left = fields.bytes().len().saturating_sub(offset);
    if d_reclen < MIN_RECLEN || d_reclen % 4 != 0 || d_reclen > left {
        return Err(fields.corrupt(offset, format_args!("d_reclen {d_reclen} with {left} bytes left")));
    }
    Ok(d_reclen)
}

/// `DT_*`: the file type's bits of an inode's mode.
fn file_type(d_type: u8) -> FileType {
    match d_type {
        1 => FileType::Fifo,
        2 => FileType::CharDevice,
        4 => FileType::Directory,
        6 => FileType::BlockDevice,
        8 => FileType::Regular,
        10 => FileType::Symlink,
        12 => FileType::Socket,
        _ => FileType::Unknown,
    }
}
