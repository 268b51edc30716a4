//! Where a tree is made, images of it by other people's makers, and copies of it.

use crate::folder::name;
use crate::guest::noise;
use crate::{Run, Stage, need};
use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, utimensat};
use std::fs::File;
use std::os::unix::fs::{FileExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// An installation and a folder: `tree` in it is what images are made of.
#[derive(Debug)]
pub struct Scene {
    /// The installation.
    pub stage: Stage,
    folder: TempDir,
}

impl Default for Scene {
    fn default() -> Self {
        Self::new()
    }
}

impl Scene {
    /// With what is shipped, and an empty tree.
    #[must_use]
    pub fn new() -> Self {
        Self::with(Stage::new())
    }

    /// With this installation.
    #[must_use]
    pub fn with(stage: Stage) -> Self {
        Self { stage, folder: tempfile::tempdir().unwrap() }
    }

    /// A path in the folder.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A folder in it, made.
    #[must_use]
    pub fn folder(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(&path).unwrap();
        path
    }

    /// The tree.
    #[must_use]
    pub fn tree(&self) -> PathBuf {
        self.folder("tree")
    }

    /// A file of the tree to be.
    pub fn file(&self, path: impl AsRef<Path>, bytes: &[u8]) -> &Self {
        let path = self.tree().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
        self
    }

    /// Every kind of file that a tree may have and a copy has to have.
    pub fn varied(&self) -> &Self {
        for size in [0, 1, 511, 512, 4095, 4096, 4097, 100_000, 1 << 20] {
            self.file(format!("sizes/{size}"), &noise(size));
        }
        for number in 0..700 {
            let name = format!("many/file-{number:04}-with-a-name-of-some-length");
            self.file(name, format!("{number}\n").as_bytes());
        }
        self.file((0..40).map(|level| format!("level{level}/")).collect::<String>() + "bottom", b"deep\n");
        self.odd_names();
        let tree = self.tree();
        std::fs::create_dir(tree.join("empty")).unwrap();
        for (link, target) in [
            ("relative", "sizes/1"),
            ("absolute", "/sizes/1"),
            ("outward", "../../../../../../etc/passwd"),
            ("host", "/etc/passwd"),
            ("dangling", "nowhere"),
            ("loop", "loop"),
            ("directory", "sizes"),
            ("long", &"x".repeat(200)),
        ] {
            symlink(target, self.folder("tree/links").join(link)).unwrap();
        }
        let sparse = File::create(tree.join("sizes/sparse")).unwrap();
        sparse.set_len(1 << 20).unwrap();
        sparse.write_all_at(&noise(5000), 300_000).unwrap();
        for (path, mode) in
            [("sizes/1", 0o640), ("sizes/511", 0o400), ("sizes/4096", 0o777), ("empty", 0o500)]
        {
            std::fs::set_permissions(tree.join(path), PermissionsExt::from_mode(mode)).unwrap();
        }
        std::os::unix::fs::chown(tree.join("sizes/512"), Some(1234), Some(54321)).unwrap();
        for (number, path) in ["sizes/1", "empty", "links/host", "many", "."].into_iter().enumerate() {
            let time = Timespec { tv_sec: 1_000_000_000 + number as i64, tv_nsec: 123_456_789 };
            let times = Timestamps { last_access: time, last_modification: time };
            utimensat(CWD, tree.join(path), &times, AtFlags::SYMLINK_NOFOLLOW).unwrap();
        }
        self
    }

    /// Names that terminals, shells and encodings stumble over.
    pub fn odd_names(&self) -> &Self {
        for (number, odd) in [
            &b"with blank"[..],
            "käse".as_bytes(),
            b"\xff\xfe",
            b"half \xc3",
            b"--help",
            b"new\nline",
            b"escape\x1b[2J",
            b"back\\slash",
            b"\\x41",
            b"quote\"'`$",
            "\u{202e}reversed".as_bytes(),
            b"[a]*?{b,c}",
            b"{a,b}",
            &[b'n'; 255],
        ]
        .into_iter()
        .enumerate()
        {
            self.file(Path::new("names").join(name(odd)), number.to_string().as_bytes());
        }
        self
    }

    /// The tree as mke2fs puts it into an image.
    #[must_use]
    pub fn ext4(&self, mib: u32) -> PathBuf {
        self.ext("ext4", mib)
    }

    /// The same of another of the family.
    #[must_use]
    pub fn ext(&self, kind: &str, mib: u32) -> PathBuf {
        let image = self.path(&format!("{kind}.img"));
        Run::new(&need("mke2fs", "e2fsprogs"))
            .args(["-q", "-F", "-t", kind, "-E", "root_owner=0:0", "-d"])
            .arg(self.tree())
            .arg(&image)
            .arg(format!("{mib}M"))
            .finish()
            .assert_success();
        image
    }

    /// The tree as xorriso puts it into an image, with Rock Ridge.
    #[must_use]
    pub fn iso9660(&self) -> PathBuf {
        let image = self.path("disc.iso");
        Run::new(&need("xorriso", "xorriso"))
            .args(["-as", "mkisofs", "-quiet", "-R", "-o"])
            .arg(&image)
            .arg(self.tree())
            .finish()
            .assert_success();
        image
    }

    /// The tree as makefs puts it into an image, in UFS of this version, in the byte order `le` or `be`.
    #[must_use]
    pub fn ufs(&self, version: u32, order: &str) -> PathBuf {
        let image = self.path(&format!("ufs{version}-{order}.img"));
        Run::new(&need("makefs", "makefs"))
            .args(["-t", "ffs", "-B", order, "-M", "4m", "-b", "20%", "-f", "100"])
            .args(["-o", &format!("version={version},bsize=8192,fsize=1024")])
            .arg(&image)
            .arg(self.tree())
            .finish()
            .assert_success();
        image
    }

    /// The tree in an image of each kind that there is a plugin for.
    #[must_use]
    pub fn images(&self, mib: u32) -> Vec<PathBuf> {
        let ext = ["ext2", "ext3", "ext4"].map(|kind| self.ext(kind, mib));
        let ufs =
            [(1, "le"), (1, "be"), (2, "le"), (2, "be")].map(|(version, order)| self.ufs(version, order));
        ext.into_iter().chain(ufs).chain([self.iso9660()]).collect()
    }

    /// `fsimage get` of the image; paths and the target are still to come.
    #[must_use]
    pub fn get(&self, image: &Path, arguments: &[&str]) -> Run {
        self.stage.fsimage().arg("get").args(arguments).arg(image)
    }

    /// A verb of the extractor's on the image.
    #[must_use]
    pub fn fsimage(&self, verb: &str, image: &Path) -> Run {
        self.stage.fsimage().arg(verb).arg(image)
    }

    /// What a line of bash says in the tree.
    #[must_use]
    pub fn in_tree(&self, line: &str) -> Vec<u8> {
        let script = format!("set -eu; cd '{}'; {line}", self.tree().display());
        let run = Run::new(&need("bash", "bash")).env("PATH", "/usr/bin:/bin").env("LC_ALL", "C.UTF-8");
        let outcome = run.env("TZ", "UTC").args(["-c", &script]).finish();
        outcome.assert_success();
        outcome.stdout
    }
}
