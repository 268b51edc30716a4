//! The ISO9660 reader: Rock Ridge, Joliet, zisofs, El Torito.
//!
//! Written from ECMA-119, the System Use Sharing Protocol (IEEE P1281), the Rock Ridge Interchange Protocol (IEEE
//! P1282), the Joliet and El Torito specifications; where they leave a choice, the Linux kernel's is taken.
//! `docs/formats/iso9660.md` says which fields are read, how each is checked, and what is refused.
//!
//! The files are named after the things on the disc: `volume_descriptor` (found by `session`) → `directory_record`
//! → `susp` and its `rock_ridge` (`symlink_component`), or `joliet`, or `plain_name` → `node` → `directory`,
//! `file`, `zisofs`. `el_torito` and its `boot_image`s stand beside the tree.
//!
//! A node is the byte at which its directory record lies, for a directory that of its own first record, so that
//! nothing has to be remembered. It is parsed and checked anew whenever it is used. Path tables are not read.
#![forbid(unsafe_code)]

mod boot_directory;
mod boot_image;
mod date;
mod directory;
mod directory_record;
mod el_torito;
mod file;
mod filesystem;
mod format;
mod joliet;
mod label;
mod mount_options;
mod node;
mod plain_name;
mod remarks;
mod rock_ridge;
mod sectors;
mod session;
mod susp;
mod symlink_component;
mod tree;
mod units;
mod view;
mod volume_descriptor;
mod zisofs;

/// The ISO9660 format and its extensions.
#[derive(Debug, Clone, Copy, Default)]
pub struct Iso9660;

/// The instance that plugins and tests hand on.
pub static ISO9660: Iso9660 = Iso9660;
