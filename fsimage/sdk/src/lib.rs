//! What a filesystem plugin's author imports.
//!
//! A plugin implements two traits: [`Format`] (recognise a volume, open it) and [`FileSystem`] (root, metadata,
//! lookup, directories, links, data, extents). It sees nodes and names, never a path: paths are walked once, in
//! [`path`], over `lookup` and `read_link`. It reads volumes through [`ReadAt`], whose only read is exact.
//!
//! [`export!`] turns a `Format` into the C ABI's entry symbol, in a crate of its own that holds nothing else.
//!
//! The rejected design: a `Read + Seek` input. It would need `&mut self` for every read, and so a `RefCell` in
//! every filesystem, and it would let a short read pass as a full one.
#![deny(unsafe_code)]

mod bytes;
mod crc32c;
mod error;
#[allow(unsafe_code)]
mod export;
mod filesystem;
mod limits;
pub mod path;
mod read_at;
mod recent;
mod remarks;
mod runs;

pub use bytes::{Endian, Fields, to_u64, to_usize};
pub use crc32c::crc32c;
pub use error::{Error, Result};
#[doc(hidden)]
pub use export::shims;
pub use filesystem::{
    DirCursor, DirEntry, Extent, ExtentKind, FileSystem, Format, Info, Metadata, NodeId, OpenOptions, Probe,
};
pub use fsimage_abi as abi;
pub use fsimage_abi::{ErrorKind, FileType};
pub use limits::Limits;
pub use read_at::{ReadAt, Region, Volume};
pub use recent::Recent;
pub use remarks::Remarks;
pub use runs::{NodeBudget, Place, Run, RunSink, Runs};
