//! The UFS reader: the Berkeley Fast File System in the versions that Solaris, FreeBSD, NetBSD and OpenBSD write.
//!
//! Written from the structures that FreeBSD, NetBSD and illumos publish; `docs/formats/ufs.md` says which fields are
//! read, how each is checked, and what is refused.
//!
//! The files are named after the things on the disk: `superblock` (found by `places`) → `flavour` → `cylinder_group` →
//! `inode` → `block_map` → `file`, `directory`, `symlink`. Byte order, width of pointers and shape of entries are
//! values, so that one reader serves all of them. A raw field is read in one place only, checked there, and becomes a
//! type of `units` or a validated struct.
//!
//! Solaris may have left newer metadata in its log (`log_header` → `log_scan` → `overlay`): it is laid over what is
//! read, in memory.
//!
//! Nothing is read before it is needed: one inode, one directory block at a time.
#![forbid(unsafe_code)]

mod block_map;
mod blocks;
mod check_hash;
mod cylinder_group;
mod directory;
mod file;
mod filesystem;
mod flavour;
mod format;
mod indirect;
mod inode;
mod log_header;
mod log_scan;
mod log_space;
mod options;
mod overlay;
mod places;
mod state;
mod superblock;
mod symlink;
mod units;

/// The UFS format: one `Format` for all of its flavours, since the superblock tells them apart.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ufs;

/// The instance that plugins and tests hand on.
pub static UFS: Ufs = Ufs;
