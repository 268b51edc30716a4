//! The guest that the plugin serves: enough to boot.
//!
//! `/boot/grub/grub.cfg` with one entry, `/boot/vmlinuz` of 8192 bytes, `/boot/initrd`, `/hold`, `/link`. Nothing of
//! it lies on the disk. A node's low byte is the file, the rest the misdeed: the lies in [`crate::lies`] need no other
//! memory.

use crate::crashes;
use crate::misdeeds::MISDEEDS;
use fsimage_sdk::{
    DirCursor, DirEntry, Error, ErrorKind, FileSystem, FileType, Info, Metadata, NodeId, Result,
};
use std::ops::ControlFlow;
use std::time::Duration;

const CONFIG: &[u8] = b"set default=0\nset timeout=5\nmenuentry 'Evil Linux' {\n\
    linux /boot/vmlinuz root=/dev/xvda1 ro\ninitrd /boot/initrd\n}\n";
const ESCAPES: &[u8] = b"set default=0\nset timeout=5\n\
    menuentry 'Evil \x1b]0;owned\x07\x1b[2J\x1b[31mLinux\x9b1m\x08\x08\r\xff' {\n\
    linux /boot/vmlinuz root=/dev/xvda1 \"a\nkernel=/etc/shadow\" \"(ramdisk /etc/shadow)\"\n\
    initrd /boot/initrd\n}\n";
const KERNEL: &[u8] = &[b'K'; 8192];
const HOLD: Duration = Duration::from_secs(30);

struct File {
    parent: u64,
    name: &'static [u8],
    file_type: FileType,
    data: &'static [u8],
}

const ROOT: u64 = 0;
const GRUB: u64 = 2;
/// The kernel's number.
pub(crate) const VMLINUZ: u64 = 4;

/// By number, which is the place here.
const FILES: &[File] = &[
    File { parent: u64::MAX, name: b"", file_type: FileType::Directory, data: b"" },
    File { parent: ROOT, name: b"boot", file_type: FileType::Directory, data: b"" },
    File { parent: 1, name: b"grub", file_type: FileType::Directory, data: b"" },
    File { parent: GRUB, name: b"grub.cfg", file_type: FileType::Regular, data: CONFIG },
    File { parent: 1, name: b"vmlinuz", file_type: FileType::Regular, data: KERNEL },
    File { parent: 1, name: b"initrd", file_type: FileType::Regular, data: b"evil ramdisk\n" },
    File { parent: ROOT, name: b"hold", file_type: FileType::Regular, data: b"held\n" },
    File { parent: ROOT, name: b"link", file_type: FileType::Symlink, data: b"boot/vmlinuz" },
];

/// The open guest.
pub(crate) struct Guest {
    misdeed: u64,
}

/// The misdeed's name and the file's number that a node stands for.
pub(crate) fn parts(node: u64) -> (&'static str, u64) {
    let misdeed = usize::try_from(node >> 8).ok().and_then(|index| MISDEEDS.get(index));
    (misdeed.map_or("", |misdeed| misdeed.name), node & 0xff)
}

impl Guest {
    pub(crate) fn new(misdeed: u64) -> Self {
        Self { misdeed }
    }

    fn node(&self, number: u64) -> NodeId {
        NodeId(self.misdeed << 8 | number)
    }

    fn file(&self, node: NodeId) -> Result<&'static File> {
        let number = usize::try_from(node.0 & 0xff).unwrap_or(usize::MAX);
        FILES.get(number).ok_or_else(|| Error::corrupt("no such node"))
    }

    fn data(&self, node: NodeId) -> Result<&'static [u8]> {
        let file = self.file(node)?;
        Ok(if parts(node.0).0 == "title-escapes" && file.name == b"grub.cfg" { ESCAPES } else { file.data })
    }

    fn children(&self, directory: NodeId) -> impl Iterator<Item = (u64, &'static File)> {
        (0_u64..).zip(FILES).filter(move |(_, file)| file.parent == directory.0 & 0xff)
    }
}

impl FileSystem for Guest {
    fn root(&self) -> Result<NodeId> {
        Ok(self.node(ROOT))
    }

    fn metadata(&self, node: NodeId) -> Result<Metadata> {
        let size = u64::try_from(self.data(node)?.len()).unwrap_or(0);
        let file_type = self.file(node)?.file_type;
        Ok(Metadata {
            file_type,
            mode: 0o755,
            uid: 0,
            gid: 0,
            links: 1,
            size,
            mtime_seconds: 0,
            mtime_nanoseconds: 0,
        })
    }

    fn lookup(&self, directory: NodeId, name: &[u8]) -> Result<NodeId> {
        if self.file(directory)?.file_type != FileType::Directory {
            return Err(Error::new(ErrorKind::NotADirectory, ""));
        }
        let found = self.children(directory).find(|(_, file)| file.name == name);
        let (number, _) = found.ok_or_else(|| Error::new(ErrorKind::NotFound, ""))?;
        Ok(self.node(number))
    }

    fn read_dir(
        &self,
        directory: NodeId,
        cursor: DirCursor,
        sink: &mut dyn FnMut(DirEntry<'_>) -> ControlFlow<()>,
    ) -> Result<()> {
        if self.file(directory)?.file_type != FileType::Directory {
            return Err(Error::new(ErrorKind::NotADirectory, ""));
        }
        for (number, file) in self.children(directory).filter(|(number, _)| *number >= cursor.0) {
            let next = DirCursor(number.saturating_add(1));
            let (name, file_type, node) = (file.name, file.file_type, self.node(number));
            if sink(DirEntry { name, node, file_type, next }).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn read_link(&self, node: NodeId) -> Result<Vec<u8>> {
        let file = self.file(node)?;
        if file.file_type != FileType::Symlink {
            return Err(Error::new(ErrorKind::NotASymlink, ""));
        }
        Ok(file.data.to_vec())
    }

    fn read_at(&self, node: NodeId, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let file = self.file(node)?;
        match file.file_type {
            FileType::Regular => {}
            FileType::Directory => return Err(Error::new(ErrorKind::IsADirectory, "")),
            _ => return Err(Error::new(ErrorKind::NotAFile, "")),
        }
        if parts(node.0).0 == "breakpoint" && file.name == b"hold" && offset == 0 {
            crashes::wait(HOLD);
        }
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let left = self.data(node)?.get(start..).unwrap_or_default();
        Ok(buffer.iter_mut().zip(left).map(|(to, from)| *to = *from).count())
    }

    fn info(&self) -> Result<Info> {
        Ok(Info { flavour: "evil".to_owned(), label: b"EVIL".to_vec(), ..Info::default() })
    }
}
