//! `libfsimage.so`: the crate `fsimage` for C. `fsimage/include/fsimage.h` is the contract, function by function;
//! `docs/library.md` tells how to use it.
//!
//! * `xen.rs`: the functions of Xen's `libxenfsimage`, with its meanings.
//! * `files.rs`, `directories.rs`, `session.rs`: what those cannot do.
//!
//! A handle is a `Box` that C holds by its address. Whatever a handle's call does, it does inside
//! `guard::guarded`: no panic leaves this library, and every failure leaves `errno` and a sentence.
//!
//! Nothing of a guest's disk is interpreted here: that is the worker's, as for every caller of the crate.

mod directories;
mod files;
mod guard;
mod handles;
mod last_error;
mod raw;
mod session;
mod sigpipe;
mod xen;

pub use directories::{Directory, DirectoryEntry, fsi_close_dir, fsi_open_dir, fsi_read_dir};
pub use files::{FSI_NOFOLLOW, Stat, fsi_copy_file, fsi_read_link, fsi_stat, fsi_stat_file};
pub use handles::{Filesystem, OpenFile};
pub use last_error::{fsi_error_message, fsi_version};
pub use session::fsi_open;
pub use xen::{
    fsi_bootstring_alloc, fsi_bootstring_free, fsi_close_file, fsi_close_fsimage, fsi_file_exists,
    fsi_fs_bootstring, fsi_init, fsi_open_file, fsi_open_fsimage, fsi_pread_file, fsi_read_file,
};
