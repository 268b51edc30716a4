//! An open filesystem: the SDK's verbs over this crate's nouns.

use crate::boot_directory::{self, BootDirectory};
use crate::boot_image::BootImage;
use crate::directory::Directory;
use crate::el_torito::Catalogue;
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
    DirCursor, DirEntry, Error, ErrorKind, Extent, FileSystem, FileType, Info, Limits, Metadata, NodeId,
    Result,
};
use std::sync::{Arc, Mutex, OnceLock};

/// Boot images that `Info.features` lists one by one: it has room for 1024 bytes in all.
const IMAGES_SHOWN: usize = 12;

/// What `open` gives.
pub(crate) struct Iso9660FileSystem {
    tree: Tree,
    set: DescriptorSet,
    descriptor: VolumeDescriptor,
    options: MountOptions,
    /// `/[BOOT]`, read when it is first asked for.
    boot: OnceLock<BootDirectory>,
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
        let tree = Tree { sectors, block_size: descriptor.block_size, view, root: descriptor.root, limits };
        let (last_node, last_block) = (Mutex::default(), LastBlock::default());
        let boot = OnceLock::new();
        let opened = Self { tree, set, descriptor, options, boot, last_node, last_block };
        if options.boot {
            opened.boot()?;
        }
        Ok(opened)
    }

    /// The boot images as files; none where the disc has no catalogue.
    fn boot(&self) -> Result<&BootDirectory> {
        if let Some(known) = self.boot.get() {
            return Ok(known);
        }
        let images = match self.set.boot_catalogue {
            Some(sector) => Catalogue::read(&self.tree.sectors, sector)?.images,
            None => Vec::new(),
        };
        Ok(self.boot.get_or_init(|| BootDirectory::new(images)))
    }

    /// The same when the node is one of its.
    fn boot_of(&self, node: NodeId) -> Result<Option<&BootDirectory>> {
        if node.0 < boot_directory::NODE { Ok(None) } else { self.boot().map(Some) }
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

    /// Whether `/[BOOT]` is listed in the root: asked for, not empty, and nothing else has its name.
    fn shows_boot(&self, root: &Directory<'_>) -> Result<bool> {
        Ok(self.options.boot && !self.boot()?.is_empty() && root.lookup(boot_directory::NAME).is_err())
    }

    /// What stands in `Info.features`, without blanks. A broken catalogue is told there and remarked: it breaks no file.
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
            match Catalogue::read(&self.tree.sectors, sector) {
                Ok(Catalogue { images, remark }) => {
                    if let Some(remark) = remark {
                        self.tree.sectors.remarks().note("El Torito", remark);
                    }
                    features.extend(images.iter().take(IMAGES_SHOWN).map(BootImage::describe));
                    let more = images.len().saturating_sub(IMAGES_SHOWN);
                    if more > 0 {
                        features.push(format!("el-torito:{more}-more"));
                    }
                }
                Err(error) => {
                    features.push(format!("el-torito:{}", error.kind().text().replace(' ', "-")));
                    self.tree.sectors.remarks().note("El Torito", error);
                }
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
        match self.boot_of(node)? {
            Some(boot) => boot.metadata(node),
            None => Ok(self.node(node)?.metadata),
        }
    }

    fn lookup(&self, directory: NodeId, name: &[u8]) -> Result<NodeId> {
        if let Some(boot) = self.boot_of(directory)? {
            return boot.lookup(directory, name);
        }
        let found = Directory::new(&self.tree, &*self.node(directory)?)?.lookup(name);
        // A file of that name comes first. Else the directory is there whether it is shown or not.
        let not_found = found.as_ref().is_err_and(|error| error.kind() == ErrorKind::NotFound);
        if not_found
            && directory.0 == self.tree.root
            && name == boot_directory::NAME
            && !self.boot()?.is_empty()
        {
            return Ok(NodeId(boot_directory::NODE));
        }
        found
    }

    fn read_dir(
        &self,
        directory: NodeId,
        cursor: DirCursor,
        sink: &mut dyn FnMut(DirEntry<'_>) -> ControlFlow<()>,
    ) -> Result<()> {
        if let Some(boot) = self.boot_of(directory)? {
            return boot.read(directory, cursor, sink);
        }
        let node = self.node(directory)?;
        let read = Directory::new(&self.tree, &node)?;
        let mut ended = true;
        read.read(cursor, &mut |entry| {
            let flow = sink(entry);
            ended = flow.is_continue();
            flow
        })?;
        // Behind the root's own entries: the cursor behind this one is past the directory's size.
        let next = DirCursor(read.size().saturating_add(1));
        if ended && cursor != next && directory.0 == self.tree.root && self.shows_boot(&read)? {
            let (node, file_type) = (NodeId(boot_directory::NODE), FileType::Directory);
            let _ = sink(DirEntry { name: boot_directory::NAME, node, file_type, next });
        }
        Ok(())
    }

    fn read_link(&self, node: NodeId) -> Result<Vec<u8>> {
        match self.boot_of(node)? {
            Some(_) => Err(Error::new(ErrorKind::NotASymlink, "a boot image")),
            None => self.node(node)?.read_link(),
        }
    }

    fn read_at(&self, node: NodeId, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        if let Some(boot) = self.boot_of(node)? {
            return boot.data(node)?.read_at(&self.tree.sectors, offset, buffer);
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
        if let Some(boot) = self.boot_of(node)? {
            return boot.data(node)?.extents(&self.tree.sectors, offset, sink);
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
            // After the features, which may remark on the catalogue.
            remarks: self.tree.sectors.remarks().lines(),
        })
    }
}
