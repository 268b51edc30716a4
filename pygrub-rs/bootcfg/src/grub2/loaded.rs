//! What the boot commands of an entry have loaded so far.

use crate::guest::BootFile;

/// The state that `boot` starts; each command that loads something else replaces it.
#[derive(Debug, Clone, Default)]
pub(crate) enum Loaded {
    /// Nothing.
    #[default]
    Nothing,
    /// A Linux kernel.
    Linux { kernel: BootFile, arguments: Vec<u8>, ramdisks: Vec<BootFile> },
    /// Something the domain builder cannot be handed, by the command that loaded it.
    Other(&'static str),
}
