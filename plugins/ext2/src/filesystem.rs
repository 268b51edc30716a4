//! An open filesystem: the SDK's verbs over this crate's nouns.

use crate::blocks::Blocks;
use crate::directory::Directory;
use crate::inode::Inode;
use crate::superblock::{ROOT_INODE, Superblock};
use crate::{file, symlink};
use core::ops::ControlFlow;
use fsimage_sdk::{
    DirCursor, DirEntry, Error, Extent, FileSystem, Info, Limits, Metadata, NodeId, Result, Volume,
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
    pub(crate) fn new(volume: Volume, superblock: Superblock, limits: Limits) -> Result<Self> {
        let blocks = Blocks::new(volume, &superblock)?;
        Ok(Self { blocks, superblock, limits, last_inode: Mutex::default() })
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
