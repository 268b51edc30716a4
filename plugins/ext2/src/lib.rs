//! The ext2, ext3 and ext4 reader.
//!
//! Written from the kernel's documentation "ext4 Data Structures and Algorithms"; `docs/formats/ext2.md` says
//! which fields are read, how each is checked, and what is refused.
//!
//! The files are named after the things on the disk: `superblock` → `group_descriptor` → `inode` →
//! `block_map` (`extent_tree` or `indirect`) → `file`, `directory`, `symlink`, or `inline_data`
//! where there are no blocks. A raw field is read in one place only, checked there, and becomes a type of
//! `units` or a validated struct.
//!
//! Nothing is read before it is needed: one descriptor, one inode, one directory block at a time, so that the
//! metadata of a whole boot stays within a few dozen kilobytes.
#![forbid(unsafe_code)]

mod block_map;
mod blocks;
mod case_folding;
mod casefold;
mod checksum;
mod directory;
mod extent_tree;
mod fast_commit;
mod fast_commit_tags;
mod features;
mod file;
mod filesystem;
mod format;
mod group_descriptor;
mod hash;
mod htree;
mod indirect;
mod inline_data;
mod inode;
mod journal;
mod journal_map;
mod journal_superblock;
mod journal_tags;
mod metadata_checksum;
mod options;
mod overlay;
mod patches;
mod raw_inode;
mod superblock;
mod symlink;
mod units;

/// The ext2, ext3 and ext4 format: one `Format` for the three, since they differ by feature bits alone.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ext2;

/// The instance that plugins and tests hand on.
pub static EXT2: Ext2 = Ext2;
