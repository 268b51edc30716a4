//! An open filesystem: nodes are inode numbers.

use crate::blocks::Blocks;
use crate::directory::Directory;
use crate::inode::Inode;
use crate::log_scan::{self, Replay};
use crate::options::Options;
use crate::overlay::Overlay;
use crate::places::Found;
use crate::state::Condition;
use crate::superblock::Superblock;
use crate::units::{GroupNumber, InodeNumber};
use crate::{cylinder_group, file, symlink};
use core::ops::ControlFlow;
use fsimage_sdk::{
    DirCursor, DirEntry, Endian, Error, ErrorKind, Extent, Fields, FileSystem, Info, Limits, Metadata,
    NodeId, Remarks, Result, Volume,
};
use std::sync::{Arc, Mutex};

/// What `open` gives.
pub(crate) struct UfsFileSystem {
    blocks: Blocks,
    superblock: Superblock,
    limits: Limits,
    /// The inode asked for last: metadata, then data, of one file is the common sequence.
    last_inode: Mutex<Option<Arc<Inode>>>,
    /// The cylinder group checked last: a directory's files mostly lie in one.
    last_group: Mutex<Option<GroupNumber>>,
}

impl UfsFileSystem {
    pub(crate) fn new(volume: &Volume, found: Found, options: Options, limits: Limits) -> Result<Self> {
        let Found { candidate, superblock, primary_error } = found;
        let remarks = Remarks::new(options.strict);
        if let Some(error) = primary_error {
            if options.strict {
                return Err(error);
            }
            remarks
                .note(format!("the superblock at {:#x} stands in for the first: {error}", candidate.place));
        }
        let fields = Fields::new(&candidate.bytes, candidate.endian, "superblock", candidate.place);
        superblock.check_hashes.superblock(volume, &fields, &remarks)?;
        if superblock.state.has_unread_journal() {
            remarks.note("NetBSD's journal (WAPBL) is not replayed: the disk is read as it lies".to_owned());
        }
        let overlay = log(volume, &superblock, options, &limits, &remarks)?;
        let blocks = Blocks::new(volume.clone(), &superblock, overlay, remarks);
        Ok(Self { blocks, superblock, limits, last_inode: Mutex::default(), last_group: Mutex::default() })
    }

    fn inode(&self, node: NodeId) -> Result<Arc<Inode>> {
        let number =
            u32::try_from(node.0).ok().and_then(|n| self.superblock.inode_number(n)).ok_or_else(|| {
                Error::corrupt(format!("inode {} of {}", node.0, self.superblock.inode_count()))
            })?;
        if let Ok(last) = self.last_inode.try_lock()
            && let Some(inode) = last.as_ref().filter(|inode| inode.number == number)
        {
            return Ok(Arc::clone(inode));
        }
        self.check_group(self.superblock.group_of(number))?;
        let inode = Arc::new(Inode::read(&self.blocks, &self.superblock, number)?);
        if let Ok(mut last) = self.last_inode.try_lock() {
            *last = Some(Arc::clone(&inode));
        }
        Ok(inode)
    }

    fn check_group(&self, group: GroupNumber) -> Result<()> {
        let Ok(mut last) = self.last_group.try_lock() else { return Ok(()) };
        if *last != Some(group) {
            cylinder_group::check(&self.blocks, &self.superblock, group)?;
            *last = Some(group);
        }
        Ok(())
    }
}

