//! The plugin's entry structure and its callbacks. The contract of each is in `docs/plugin-abi.md`.

use crate::types::{DirEntry, Error, Extent, Host, Info, Metadata, Probe, Volume};
use core::ffi::{c_char, c_void};

/// A plugin's own handle of an open filesystem.
pub type FsPtr = *mut c_void;
/// [`Volume::read_at`].
pub type VolumeReadFn = unsafe extern "C" fn(
    context: *mut c_void,
    offset: u64,
    buffer: *mut u8,
    length: usize,
    error: *mut Error,
) -> i32;
/// [`Host::log`].
pub type LogFn = unsafe extern "C" fn(context: *mut c_void, line: *const u8, length: usize);
/// The host's receiver of directory entries: 0 goes on, anything else stops the listing (which is no error).
pub type DirSink = unsafe extern "C" fn(context: *mut c_void, entry: *const DirEntry) -> i32;
/// The host's receiver of extents: 0 goes on, anything else stops (which is no error).
pub type ExtentSink = unsafe extern "C" fn(context: *mut c_void, extent: *const Extent) -> i32;
/// [`Plugin::probe`].
pub type ProbeFn = unsafe extern "C" fn(
    host: *const Host,
    volume: *const Volume,
    probe: *mut Probe,
    error: *mut Error,
) -> i32;
/// [`Plugin::open`].
pub type OpenFn = unsafe extern "C" fn(
    host: *const Host,
    volumes: *const Volume,
    volume_count: usize,
    options: *const u8,
    options_length: usize,
    fs: *mut FsPtr,
    error: *mut Error,
) -> i32;
/// [`Plugin::close`].
pub type CloseFn = unsafe extern "C" fn(fs: FsPtr);
/// [`Plugin::root`].
pub type RootFn = unsafe extern "C" fn(fs: FsPtr, node: *mut u64, error: *mut Error) -> i32;
/// [`Plugin::metadata`].
pub type MetadataFn =
    unsafe extern "C" fn(fs: FsPtr, node: u64, metadata: *mut Metadata, error: *mut Error) -> i32;
/// [`Plugin::lookup`].
pub type LookupFn = unsafe extern "C" fn(
    fs: FsPtr,
    directory: u64,
    name: *const u8,
    name_length: usize,
    node: *mut u64,
    error: *mut Error,
) -> i32;
/// [`Plugin::read_dir`].
pub type ReadDirFn = unsafe extern "C" fn(
    fs: FsPtr,
    directory: u64,
    cursor: u64,
    sink: Option<DirSink>,
    sink_context: *mut c_void,
    error: *mut Error,
) -> i32;
/// [`Plugin::read_link`] and [`Plugin::boot_string`].
pub type ReadLinkFn = unsafe extern "C" fn(
    fs: FsPtr,
    node: u64,
    buffer: *mut u8,
    capacity: usize,
    length: *mut usize,
    error: *mut Error,
) -> i32;
/// [`Plugin::read_at`].
pub type NodeReadFn = unsafe extern "C" fn(
    fs: FsPtr,
    node: u64,
    offset: u64,
    buffer: *mut u8,
    capacity: usize,
    length: *mut usize,
    error: *mut Error,
) -> i32;
/// [`Plugin::extents`].
pub type ExtentsFn = unsafe extern "C" fn(
    fs: FsPtr,
    node: u64,
    offset: u64,
    sink: Option<ExtentSink>,
    sink_context: *mut c_void,
    error: *mut Error,
) -> i32;
/// [`Plugin::info`].
pub type InfoFn = unsafe extern "C" fn(fs: FsPtr, info: *mut Info, error: *mut Error) -> i32;
/// [`Plugin::boot_string`].
pub type BootStringFn = ReadLinkFn;

/// What a plugin exports as `fsimage_plugin_entry`. Callbacks return 0 or an [`crate::ErrorKind`] number.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Plugin {
    /// [`crate::ABI_VERSION`] of the headers it was built with.
    pub abi_version: u32,
    /// Size of this structure as the plugin knows it, in bytes.
    pub struct_size: u32,
    /// [`crate::KIND_FILESYSTEM`].
    pub kind: u32,
    /// 0.
    pub flags: u32,
    /// Short name, `[a-z0-9_-]{1,31}`, NUL-terminated, valid while loaded. Mandatory.
    pub name: *const c_char,
    /// The plugin's own version, NUL-terminated. Mandatory.
    pub version: *const c_char,
    /// One line for people, NUL-terminated. May be null.
    pub description: *const c_char,
    /// Does the volume hold this format? Mandatory.
    pub probe: Option<ProbeFn>,
    /// Opens a filesystem that lies on one or more volumes. Mandatory.
    pub open: Option<OpenFn>,
    /// Ends what `open` began. Mandatory.
    pub close: Option<CloseFn>,
    /// The root directory's node. Mandatory.
    pub root: Option<RootFn>,
    /// A node's metadata. Mandatory.
    pub metadata: Option<MetadataFn>,
    /// A name in a directory. Mandatory.
    pub lookup: Option<LookupFn>,
    /// The entries of a directory from a cursor on (0: from the first). Mandatory.
    pub read_dir: Option<ReadDirFn>,
    /// A symbolic link's target. Mandatory.
    pub read_link: Option<ReadLinkFn>,
    /// A file's bytes from an offset: fills the buffer, less only at the end of the file. Mandatory.
    pub read_at: Option<NodeReadFn>,
    /// Where a file's bytes lie, from an offset on; optional: without it, data goes through `read_at`.
    pub extents: Option<ExtentsFn>,
    /// Label, UUID, features, remarks. Optional.
    pub info: Option<InfoFn>,
    /// What the kernel's arguments need to find its root, such as ZFS's `zfs-bootfs=`. Optional.
    pub boot_string: Option<BootStringFn>,
}

// SAFETY: a plugin's entry is immutable data: numbers, function pointers and pointers to string constants.
#[allow(unsafe_code)]
unsafe impl Sync for Plugin {}
