//! What the boot commands of an entry have loaded so far.

use crate::guest::{BootFile, FileRef};
use crate::multiboot::Image;

/// The state that `boot` starts; each command that loads something else replaces it.
#[derive(Debug, Clone, Default)]
pub(crate) enum Loaded {
    /// Nothing.
    #[default]
    Nothing,
    /// A Linux kernel. Behind a `linux` that failed it stays loaded, but takes no ramdisk any more.
    Linux { kernel: BootFile, arguments: Vec<u8>, ramdisks: Vec<BootFile>, takes_ramdisks: bool },
    /// A multiboot kernel, or Xen, and its modules in their order.
    Multiboot { first: Image, modules: Vec<Image> },
    /// A BSD's kernel. What the environment adds to FreeBSD's arguments is known when it boots.
    Bsd { kernel: FileRef, arguments: Vec<u8>, freebsd: bool },
    /// What the domain builder cannot be handed, and why.
    Unbootable(String),
    /// Something the domain builder cannot be handed, by the command that loaded it.
    Other(&'static str),
}

/// The first file that a boot command did not get.
#[derive(Debug, Clone)]
pub(crate) struct Failed {
    /// What is wrong, for people.
    pub(crate) why: String,
    /// A kernel's is shown with the entry that would have booted it.
    pub(crate) kernel: Option<FileRef>,
    pub(crate) arguments: Vec<u8>,
}
