//! What the boot commands of an entry have loaded so far.

use crate::guest::{BootFile, FileRef};
use crate::multiboot::Image;

/// The state that `boot` starts; each command that loads something else replaces it.
#[derive(Debug, Clone, Default)]
pub(crate) enum Loaded {
    /// Nothing.
    #[default]
    Nothing,
    /// A Linux kernel.
    Linux { kernel: BootFile, arguments: Vec<u8>, ramdisks: Vec<BootFile> },
    /// A multiboot kernel, or Xen, and its modules in their order.
    Multiboot { first: Image, modules: Vec<Image> },
    /// A BSD's kernel. What the environment adds to FreeBSD's arguments is known when it boots.
    Bsd { kernel: FileRef, arguments: Vec<u8>, freebsd: bool },
    /// What the domain builder cannot be handed, and why.
    Unbootable(String),
    /// Something the domain builder cannot be handed, by the command that loaded it.
    Other(&'static str),
}