/// What Solaris' log lays over the disk.
fn log(
    volume: &Volume,
    superblock: &Superblock,
    options: Options,
    limits: &Limits,
    remarks: &Remarks,
) -> Result<Overlay> {
    if superblock.log_block == 0 || superblock.state.condition != Condition::Logging {
        return Ok(Overlay::default());
    }
    if options.ignore_journal {
        remarks.note("log ignored, as asked".to_owned());
        return Ok(Overlay::default());
    }
    let Replay { overlay, transactions, broken_off } = match log_scan::replay(volume, superblock, limits) {
        Ok(replay) => replay,
        // Solaris' boot loader goes on without a log that it cannot read.
        Err(error) if !options.strict && is_guests_fault(volume, &error) => {
            remarks.note(format!("log not replayed: {error}"));
            return Ok(Overlay::default());
        }
        Err(error) => return Err(error.within("the log (journal=ignore reads the disk as it lies)")),
    };
    if let Some(error) = broken_off {
        if options.strict {
            return Err(error.within("the log (journal=ignore reads the disk as it lies)"));
        }
        remarks.note(format!("log replayed only up to its first error: {error}"));
    }
    if transactions > 0 {
        let count = overlay.len();
        remarks.note(format!("log replayed in memory: {transactions} transactions, {count} ranges"));
    }
    Ok(overlay)
}

/// Is an error of the log the image's own: corrupt, or cut off? A disk that fails is neither.
fn is_guests_fault(volume: &Volume, error: &Error) -> bool {
    let cut_off = error.offset().and_then(|at| at.checked_add(crate::log_space::SECTOR));
    match error.kind() {
        ErrorKind::Corrupt | ErrorKind::Unsupported => true,
        ErrorKind::Io => cut_off.is_some_and(|end| end > volume.size()),
        _ => false,
    }
}

impl FileSystem for UfsFileSystem {
    fn root(&self) -> Result<NodeId> {
        Ok(NodeId(u64::from(InodeNumber::ROOT.get())))
    }

    fn metadata(&self, node: NodeId) -> Result<Metadata> {
        Ok(self.inode(node)?.metadata)
    }

    fn lookup(&self, directory: NodeId, name: &[u8]) -> Result<NodeId> {
        let inode = self.inode(directory)?;
        let found = Directory::new(&self.blocks, &self.superblock, &inode, &self.limits)?.lookup(name)?;
        Ok(NodeId(u64::from(found.get())))
    }

    fn read_dir(
        &self,
        directory: NodeId,
        cursor: DirCursor,
        sink: &mut dyn FnMut(DirEntry<'_>) -> ControlFlow<()>,
    ) -> Result<()> {
        let inode = self.inode(directory)?;
        Directory::new(&self.blocks, &self.superblock, &inode, &self.limits)?.read(cursor, sink)
    }

    fn read_link(&self, node: NodeId) -> Result<Vec<u8>> {
        symlink::read_link(&self.blocks, &self.superblock, &*self.inode(node)?)
    }

    fn read_at(&self, node: NodeId, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        file::read_at(&self.blocks, &self.superblock, &*self.inode(node)?, offset, buffer)
    }

    fn extents(
        &self,
        node: NodeId,
        offset: u64,
        sink: &mut dyn FnMut(Extent) -> ControlFlow<()>,
    ) -> Result<()> {
        file::extents(&self.blocks, &self.superblock, &*self.inode(node)?, offset, sink)
    }

    fn info(&self) -> Result<Info> {
        let endian = match self.superblock.endian {
            Endian::Little => "little-endian",
            Endian::Big => "big-endian",
        };
        let fragment = format!("fragment-size={}", self.superblock.fragment_size.get());
        let words = vec![endian.to_owned(), fragment];
        Ok(Info {
            flavour: self.superblock.flavour.name().to_owned(),
            label: self.superblock.label.clone(),
            uuid: id_text(self.superblock.id),
            block_size: self.superblock.block_size.get(),
            size: self.superblock.size(),
            features: [words, self.superblock.state.words()].concat(),
            remarks: self.blocks.remarks().lines(),
        })
    }
}

/// `fs_id` as blkid and FreeBSD's `/dev/ufsid` print it; nothing where it was never set.
fn id_text(id: [u32; 2]) -> String {
    match id {
        [0, 0] => String::new(),
        [time, random] => format!("{time:08x}{random:08x}"),
    }
}
