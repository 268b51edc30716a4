//! Images by mke2fs, answers by debugfs, and the same image read through the SDK.
#![allow(dead_code, unused_imports, reason = "each test program uses its part of this")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics fails, as it should"
)]

use fsimage_ext2::EXT2;
use fsimage_sdk::{FileSystem, Format, OpenOptions, Volume};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

pub(crate) use fsimage_plugin_testing::{
    Image, Item, Listing, Mutations, Patched, ask_everything, assert_extents, assert_same, extents, find,
    host_listing, list, listing, manifest, need, noise, read, read_extents, rounds, run, unzstd, walk,
    work_folder, write_sparse,
};

/// Runs a tool of e2fsprogs and gives its standard output; fails with the package to install when it is missing.
pub(crate) fn tool<I: AsRef<OsStr>>(name: &str, arguments: &[I]) -> String {
    let (code, stdout, stderr) = try_tool(name, arguments);
    assert_eq!(code, 0, "{name} failed: {stdout}{stderr}");
    stdout
}

/// As [`tool`], with the exit status: e2fsck has several of them.
pub(crate) fn try_tool<I: AsRef<OsStr>>(name: &str, arguments: &[I]) -> (i32, String, String) {
    let mut command = Command::new(need(name, "e2fsprogs"));
    command.args(arguments.iter().map(AsRef::as_ref)).env("MKE2FS_CONFIG", "/dev/null");
    let outcome = run(&mut command);
    (outcome.code, String::from_utf8_lossy(&outcome.stdout).into_owned(), outcome.stderr)
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
    Arc::new(unzstd(&journals().join(format!("{name}.img.zst"))))
}

pub(crate) fn open(volume: Volume) -> Box<dyn FileSystem> {
    EXT2.open(&[volume], &OpenOptions::default()).unwrap()
}

pub(crate) fn open_image(path: &Path) -> Box<dyn FileSystem> {
    open(Image::open(path))
}

pub(crate) const MANY: usize = 3000;

/// The tree with the edge cases: made once, kept for later runs, made anew when this file changes.
pub(crate) fn tree() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let mut hasher = std::hash::DefaultHasher::new();
    std::hash::Hash::hash(include_bytes!("mod.rs").as_slice(), &mut hasher);
    let tree = folder.join(format!("ext2-tree-{:x}", std::hash::Hasher::finish(&hasher)));
    if !tree.exists() {
        let fresh = fsimage_plugin_testing::tempfile::Builder::new()
            .prefix("ext2-tree-new")
            .tempdir_in(folder)
            .unwrap();
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
