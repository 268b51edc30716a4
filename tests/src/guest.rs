//! Guests: those of images/, and small ones made for one test.

use crate::{Run, built, need};
use rustix::fs::{FlockOperation, flock};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// Where the first partition of the images of images/ begins.
pub const PARTITION: u64 = 1 << 20;
/// A user without any rights, to whom every folder here is readable.
pub const USER: u32 = 1000;
/// Making a guest may mean a download.
const MAKING: Duration = Duration::from_secs(600);

/// A guest's disk.
#[derive(Debug, Clone)]
pub struct Guest {
    /// The image.
    pub image: PathBuf,
    /// Where its filesystem begins.
    pub offset: u64,
    /// The default entry's kernel, as a path of the guest's.
    pub kernel: String,
    /// Its ramdisk.
    pub ramdisk: String,
    /// Its arguments.
    pub args: String,
    _folder: Option<Arc<TempDir>>,
}

impl Guest {
    /// The committed guest, unpacked.
    #[must_use]
    pub fn demo() -> Self {
        let packed = images().join("demo.img.gz");
        let manifest = images().join("demo.img.MANIFEST");
        cached("demo", &[&packed, &manifest], |image| {
            let unpacked = File::create(image).unwrap();
            Run::new(&need("gzip", "gzip"))
                .arg("-dc")
                .arg(&packed)
                .stdout_to(unpacked)
                .spawn()
                .finish()
                .assert_success();
            std::fs::copy(&manifest, with_suffix(image, ".MANIFEST")).unwrap();
        })
    }

    /// A real Debian kernel, and a ramdisk that says that it is up.
    #[must_use]
    pub fn debian() -> Self {
        let script = images().join("make-debian-guest.sh");
        cached("debian", &[&script, &images().join("lib.sh"), &images().join("grub.cfg.in")], |image| {
            make(&script, image, OsStr::new(image.parent().unwrap()));
        })
    }

    /// A kernel of 8 MiB and a ramdisk of so many.
    #[must_use]
    pub fn large(mib: u32) -> Self {
        let script = images().join("make-large-guest.sh");
        cached(
            &format!("large-{mib}"),
            &[&script, &images().join("lib.sh"), &images().join("grub.cfg.in")],
            |image| make(&script, image, OsStr::new(&mib.to_string())),
        )
    }

    /// A guest without a partition table whose files are these.
    #[must_use]
    pub fn of_tree(tree: &Tree) -> Self {
        let folder = readable_folder();
        let image = folder.path().join("guest.img");
        tree.image(&image);
        Self {
            image,
            offset: 0,
            kernel: "/boot/vmlinuz".to_owned(),
            ramdisk: "/boot/initrd.img".to_owned(),
            args: "root=/dev/xvda1 ro".to_owned(),
            _folder: Some(Arc::new(folder)),
        }
    }

    /// A disk that holds these bytes.
    #[must_use]
    pub fn of_bytes(bytes: &[u8], size: u64) -> Self {
        let folder = readable_folder();
        let image = folder.path().join("guest.img");
        std::fs::write(&image, bytes).unwrap();
        File::options().write(true).open(&image).unwrap().set_len(size).unwrap();
        let none = String::new;
        Self {
            image,
            offset: 0,
            kernel: none(),
            ramdisk: none(),
            args: none(),
            _folder: Some(Arc::new(folder)),
        }
    }

    /// A disk on which the plugin evil commits this misdeed.
    #[must_use]
    pub fn evil(misdeed: &str) -> Self {
        Self::of_bytes(format!("FSIMAGE-EVIL:{misdeed}\n").as_bytes(), 1 << 20)
    }

    /// The same guest cut off after so many bytes.
    #[must_use]
    pub fn truncated(&self, size: u64) -> Self {
        let copy = self.readable();
        File::options().write(true).open(&copy.image).unwrap().set_len(size).unwrap();
        copy
    }

    /// The same guest, where everybody may read it.
    #[must_use]
    pub fn readable(&self) -> Self {
        let folder = readable_folder();
        let image = folder.path().join("guest.img");
        std::fs::copy(&self.image, &image).unwrap();
        std::fs::set_permissions(&image, PermissionsExt::from_mode(0o644)).unwrap();
        Self { image, _folder: Some(Arc::new(folder)), ..self.clone() }
    }

    /// The same guest, where only root may read it.
    #[must_use]
    pub fn private(&self) -> Self {
        let copy = self.readable();
        std::fs::set_permissions(&copy.image, PermissionsExt::from_mode(0o600)).unwrap();
        std::fs::set_permissions(copy.image.parent().unwrap(), PermissionsExt::from_mode(0o700)).unwrap();
        copy
    }

    /// What debugfs makes of a file of the guest's, as a file.
    #[must_use]
    pub fn dump(&self, path: &str, target: &Path) -> PathBuf {
        let filesystem = format!("{}?offset={}", self.image.display(), self.offset);
        let outcome = Run::new(&need("debugfs", "e2fsprogs"))
            .arg("-R")
            .arg(format!("dump {path} {}", target.display()))
            .arg(filesystem)
            .finish();
        outcome.assert_success();
        assert!(target.is_file(), "debugfs: {}", outcome.stderr);
        target.to_owned()
    }
}

