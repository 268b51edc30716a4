//! Directories (ECMA-119 6.8): records one behind the other, none across the end of a sector.

use crate::directory_record::{DirectoryRecord, PARENT_NAME};
use crate::node::{Node, node_of};
use crate::tree::Tree;
use crate::units::{SECTOR, SECTOR_BYTES};
use crate::view::View;
use core::ops::ControlFlow;
use fsimage_sdk::path::display;
use fsimage_sdk::{DirCursor, DirEntry, Error, ErrorKind, FileType, NodeId, Result, to_u64, to_usize};

/// Longest directory, in bytes: a million records of the longest kind.
const MAX_DIRECTORY: u64 = 256 << 20;
/// Sectors without a record that are passed over, one behind the other.
const MAX_EMPTY_SECTORS: u32 = 1024;
/// Records of one file (Linux: 100): 16 TiB in sections of 4 GiB.
const MAX_SECTIONS: u32 = 4096;
/// Ancestors that a child is compared with.
const MAX_ANCESTORS: usize = 64;

/// An entry, and the record it comes from.
struct Entry<'a> {
    record: &'a DirectoryRecord,
    name: &'a [u8],
    node: u64,
    file_type: FileType,
    /// The cursor behind it.
    next: u64,
}

/// A directory ready to be read.
pub(crate) struct Directory<'a> {
    tree: &'a Tree,
    place: u64,
    size: u64,
}

impl<'a> Directory<'a> {
    /// # Errors
    /// `NotADirectory`; `Limit` beyond 256 MiB.
    pub(crate) fn new(tree: &'a Tree, node: &Node) -> Result<Self> {
        if node.metadata.file_type != FileType::Directory {
            let text = format!("a {}", node.metadata.file_type.text());
            return Err(Error::new(ErrorKind::NotADirectory, text).at(node.place));
        }
        let size = node.data.size();
        if size > MAX_DIRECTORY {
            return Err(
                Error::limit(format!("a directory of {size} bytes, at most {MAX_DIRECTORY}")).at(node.place)
            );
        }
        Ok(Self { tree, place: node.place, size })
    }

    /// First byte behind the directory, as cursors count.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// The node that `name` names: exactly, else, but for Rock Ridge, without regard to case and to dots at the end, as
    /// Linux does in Joliet and GRUB in plain names, else, as GRUB does, without regard to the version either.
    ///
    /// # Errors
    /// `NotFound`, `Corrupt`.
    pub(crate) fn lookup(&self, name: &[u8]) -> Result<NodeId> {
        let (mut exact, mut alike, mut other_version) = (None, None, None);
        let folded = match self.tree.view {
            View::RockRidge(_) => None,
            _ => Some(fold(name)),
        };
        self.for_each(0, &mut |entry| {
            if entry.name == name {
                exact = Some(entry.node);
                return ControlFlow::Break(());
            }
            if let Some(folded) = &folded {
                if alike.is_none() && *folded == fold(entry.name) {
                    alike = Some(entry.node);
                }
                let unversioned = || self.tree.name_without_version(entry.record, entry.name);
                if other_version.is_none() && unversioned().is_some_and(|name| *folded == fold(&name)) {
                    other_version = Some(entry.node);
                }
            }
            ControlFlow::Continue(())
        })?;
        exact.or(alike).or(other_version).map(NodeId).ok_or_else(|| {
            let text = format!("\"{}\" in the directory", display(name));
            Error::new(ErrorKind::NotFound, text).at(self.place)
        })
    }

