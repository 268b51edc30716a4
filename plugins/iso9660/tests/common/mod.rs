//! Images by xorriso and genisoimage, read through the SDK.
#![allow(dead_code, reason = "each test program uses its part of this")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics fails, as it should"
)]

use fsimage_iso9660::ISO9660;
use fsimage_sdk::{
    DirCursor, Error, ErrorKind, Extent, ExtentKind, FileSystem, FileType, Format, Metadata, NodeId,
    OpenOptions, ReadAt, Result, Volume,
};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Runs a tool and gives its standard output; fails with the package to install when it is missing.
pub(crate) fn tool<I: AsRef<OsStr>>(name: &str, arguments: &[I]) -> String {
    let package = match name {
        "isoinfo" | "mkzftree" => "genisoimage",
        "isohybrid" => "syslinux-utils",
        "blkid" => "util-linux",
        "truncate" => "coreutils",
        other => other,
    };
    let path = ["/usr/bin", "/usr/sbin", "/bin", "/sbin"]
        .iter()
        .map(|folder| Path::new(folder).join(name))
        .find(|path| path.exists())
        .unwrap_or_else(|| panic!("{name} is missing: apt-get install {package}"));
    let output = Command::new(path)
        .args(arguments.iter().map(AsRef::as_ref))
        .env("LC_ALL", "C.UTF-8")
        .env("HOME", "/nonexistent")
        .output()
        .unwrap_or_else(|e| panic!("{name}: {e}"));
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{name}: {stderr}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Makes an image of `tree` with a maker: `xorriso` (as mkisofs) or `genisoimage`.
pub(crate) fn image(folder: &Path, maker: &str, options: &[&str], tree: &Path) -> PathBuf {
    let image = folder.join("image.iso");
    let mut all: Vec<&OsStr> = Vec::new();
    if maker == "xorriso" {
        all.extend(["-as", "mkisofs"].map(OsStr::new));
    }
    all.extend(["-quiet", "-V", "A_LABEL"].map(OsStr::new));
    all.extend(options.iter().map(OsStr::new));
    all.extend([OsStr::new("-o"), image.as_os_str(), tree.as_os_str()]);
    tool(maker, &all);
    image
}

pub(crate) fn scratch() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

/// An image file that counts what is read of it.
pub(crate) struct Image {
    file: File,
    size: u64,
    pub(crate) bytes_read: AtomicU64,
}

impl Image {
    pub(crate) fn open(path: &Path) -> Arc<Self> {
        let file = File::open(path).unwrap();
        let size = file.metadata().unwrap().len();
        Arc::new(Self { file, size, bytes_read: AtomicU64::new(0) })
    }
}

impl ReadAt for Image {
    fn size(&self) -> u64 {
        self.size
    }

    fn sector_size(&self) -> u32 {
        512
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        self.bytes_read.fetch_add(u64::try_from(buffer.len()).unwrap(), Ordering::Relaxed);
        self.file
            .read_exact_at(buffer, offset)
            .map_err(|e| Error::new(ErrorKind::Io, e.to_string()).at(offset))
    }
}

/// An image in memory with some bytes replaced, sharing the rest, which counts what is read of it.
pub(crate) struct Patched {
    pub(crate) base: Arc<Vec<u8>>,
    pub(crate) patches: Vec<(u64, Vec<u8>)>,
    pub(crate) bytes_read: AtomicU64,
}

impl Patched {
    pub(crate) fn new(base: &Arc<Vec<u8>>, patches: Vec<(u64, Vec<u8>)>) -> Arc<Self> {
        Arc::new(Self { base: Arc::clone(base), patches, bytes_read: AtomicU64::new(0) })
    }
}

impl ReadAt for Patched {
    fn size(&self) -> u64 {
        self.base.size()
    }

    fn sector_size(&self) -> u32 {
        512
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        self.bytes_read.fetch_add(u64::try_from(buffer.len()).unwrap(), Ordering::Relaxed);
        self.base.read_exact_at(offset, buffer)?;
        for (place, bytes) in &self.patches {
            for (at, byte) in (*place..).zip(bytes) {
                if let Some(slot) = at
                    .checked_sub(offset)
                    .and_then(|i| usize::try_from(i).ok())
                    .and_then(|i| buffer.get_mut(i))
                {
                    *slot = *byte;
                }
            }
        }
        Ok(())
    }
}

pub(crate) fn try_open(volume: Volume, options: &str) -> Result<Box<dyn FileSystem>> {
    let options = OpenOptions { options: options.as_bytes().to_vec(), ..OpenOptions::default() };
    ISO9660.open(&[volume], &options)
}

pub(crate) fn open(path: &Path, options: &str) -> Box<dyn FileSystem> {
    try_open(Image::open(path), options).unwrap()
}

/// Names, nodes and types of a directory, one entry a call: cursors are tested by the way.
pub(crate) fn list(fs: &dyn FileSystem, directory: NodeId) -> Vec<(Vec<u8>, NodeId, FileType)> {
    let mut entries = Vec::new();
    let mut cursor = DirCursor(0);
    loop {
        let mut next = None;
        fs.read_dir(directory, cursor, &mut |entry| {
            entries.push((entry.name.to_vec(), entry.node, entry.file_type));
            next = Some(entry.next);
            if entries.len() % 3 == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .unwrap();
        match next {
            Some(next) if entries.len() % 3 == 0 => cursor = next,
            _ => return entries,
        }
    }
}

/// Every path below the root, without its leading slash.
pub(crate) fn walk(fs: &dyn FileSystem) -> BTreeMap<String, (NodeId, Metadata)> {
    let mut found = BTreeMap::new();
    let mut pending = vec![(String::new(), fs.root().unwrap())];
    while let Some((path, directory)) = pending.pop() {
        for (name, node, file_type) in list(fs, directory) {
            let shown = name.escape_ascii().to_string();
            let child = if path.is_empty() { shown } else { format!("{path}/{shown}") };
            let metadata = fs.metadata(node).unwrap();
            assert_eq!(file_type, metadata.file_type, "{child}");
            assert_eq!(fs.lookup(directory, &name).unwrap(), node, "{child}");
            if metadata.file_type == FileType::Directory {
                pending.push((child.clone(), node));
            }
            assert!(found.insert(child, (node, metadata)).is_none());
        }
    }
    found
}

/// A file's bytes, in pieces of an odd length.
pub(crate) fn read(fs: &dyn FileSystem, node: NodeId) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut buffer = vec![0; 50_021];
    loop {
        let offset = u64::try_from(bytes.len()).unwrap();
        match fs.read_at(node, offset, &mut buffer).unwrap() {
            0 => return bytes,
            count => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}

pub(crate) fn extents(fs: &dyn FileSystem, node: NodeId) -> Result<Vec<Extent>> {
    let mut all = Vec::new();
    fs.extents(node, 0, &mut |extent| {
        all.push(extent);
        ControlFlow::Continue(())
    })?;
    Ok(all)
}

/// A file's bytes as its extents say they lie in the image.
pub(crate) fn read_extents(fs: &dyn FileSystem, node: NodeId, image: &Path) -> Vec<u8> {
    let file = File::open(image).unwrap();
    let mut bytes = Vec::new();
    for extent in extents(fs, node).unwrap() {
        let ExtentKind::Data { volume: 0, physical } = extent.kind else { panic!("{extent:?}") };
        assert_eq!(extent.logical, u64::try_from(bytes.len()).unwrap());
        let mut part = vec![0; usize::try_from(extent.length).unwrap()];
        file.read_exact_at(&mut part, physical).unwrap();
        bytes.extend(part);
    }
    bytes
}

pub(crate) fn find(fs: &dyn FileSystem, path: &str) -> NodeId {
    path.split('/').filter(|name| !name.is_empty()).fold(fs.root().unwrap(), |directory, name| {
        fs.lookup(directory, name.as_bytes()).unwrap_or_else(|e| panic!("{path}: {e}"))
    })
}

/// What a path is on the host: a directory, a file with these bytes, a link with this target.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Item {
    Directory,
    File(Vec<u8>),
    Link(Vec<u8>),
}

/// A folder of the host as [`walk`] would show it.
pub(crate) fn host(root: &Path) -> BTreeMap<String, Item> {
    let mut found = BTreeMap::new();
    let mut pending = vec![root.to_owned()];
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let kind = path.symlink_metadata().unwrap().file_type();
            let item = if kind.is_dir() {
                pending.push(path.clone());
                Item::Directory
            } else if kind.is_symlink() {
                Item::Link(fs::read_link(&path).unwrap().as_os_str().as_bytes().to_vec())
            } else {
                Item::File(fs::read(&path).unwrap())
            };
            let parts = path.strip_prefix(root).unwrap().components();
            let names: Vec<String> =
                parts.map(|part| part.as_os_str().as_bytes().escape_ascii().to_string()).collect();
            found.insert(names.join("/"), item);
        }
    }
    found
}

/// The same of an image.
pub(crate) fn items(fs: &dyn FileSystem) -> BTreeMap<String, Item> {
    let item = |node: NodeId, metadata: &Metadata| match metadata.file_type {
        FileType::Directory => Item::Directory,
        FileType::Symlink => {
            let target = fs.read_link(node).unwrap();
            assert_eq!(metadata.size, u64::try_from(target.len()).unwrap());
            Item::Link(target)
        }
        _ => {
            let bytes = read(fs, node);
            assert_eq!(metadata.size, u64::try_from(bytes.len()).unwrap());
            Item::File(bytes)
        }
    };
    walk(fs).into_iter().map(|(path, (node, metadata))| (path, item(node, &metadata))).collect()
}

/// Says which paths differ, not all their bytes.
#[track_caller]
pub(crate) fn assert_same(ours: &BTreeMap<String, Item>, theirs: &BTreeMap<String, Item>) {
    let names = |of: &BTreeMap<String, Item>, other: &BTreeMap<String, Item>| -> Vec<String> {
        of.iter()
            .filter(|(path, item)| other.get(*path) != Some(item))
            .map(|(path, _)| path.clone())
            .collect()
    };
    assert!(ours == theirs, "ours: {:#?}\ntheirs: {:#?}", names(ours, theirs), names(theirs, ours));
}

/// Pseudo-random bytes, the same in every run.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

pub(crate) fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut random = Random(seed);
    (0..length).map(|_| random.next().to_le_bytes()[0]).collect()
}

