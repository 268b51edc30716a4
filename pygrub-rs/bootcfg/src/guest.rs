//! The guest as this crate sees it: named volumes with files in them, and nothing else.

use std::fmt;

/// A volume of the guest, as the caller numbers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VolumeId(pub u32);

impl Default for VolumeId {
    fn default() -> Self {
        Self::NONE
    }
}

impl VolumeId {
    /// "No volume": what [`FileRef::volume`] says when a configuration was read without a guest.
    pub const NONE: Self = Self(u32::MAX);
}

/// How a guest's boot loader may call a volume.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VolumeName {
    /// Which one.
    pub id: VolumeId,
    /// GRUB's names without parentheses, the preferred one first: `hd0,msdos1`, `hd0,1`; or `hd0` for a whole disk.
    pub grub_names: Vec<String>,
    /// Legacy GRUB's name, which counts partitions from 0: `hd0,0`, `hd0,0,a`. Its `hd0,1` is not GRUB 2's `hd0,1`.
    pub legacy_grub_name: Option<String>,
    /// The filesystem's UUID, as GRUB prints it.
    pub uuid: Option<String>,
    /// The filesystem's label.
    pub label: Option<Vec<u8>>,
    /// Its entry in a GPT, when it is a partition of one.
    pub gpt: Option<GptEntry>,
    /// The partition's own id, which Linux calls PARTUUID: `12345678-01`, or that of [`VolumeName::gpt`].
    pub part_uuid: Option<String>,
    /// GRUB's name of the filesystem: `ext2`, `iso9660`, `ufs2`; none where none is recognised.
    pub filesystem: Option<String>,
}

/// A partition's entry in a GPT (UEFI specification, "GPT Partition Entry Array"), as far as boot loaders ask for it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GptEntry {
    /// `PartitionTypeGUID`, in lower case: tells an EFI system partition, an XBOOTLDR, Flatcar's `/usr`.
    pub type_guid: String,
    /// `UniquePartitionGUID`, in lower case: Linux' `PARTUUID=`.
    pub guid: String,
    /// `PartitionName`: Linux' `PARTLABEL=`.
    pub name: Vec<u8>,
    /// `Attributes`: the upper 16 bits are the type's own.
    pub attributes: u64,
}

impl VolumeName {
    /// Whether it is a partition of this type in a GPT.
    pub(crate) fn is_of_type(&self, guid: &str) -> bool {
        self.gpt.as_ref().is_some_and(|entry| entry.type_guid == guid)
    }
}

/// What stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// Anything else.
    Other,
}

/// The little that boot configurations ask about a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileStatus {
    /// Its type.
    pub kind: FileKind,
    /// Its size in bytes.
    pub size: u64,
}

/// A file could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuestError {
    /// Why, for people.
    pub message: String,
    /// The file does not exist, as opposed to being broken.
    pub not_found: bool,
}

impl fmt::Display for GuestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for GuestError {}

/// A guest's open filesystems. The worker implements it over plugins, tests over a map.
///
/// Paths are absolute within their volume and may hold `.`, `..` and repeated slashes; resolving them, symbolic
/// links included, is the implementor's work (it lives in the SDK, once).
pub trait Guest {
    /// The volumes in boot-search order; one whose filesystem cannot be read has neither UUID nor label.
    fn volumes(&self) -> &[VolumeName];
    /// What stands at the path, symbolic links followed; `None` when absent or unreadable.
    fn status(&self, volume: VolumeId, path: &[u8]) -> Option<FileStatus>;
    /// The whole file; an error when it is larger than `max`.
    ///
    /// # Errors
    /// Whatever kept the file from being read whole.
    fn read(&self, volume: VolumeId, path: &[u8], max: u64) -> Result<Vec<u8>, GuestError>;
    /// `length` bytes of the file from byte `offset` on, all of them: for images whose headers alone are looked at.
    ///
    /// # Errors
    /// Whatever kept them from being read, the file's end among it.
    fn read_at(
        &self,
        volume: VolumeId,
        path: &[u8],
        offset: u64,
        length: usize,
    ) -> Result<Vec<u8>, GuestError>;
    /// Whether a regular file is there, to be booted or joined to a ramdisk.
    ///
    /// # Errors
    /// Why it cannot be had.
    fn loadable(&self, volume: VolumeId, path: &[u8]) -> Result<(), GuestError> {
        let error = |message: &str, not_found| GuestError { message: message.to_owned(), not_found };
        match self.status(volume, path).map(|status| status.kind) {
            Some(FileKind::File) => Ok(()),
            Some(FileKind::Directory) => Err(error("a directory, where a file is wanted", false)),
            Some(FileKind::Other) => Err(error("no regular file", false)),
            None => Err(error("there is no such file", true)),
        }
    }
    /// A file as a disk of its own (GRUB's `loopback`): the whole of it, then its partitions, whose numbers hold in every
    /// other question. Their names are those behind the disk's: empty for the whole, then `,msdos1` and `,1`. What is asked
    /// twice is the same disk.
    ///
    /// # Errors
    /// It cannot be read, or there are too many such disks, or one inside the other.
    fn open_image(&self, _volume: VolumeId, _path: &[u8]) -> Result<Vec<VolumeName>, GuestError> {
        Err(GuestError { message: "files cannot be opened as disks here".to_owned(), not_found: false })
    }
    /// The names in a directory, without `.` and `..`, in its own order; an error when there are more than `max`.
    ///
    /// # Errors
    /// Whatever kept the directory from being read whole.
    fn list(&self, volume: VolumeId, path: &[u8], max: usize) -> Result<Vec<DirName>, GuestError>;
}

/// A name in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirName {
    /// The name's bytes, neither empty nor with a slash or NUL in it.
    pub name: Vec<u8>,
    /// What it names; a symbolic link is [`FileKind::Other`].
    pub kind: FileKind,
}

/// A file of the guest.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FileRef {
    /// The volume it lies on.
    pub volume: VolumeId,
    /// Its absolute path there.
    pub path: Vec<u8>,
}

/// The directory of a path, without a slash at its end.
pub(crate) fn folder(path: &[u8]) -> &[u8] {
    let slash = path.iter().rposition(|&byte| byte == b'/').unwrap_or(0);
    path.get(..slash).unwrap_or_default()
}

/// A path's last component.
pub(crate) fn file_name(path: &[u8]) -> &[u8] {
    path.rsplit(|&byte| byte == b'/').next().unwrap_or_default()
}

/// A file to boot: all of a file, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BootFile {
    /// The file.
    pub file: FileRef,
    /// Only these bytes of it: a unified kernel image has the kernel and the ramdisk in its sections.
    pub section: Option<Section>,
    /// The file is no archive but goes into one under this name (GRUB's `initrd newc:NAME:FILE`). Ramdisks only.
    pub newc_name: Option<Vec<u8>>,
}

/// A range of a file's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Section {
    /// Byte offset in the file.
    pub offset: u64,
    /// Bytes.
    pub length: u64,
}

impl From<FileRef> for BootFile {
    fn from(file: FileRef) -> Self {
        Self { file, section: None, newc_name: None }
    }
}
