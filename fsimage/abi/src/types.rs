//! The structures that cross the ABI.

use crate::MESSAGE_CAPACITY;
use crate::entry::{LogFn, VolumeReadFn};
use core::ffi::c_void;

/// Where a failing callback says what happened. The caller owns it, zeroes it and sets `struct_size`; the callee
/// fills the rest. The return code alone decides success: an untouched error is allowed.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Error {
    /// Size of this structure in bytes, set by the caller.
    pub struct_size: u32,
    /// An [`crate::ErrorKind`] number; equal to the callback's return code.
    pub kind: i32,
    /// Byte offset on the volume where the trouble lies, or [`crate::NO_OFFSET`].
    pub offset: u64,
    /// Index of that volume.
    pub volume: u32,
    /// Bytes used in `message`.
    pub message_length: u32,
    /// What is wrong, as text without a terminator; may hold bytes of the guest.
    pub message: [u8; MESSAGE_CAPACITY],
}

impl Error {
    /// An empty error, ready to be handed to a callee.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            struct_size: size_u32::<Self>(),
            kind: 0,
            offset: crate::NO_OFFSET,
            volume: 0,
            message_length: 0,
            message: [0; MESSAGE_CAPACITY],
        }
    }
}

impl Default for Error {
    fn default() -> Self {
        Self::new()
    }
}

/// What a plugin may not exceed, in the host's words. A member of 0 that the plugin's version knows means "none".
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Size of this structure in bytes.
    pub struct_size: u32,
    /// Symbolic links followed while one path is resolved.
    pub max_symlinks: u32,
    /// Entries read from one directory.
    pub max_directory_entries: u64,
    /// Bytes of memory the plugin should stay within; the worker's address space is limited in any case.
    pub max_memory: u64,
}

/// A read-only volume: a whole disk, or a part of one. Valid from `open` (or for the call, in `probe`) to `close`; the
/// array that held it, for the call. In an array one volume follows the other after `struct_size` bytes.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Volume {
    /// Size of this structure in bytes.
    pub struct_size: u32,
    /// Logical sector size of the disk below, in bytes.
    pub sector_size: u32,
    /// Length in bytes.
    pub size: u64,
    /// Handed back to `read_at`.
    pub context: *mut c_void,
    /// Reads exactly `length` bytes or fails; never pads with zeros. Callable from any thread.
    pub read_at: Option<VolumeReadFn>,
}

/// What the host offers to a plugin besides volumes. Valid, with all it points at, as long as the volumes handed over
/// with it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Host {
    /// The host's [`crate::ABI_VERSION`].
    pub abi_version: u32,
    /// Size of this structure in bytes.
    pub struct_size: u32,
    /// Never null.
    pub limits: *const Limits,
    /// Handed back to `log`.
    pub context: *mut c_void,
    /// One line for `--debug`; may be null.
    pub log: Option<LogFn>,
}

/// A probe's answer.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probe {
    /// Size of this structure in bytes, set by the host.
    pub struct_size: u32,
    /// A [`crate::ProbeVerdict`] number.
    pub verdict: u32,
}

/// A file's metadata.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Metadata {
    /// Size of this structure in bytes, set by the host.
    pub struct_size: u32,
    /// A [`crate::FileType`] number.
    pub file_type: u32,
    /// Permission bits with setuid, setgid and sticky: the low 12 bits of POSIX `st_mode`.
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
    /// 0.
    pub reserved: u32,
}

/// One directory entry, valid during the sink's call only.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct DirEntry {
    /// The node it names.
    pub node: u64,
    /// Cursor of the entry that follows, for a later `read_dir`; never 0.
    pub next_cursor: u64,
    /// A [`crate::FileType`] number; `Unknown` when the directory does not say.
    pub file_type: u32,
    /// Bytes in `name`.
    pub name_length: u32,
    /// The name: bytes, not terminated, without `/` and NUL.
    pub name: *const u8,
}

/// A range of a file and where its bytes lie, plain, on a volume.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Byte offset in the file.
    pub logical: u64,
    /// Byte offset on the volume.
    pub physical: u64,
    /// Length in bytes, never 0.
    pub length: u64,
    /// Index into the volumes given to `open`.
    pub volume: u32,
    /// [`crate::EXTENT_HOLE`] or 0.
    pub flags: u32,
}

/// What `info` tells about an open filesystem.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Info {
    /// Size of this structure in bytes, set by the host.
    pub struct_size: u32,
    /// Block size in bytes, 0 when the format has none.
    pub block_size: u32,
    /// Size of the filesystem in bytes, 0 when unknown.
    pub size: u64,
    /// Bytes used in `label`.
    pub label_length: u32,
    /// Bytes used in `uuid`.
    pub uuid_length: u32,
    /// Bytes used in `flavour`.
    pub flavour_length: u32,
    /// Bytes used in `features`.
    pub features_length: u32,
    /// Volume label, bytes as on the disk.
    pub label: [u8; 256],
    /// UUID or serial number as text, the way blkid prints it.
    pub uuid: [u8; 64],
    /// The format's own name of its variant, such as `ext4`.
    pub flavour: [u8; 64],
    /// Feature names, blank-separated.
    pub features: [u8; 1024],
    /// Bytes used in `remarks`.
    pub remarks_length: u32,
    /// What was odd and went on, a line each, as of now: UTF-8.
    pub remarks: [u8; 2044],
}

impl Info {
    /// An empty answer, ready to be handed to a callee.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            struct_size: size_u32::<Self>(),
            block_size: 0,
            size: 0,
            label_length: 0,
            uuid_length: 0,
            flavour_length: 0,
            features_length: 0,
            label: [0; 256],
            uuid: [0; 64],
            flavour: [0; 64],
            features: [0; 1024],
            remarks_length: 0,
            remarks: [0; 2044],
        }
    }
}

impl Default for Info {
    fn default() -> Self {
        Self::new()
    }
}

/// The size of an ABI structure, as its `struct_size` member wants it.
#[must_use]
pub const fn size_u32<T>() -> u32 {
    // OK to cast: ABI structures are a few hundred bytes; the layout test pins each size.
    #[allow(clippy::as_conversions)]
    {
        size_of::<T>() as u32
    }
}
