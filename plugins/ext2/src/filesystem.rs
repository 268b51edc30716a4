//! An open filesystem: the SDK's verbs over this crate's nouns.

use crate::blocks::Blocks;
use crate::directory::Directory;
use crate::fast_commit::{self, Area, Outcome};
use crate::inode::Inode;
use crate::options::Options;
use crate::overlay::Overlay;
use crate::superblock::{ROOT_INODE, SUPERBLOCK_OFFSET, SUPERBLOCK_SIZE, Superblock};
use crate::{file, journal, metadata_checksum, symlink};
use core::ops::ControlFlow;
use fsimage_sdk::{
    DirCursor, DirEntry, Error, ErrorKind, Extent, FileSystem, Info, Limits, Metadata, NodeId, Remarks,
    Result, Volume,
};
use std::sync::{Arc, Mutex};

/// What `open` gives.
pub(crate) struct Ext2FileSystem {
    blocks: Blocks,
    superblock: Superblock,
    limits: Limits,
    /// The inode asked for last: metadata, then data, of one file is the common sequence.
    last_inode: Mutex<Option<Arc<Inode>>>,
}

impl Ext2FileSystem {
    pub(crate) fn new(volume: &Volume, bytes: &[u8], options: Options, limits: Limits) -> Result<Self> {
        let superblock = Superblock::parse(bytes)?;
        let remarks = Remarks::new(options.strict);
        let blocks = Blocks::new(volume.clone(), &superblock, Overlay::default(), remarks)?;
        metadata_checksum::superblock(&blocks, &superblock, bytes)?;
        let fresh = Self { blocks, superblock, limits, last_inode: Mutex::default() };
        let features = fresh.superblock.features;
        if !features.needs_recovery() || !features.has_journal() {
            return Ok(fresh);
        }
        if options.ignore_journal {
            fresh.blocks.remarks().note("journal ignored, as asked".to_owned());
            return Ok(fresh);
        }
        if fresh.superblock.journal_inode == 0 {
            let text = format!(
                "superblock: s_journal_inum 0: the external journal {} is not replayed (journal=ignore reads what lies \
                 on this volume)",
                uuid_text(&fresh.superblock.journal_uuid)
            );
            return Err(Error::unsupported(text).at(0x4e0));
        }
        match fresh.replayed(volume) {
            Ok(replayed) => Ok(replayed),
            // GRUB, which reads no journal, would boot what lies there.
            Err(error) if !options.strict && fresh.is_guests_fault(&error) => {
                fresh.blocks.remarks().note(format!("journal not replayed: {error}"));
                Ok(fresh)
            }
            Err(error) => Err(error.within("the journal (journal=ignore reads the disk as it lies)")),
        }
    }

    /// Is an error of the journal the image's own: corrupt, or cut off? A disk that fails is neither.
    fn is_guests_fault(&self, error: &Error) -> bool {
        let cut_off = error.offset().and_then(|at| at.checked_add(self.superblock.block_size.bytes()));
        match error.kind() {
            ErrorKind::Corrupt => true,
            ErrorKind::Io => cut_off.is_some_and(|end| end > self.blocks.volume_size()),
            _ => false,
        }
    }

    /// The same filesystem as its journal leaves it.
    fn replayed(&self, volume: &Volume) -> Result<Self> {
        let replay = journal::replay(&self.blocks, &self.superblock, &self.limits)?;
        let remarks = self.blocks.remarks().clone();
        let copies = replay.overlay.len();
        let old = &self.superblock;
        let blocks = Blocks::new(volume.clone(), old, replay.overlay, remarks.clone())?;
        // The superblock may be among the copies: a filesystem grows while it is mounted.
        let superblock = Superblock::parse(&blocks.read_vec_at(SUPERBLOCK_OFFSET, SUPERBLOCK_SIZE)?)?;
        if superblock.block_size != old.block_size {
            return Err(Error::corrupt("the journal changes s_log_block_size").at(0x418));
        }
        remarks.note(format!(
            "journal replayed in memory: {} transactions, {copies} blocks",
            replay.transactions
        ));
        let mut blocks = blocks.resized(superblock.block_count);
        if let Some(area) = &replay.fast_commits {
            blocks = self.with_fast_commits(area, blocks, &superblock)?;
        }
        Ok(Self { blocks, superblock, limits: self.limits, last_inode: Mutex::default() })
    }

    /// The same blocks, and what the fast commits behind the log changed.
    fn with_fast_commits(&self, area: &Area, blocks: Blocks, superblock: &Superblock) -> Result<Blocks> {
        let remarks = blocks.remarks();
        match fast_commit::replay(area, &blocks, superblock) {
            Ok(Outcome { torn: true, .. }) => {
                remarks.note("a fast commit that is not whole was left out".to_owned());
                Ok(blocks)
            }
            Ok(Outcome { commits: 0, .. }) => Ok(blocks),
            Ok(Outcome { commits, patches, .. }) => {
                remarks.note(format!("{commits} fast commits applied in memory"));
                Ok(blocks.patched(patches))
            }
            Err(error) if !remarks.is_strict() && self.is_guests_fault(&error) => {
                remarks.note(format!("fast commits not applied: {error}"));
                Ok(blocks)
            }
            Err(error) => Err(error),
        }
    }

    fn inode(&self, node: NodeId) -> Result<Arc<Inode>> {
        let number = u32::try_from(node.0)
            .ok()
            .and_then(|n| self.superblock.inode_number(n))
            .ok_or_else(|| Error::corrupt(format!("inode {} of {}", node.0, self.superblock.inode_count)))?;
        if let Ok(last) = self.last_inode.try_lock()
            && let Some(inode) = last.as_ref().filter(|inode| inode.number == number)
        {
            return Ok(Arc::clone(inode));
        }
        let inode = Arc::new(Inode::read(&self.blocks, &self.superblock, number)?);
        if let Ok(mut last) = self.last_inode.try_lock() {
            *last = Some(Arc::clone(&inode));
        }
        Ok(inode)
    }
}

impl FileSystem for Ext2FileSystem {
    fn root(&self) -> Result<NodeId> {
        Ok(NodeId(u64::from(ROOT_INODE)))
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
        file::extents(&self.blocks, &*self.inode(node)?, offset, sink)
    }

    fn info(&self) -> Result<Info> {
        Ok(Info {
            flavour: self.superblock.features.flavour().to_owned(),
            label: self.superblock.label.clone(),
            uuid: uuid_text(&self.superblock.uuid),
            block_size: self.superblock.block_size.get(),
            size: self.superblock.size(),
            features: self.superblock.features.names(),
            remarks: self.blocks.remarks().lines(),
        })
    }
}

/// As blkid prints it: lower case, and nothing at all for a UUID of zeros.
fn uuid_text(uuid: &[u8; 16]) -> String {
    if uuid.iter().all(|&b| b == 0) {
        return String::new();
    }
    let mut text = String::with_capacity(36);
    for (index, byte) in uuid.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::uuid_text;

    #[test]
    fn uuid_as_blkid_prints_it() {
        assert_eq!(uuid_text(&[0; 16]), "");
        let uuid = core::array::from_fn(|i| u8::try_from(i * 17).unwrap());
        assert_eq!(uuid_text(&uuid), "00112233-4455-6677-8899-aabbccddeeff");
    }
}