    /// Entries behind `cursor`.
    ///
    /// # Errors
    /// `Corrupt`; `Limit` beyond `max_directory_entries`.
    pub(crate) fn read(
        &self,
        cursor: DirCursor,
        sink: &mut dyn FnMut(DirEntry<'_>) -> ControlFlow<()>,
    ) -> Result<()> {
        self.for_each(cursor.0, &mut |entry| {
            let Entry { name, node, file_type, next, .. } = entry;
            sink(DirEntry { name, node: NodeId(node), file_type, next: DirCursor(next) })
        })
    }

    fn for_each(&self, cursor: u64, sink: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()> {
        let mut left = self.tree.limits.max_directory_entries;
        let mut ancestors = None;
        let mut goes_on: Option<DirectoryRecord> = None;
        self.for_each_record(cursor, &mut |record, next| {
            left = left.checked_sub(1).ok_or_else(|| {
                let limit = self.tree.limits.max_directory_entries;
                Error::limit(format!("a directory of more than max_directory_entries={limit}")).at(self.place)
            })?;
            // The later sections of a file are no entries; what is no section of it is one.
            if let Some(first) = goes_on.take()
                && first.name == record.name
            {
                if record.goes_on() {
                    goes_on = Some(first);
                }
                return Ok(ControlFlow::Continue(()));
            }
            if record.is_self_or_parent() || record.is_associated() {
                return Ok(ControlFlow::Continue(()));
            }
            if record.goes_on() {
                goes_on = Some(record.clone());
            }
            let rock_ridge = self.tree.rock_ridge(&record)?;
            if rock_ridge.relocated {
                return Ok(ControlFlow::Continue(()));
            }
            let name = self.tree.name(&record, &rock_ridge)?;
            let (node, file_type) = node_of(self.tree, &record, &rock_ridge);
            if file_type == FileType::Directory
                && ancestors.get_or_insert_with(|| self.ancestors()).contains(&node)
            {
                let text =
                    format!("\"{}\" is the directory itself or one that holds it", name.escape_ascii());
                return Err(record.corrupt(text));
            }
            Ok(sink(Entry { record: &record, name: &name, node, file_type, next }))
        })
    }

    /// The directory and those that hold it, as `..` and `PL` tell; broken ones end the list.
    fn ancestors(&self) -> Vec<u64> {
        let mut places = vec![self.place];
        while let Some(&place) = places.last() {
            let parent = || {
                let own = self.tree.record(place).ok()?;
                let parent = self.tree.record(place.saturating_add(to_u64(own.length))).ok()?;
                let relocated = self.tree.rock_ridge(&parent).ok()?.parent;
                let logical = relocated.map(|block| self.tree.block_size.place(block));
                (parent.name == PARENT_NAME).then_some(logical.unwrap_or(parent.data_place))
            };
            match parent() {
                Some(parent) if !places.contains(&parent) && places.len() < MAX_ANCESTORS => {
                    places.push(parent)
                }
                _ => break,
            }
        }
        places
    }

    /// Records from byte `cursor` of the directory on, each with the offset of the next.
    fn for_each_record(
        &self,
        cursor: u64,
        sink: &mut dyn FnMut(DirectoryRecord, u64) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        let mut offset = cursor;
        let mut empty = 0_u32;
        while offset < self.size {
            let in_sector = offset.checked_rem(SECTOR).unwrap_or(0);
            let sector = offset.saturating_sub(in_sector);
            let next_sector = sector.saturating_add(SECTOR);
            let length = to_usize(self.size.saturating_sub(sector).min(SECTOR))?;
            let bytes = self.tree.sectors.read(self.place.saturating_add(sector), length)?;
            let mut at = to_usize(in_sector)?;
            if bytes.get(at).is_none_or(|&length| length == 0) && at == 0 {
                empty = empty.saturating_add(1);
                if empty > MAX_EMPTY_SECTORS {
                    let text = format!("a directory with more than {MAX_EMPTY_SECTORS} empty sectors");
                    return Err(Error::limit(text).at(self.place.saturating_add(sector)));
                }
            } else {
                empty = 0;
            }
            // Each round takes at least a record's least length of the sector.
            while let Some(rest) =
                bytes.get(at..).filter(|rest| rest.first().is_some_and(|&length| length != 0))
            {
                let place = self.place.saturating_add(sector).saturating_add(to_u64(at));
                let record = DirectoryRecord::parse(rest, place, self.tree.block_size)?;
                record.remark(self.tree.sectors.remarks());
                at = at.saturating_add(record.length);
                if sink(record, sector.saturating_add(to_u64(at)))?.is_break() {
                    return Ok(());
                }
            }
            offset = next_sector;
        }
        Ok(())
    }
}

/// Whether the records of a file go on.
pub(crate) enum Follow {
    Next,
    Enough,
}

/// Hands the records of a file that follow its first to `sink`. Their directory is not known, its sectors are.
///
/// # Errors
/// `Corrupt` when another file's record follows, or none.
pub(crate) fn following_sections(
    tree: &Tree,
    first: &DirectoryRecord,
    sink: &mut dyn FnMut(&DirectoryRecord) -> Result<Follow>,
) -> Result<()> {
    let mut at = first.place.saturating_add(to_u64(first.length));
    for _ in 1..MAX_SECTIONS {
        // The rest of a sector without a record is zero; a sector of one byte less than a record's least has none.
        if at.checked_rem(SECTOR) == Some(0) || tree.sectors.read(at, 1)?.first() == Some(&0) {
            at = at.next_multiple_of(SECTOR);
        }
        let record = tree.record(at)?;
        if record.length > SECTOR_BYTES || record.name != first.name || record.is_directory() {
            let text = "a file that goes on in the next record, which is another's";
            return Err(first.corrupt(text));
        }
        if matches!(sink(&record)?, Follow::Enough) {
            return Ok(());
        }
        at = at.saturating_add(to_u64(record.length));
    }
    Err(Error::limit(format!("a file of more than {MAX_SECTIONS} sections")).at(first.place))
}

/// A name without regard to case, and without dots at its end.
fn fold(name: &[u8]) -> Vec<u8> {
    let name = name.iter().rposition(|&b| b != b'.').and_then(|last| name.get(..=last)).unwrap_or(name);
    match core::str::from_utf8(name) {
        Ok(text) => text.to_lowercase().into_bytes(),
        Err(_) => name.to_ascii_lowercase(),
    }
}
