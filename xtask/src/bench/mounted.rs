//! A filesystem as the kernel reads it.

use crate::shell::finish;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// An image, mounted read-only through a loop device until this goes.
pub(super) struct Mounted(PathBuf);

impl Mounted {
    /// Mounts it; nothing where that is not allowed.
    pub(super) fn new(image: &Path, folder: &Path) -> Option<Self> {
        fs::create_dir_all(folder).ok()?;
        let mut mount = Command::new("mount");
        mount.args(["-o", "loop,ro"]).arg(image).arg(folder);
        finish(mount.stderr(Stdio::null())).ok()?;
        Some(Self(folder.to_owned()))
    }

    /// Where it is mounted.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = finish(Command::new("umount").arg(&self.0));
    }
}

/// For a table that does without.
pub(super) fn say_there_is_none() {
    eprintln!("no loop mount here (root has one): the table does without");
}