/// The files of a small guest.
#[derive(Debug)]
pub struct Tree {
    folder: TempDir,
    size_mib: u32,
}

impl Default for Tree {
    fn default() -> Self {
        Self::new()
    }
}

/// The configuration of [`Tree::bootable`].
pub const CONFIG: &str = "set default=0\nset timeout=5\nmenuentry 'Test guest' {\n\
    linux /boot/vmlinuz root=/dev/xvda1 ro\ninitrd /boot/initrd.img\n}\n";

impl Tree {
    /// None.
    #[must_use]
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), size_mib: 8 }
    }

    /// A kernel, a ramdisk and a configuration that names them.
    #[must_use]
    pub fn bootable() -> Self {
        Self::configured(CONFIG)
    }

    /// The same with another configuration.
    #[must_use]
    pub fn configured(config: impl AsRef<[u8]>) -> Self {
        Self::new()
            .file("boot/vmlinuz", noise(300_000))
            .file("boot/initrd.img", noise(500_001))
            .file("boot/grub/grub.cfg", config)
    }

    /// A file more.
    #[must_use]
    pub fn file(self, path: impl AsRef<OsStr>, bytes: impl AsRef<[u8]>) -> Self {
        std::fs::write(self.place(path.as_ref()), bytes).unwrap();
        self
    }

    /// A file more, all hole.
    #[must_use]
    pub fn sparse(self, path: &str, size: u64) -> Self {
        File::create(self.place(path.as_ref())).unwrap().set_len(size).unwrap();
        self
    }

    /// A symbolic link more.
    #[must_use]
    pub fn link(self, path: &str, target: &str) -> Self {
        symlink(target, self.place(path.as_ref())).unwrap();
        self
    }

    /// The filesystem's size.
    #[must_use]
    pub fn size_mib(self, size_mib: u32) -> Self {
        Self { size_mib, ..self }
    }

    /// The guest.
    #[must_use]
    pub fn guest(&self) -> Guest {
        Guest::of_tree(self)
    }

    fn place(&self, path: &OsStr) -> PathBuf {
        let path = self.folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    }

    fn image(&self, image: &Path) {
        Run::new(&need("mke2fs", "e2fsprogs"))
            .args(["-q", "-F", "-t", "ext4", "-L", "guest", "-E", "root_owner=0:0", "-d"])
            .arg(self.folder.path())
            .arg(image)
            .arg(format!("{}M", self.size_mib))
            .finish()
            .assert_success();
        std::fs::set_permissions(image, PermissionsExt::from_mode(0o644)).unwrap();
    }
}

/// Bytes that look like nothing, always the same.
#[must_use]
pub fn noise(length: usize) -> Vec<u8> {
    let mut random = Random(length as u64 | 1);
    (0..length).map(|_| random.next() as u8).collect()
}

/// Numbers without order that are the same in every run (splitmix64).
#[derive(Debug)]
pub struct Random(pub u64);

impl Random {
    /// The next.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Some part of a duration.
    pub fn part_of(&mut self, whole: Duration) -> Duration {
        whole.mul_f64((self.next() >> 11) as f64 / (1_u64 << 53) as f64)
    }
}

fn images() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("images")
}

fn readable_folder() -> TempDir {
    let folder = tempfile::Builder::new().prefix("pygrub-rs-guest.").tempdir_in("/tmp").unwrap();
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
    folder
}

/// A guest that is made once and kept under target/, by whichever test comes first; the others wait. It is made anew
/// when what it is made by has changed.
fn cached(name: &str, made_by: &[&Path], make: impl FnOnce(&Path)) -> Guest {
    let mut hasher = DefaultHasher::new();
    for path in made_by {
        std::fs::read(path).unwrap_or_else(|why| panic!("{}: {why}", path.display())).hash(&mut hasher);
    }
    let folder = built().join("test-guests");
    std::fs::create_dir_all(&folder).unwrap();
    let image = folder.join(format!("{name}-{:016x}.img", hasher.finish()));
    let manifest = with_suffix(&image, ".MANIFEST");

    let lock = File::create(folder.join(format!("{name}.lock"))).unwrap();
    flock(&lock, FlockOperation::LockExclusive).unwrap();
    // The manifest comes last: with it the image is complete.
    if !manifest.is_file() {
        make(&image);
    }
    drop(lock);

    let text = std::fs::read_to_string(&manifest).unwrap();
    let lines: BTreeMap<&str, &str> = text.lines().filter_map(|line| line.split_once(' ')).collect();
    Guest {
        image,
        offset: PARTITION,
        kernel: lines["kernel"].to_owned(),
        ramdisk: lines["ramdisk"].to_owned(),
        args: lines["args"].to_owned(),
        _folder: None,
    }
}

fn make(script: &Path, image: &Path, argument: &OsStr) {
    let outcome = Run::new(&need("bash", "bash"))
        .arg(script)
        .arg(image)
        .arg(argument)
        .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        .limit(MAKING)
        .finish();
    assert_eq!(outcome.code, Some(0), "{}: {}", script.display(), outcome.stderr);
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut bytes = path.as_os_str().as_bytes().to_vec();
    bytes.extend_from_slice(suffix.as_bytes());
    PathBuf::from(OsStr::from_bytes(&bytes))
}
