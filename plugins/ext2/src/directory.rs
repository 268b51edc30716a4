//! "Directory Entries": linear blocks, which hashed directories are too for a reader who skips their index. A name is
//! looked up through the index, everything else walks.
//!
//! An index node hides in an unused entry that fills its block (or the rest of it, behind `..`), so a linear walk
//! meets every name in either kind of directory.

use crate::block_map::for_each_run;
use crate::blocks::Blocks;
use crate::casefold::{self, UTF8_12_1};
use crate::htree::{DirectoryBlock, Index};
use crate::inline_data::{self, InlineData};
use crate::inode::{I_BLOCK_SIZE, Inode};
use crate::metadata_checksum;
use crate::patches::DirectoryPatch;
use crate::superblock::Superblock;
use crate::units::InodeNumber;
use core::ops::ControlFlow;
use fsimage_sdk::path::display;
use fsimage_sdk::{
    DirCursor, DirEntry, Endian, Error, ErrorKind, Fields, FileType, Limits, NodeId, Result, to_u64, to_usize,
};
use std::borrow::Cow;
use std::sync::Arc;

/// Bytes of an entry before its name.
const HEADER_SIZE: usize = 8;
/// The smallest entry: a header and a name of up to four bytes.
const MIN_REC_LEN: usize = 12;
/// The largest entry, of a name of 255 bytes.
const MAX_REC_LEN: u64 = 264;
/// In an inline directory the parent's inode number stands for the entries `.` and `..`.
const INLINE_PARENT_SIZE: usize = 4;

/// Cursors from here on count the entries that fast commits added; no directory has so many bytes.
const FIRST_ADDED: u64 = 1 << 62;

/// Who receives one entry of a directory.
type EntrySink<'a> = &'a mut dyn FnMut(&Entry<'_>) -> Result<ControlFlow<()>>;

/// A used entry as its block has it.
struct Entry<'a> {
    inode: InodeNumber,
    name: &'a [u8],
    file_type: FileType,
    /// Byte offset in the directory of the entry behind this one.
    next: u64,
    /// Byte offset on the volume.
    place: u64,
}

/// Who receives a name and its inode.
type NameSink<'a> = &'a mut dyn FnMut(&[u8], InodeNumber) -> ControlFlow<()>;

/// A name that is looked for.
struct Wanted<'a> {
    name: &'a [u8],
    /// As it is compared, where that is without regard to case.
    folded: Option<Cow<'a, [u8]>>,
}

impl Wanted<'_> {
    fn is(&self, name: &[u8]) -> bool {
        self.name == name || self.folded.as_ref().is_some_and(|folded| *folded == casefold::fold(name))
    }

    /// As it is hashed.
    fn hashed(&self) -> &[u8] {
        self.folded.as_deref().unwrap_or(self.name)
    }
}

/// A directory ready to be read.
pub(crate) struct Directory<'a> {
    blocks: &'a Blocks,
    superblock: &'a Superblock,
    inode: &'a Inode,
    limits: &'a Limits,
    /// What fast commits changed.
    patch: Option<Arc<DirectoryPatch>>,
}

impl<'a> Directory<'a> {
    /// # Errors
    /// `NotADirectory`, `Encrypted`.
    pub(crate) fn new(
        blocks: &'a Blocks,
        superblock: &'a Superblock,
        inode: &'a Inode,
        limits: &'a Limits,
    ) -> Result<Self> {
        if inode.file_type() != FileType::Directory {
            let text = format!("inode {} is a {}", inode.number.get(), inode.file_type().text());
            return Err(Error::new(ErrorKind::NotADirectory, text));
        }
        inode.check_readable()?;
        let patch = blocks.patches().directory(inode.number);
        Ok(Self { blocks, superblock, inode, limits, patch })
    }

