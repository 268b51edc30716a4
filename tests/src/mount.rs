//! Small filesystems that fill up.

use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use std::ffi::CString;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A tmpfs, mounted while this lives.
#[derive(Debug)]
pub struct Tmpfs {
    folder: TempDir,
}

impl Tmpfs {
    /// With room for so many bytes.
    #[must_use]
    pub fn new(bytes: u64) -> Self {
        crate::need_root();
        let folder = tempfile::Builder::new().prefix("pygrub-rs-tmpfs.").tempdir_in("/tmp").unwrap();
        let options = CString::new(format!("size={bytes},mode=0755")).unwrap();
        mount("none", folder.path(), "tmpfs", MountFlags::empty(), Some(options.as_c_str())).unwrap();
        Self { folder }
    }

    /// Where it is mounted.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A new folder in it.
    #[must_use]
    pub fn folder(&self, name: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir(&path).unwrap();
        path
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        let _ = unmount(self.folder.path(), UnmountFlags::DETACH);
    }
}