/// Files of every kind of length, links of every kind of component, many entries, deep directories.
pub(crate) fn make_tree(root: &Path, with_links: bool) {
    for folder in ["boot/grub", "isolinux", "many", "a/b/c/d/e/f/g/h/i/j", "empty-dir"] {
        fs::create_dir_all(root.join(folder)).unwrap();
    }
    fs::write(root.join("boot/grub/grub.cfg"), "menuentry x {}\n").unwrap();
    fs::write(root.join("boot/vmlinuz"), noise(1, 300_001)).unwrap();
    fs::write(root.join("a/b/c/d/e/f/g/h/i/j/deep.txt"), "deep").unwrap();
    fs::write(root.join("empty"), "").unwrap();
    for (seed, size) in (10..).zip([1, 511, 512, 2047, 2048, 2049, 4096, 32_768, 131_073]) {
        fs::write(root.join(format!("size{size}.bin")), noise(seed, size)).unwrap();
    }
    for number in 0..200 {
        fs::write(root.join(format!("many/entry{number:03}.txt")), format!("{number}")).unwrap();
    }
    fs::write(root.join("text.txt"), "compress me ".repeat(60_000)).unwrap();
    fs::write(root.join("zeros.bin"), vec![0; 400_000]).unwrap();
    if with_links {
        let link = |target: &str, name: &str| std::os::unix::fs::symlink(target, root.join(name)).unwrap();
        link("boot/vmlinuz", "link");
        link("/boot/grub/../vmlinuz", "absolute");
        link("./../.././a", "a/dots");
        link("nowhere", "dangling");
        link(&format!("{}end", "long/component/".repeat(5)), "long");
        fs::write(root.join("n".repeat(240)), "long name").unwrap();
        fs::write(root.join("Mixed Case with spaces.Txt"), "x").unwrap();
        fs::write(root.join("unicode-\u{e9}\u{20ac}"), "x").unwrap();
    }
}

