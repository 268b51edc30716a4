//! The `repr(C)` vocabulary between `fsimage-worker` and its filesystem plugins.
//!
//! A plugin is a shared object with one exported data symbol, [`ENTRY_SYMBOL`], of type [`Plugin`]. The C view
//! of the same types is `fsimage/include/fsimage_plugin.h`; a layout test keeps the two in step, and
//! `fsimage/abi/baseline.txt` keeps both from changing unnoticed. The contract of each callback is written there
//! and in `docs/plugin-abi.md`.
//!
//! Rules of evolution: structures begin with their size and only grow at the end; the host zeroes its own copy
//! and copies `min(sizes)`; a number, once given, keeps its meaning.
#![no_std]
#![deny(unsafe_code)]

mod entry;
mod kinds;
mod types;

pub use entry::{
    BootStringFn, CloseFn, DirSink, ExtentSink, ExtentsFn, FsPtr, InfoFn, LogFn, LookupFn, MetadataFn,
    NodeReadFn, OpenFn, Plugin, ProbeFn, ReadDirFn, ReadLinkFn, RootFn, VolumeReadFn,
};
pub use kinds::{ErrorKind, FileType, ProbeVerdict};
pub use types::{DirEntry, Error, Extent, Host, Info, Limits, Metadata, Probe, Volume, size_u32};

/// The ABI's major version: a plugin of another one is refused.
pub const ABI_VERSION: u32 = 1;

/// The name of the one symbol a plugin exports, with its terminating NUL.
pub const ENTRY_SYMBOL: &[u8] = b"fsimage_plugin_entry\0";

/// [`Plugin::kind`] of a plugin that turns volumes into a filesystem; other kinds are reserved.
pub const KIND_FILESYSTEM: u32 = 1;

/// [`Extent::flags`]: the range holds no data and reads as zeros; `physical` and `volume` are 0.
pub const EXTENT_HOLE: u32 = 1;

/// [`Error::offset`] when the error has no place on the volume.
pub const NO_OFFSET: u64 = u64::MAX;

/// Capacity of [`Error::message`] in bytes.
pub const MESSAGE_CAPACITY: usize = 496;

/// Bytes of the longest directory entry's name a host takes.
pub const NAME_MAX: usize = 1024;

/// Bytes of the longest symbolic link's target, and of the longest boot string, a host takes.
pub const LINK_MAX: usize = 4096;