    /// The inode that `name` names.
    ///
    /// # Errors
    /// `NotFound`; `Unsupported` in a directory that compares by tables other than utf8-12.1, unless the name is there to the
    /// byte.
    pub(crate) fn lookup(&self, name: &[u8]) -> Result<InodeNumber> {
        let text = || format!("\"{}\" in inode {}", display(name), self.inode.number.get());
        let encoding = self.inode.is_casefold().then_some(self.superblock.encoding);
        let wanted = Wanted { name, folded: (encoding == Some(UTF8_12_1)).then(|| casefold::fold(name)) };
        if let Some(inode) = self.patch.as_ref().and_then(|patch| patch.added.get(name)) {
            return Ok(*inode);
        }
        let is_indexed = self.inode.has_index() && !self.inode.has_inline_data() && !self.is_new();
        let is_hash_known = encoding.is_none_or(|encoding| encoding == UTF8_12_1);
        if is_indexed && is_hash_known {
            let before = self.blocks.remarks().mismatches();
            match self.lookup_by_hash(&wanted) {
                // The names lie in the leaves, index or no index.
                Err(error) if error.kind() == ErrorKind::Corrupt => {
                    self.blocks.remarks().mismatch(error)?;
                }
                Ok(Some(inode)) => return Ok(inode),
                // As in Linux: whoever hashed the names may have folded a few of them otherwise.
                Ok(None) if encoding.is_some() => {}
                // A damaged index leads astray, and GRUB, which has no use for it, would find the name.
                Ok(None) if self.blocks.remarks().mismatches() > before => {}
                Ok(None) => return Err(Error::new(ErrorKind::NotFound, text())),
                Err(error) => return Err(error),
            }
        }
        let mut found = None;
        self.for_each_name(&mut |entry_name, inode| {
            found = wanted.is(entry_name).then_some(inode);
            found.map_or(ControlFlow::Continue(()), |_| ControlFlow::Break(()))
        })?;
        match (found, encoding) {
            (Some(inode), _) => Ok(inode),
            (None, Some(encoding)) if encoding != UTF8_12_1 => Err(Error::unsupported(format!(
                "{}: names without regard to case (casefold) of s_encoding {encoding}",
                text()
            ))),
            (None, _) => Err(Error::new(ErrorKind::NotFound, text())),
        }
    }

    /// Every name, those that fast commits added last.
    fn for_each_name(&self, sink: NameSink<'_>) -> Result<()> {
        let mut stopped = false;
        self.for_each(0, &mut |entry| {
            let flow = sink(entry.name, entry.inode);
            stopped = flow.is_break();
            Ok(flow)
        })?;
        let mut added = self.patch.iter().flat_map(|patch| &patch.added);
        if !stopped {
            let _ = added.try_for_each(|(name, inode)| sink(name, *inode));
        }
        Ok(())
    }

    fn lookup_by_hash(&self, wanted: &Wanted<'_>) -> Result<Option<InodeNumber>> {
        let index = Index {
            read: &|logical, is_node| self.block(logical, is_node),
            unsigned: self.superblock.unsigned_hash,
            seed: self.superblock.hash_seed,
            large_dir: self.superblock.features.large_dir(),
        };
        let mut found = None;
        index.search(wanted.hashed(), &mut |logical, (bytes, place)| {
            let piece = Piece {
                fields: Fields::new(&bytes, Endian::Little, "directory entry", place),
                begin: 0,
                logical: self.blocks.block_size().start_of(logical)?,
            };
            let _ = self.piece(&piece, 0, &mut |entry| {
                found = wanted.is(entry.name).then_some(entry.inode);
                Ok(found.map_or(ControlFlow::Continue(()), |_| ControlFlow::Break(())))
            })?;
            Ok(found.is_some())
        })?;
        Ok(found)
    }

    /// One block of the directory, for its index.
    fn block(&self, logical: u64, is_node: bool) -> Result<DirectoryBlock> {
        let mut found = None;
        if logical < self.blocks.block_size().blocks_of(self.inode.size()) {
            for_each_run(self.blocks, self.inode, logical..logical.saturating_add(1), &mut |run| {
                found = run.physical;
                Ok(ControlFlow::Break(()))
            })?;
        }
        let block = found.ok_or_else(|| {
            self.inode.corrupt(0x28, format_args!("the directory index names block {logical}, which is none"))
        })?;
        let (bytes, place) = (self.blocks.read(block)?, self.blocks.place(block)?);
        let fields = Fields::new(&bytes, Endian::Little, "directory block", place);
        match (is_node, logical) {
            (false, _) => metadata_checksum::directory_leaf(self.blocks, self.inode.seed, &fields)?,
            (true, 0) => metadata_checksum::index_node(self.blocks, self.inode.seed, &fields, 0x20)?,
            (true, _) => metadata_checksum::index_node(self.blocks, self.inode.seed, &fields, 0x8)?,
        }
        Ok((bytes, place))
    }