/// Everything that can be asked of a filesystem that may be damaged, within bounds of our own: answers and errors
/// are both right, only a panic or endless work is wrong.
pub(crate) fn ask_everything(fs: &dyn FileSystem) {
    let _ = fs.info();
    let mut pending = vec![fs.root().unwrap()];
    let mut asked = 0;
    let mut buffer = vec![0; 20_000];
    while let Some(node) = pending.pop() {
        asked += 1;
        if asked > 40 {
            return;
        }
        let mut left = 100;
        let _ = fs.read_dir(node, DirCursor(0), &mut |entry| {
            assert!(!entry.name.is_empty() && !entry.name.contains(&b'/') && !entry.name.contains(&0));
            pending.push(entry.node);
            left -= 1;
            if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        let _ = fs.lookup(node, b"no such name");
        if let Ok(target) = fs.read_link(node) {
            assert!((1..=4096).contains(&target.len()));
        }
        let Ok(metadata) = fs.metadata(node) else { continue };
        for offset in [0, 12_345, metadata.size.saturating_sub(10_000)] {
            let _ = fs.read_at(node, offset, &mut buffer);
        }
        let mut end = 0;
        let whole = fs.extents(node, 0, &mut |extent| {
            assert_eq!(extent.logical, end);
            assert_ne!(extent.length, 0);
            end += extent.length;
            ControlFlow::Continue(())
        });
        assert!(end <= metadata.size);
        assert!(whole.is_err() || end == metadata.size);
    }
}
