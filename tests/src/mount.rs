//! Small filesystems that fill up, or are odd.

use crate::{Run, need};
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

    /// Gives it another size.
    pub fn resize(&self, bytes: u64) {
        let options = CString::new(format!("size={bytes}")).unwrap();
        rustix::mount::mount_remount(self.folder.path(), MountFlags::empty(), options.as_c_str()).unwrap();
    }

    /// From now on nothing is written there.
    pub fn read_only(&self) {
        rustix::mount::mount_remount(self.folder.path(), MountFlags::RDONLY, c"").unwrap();
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

/// An NTFS, mounted by lowntfs-3g while this lives.
#[derive(Debug)]
pub struct LoopMount {
    folder: TempDir,
}

impl LoopMount {
    /// One of 32 MiB with these options.
    #[must_use]
    pub fn ntfs(options: &str) -> Self {
        Self::ntfs_of(32, options)
    }

    /// One of so many MiB.
    #[must_use]
    pub fn ntfs_of(mib: u64, options: &str) -> Self {
        crate::need_root();
        let folder = tempfile::Builder::new().prefix("pygrub-rs-ntfs.").tempdir_in("/tmp").unwrap();
        let (image, place) = (folder.path().join("image"), folder.path().join("mounted"));
        std::fs::File::create(&image).unwrap().set_len(mib << 20).unwrap();
        std::fs::create_dir(&place).unwrap();
        Run::new(&need("mkntfs", "ntfs-3g")).args(["-q", "-F"]).arg(&image).finish().assert_success();
        Run::new(&need("lowntfs-3g", "ntfs-3g"))
            .arg("-o")
            .arg(format!("umask=022,{options}"))
            .arg(&image)
            .arg(&place)
            .finish()
            .assert_success();
        Self { folder }
    }

    /// Where it is mounted.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("mounted")
    }
}

impl Drop for LoopMount {
    fn drop(&mut self) {
        let _ = unmount(self.path(), UnmountFlags::DETACH);
    }
}

/// Two folders of a tmpfs, one laid over the other while this lives.
#[derive(Debug)]
pub struct Overlay {
    folders: Tmpfs,
}

impl Overlay {
    /// With an empty upper folder over this lower one's copy.
    #[must_use]
    pub fn new(files: &[(&str, &str)]) -> Self {
        let folders = Tmpfs::new(64 << 20);
        let [lower, upper, work, merged] =
            ["lower", "upper", "work", "merged"].map(|name| folders.folder(name));
        for (name, text) in files {
            std::fs::write(lower.join(name), text).unwrap();
        }
        let options = [("lowerdir", lower), ("upperdir", upper), ("workdir", work)];
        let options = options.map(|(name, path)| format!("{name}={}", path.display())).join(",");
        let options = CString::new(options).unwrap();
        mount("overlay", &merged, "overlay", MountFlags::empty(), Some(options.as_c_str())).unwrap();
        Self { folders }
    }

    /// Where it is mounted.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.folders.path().join("merged")
    }
}

impl Drop for Overlay {
    fn drop(&mut self) {
        let _ = unmount(self.path(), UnmountFlags::DETACH);
    }
}