    /// The sum of a block met on a linear walk, which passes leaves and index nodes alike.
    fn check_sum(&self, logical: u64, fields: &Fields<'_>) -> Result<()> {
        let seed = self.inode.seed;
        if self.inode.has_index() && logical == 0 {
            return metadata_checksum::index_node(self.blocks, seed, fields, 0x20);
        }
        let unused = fields.u32(0x0)? == 0 && self.rec_len(fields, 0).ok() == Some(fields.bytes().len());
        if self.inode.has_index() && unused {
            return metadata_checksum::index_node(self.blocks, seed, fields, 0x8);
        }
        metadata_checksum::directory_leaf(self.blocks, seed, fields)
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
        let mut stopped = false;
        self.for_each(cursor.0, &mut |entry| {
            if entry.name == b"." || entry.name == b".." {
                return Ok(ControlFlow::Continue(()));
            }
            if entry.name.is_empty() || entry.name.iter().any(|&b| b == b'/' || b == 0) {
                let text = format!("directory entry: the name \"{}\"", entry.name.escape_ascii());
                return Err(Error::corrupt(text).at(entry.place));
            }
            left = left.checked_sub(1).ok_or_else(|| self.too_large())?;
            let flow = sink(DirEntry {
                name: entry.name,
                node: NodeId(u64::from(entry.inode.get())),
                file_type: entry.file_type,
                next: DirCursor(entry.next),
            });
            stopped = flow.is_break();
            Ok(flow)
        })?;
        if stopped { Ok(()) } else { self.read_added(cursor, &mut left, sink) }
    }

