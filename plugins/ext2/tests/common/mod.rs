//! Images by mke2fs, answers by debugfs, and the same image read through the SDK.
#![allow(dead_code, reason = "each test program uses its part of this")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics fails, as it should"
)]

use fsimage_ext2::EXT2;
use fsimage_sdk::{
    DirCursor, Error, ErrorKind, Extent, ExtentKind, FileSystem, FileType, Format, Metadata, NodeId,
    OpenOptions, ReadAt, Result, Volume,
};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::ops::ControlFlow;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Runs a tool of e2fsprogs and gives its standard output; fails with the package to install when it is missing.
pub(crate) fn tool<I: AsRef<OsStr>>(name: &str, arguments: &[I]) -> String {
    let (code, stdout, stderr) = try_tool(name, arguments);
    assert_eq!(code, 0, "{name} failed: {stdout}{stderr}");
    stdout
}

/// As [`tool`], with the exit status: e2fsck has several of them.
pub(crate) fn try_tool<I: AsRef<OsStr>>(name: &str, arguments: &[I]) -> (i32, String, String) {
    let path = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"]
        .iter()
        .map(|folder| Path::new(folder).join(name))
        .find(|path| path.exists())
        .unwrap_or_else(|| panic!("{name} is missing: apt-get install e2fsprogs"));
    let output = Command::new(path)
        .args(arguments.iter().map(AsRef::as_ref))
        .env("MKE2FS_CONFIG", "/dev/null")
        .output()
        .unwrap_or_else(|e| panic!("{name}: {e}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

/// One debugfs command.
pub(crate) fn debugfs(image: &Path, command: &str) -> String {
    tool("debugfs", &["-R".as_ref(), command.as_ref(), image.as_os_str()])
}

/// One debugfs command that writes.
pub(crate) fn debugfs_write(image: &Path, command: &str) {
    tool("debugfs", &["-w".as_ref(), "-R".as_ref(), command.as_ref(), image.as_os_str()]);
}

/// Several debugfs commands that write: those that make a node make it in the current directory.
pub(crate) fn debugfs_script(image: &Path, commands: &[&str]) {
    let script = image.with_extension("debugfs");
    fs::write(&script, commands.join("\n")).unwrap();
    tool("debugfs", &["-w".as_ref(), "-f".as_ref(), script.as_os_str(), image.as_os_str()]);
}

/// The byte at which a file's inode begins, as debugfs tells it.
pub(crate) fn inode_place(image: &Path, file: &str) -> u64 {
    let text = debugfs(image, &format!("imap {file}"));
    let number =
        |word: &str| text.split(word).nth(1).unwrap().split([',', '\n']).next().unwrap().trim().to_owned();
    let block: u64 = number("located at block").parse().unwrap();
    let offset = u64::from_str_radix(number("offset").trim_start_matches("0x"), 16).unwrap();
    let header = tool("dumpe2fs", &["-h".as_ref(), image.as_os_str()]);
    let size: u64 =
        header.split("Block size:").nth(1).unwrap().split('\n').next().unwrap().trim().parse().unwrap();
    block * size + offset
}

/// The numbers of a file's data blocks, as debugfs tells them.
pub(crate) fn data_blocks(image: &Path, file: &str) -> Vec<u64> {
    debugfs(image, &format!("blocks {file}")).split_whitespace().map(|word| word.parse().unwrap()).collect()
}

/// What mke2fs.conf of e2fsprogs 1.47 makes `-t ext4` mean, spelled out so that no host's file changes the tests.
pub(crate) const EXT4: &[&str] = &[
    "-O",
    "none,sparse_super,large_file,filetype,resize_inode,dir_index,ext_attr,has_journal,extent,huge_file,\
     flex_bg,metadata_csum,64bit,dir_nlink,extra_isize",
    "-I",
    "256",
];
/// The same for `-t ext3`.
pub(crate) const EXT3: &[&str] =
    &["-O", "none,sparse_super,large_file,filetype,resize_inode,dir_index,ext_attr,has_journal", "-I", "256"];
/// The same for `-t ext2`.
pub(crate) const EXT2_: &[&str] =
    &["-O", "none,sparse_super,large_file,filetype,resize_inode,dir_index,ext_attr", "-I", "256"];

/// Makes an image of `size` (as mke2fs writes sizes) holding `tree`.
pub(crate) fn mke2fs(
    folder: &Path,
    name: &str,
    tree: Option<&Path>,
    arguments: &[&str],
    size: &str,
) -> PathBuf {
    let image = folder.join(name);
    let mut all: Vec<&OsStr> = vec!["-q".as_ref(), "-F".as_ref(), "-m".as_ref(), "0".as_ref()];
    all.extend(arguments.iter().map(OsStr::new));
    if let Some(tree) = tree {
        all.extend(["-d".as_ref(), tree.as_os_str()]);
    }
    all.extend([image.as_os_str(), size.as_ref()]);
    tool("mke2fs", &all);
    image
}

/// Where images/make-ext-journals.sh puts what it makes.
pub(crate) fn journals() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../images/ext-journals")
}

/// One of those images.
pub(crate) fn journal_image(name: &str) -> Arc<Vec<u8>> {
    let path = journals().join(format!("{name}.img.zst"));
    let output = Command::new("zstd").arg("-dcq").arg(&path).output();
    let output = output.unwrap_or_else(|e| panic!("zstd is missing (apt-get install zstd): {e}"));
    assert!(output.status.success(), "{}: {}", path.display(), String::from_utf8_lossy(&output.stderr));
    Arc::new(output.stdout)
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

pub(crate) fn open(volume: Volume) -> Box<dyn FileSystem> {
    EXT2.open(&[volume], &OpenOptions::default()).unwrap()
}

pub(crate) fn open_image(path: &Path) -> Box<dyn FileSystem> {
    open(Image::open(path))
}

pub(crate) fn list(fs: &dyn FileSystem, directory: NodeId) -> Vec<(Vec<u8>, NodeId, FileType)> {
    let mut entries = Vec::new();
    fs.read_dir(directory, DirCursor(0), &mut |entry| {
        entries.push((entry.name.to_vec(), entry.node, entry.file_type));
        ControlFlow::Continue(())
    })
    .unwrap();
    entries
}

/// Every path below the root, without its leading slash.
pub(crate) fn walk(fs: &dyn FileSystem) -> BTreeMap<Vec<u8>, (NodeId, Metadata)> {
    let mut found = BTreeMap::new();
    let mut pending = vec![(Vec::new(), fs.root().unwrap())];
    while let Some((path, directory)) = pending.pop() {
        for (name, node, file_type) in list(fs, directory) {
            let mut child = path.clone();
            if !child.is_empty() {
                child.push(b'/');
            }
            child.extend_from_slice(&name);
            let metadata = fs.metadata(node).unwrap();
            assert!(file_type == metadata.file_type || file_type == FileType::Unknown);
            if metadata.file_type == FileType::Directory {
                pending.push((child.clone(), node));
            }
            assert!(found.insert(child, (node, metadata)).is_none());
        }
    }
    found
}

pub(crate) fn find(fs: &dyn FileSystem, path: &str) -> NodeId {
    path.split('/').fold(fs.root().unwrap(), |node, name| fs.lookup(node, name.as_bytes()).unwrap())
}

pub(crate) fn extents(fs: &dyn FileSystem, node: NodeId, offset: u64) -> Vec<Extent> {
    let mut found = Vec::new();
    fs.extents(node, offset, &mut |extent| {
        found.push(extent);
        ControlFlow::Continue(())
    })
    .unwrap();
    found
}

/// A file read whole, in pieces that fit no block.
pub(crate) fn read(fs: &dyn FileSystem, node: NodeId) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut buffer = vec![0; 1_000_003];
    loop {
        let count = fs.read_at(node, u64::try_from(bytes.len()).unwrap(), &mut buffer).unwrap();
        bytes.extend_from_slice(&buffer[..count]);
        if count < buffer.len() {
            return bytes;
        }
    }
}

/// A file put together from its extents, which are checked to be ascending, whole and joined.
pub(crate) fn read_extents(fs: &dyn FileSystem, volume: &dyn ReadAt, node: NodeId) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut last_end = None;
    for extent in extents(fs, node, 0) {
        assert_eq!(extent.logical, u64::try_from(bytes.len()).unwrap(), "a gap or an overlap");
        assert_ne!(extent.length, 0);
        let length = usize::try_from(extent.length).unwrap();
        let end = match extent.kind {
            ExtentKind::Data { volume: number, physical } => {
                assert_eq!(number, 0);
                bytes.extend(volume.read_vec_at(physical, length).unwrap());
                Some((physical, physical + extent.length))
            }
            ExtentKind::Hole => {
                bytes.resize(bytes.len() + length, 0);
                None
            }
        };
        let joined = match (last_end, end) {
            (Some(Some((_, last))), Some((first, _))) => last == first,
            (Some(None), None) => true,
            _ => false,
        };
        assert!(!joined, "two extents that should be one");
        last_end = Some(end);
    }
    bytes
}

/// Bytes that look like nothing else, the same for the same seed.
pub(crate) fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut random = Random(seed);
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        bytes.extend(random.next().to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// The splitmix64 generator.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

/// Writes islands of 4 KiB at these offsets into an otherwise empty file of `size` bytes.
pub(crate) fn write_sparse(path: &Path, size: u64, islands: impl IntoIterator<Item = u64>) {
    let file = File::create(path).unwrap();
    file.set_len(size).unwrap();
    for offset in islands {
        file.write_all_at(&noise(offset, 4096), offset).unwrap();
    }
}

pub(crate) const MANY: usize = 3000;

/// The tree with the edge cases: made once, kept for later runs, made anew when this file changes.
pub(crate) fn tree() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let mut hasher = std::hash::DefaultHasher::new();
    std::hash::Hash::hash(include_bytes!("mod.rs").as_slice(), &mut hasher);
    let tree = folder.join(format!("ext2-tree-{:x}", std::hash::Hasher::finish(&hasher)));
    if !tree.exists() {
        let fresh = tempfile::Builder::new().prefix("ext2-tree-new").tempdir_in(folder).unwrap();
        make_tree(fresh.path());
        // Another test may have been faster: the trees are the same, so either will do.
        let renamed = fs::rename(fresh.path(), &tree);
        assert!(renamed.is_ok() || tree.exists(), "{renamed:?}");
    }
    tree
}

fn make_tree(root: &Path) {
    let symlink = |target: &str, name: &str| std::os::unix::fs::symlink(target, root.join(name)).unwrap();
    for folder in ["boot/grub", "dir0", "dir1", "many"] {
        fs::create_dir_all(root.join(folder)).unwrap();
    }
    fs::write(root.join("boot/vmlinuz"), noise(1, 700_001)).unwrap();
    fs::write(root.join("boot/grub/grub.cfg"), b"menuentry x {}\n").unwrap();
    fs::write(root.join("dir1/only"), b"1").unwrap();
    fs::write(root.join("empty"), b"").unwrap();
    fs::hard_link(root.join("boot/vmlinuz"), root.join("hard")).unwrap();
    for length in [1, 59, 60, 61, 1000] {
        symlink(&"t".repeat(length), &format!("link{length}"));
    }
    fs::write(root.join("n".repeat(255)), b"long").unwrap();
    symlink("vmlinuz", &format!("boot/{}", "k".repeat(255)));
    fs::write(root.join("not-utf8-\u{e9}"), b"x").unwrap();
    for number in 0..MANY {
        fs::write(root.join(format!("many/entry-{number}")), b"").unwrap();
    }
    // Through the single, double and triple indirect blocks of 1 KiB blocks, on both sides of each boundary.
    const K: u64 = 1024;
    let double = (12 + 256) * K;
    let triple = double + 256 * 256 * K;
    write_sparse(&root.join("deep"), triple + 9000, [0, 12 * K, double, triple].map(|edge| edge & !4095));
    write_sparse(&root.join("hole-first"), 50_000, [40_960]);
    write_sparse(&root.join("hole-last"), 5_000_001, [0]);
    write_sparse(&root.join("hole-only"), 123_456, []);
    // So many extents that the tree has two levels of nodes with 1 KiB blocks.
    write_sparse(&root.join("comb"), 600 * 8192, (0..600).map(|tooth| tooth * 8192));
    for (seed, size) in (10..).zip([1, 1023, 1024, 1025, 4095, 4096, 4097, 12_288, 12_289, 49_152, 49_153]) {
        fs::write(root.join(format!("size{size}")), noise(seed, size)).unwrap();
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
        let (mut end, mut left) = (0, 10_000);
        let whole = fs.extents(node, 0, &mut |extent| {
            assert_eq!(extent.logical, end);
            assert_ne!(extent.length, 0);
            end += extent.length;
            left -= 1;
            if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert!(end <= metadata.size);
        assert!(whole.is_err() || left == 0 || end == metadata.size);
    }
}
