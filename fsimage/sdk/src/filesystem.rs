//! The two traits of a plugin.

use crate::{Error, ErrorKind, Limits, Result, Volume};
use fsimage_abi::FileType;
use std::ops::ControlFlow;

/// A filesystem's own number of a file: an inode, an object. Means nothing to anyone else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub u64);

/// A place in a directory: 0 is before the first entry, any other value came from [`DirEntry::next`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DirCursor(pub u64);

/// A probe's three-way answer.
#[derive(Debug)]
pub enum Probe {
    /// Some other format, or none.
    NotMine,
    /// This format; `open` is expected to succeed.
    Mine,
    /// This format beyond doubt, but broken or beyond this version: what the user sees when nothing else matches.
    MineButBroken(Error),
}

/// A file's metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metadata {
    /// What it is.
    pub file_type: FileType,
    /// The low 12 bits of POSIX `st_mode`.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Hard links.
    pub links: u32,
    /// Length in bytes: of the data, or of a symbolic link's target.
    pub size: u64,
    /// Last modification, seconds since 1970.
    pub mtime_seconds: i64,
    /// Nanoseconds of the last modification.
    pub mtime_nanoseconds: u32,
}

/// A directory entry, borrowed during the sink's call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DirEntry<'a> {
    /// The name: bytes without `/` and NUL, never empty, `.` or `..`.
    pub name: &'a [u8],
    /// The node it names.
    pub node: NodeId,
    /// Its type; [`FileType::Unknown`] when the directory does not say.
    pub file_type: FileType,
    /// The cursor behind this entry.
    pub next: DirCursor,
}

/// What lies in a range of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExtentKind {
    /// The bytes lie plain on a volume, from this byte offset on.
    Data {
        /// Index into the volumes given to `open`.
        volume: u32,
        /// Byte offset on that volume.
        physical: u64,
    },
    /// Nothing: reads as zeros.
    Hole,
}

/// A range of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Byte offset in the file.
    pub logical: u64,
    /// Length in bytes, never 0.
    pub length: u64,
    /// What lies there.
    pub kind: ExtentKind,
}

/// What is known about an open filesystem as a whole. Texts are bytes of the guest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Info {
    /// The format's own name of its variant, such as `ext4`.
    pub flavour: String,
    /// Volume label as on the disk, without padding.
    pub label: Vec<u8>,
    /// UUID or serial number as text, the way blkid prints it; empty when there is none.
    pub uuid: String,
    /// Block size in bytes, 0 when the format has none.
    pub block_size: u32,
    /// Size of the filesystem in bytes, 0 when unknown.
    pub size: u64,
    /// Names of features in use, without blanks.
    pub features: Vec<String>,
    /// What was odd and went on, as of now: one line of text each.
    pub remarks: Vec<String>,
}

/// How to open.
#[derive(Debug, Clone, Default)]
pub struct OpenOptions {
    /// Mount options of the format (a dataset, a subvolume); bytes as the user typed them, empty when none.
    pub options: Vec<u8>,
    /// What not to exceed.
    pub limits: Limits,
}

/// A filesystem format: what a plugin exports.
pub trait Format: Send + Sync {
    /// Short name, `[a-z0-9_-]{1,31}`.
    fn name(&self) -> &str;

    /// Does the volume hold this format? Reads as little as it can: this is asked of every plugin on every volume.
    ///
    /// # Errors
    /// Only when the host's read fails: a volume too short for the format's superblock is [`Probe::NotMine`].
    fn probe(&self, volume: &Volume, limits: &Limits) -> Result<Probe>;

    /// Opens a filesystem that lies on `volumes` (most formats: exactly one).
    ///
    /// # Errors
    /// Anything; [`ErrorKind::Unsupported`] and [`ErrorKind::Corrupt`] name the field and its offset.
    fn open(&self, volumes: &[Volume], options: &OpenOptions) -> Result<Box<dyn FileSystem>>;
}

/// An open filesystem. Nodes come from `root`, `lookup` and `read_dir`; any other value must fail cleanly.
pub trait FileSystem: Send {
    /// The root directory.
    ///
    /// # Errors
    /// When the root cannot be told.
    fn root(&self) -> Result<NodeId>;

    /// A node's metadata.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] when there is no such node.
    fn metadata(&self, node: NodeId) -> Result<Metadata>;

    /// The node that `name` names in a directory; `name` is never `.` or `..` and holds no `/`.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], [`ErrorKind::NotADirectory`].
    fn lookup(&self, directory: NodeId, name: &[u8]) -> Result<NodeId>;

    /// Hands the entries behind `cursor` to `sink`, in the directory's own order and without `.` and `..`, until
    /// the sink breaks or the directory ends.
    ///
    /// # Errors
    /// [`ErrorKind::NotADirectory`], [`ErrorKind::Corrupt`].
    fn read_dir(
        &self,
        directory: NodeId,
        cursor: DirCursor,
        sink: &mut dyn FnMut(DirEntry<'_>) -> ControlFlow<()>,
    ) -> Result<()>;

    /// A symbolic link's target: at most 4096 bytes, never empty.
    ///
    /// # Errors
    /// [`ErrorKind::NotASymlink`].
    fn read_link(&self, node: NodeId) -> Result<Vec<u8>>;

    /// Fills `buffer` with the file's bytes from `offset`; the count is short only at the end of the file.
    ///
    /// # Errors
    /// [`ErrorKind::IsADirectory`], [`ErrorKind::NotAFile`], [`ErrorKind::Io`] when the volume ends too early.
    fn read_at(&self, node: NodeId, offset: u64, buffer: &mut [u8]) -> Result<usize>;

    /// Hands to `sink` the ranges of the file from `offset` to its end, ascending, without gap or overlap, the
    /// last one cut at the file's size; the first may begin before `offset`. Implement it wherever data lies
    /// plain on a volume: it is what makes extraction as fast as `cp`.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] when this file's data is not plain: it is then read through `read_at`.
    fn extents(
        &self,
        _node: NodeId,
        _offset: u64,
        _sink: &mut dyn FnMut(Extent) -> ControlFlow<()>,
    ) -> Result<()> {
        Err(Error::new(ErrorKind::Unsupported, "this format has no extents"))
    }

    /// Label, UUID, features, remarks.
    ///
    /// # Errors
    /// When they lie on the volume and cannot be read.
    fn info(&self) -> Result<Info> {
        Ok(Info::default())
    }

    /// What the kernel's arguments need to find its root filesystem, or nothing.
    ///
    /// # Errors
    /// When the format has such a string and cannot make it.
    fn boot_string(&self, _node: NodeId) -> Result<Vec<u8>> {
        Ok(Vec::new())
    }
}
