//! An open filesystem: the SDK's verbs over this crate's nouns.

use crate::boot_directory::{self, BootDirectory};
use crate::directory::Directory;
use crate::el_torito;
use crate::label;
use crate::mount_options::MountOptions;
use crate::node::Node;
use crate::sectors::Sectors;
use crate::tree::Tree;
use crate::view;
use crate::volume_descriptor::{DescriptorSet, VolumeDescriptor};
use crate::zisofs::LastBlock;
use core::ops::ControlFlow;
use fsimage_sdk::{
    DirCursor, DirEntry, Error, Extent, FileSystem, FileType, Info, Limits, Metadata, NodeId, Result,
};
use std::sync::{Arc, Mutex};

/// What `open` gives.
pub(crate) struct Iso9660FileSystem {
    tree: Tree,
    set: DescriptorSet,
    descriptor: VolumeDescriptor,
    options: MountOptions,
    /// Empty unless asked for.
    boot: BootDirectory,
    /// The node asked for last: metadata, then data, of one file is the common sequence.
    last_node: Mutex<Option<Arc<Node>>>,
    last_block: LastBlock,
}

impl Iso9660FileSystem {
    pub(crate) fn new(
        sectors: Sectors,
        set: DescriptorSet,
        options: MountOptions,
        limits: Limits,
    ) -> Result<Self> {
        let (view, descriptor) = view::choose(&sectors, &set, &options)?;
        let images = match set.boot_catalogue.filter(|_| options.boot) {
            Some(sector) => el_torito::catalogue(&sectors, sector)?,
            None => Vec::new(),
        };
        let tree = Tree { sectors, block_size: descriptor.block_size, view, root: descriptor.root, limits };
        let (last_node, last_block) = (Mutex::default(), LastBlock::default());
        Ok(Self { tree, set, descriptor, options, boot: BootDirectory::new(images), last_node, last_block })
    }

    fn node(&self, node: NodeId) -> Result<Arc<Node>> {
        if let Ok(last) = self.last_node.try_lock()
            && let Some(known) = last.as_ref().filter(|known| known.place == node.0)
        {
            return Ok(Arc::clone(known));
        }
        let read = Arc::new(Node::read(&self.tree, node.0, !self.options.no_compress)?);
        if let Ok(mut last) = self.last_node.try_lock() {
            *last = Some(Arc::clone(&read));
        }
        Ok(read)
    }

    /// What stands in `Info.features`, without blanks. A broken catalogue is told there: it breaks no file.
    fn features(&self) -> Vec<String> {
        let mut features = vec![self.tree.view.name().to_owned()];
        for (there, name) in [
            (self.set.joliet.is_some(), "has-joliet"),
            (self.set.enhanced.is_some(), "has-enhanced"),
            (self.set.udf, "has-udf"),
        ] {
            if there {
                features.push(name.to_owned());
            }
        }
        if let Some(sector) = self.set.boot_catalogue {
            match el_torito::catalogue(&self.tree.sectors, sector) {
                Ok(images) => features.extend(images.iter().map(el_torito::BootImage::describe)),
                Err(error) => features.push(format!("el-torito:{}", error.kind().text().replace(' ', "-"))),
            }
        }
        features
    }
}

impl FileSystem for Iso9660FileSystem {
    fn root(&self) -> Result<NodeId> {
        Ok(NodeId(self.tree.root))
    }

    fn metadata(&self, node: NodeId) -> Result<Metadata> {
        if self.boot.holds(node) {
            return self.boot.metadata(node);
        }
        Ok(self.node(node)?.metadata)
    }

    fn lookup(&self, directory: NodeId, name: &[u8]) -> Result<NodeId> {
        if self.boot.holds(directory) {
            return self.boot.lookup(directory, name);
        }
        if directory.0 == self.tree.root && !self.boot.is_empty() && name == boot_directory::NAME {
            return Ok(NodeId(boot_directory::NODE));
        }
        Directory::new(&self.tree, &*self.node(directory)?)?.lookup(name)
    }

    fn read_dir(
        &self,
        directory: NodeId,
        cursor: DirCursor,
        sink: &mut dyn FnMut(DirEntry<'_>) -> ControlFlow<()>,
    ) -> Result<()> {
        if self.boot.holds(directory) {
            return self.boot.read(directory, cursor, sink);
        }
        let read = Directory::new(&self.tree, &*self.node(directory)?)?;
        let mut ended = true;
        read.read(cursor, &mut |entry| {
            let flow = sink(entry);
            ended = flow.is_continue();
            flow
        })?;
        // Behind the root's own entries: the cursor behind this one is past the directory's size.
        let next = DirCursor(read.size().saturating_add(1));
        if ended && cursor != next && directory.0 == self.tree.root && !self.boot.is_empty() {
            let (node, file_type) = (NodeId(boot_directory::NODE), FileType::Directory);
            let _ = sink(DirEntry { name: boot_directory::NAME, node, file_type, next });
        }
        Ok(())
    }

    fn read_link(&self, node: NodeId) -> Result<Vec<u8>> {
        if self.boot.holds(node) {
            return Err(Error::new(fsimage_sdk::ErrorKind::NotASymlink, "a boot image"));
        }
        self.node(node)?.read_link()
    }

    fn read_at(&self, node: NodeId, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        if self.boot.holds(node) {
            return self.boot.data(node)?.read_at(&self.tree.sectors, offset, buffer);
        }
        let file = self.node(node)?;
        file.check_regular()?;
        match &file.compression {
            Some(compression) => {
                self.last_block.read_at(&self.tree.sectors, node.0, &file.data, compression, offset, buffer)
            }
            None => file.data.read_at(&self.tree.sectors, offset, buffer),
        }
    }

    fn extents(
        &self,
        node: NodeId,
        offset: u64,
        sink: &mut dyn FnMut(Extent) -> ControlFlow<()>,
    ) -> Result<()> {
        if self.boot.holds(node) {
            return self.boot.data(node)?.extents(&self.tree.sectors, offset, sink);
        }
        let file = self.node(node)?;
        file.check_regular()?;
        if file.compression.is_some() {
            return Err(Error::unsupported("zisofs: compressed data has no extents").at(node.0));
        }
        file.data.extents(&self.tree.sectors, offset, sink)
    }

    fn info(&self) -> Result<Info> {
        Ok(Info {
            flavour: "iso9660".to_owned(),
            label: label::label(&self.set)?,
            uuid: label::uuid(&self.set)?,
            block_size: u32::from(self.tree.block_size.get()),
            size: self.tree.block_size.place(self.descriptor.space_size),
            features: self.features(),
        })
    }
}
