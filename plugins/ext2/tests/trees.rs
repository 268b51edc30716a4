//! The tree with the edge cases, in every layout, compared with the folder that mke2fs took it from.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics fails, as it should"
)]

mod common;

use common::{EXT2_, EXT3, EXT4, Image, MANY, mke2fs, open, read, read_extents, tree, try_tool, walk};
use fsimage_ext2::EXT2;
use fsimage_sdk::{ErrorKind, FileSystem, FileType, Format, Limits, Probe, Volume};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

fn host_paths(root: &Path, folder: &Path, found: &mut BTreeMap<String, PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        found.insert(
            path.strip_prefix(root).unwrap().as_os_str().as_bytes().escape_ascii().to_string(),
            path.clone(),
        );
        if path.symlink_metadata().unwrap().is_dir() {
            host_paths(root, &path, found);
        }
    }
}

/// With inline_data, mke2fs 1.47.0 forgets the hole at a file's end: debugfs must agree that the file is shorter.
fn cut_like_mke2fs(image: &Path, name: &str, size: u64, expected: &mut Vec<u8>) {
    assert!(common::debugfs(image, "stats").contains("inline_data"), "{name}: size {size}");
    let stat = common::debugfs(image, &format!("stat \"/{name}\""));
    assert!(stat.contains(&format!("Size: {size}\n")), "{name}: size {size}: {stat}");
    assert!(expected.drain(usize::try_from(size).unwrap()..).all(|byte| byte == 0));
}

/// Every path, type, mode, size, time, link count, target and byte is that of the host's tree.
fn compare(image: &Path) -> Box<dyn FileSystem> {
    let volume = Image::open(image);
    let as_volume: Volume = volume.clone();
    assert!(matches!(EXT2.probe(&as_volume, &Limits::default()).unwrap(), Probe::Mine));
    let fs = open(as_volume);
    let mut ours = walk(&*fs);
    assert_eq!(ours.remove("lost+found").unwrap().1.file_type, FileType::Directory);
    let mut theirs = BTreeMap::new();
    let tree = tree();
    host_paths(&tree, &tree, &mut theirs);
    assert_eq!(ours.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>());
    for (name, (node, metadata)) in &ours {
        let path = &theirs[name];
        let host = path.symlink_metadata().unwrap();
        assert_eq!(metadata.mode, host.mode() & 0o7777, "{path:?}");
        assert_eq!((metadata.uid, metadata.gid), (host.uid(), host.gid()), "{path:?}");
        assert_eq!(metadata.mtime_seconds, host.mtime(), "{path:?}");
        if host.is_symlink() {
            assert_eq!(metadata.file_type, FileType::Symlink);
            let target = fs.read_link(*node).unwrap();
            assert_eq!(target, fs::read_link(path).unwrap().as_os_str().as_bytes(), "{path:?}");
            assert_eq!(metadata.size, u64::try_from(target.len()).unwrap());
        } else if host.is_file() {
            assert_eq!(metadata.file_type, FileType::Regular);
            assert_eq!(u64::from(metadata.links), host.nlink(), "{path:?}");
            let mut expected = fs::read(path).unwrap();
            if metadata.size != host.size() {
                cut_like_mke2fs(image, name, metadata.size, &mut expected);
            }
            assert!(read(&*fs, *node) == expected, "{path:?} differs");
            match fs.extents(*node, 0, &mut |_| std::ops::ControlFlow::Break(())) {
                Ok(()) => {
                    assert!(read_extents(&*fs, &*volume, *node) == expected, "{path:?} differs by extents")
                }
                Err(error) => assert_eq!(error.kind(), ErrorKind::Unsupported),
            }
        } else {
            assert_eq!(metadata.file_type, FileType::Directory);
        }
    }
    let hard = common::find(&*fs, "hard");
    assert_eq!(hard, common::find(&*fs, "boot/vmlinuz"));
    let many = common::find(&*fs, "many");
    assert_eq!(common::list(&*fs, many).len(), MANY);
    assert!(common::list(&*fs, common::find(&*fs, "dir0")).is_empty());
    assert_eq!(common::find(&*fs, "many/entry-2999"), ours["many/entry-2999"].0);
    assert_eq!(fs.lookup(many, b"entry-3000").unwrap_err().kind(), ErrorKind::NotFound);
    fs
}

/// Makes the image, compares it, and gives its flavour.
fn check(arguments: &[&[&str]], size: &str) -> String {
    let folder = common::work_folder!();
    let image = mke2fs(folder.path(), "image", Some(&tree()), &arguments.concat(), size);
    compare(&image).info().unwrap().flavour
}

