//! `/[BOOT]`: El Torito's images as files. Found whenever asked for by name, shown when the option `boot` is given.

use crate::boot_image::BootImage;
use crate::file::Data;
use core::ops::ControlFlow;
use fsimage_sdk::{
    DirCursor, DirEntry, Error, ErrorKind, FileType, Metadata, NodeId, Result, to_u64, to_usize,
};

/// The directory's name.
pub(crate) const NAME: &[u8] = b"[BOOT]";
/// The directory's node. No record lies there: it is beyond every block number's place.
pub(crate) const NODE: u64 = 1 << 63;

/// The directory and its files, whose nodes count on from its own.
#[derive(Default)]
pub(crate) struct BootDirectory {
    images: Vec<BootImage>,
}

impl BootDirectory {
    pub(crate) fn new(images: Vec<BootImage>) -> Self {
        Self { images }
    }

    /// Whether there is anything to show.
    pub(crate) fn is_empty(&self) -> bool {
        self.images.is_empty()
    }

    fn image(&self, node: NodeId) -> Result<Option<&BootImage>> {
        if node.0 == NODE && !self.is_empty() {
            return Ok(None);
        }
        let index = to_usize(node.0.saturating_sub(NODE).saturating_sub(1))?;
        let image = self.images.get(index);
        image.map(Some).ok_or_else(|| Error::corrupt(format!("boot image {index} of {}", self.images.len())))
    }

    pub(crate) fn metadata(&self, node: NodeId) -> Result<Metadata> {
        let (file_type, size) = match self.image(node)? {
            Some(image) => (FileType::Regular, image.length),
            None => (FileType::Directory, 0),
        };
        let (mode, links, mtime_seconds, mtime_nanoseconds) = (0o555, 1, 0, 0);
        Ok(Metadata { file_type, mode, uid: 0, gid: 0, links, size, mtime_seconds, mtime_nanoseconds })
    }

    /// An image's bytes as data of a file.
    ///
    /// # Errors
    /// `IsADirectory`.
    pub(crate) fn data(&self, node: NodeId) -> Result<Data> {
        let image = self.image(node)?.ok_or_else(|| Error::new(ErrorKind::IsADirectory, "[BOOT]"))?;
        let mut data = Data::default();
        data.push(image.place, image.length);
        Ok(data)
    }

    pub(crate) fn lookup(&self, directory: NodeId, name: &[u8]) -> Result<NodeId> {
        let mut found = None;
        self.read(directory, DirCursor(0), &mut |entry| {
            found = (entry.name == name).then_some(entry.node);
            if found.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        found.ok_or_else(|| Error::new(ErrorKind::NotFound, format!("\"{}\" in [BOOT]", name.escape_ascii())))
    }

    pub(crate) fn read(
        &self,
        directory: NodeId,
        cursor: DirCursor,
        sink: &mut dyn FnMut(DirEntry<'_>) -> ControlFlow<()>,
    ) -> Result<()> {
        if self.image(directory)?.is_some() {
            return Err(Error::new(ErrorKind::NotADirectory, "a boot image"));
        }
        for (index, image) in self.images.iter().enumerate().skip(to_usize(cursor.0)?) {
            let number = to_u64(index).saturating_add(1);
            let name = format!("{number}-{}.img", image.platform());
            let node = NodeId(NODE.saturating_add(number));
            let (file_type, next) = (FileType::Regular, DirCursor(number));
            if sink(DirEntry { name: name.as_bytes(), node, file_type, next }).is_break() {
                break;
            }
        }
        Ok(())
    }
}