    /// The entries that fast commits added, behind all of the disk's.
    fn read_added(
        &self,
        cursor: DirCursor,
        left: &mut u64,
        sink: &mut dyn FnMut(DirEntry<'_>) -> ControlFlow<()>,
    ) -> Result<()> {
        let Some(patch) = &self.patch else { return Ok(()) };
        for ((name, inode), number) in patch.added.iter().zip(FIRST_ADDED..) {
            if number < cursor.0 {
                continue;
            }
            *left = left.checked_sub(1).ok_or_else(|| self.too_large())?;
            // The log names an inode; what it is, only the inode knows.
            let found = Inode::read(self.blocks, self.superblock, *inode);
            let entry = DirEntry {
                name,
                node: NodeId(u64::from(inode.get())),
                file_type: found.map_or(FileType::Unknown, |inode| inode.file_type()),
                next: DirCursor(number.saturating_add(1)),
            };
            if sink(entry).is_break() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Did a fast commit make this directory? Then nothing of the disk is its own.
    fn is_new(&self) -> bool {
        self.patch.as_ref().is_some_and(|patch| patch.is_new)
    }

    fn too_large(&self) -> Error {
        Error::limit(format!("max_directory_entries={}", self.limits.max_directory_entries))
    }

    /// Every used entry that begins at byte `from` of the directory or behind it.
    fn for_each(&self, from: u64, sink: EntrySink<'_>) -> Result<()> {
        if self.is_new() {
            return Ok(());
        }
        if !self.inode.has_inline_data() {
            return self.mapped(from, sink);
        }
        self.inline(from, sink).map_err(|e| e.within(format!("inode {}", self.inode.number.get())))
    }

    fn mapped(&self, from: u64, sink: EntrySink<'_>) -> Result<()> {
        let block_size = self.blocks.block_size();
        let range = block_size.block_at(from)..block_size.blocks_of(self.inode.size());
        if range.is_empty() {
            return Ok(());
        }
        // Blocks may be empty of entries, so the entries' limit alone would not end the walk in time.
        let mut bytes_left =
            self.limits.max_directory_entries.saturating_mul(MAX_REC_LEN).max(block_size.bytes());
        for_each_run(self.blocks, self.inode, range, &mut |run| {
            let Some(first) = run.physical else { return Ok(ControlFlow::Continue(())) };
            for index in 0..run.length {
                bytes_left = bytes_left.checked_sub(block_size.bytes()).ok_or_else(|| self.too_large())?;
                let number = first.get().saturating_add(index);
                let block = self.blocks.number(number).ok_or_else(|| self.inode.corrupt(0x28, "a block"))?;
                let bytes = self.blocks.read(block)?;
                let place = self.blocks.place(block)?;
                let whole = Fields::new(&bytes, Endian::Little, "directory block", place);
                self.check_sum(run.logical.saturating_add(index), &whole)?;
                let piece = Piece {
                    fields: Fields::new(&bytes, Endian::Little, "directory entry", place),
                    begin: 0,
                    logical: block_size.start_of(run.logical.saturating_add(index))?,
                };
                if self.piece(&piece, from, sink)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            Ok(ControlFlow::Continue(()))
        })
    }

    fn inline(&self, from: u64, sink: EntrySink<'_>) -> Result<()> {
        let InlineData { head, tail, tail_place } =
            inline_data::read(self.blocks, self.superblock, self.inode)?;
        let head_place = self.inode.place.saturating_add(0x28);
        let head = Piece {
            fields: Fields::new(&head, Endian::Little, "directory entry", head_place),
            begin: INLINE_PARENT_SIZE,
            logical: 0,
        };
        let tail = Piece {
            fields: Fields::new(&tail, Endian::Little, "directory entry", tail_place),
            begin: 0,
            logical: to_u64(I_BLOCK_SIZE),
        };
        if self.piece(&head, from, sink)?.is_break() {
            return Ok(());
        }
        self.piece(&tail, from, sink).map(|_| ())
    }

    /// The used entries of one piece that begin at byte `from` of the directory or behind it.
    fn piece(&self, piece: &Piece<'_>, from: u64, sink: EntrySink<'_>) -> Result<ControlFlow<()>> {
        let fields = &piece.fields;
        let mut offset = piece.begin;
        // Each round moves on by rec_len, which is at least 12.
        while offset < fields.bytes().len() {
            let rec_len = self.rec_len(fields, offset)?;
            let next = offset.saturating_add(rec_len);
            let inode = fields.u32(offset)?;
            let here = piece.logical.saturating_add(to_u64(offset));
            if inode != 0 && here >= from {
                let name_len = usize::from(fields.u8(offset.saturating_add(6))?);
                if name_len > rec_len.saturating_sub(HEADER_SIZE) {
                    let why = format_args!("name_len {name_len} in a rec_len of {rec_len}");
                    return Err(fields.corrupt(offset, why));
                }
                let entry = Entry {
                    inode: self.superblock.inode_number(inode).ok_or_else(|| {
                        fields
                            .corrupt(offset, format_args!("inode {inode} of {}", self.superblock.inode_count))
                    })?,
                    name: fields.slice(offset.saturating_add(HEADER_SIZE), name_len)?,
                    file_type: self.file_type(fields.u8(offset.saturating_add(7))?),
                    next: piece.logical.saturating_add(to_u64(next)),
                    place: fields.place(offset),
                };
                let hidden = self.patch.as_ref().is_some_and(|patch| patch.hides(entry.name, entry.inode));
                if !hidden && sink(&entry)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            offset = next;
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Length of an entry in bytes: a multiple of 4 that stays within the piece.
    fn rec_len(&self, fields: &Fields<'_>, offset: usize) -> Result<usize> {
        let raw = u64::from(fields.u16(offset.saturating_add(4))?);
        let rec_len = match self.blocks.block_size().get() {
            // 64 KiB does not fit into 16 bits: 0 and 65535 stand for the whole block.
            65536 if raw == 0 || raw == 65535 => 65536,
            _ => raw,
        };
        let rec_len = to_usize(rec_len)?;
        let left = fields.bytes().len().saturating_sub(offset);
        if rec_len < MIN_REC_LEN || rec_len % 4 != 0 || rec_len > left {
            return Err(fields.corrupt(offset, format_args!("rec_len {rec_len} with {left} bytes left")));
        }
        Ok(rec_len)
    }

    fn file_type(&self, byte: u8) -> FileType {
        if !self.superblock.features.filetype() {
            return FileType::Unknown;
        }
        match byte {
            1 => FileType::Regular,
            2 => FileType::Directory,
            3 => FileType::CharDevice,
            4 => FileType::BlockDevice,
            5 => FileType::Fifo,
            6 => FileType::Socket,
            7 => FileType::Symlink,
            _ => FileType::Unknown,
        }
    }
}

/// Bytes in which entries follow each other: a block, or a part of an inode.
struct Piece<'a> {
    fields: Fields<'a>,
    /// Where the first entry begins.
    begin: usize,
    /// Byte offset of the piece in the directory.
    logical: u64,
}