#[test]
fn ext2_of_1_kib_blocks() {
    assert_eq!(check(&[EXT2_, &["-b", "1024"]], "64M"), "ext2");
}

#[test]
fn ext2_of_4_kib_blocks() {
    assert_eq!(check(&[EXT2_, &["-b", "4096"]], "64M"), "ext2");
}

#[test]
fn ext2_revision_0() {
    let arguments = ["-r", "0", "-O", "none", "-b", "1024", "-I", "128"];
    assert_eq!(check(&[&arguments], "64M"), "ext2");
}

#[test]
fn ext3() {
    assert_eq!(check(&[EXT3, &["-b", "1024"]], "64M"), "ext3");
}

#[test]
fn ext4_as_mke2fs_makes_it() {
    assert_eq!(check(&[EXT4, &["-b", "4096"]], "64M"), "ext4");
}

#[test]
fn ext4_of_1_kib_blocks() {
    assert_eq!(check(&[EXT4, &["-b", "1024"]], "64M"), "ext4");
}

#[test]
fn ext4_without_64bit() {
    assert_eq!(check(&[EXT4, &["-O", "^64bit", "-b", "1024"]], "64M"), "ext4");
}

#[test]
fn ext4_without_flex_bg() {
    assert_eq!(check(&[EXT4, &["-O", "^flex_bg", "-b", "1024"]], "64M"), "ext4");
}

#[test]
fn ext4_with_gdt_csum() {
    assert_eq!(check(&[EXT4, &["-O", "^metadata_csum,uninit_bg", "-b", "1024"]], "64M"), "ext4");
}

#[test]
fn inodes_of_128_bytes() {
    assert_eq!(check(&[EXT4, &["-b", "4096", "-I", "128"]], "64M"), "ext4");
}

#[test]
fn inodes_of_1024_bytes() {
    assert_eq!(check(&[EXT4, &["-b", "4096", "-I", "1024"]], "64M"), "ext4");
}

#[test]
fn blocks_of_2_kib() {
    check(&[EXT4, &["-b", "2048"]], "64M");
}

#[test]
fn blocks_of_64_kib() {
    check(&[EXT4, &["-b", "65536", "-N", "4000"]], "512M");
}

#[test]
fn blocks_of_64_kib_by_indirect_blocks() {
    check(&[EXT2_, &["-b", "65536", "-N", "4000"]], "512M");
}

#[test]
fn meta_bg() {
    check(&[EXT4, &["-O", "meta_bg,^resize_inode", "-b", "1024", "-g", "256"]], "64M");
}

#[test]
fn meta_bg_without_sparse_super() {
    check(&[EXT2_, &["-O", "meta_bg,^resize_inode,^sparse_super", "-b", "1024", "-g", "512"]], "64M");
}

#[test]
fn many_groups_of_backup_superblocks() {
    check(&[EXT4, &["-O", "sparse_super2,^resize_inode", "-b", "1024", "-g", "1024"]], "64M");
}

#[test]
fn bigalloc() {
    check(&[EXT4, &["-O", "bigalloc", "-b", "1024", "-C", "8192"]], "64M");
    check(&[EXT4, &["-O", "bigalloc", "-b", "4096", "-C", "65536"]], "512M");
}

#[test]
fn inline_data() {
    check(&[EXT4, &["-O", "inline_data", "-b", "4096", "-I", "1024"]], "64M");
    check(&[EXT4, &["-O", "inline_data", "-b", "1024", "-I", "256"]], "64M");
}

#[test]
fn hashed_directories() {
    let folder = common::work_folder!();
    for flavour in [EXT2_, EXT4] {
        for block_size in ["1024", "4096"] {
            let arguments = [flavour, &["-b", block_size]].concat();
            let image = mke2fs(folder.path(), "image", Some(&tree()), &arguments, "64M");
            // mke2fs leaves directories linear; e2fsck -D hashes them, and status 1 says that it did.
            let (code, stdout, stderr) =
                try_tool("e2fsck", &["-f".as_ref(), "-y".as_ref(), "-D".as_ref(), image.as_os_str()]);
            assert_eq!(code & !1, 0, "{stdout}{stderr}");
            let dump = common::debugfs(&image, "htree_dump /many");
            assert!(dump.contains("Root node dump"), "/many is not hashed: {dump}");
            compare(&image);
        }
    }
}
