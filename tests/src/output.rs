//! The folder and the file that a toolstack makes for the boot loader.

use std::fs::OpenOptions;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// An output directory and, beside it, an output file that exists and is empty.
#[derive(Debug)]
pub struct Output {
    folder: TempDir,
    directory: PathBuf,
}

impl Default for Output {
    fn default() -> Self {
        Self::new()
    }
}

impl Output {
    /// As libxl makes them: the file 0600, the directory 0600 without the x bit.
    #[must_use]
    pub fn new() -> Self {
        Self::made(0o600)
    }

    /// A directory that this user, and no other, can use.
    #[must_use]
    pub fn of_user(uid: u32) -> Self {
        let output = Self::made(0o700);
        for path in [output.folder.path().to_owned(), output.directory.clone(), output.file()] {
            chown(path, Some(uid), Some(uid)).unwrap();
        }
        output
    }

    fn made(mode: u32) -> Self {
        let folder = tempfile::Builder::new().prefix("pygrub-rs-out.").tempdir_in("/tmp").unwrap();
        let directory = folder.path().join("bootloader.7.d");
        std::fs::create_dir(&directory).unwrap();
        std::fs::set_permissions(&directory, PermissionsExt::from_mode(mode)).unwrap();
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(folder.path().join("bootloader.7.out"))
            .unwrap();
        Self { folder, directory }
    }

    /// Where the result goes.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("bootloader.7.out")
    }

    /// Where kernel and ramdisk go.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// What the result says.
    #[must_use]
    pub fn result(&self) -> Vec<u8> {
        std::fs::read(self.file()).unwrap()
    }

    /// What lies in the directory, dot files too, with sizes.
    #[must_use]
    pub fn files(&self) -> Vec<(PathBuf, u64)> {
        listing(&self.directory)
    }

    /// Fails unless nothing was left behind, neither in the directory nor beside it, and the result is empty.
    #[track_caller]
    pub fn assert_untouched(&self) {
        assert_eq!(self.files(), [], "left behind in the output directory");
        assert_eq!(
            listing(self.folder.path()).len(),
            2,
            "left behind beside it: {:?}",
            listing(self.folder.path())
        );
        assert_eq!(self.result(), b"", "a result without success");
    }
}

/// The files of a folder with their sizes. A file that goes away meanwhile is not there.
#[must_use]
pub fn listing(folder: &Path) -> Vec<(PathBuf, u64)> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut files: Vec<(PathBuf, u64)> = entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let size = std::fs::symlink_metadata(&path).ok()?.size();
            Some((path, size))
        })
        .collect();
    files.sort();
    files
}

/// Whether two files hold the same bytes, without reading either of them whole.
#[must_use]
pub fn same_bytes(one: &Path, other: &Path) -> bool {
    use std::io::Read;
    let open =
        |path: &Path| std::fs::File::open(path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    let (mut one, mut other) = (open(one), open(other));
    let (mut here, mut there) = (vec![0; 1 << 20], vec![0; 1 << 20]);
    let read = |file: &mut std::fs::File, buffer: &mut [u8]| {
        let mut length = 0;
        while length < buffer.len() {
            match file.read(&mut buffer[length..]).unwrap() {
                0 => break,
                count => length += count,
            }
        }
        length
    };
    loop {
        let (a, b) = (read(&mut one, &mut here), read(&mut other, &mut there));
        if a != b || here[..a] != there[..b] {
            return false;
        }
        if a == 0 {
            return true;
        }
    }
}
