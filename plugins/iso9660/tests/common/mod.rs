//! Images by xorriso and genisoimage, read through the SDK.
#![allow(dead_code, unused_imports, reason = "each test program uses its part of this")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics fails, as it should"
)]

use fsimage_iso9660::ISO9660;
use fsimage_sdk::{FileSystem, Format, OpenOptions, Result, Volume};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) use fsimage_plugin_testing::{
    Image, Item, Listing, Mutations, Patched, ask_everything, assert_extents, assert_same, extents, find,
    host_listing as host, list, listing as items, need, noise, read, read_extents, rounds, run, walk,
    work_folder,
};

/// Runs a tool and gives its standard output; fails with the package to install when it is missing.
pub(crate) fn tool<I: AsRef<OsStr>>(name: &str, arguments: &[I]) -> String {
    let package = match name {
        "isoinfo" | "mkzftree" => "genisoimage",
        "isohybrid" => "syslinux-utils",
        "blkid" => "util-linux",
        "truncate" | "touch" | "chmod" | "mkfifo" => "coreutils",
        "mkudffs" => "udftools",
        other => other,
    };
    let mut command = Command::new(need(name, package));
    command.args(arguments.iter().map(AsRef::as_ref)).env("LC_ALL", "C.UTF-8").env("HOME", "/nonexistent");
    run(&mut command).text()
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

pub(crate) fn scratch() -> fsimage_plugin_testing::tempfile::TempDir {
    work_folder!()
}

pub(crate) fn try_open(volume: Volume, options: &str) -> Result<Box<dyn FileSystem>> {
    let options = OpenOptions { options: options.as_bytes().to_vec(), ..OpenOptions::default() };
    ISO9660.open(&[volume], &options)
}

pub(crate) fn open(path: &Path, options: &str) -> Box<dyn FileSystem> {
    try_open(Image::open(path), options).unwrap()
}

/// What xorriso extracts of the tree that it is told to load.
pub(crate) fn by_xorriso(image: &Path, folder: &Path, load: &[&str]) -> Listing {
    let out = folder.join("extracted");
    let _ = fs::remove_dir_all(&out);
    let load = load.iter().map(OsStr::new);
    let extract = ["-osirrox".as_ref(), "on".as_ref(), "-indev".as_ref(), image.as_os_str()];
    let rest = ["-extract".as_ref(), "/".as_ref(), out.as_os_str()];
    tool("xorriso", &load.chain(extract).chain(rest).collect::<Vec<_>>());
    tool("chmod", &["-R".as_ref(), "u+rwx".as_ref(), out.as_os_str()]);
    host(&out)
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
