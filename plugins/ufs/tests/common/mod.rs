//! Images by makefs, read through the SDK.
#![allow(dead_code, unused_imports, reason = "each test program uses its part of this")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics fails, as it should"
)]

use fsimage_sdk::{FileSystem, Format, OpenOptions, Result, Volume};
use fsimage_ufs::UFS;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

pub(crate) use fsimage_plugin_testing::{
    Image, Item, Listing, Mutations, Patched, ask_everything, assert_extents, assert_same, extents, find,
    host_listing, list, listing, manifest, need, noise, read, read_extents, rounds, run, unzstd, walk,
    work_folder, write_sparse,
};

/// What makefs is told apart from the tree.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    pub(crate) version: u32,
    /// `le` or `be`.
    pub(crate) endian: &'static str,
    pub(crate) block: u32,
    pub(crate) fragment: u32,
}

impl Layout {
    pub(crate) const fn new(version: u32, endian: &'static str, block: u32, fragment: u32) -> Self {
        Self { version, endian, block, fragment }
    }

    /// Both versions, both byte orders, every block size with every fragment size that is legal.
    pub(crate) fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for (version, endian) in [(1, "le"), (1, "be"), (2, "le"), (2, "be")] {
            for block in [4096, 8192, 16384, 32768, 65536] {
                for ratio in [1, 2, 4, 8] {
                    all.push(Self::new(version, endian, block, block / ratio));
                }
            }
        }
        all
    }
}

/// Makes an image of `tree`, with room to spare.
pub(crate) fn makefs(folder: &Path, layout: Layout, tree: &Path, more: &[&str]) -> PathBuf {
    let Layout { version, endian, block, fragment } = layout;
    let image = folder.join(format!("ffs{version}-{endian}-{block}-{fragment}.img"));
    let options = format!("version={version},bsize={block},fsize={fragment},optimization=space");
    // makefs makes inodes in proportion to the size, and with large fragments too few of them.
    let size = (640 * fragment).max(2 << 20).to_string();
    let mut command = Command::new(need("makefs", "makefs"));
    command
        .args(["-t", "ffs", "-B", endian, "-b", "20%", "-f", "20%", "-M", &size, "-o", &options])
        .args(more);
    let outcome = run(command.arg(&image).arg(tree));
    assert_eq!(outcome.code, 0, "{layout:?}: {}", outcome.stderr);
    image
}

pub(crate) fn try_open(volume: Volume, options: &str) -> Result<Box<dyn FileSystem>> {
    let options = OpenOptions { options: options.as_bytes().to_vec(), ..OpenOptions::default() };
    UFS.open(&[volume], &options)
}

pub(crate) fn open(volume: Volume) -> Box<dyn FileSystem> {
    try_open(volume, "").unwrap()
}

pub(crate) fn open_image(path: &Path) -> Box<dyn FileSystem> {
    open(Image::open(path))
}

/// Files at every edge of a map of `block` and `fragment`, links, names and directories of every kind of length.
pub(crate) fn make_tree(root: &Path, block: u64, fragment: u64) {
    let symlink = |target: &str, name: &str| std::os::unix::fs::symlink(target, root.join(name)).unwrap();
    for folder in ["boot/grub", "empty-dir", "many", "a/b/c/d/e/f/g/h/i/j"] {
        fs::create_dir_all(root.join(folder)).unwrap();
    }
    fs::write(root.join("boot/grub/grub.cfg"), "menuentry x {}\n").unwrap();
    fs::write(root.join("a/b/c/d/e/f/g/h/i/j/deep"), "deep").unwrap();
    let direct = 12 * block;
    let edges = [
        0,
        1,
        fragment,
        block - fragment,
        block,
        block + fragment,
        direct - fragment,
        direct,
        direct + block,
    ];
    for edge in edges {
        for size in [edge.saturating_sub(1), edge, edge + 1] {
            let path = root.join(format!("size{size}"));
            fs::write(path, noise(size, usize::try_from(size).unwrap())).unwrap();
        }
    }
    fs::hard_link(root.join(format!("size{direct}")), root.join("hard")).unwrap();
    for length in [1, 55, 56, 57, 59, 60, 61, 119, 120, 121, 1000] {
        symlink(&"t".repeat(length), &format!("link{length}"));
    }
    symlink("../boot/grub", "boot/up");
    fs::write(root.join("n".repeat(255)), "long name").unwrap();
    fs::write(root.join("with space"), "x").unwrap();
    fs::write(root.join("umlaut-\u{e9}"), "x").unwrap();
    for number in 0..200 {
        fs::write(root.join(format!("many/entry-{number:03}-{}", "x".repeat(number % 60))), "").unwrap();
    }
}
