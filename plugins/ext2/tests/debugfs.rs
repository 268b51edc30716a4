//! What debugfs can make and mke2fs cannot, and what debugfs says of the same image.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics fails, as it should"
)]

mod common;

use common::{EXT4, Image, extents, find, mke2fs, noise, open, open_image, read, read_extents, tool, tree};
use fsimage_sdk::{DirCursor, ErrorKind, ExtentKind, FileType, NodeId};
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

fn folder() -> fsimage_plugin_testing::tempfile::TempDir {
    common::work_folder!()
}

fn small(folder: &Path, arguments: &[&str]) -> PathBuf {
    mke2fs(folder, "image", None, &[EXT4, &["-b", "1024"], arguments].concat(), "8M")
}

/// Puts a host file into the image under the given name.
fn put(image: &Path, folder: &Path, name: &str, bytes: &[u8]) {
    let file = folder.join(name);
    fs::write(&file, bytes).unwrap();
    common::debugfs_write(image, &format!("write {} {name}", file.display()));
}

#[test]
fn listing_as_debugfs_prints_it() {
    let folder = folder();
    let image = mke2fs(folder.path(), "image", Some(&tree()), &[EXT4, &["-b", "4096"]].concat(), "64M");
    let fs = open_image(&image);
    for path in ["/", "/boot", "/many", "/dir0"] {
        let node = if path == "/" { fs.root().unwrap() } else { find(&*fs, &path[1..]) };
        let mut ours = Vec::new();
        fs.read_dir(node, DirCursor(0), &mut |entry| {
            let metadata = fs.metadata(entry.node).unwrap();
            let format = match metadata.file_type {
                FileType::Regular => 0o100_000,
                FileType::Directory => 0o040_000,
                FileType::Symlink => 0o120_000,
                _ => 0,
            };
            let size = match metadata.file_type {
                FileType::Directory => String::new(),
                _ => metadata.size.to_string(),
            };
            let mode = format | metadata.mode;
            let (node, name) = (entry.node.0, String::from_utf8_lossy(entry.name));
            ours.push(format!("/{node}/{mode:06o}/{}/{}/{name}/{size}/", metadata.uid, metadata.gid));
            ControlFlow::Continue(())
        })
        .unwrap();
        let theirs = common::debugfs(&image, &format!("ls -p {path}"));
        let theirs: Vec<&str> = theirs
            .lines()
            .filter(|line| !line.is_empty() && !line.contains("/.//") && !line.contains("/..//"))
            .collect();
        assert_eq!(ours, theirs, "{path}");
    }
    let dump = folder.path().join("dump");
    common::debugfs(&image, &format!("dump /comb {}", dump.display()));
    assert!(read(&*fs, find(&*fs, "comb")) == fs::read(dump).unwrap());
}

#[test]
fn info_as_dumpe2fs_prints_it() {
    let folder = folder();
    let uuid = "01234567-89ab-cdef-0123-456789abcdef";
    for features in [
        "^has_journal",
        "inline_data,ea_inode,large_dir",
        "bigalloc,sparse_super2,^resize_inode",
        "casefold,encrypt",
    ] {
        let image = small(folder.path(), &["-L", "a label of 16 by", "-U", uuid, "-O", features]);
        let info = open_image(&image).info().unwrap();
        let header = tool("dumpe2fs", &["-h".as_ref(), image.as_os_str()]);
        let theirs = header.lines().find_map(|line| line.strip_prefix("Filesystem features:")).unwrap();
        assert_eq!(info.features.join(" "), theirs.trim());
        assert_eq!((info.label.as_slice(), info.uuid.as_str()), (b"a label of 16 by".as_slice(), uuid));
        assert_eq!((info.flavour.as_str(), info.block_size, info.size), ("ext4", 1024, 8 << 20));
    }
}

#[test]
fn a_dirty_journal_is_shown() {
    let folder = folder();
    let image = small(folder.path(), &[]);
    common::debugfs_write(&image, "feature needs_recovery");
    assert!(open_image(&image).info().unwrap().features.contains(&"needs_recovery".to_owned()));
}

#[test]
fn unwritten_extents_are_holes() {
    let folder = folder();
    let image = small(folder.path(), &[]);
    put(&image, folder.path(), "file", &noise(5, 3 * 1024));
    common::debugfs_write(&image, "fallocate file 3 40");
    common::debugfs_write(&image, "set_inode_field file size 35000");
    assert!(common::debugfs(&image, "ex file").contains("Uninit"), "debugfs made no unwritten extent");
    let volume = Image::open(&image);
    let fs = open(volume.clone());
    let node = find(&*fs, "file");
    let mut expected = noise(5, 3 * 1024);
    expected.resize(35_000, 0);
    assert!(read(&*fs, node) == expected);
    assert!(read_extents(&*fs, &*volume, node) == expected);
    let kinds: Vec<bool> =
        extents(&*fs, node, 0).unwrap().iter().map(|e| e.kind == ExtentKind::Hole).collect();
    assert_eq!(kinds, [false, true]);
}

/// Behind the largest extent of 32768 blocks the next one is joined.
#[test]
fn contiguous_extents_are_one() {
    let folder = folder();
    let file = folder.path().join("tree/large");
    fs::create_dir(folder.path().join("tree")).unwrap();
    fs::write(&file, noise(3, 40_000 * 1024)).unwrap();
    let features = ["-b", "1024", "-O", "^has_journal,^resize_inode,sparse_super2", "-E", "num_backup_sb=0"];
    let arguments = [EXT4, &features].concat();
    let image = mke2fs(folder.path(), "image", Some(&folder.path().join("tree")), &arguments, "64M");
    assert!(common::debugfs(&image, "ex large").lines().count() > 2, "one extent is no test");
    let volume = Image::open(&image);
    let fs = open(volume.clone());
    let node = find(&*fs, "large");
    assert!(read_extents(&*fs, &*volume, node) == fs::read(&file).unwrap());
    assert_eq!(extents(&*fs, node, 0).unwrap().len(), 1);
}

#[test]
fn extents_from_an_offset() {
    let folder = folder();
    let image = mke2fs(folder.path(), "image", Some(&tree()), &[EXT4, &["-b", "1024"]].concat(), "64M");
    let fs = open_image(&image);
    let comb = find(&*fs, "comb");
    let all = extents(&*fs, comb, 0).unwrap();
    assert!(all.len() >= 1200, "the comb lost teeth");
    for offset in [0, 4095, 4096, 350 * 8192 + 17, 600 * 8192 - 1] {
        let skip = all.iter().position(|e| (e.logical..e.logical + e.length).contains(&offset)).unwrap();
        let some = extents(&*fs, comb, offset).unwrap();
        // The first may begin later than the whole extent does, but not behind the offset.
        assert!(some[0].logical <= offset && some[0].logical >= all[skip].logical);
        assert_eq!(some[0].logical + some[0].length, all[skip].logical + all[skip].length);
        assert_eq!(some[1..], all[skip + 1..]);
    }
    assert_eq!(extents(&*fs, comb, 600 * 8192).unwrap(), []);
    assert_eq!(extents(&*fs, comb, u64::MAX).unwrap(), []);
}

/// A file beyond 4 GiB, through the triple indirect block of 4 KiB blocks and at the end of an extent tree.
#[test]
fn far_ends() {
    let folder = folder();
    let tree = folder.path().join("tree");
    fs::create_dir(&tree).unwrap();
    let triple = (12 + 1024 + 1024 * 1024) * 4096_u64;
    common::write_sparse(&tree.join("far"), triple + 8192, [0, triple - 4096, triple]);
    for arguments in [common::EXT2_, EXT4] {
        let image =
            mke2fs(folder.path(), "image", Some(&tree), &[arguments, &["-b", "4096"]].concat(), "64M");
        let fs = open_image(&image);
        let far = find(&*fs, "far");
        assert_eq!(fs.metadata(far).unwrap().size, triple + 8192);
        let mut buffer = vec![0xff; 16384];
        assert_eq!(fs.read_at(far, triple - 4096, &mut buffer).unwrap(), 12_288);
        assert!(buffer[..4096] == noise(triple - 4096, 4096));
        assert!(buffer[4096..8192] == noise(triple, 4096));
        assert!(buffer[8192..12_288].iter().all(|&byte| byte == 0));
        assert_eq!(fs.read_at(far, triple + 8192, &mut buffer).unwrap(), 0);
        let ranges: Vec<(u64, u64)> = extents(&*fs, far, 0)
            .unwrap()
            .iter()
            .filter(|extent| extent.kind != ExtentKind::Hole)
            .map(|extent| (extent.logical, extent.length))
            .collect();
        let data: u64 = ranges.iter().map(|(_, length)| length).sum();
        assert_eq!((ranges[0], data), ((0, 4096), 3 * 4096));
    }
}

#[test]
fn every_cursor_goes_on_where_it_stopped() {
    let folder = folder();
    let image = mke2fs(folder.path(), "image", Some(&tree()), &[EXT4, &["-b", "1024"]].concat(), "64M");
    let fs = open_image(&image);
    let many = find(&*fs, "many");
    let all = common::list(&*fs, many);
    let (mut cursor, mut found) = (DirCursor(0), Vec::new());
    loop {
        let mut left = 7;
        fs.read_dir(many, cursor, &mut |entry| {
            found.push((entry.name.to_vec(), entry.node, entry.file_type));
            assert!(entry.next.0 > cursor.0);
            cursor = entry.next;
            left -= 1;
            if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .unwrap();
        if left > 0 {
            break;
        }
    }
    assert_eq!(found, all);
    // A cursor that came from nowhere is no reason to fail badly.
    for wild in [3, 1023, u64::MAX] {
        fs.read_dir(many, DirCursor(wild), &mut |_| ControlFlow::Continue(())).unwrap();
    }
}

#[test]
fn devices_and_their_like() {
    let folder = folder();
    let image = small(folder.path(), &[]);
    common::debugfs_write(&image, "mknod pipe p");
    common::debugfs_write(&image, "mknod char c 1 3");
    common::debugfs_write(&image, "mknod block b 8 0");
    let fs = open_image(&image);
    for (name, file_type) in
        [("pipe", FileType::Fifo), ("char", FileType::CharDevice), ("block", FileType::BlockDevice)]
    {
        let node = find(&*fs, name);
        assert_eq!(fs.metadata(node).unwrap().file_type, file_type);
        assert_eq!(fs.read_at(node, 0, &mut [0]).unwrap_err().kind(), ErrorKind::NotAFile);
        assert_eq!(fs.read_link(node).unwrap_err().kind(), ErrorKind::NotASymlink);
        assert_eq!(fs.lookup(node, b"x").unwrap_err().kind(), ErrorKind::NotADirectory);
    }
    let root = fs.root().unwrap();
    assert_eq!(fs.read_at(root, 0, &mut [0]).unwrap_err().kind(), ErrorKind::IsADirectory);
    let extents = fs.extents(root, 0, &mut |_| ControlFlow::Continue(()));
    assert_eq!(extents.unwrap_err().kind(), ErrorKind::IsADirectory);
    for wild in [0, u64::MAX, 1 << 32, 1 << 31] {
        assert_eq!(fs.metadata(NodeId(wild)).unwrap_err().kind(), ErrorKind::Corrupt);
    }
}

/// debugfs fills the first 56 bytes; the attribute's part is written here as Linux 6.18 was seen to lay it out.
#[test]
fn inline_directories() {
    let folder = folder();
    let image = small(folder.path(), &["-O", "inline_data", "-I", "256"]);
    let names = ["a", "bb", "ccc", "dddd", "eeeee", "ffffff"];
    let makers = names.map(|name| format!("mknod {name} p"));
    let commands: Vec<&str> =
        ["mkdir d", "cd d"].into_iter().chain(makers.iter().map(String::as_str).take(4)).collect();
    common::debugfs_script(&image, &commands);
    assert!(common::debugfs(&image, "stat d").contains("Size of inline data: 60"));
    let inode = common::inode_place(&image, "d");
    let mut value = Vec::new();
    for (name, rec_len) in [("eeeee", 16_u16), ("ffffff", 40)] {
        value.extend(11_u32.to_le_bytes());
        value.extend(rec_len.to_le_bytes());
        value.extend([u8::try_from(name.len()).unwrap(), 2]);
        value.extend(name.as_bytes());
        value.resize(value.len().next_multiple_of(4), 0);
    }
    value.resize(56, 0);
    // The attribute's entry begins behind 160 bytes of fields and 4 of magic number.
    let patches = vec![
        (inode + 0xa4 + 2, 0x18_u16.to_le_bytes().to_vec()),
        (inode + 0xa4 + 8, 56_u32.to_le_bytes().to_vec()),
        (inode + 0xa4 + 0x18, value),
    ];
    for (patches, count) in [(vec![], 4), (patches, 6)] {
        let fs = open(common::Patched::new(&std::sync::Arc::new(fs::read(&image).unwrap()), patches));
        let node = find(&*fs, "d");
        let entries = common::list(&*fs, node);
        let found: Vec<&[u8]> = entries.iter().map(|(name, ..)| name.as_slice()).collect();
        assert_eq!(found, names.map(str::as_bytes)[..count]);
        for (name, child, _) in &entries {
            assert_eq!(fs.lookup(node, name).unwrap(), *child);
        }
        assert_eq!(fs.lookup(node, b"f").unwrap_err().kind(), ErrorKind::NotFound);
    }
}

#[test]
fn encrypted_files_say_so() {
    let folder = folder();
    let image = small(folder.path(), &["-O", "encrypt"]);
    put(&image, folder.path(), "secret", &noise(1, 5000));
    put(&image, folder.path(), "plain", &noise(2, 5000));
    common::debugfs_write(&image, "mkdir vault");
    common::debugfs_write(&image, "set_inode_field secret flags 0x80800");
    common::debugfs_write(&image, "set_inode_field vault flags 0x80800");
    let fs = open_image(&image);
    let secret = find(&*fs, "secret");
    assert_eq!(fs.read_at(secret, 0, &mut [0; 9]).unwrap_err().kind(), ErrorKind::Encrypted);
    assert_eq!(fs.lookup(find(&*fs, "vault"), b"x").unwrap_err().kind(), ErrorKind::Encrypted);
    assert!(read(&*fs, find(&*fs, "plain")) == noise(2, 5000));
}

/// What one boot asks of a default filesystem reads little: issue 2 allows 256 KiB.
#[test]
fn a_boot_reads_little_metadata() {
    let folder = folder();
    let image = mke2fs(folder.path(), "image", Some(&tree()), &[EXT4, &["-b", "4096"]].concat(), "64M");
    let volume = Image::open(&image);
    let fs = open(volume.clone());
    for path in ["boot/grub/grub.cfg", "boot/vmlinuz", "hard"] {
        let node = find(&*fs, path);
        fs.metadata(node).unwrap();
        assert!(!extents(&*fs, node, 0).unwrap().is_empty());
    }
    let bytes = volume.bytes_read.load(std::sync::atomic::Ordering::Relaxed);
    assert!(bytes < 16 << 10, "{bytes} bytes of metadata");
}

/// Beyond what the image holds nothing reads as zeros.
#[test]
fn a_truncated_image_is_an_error() {
    let folder = folder();
    let image = small(folder.path(), &["-O", "^has_journal"]);
    put(&image, folder.path(), "file", &noise(1, 3_000_000));
    let length = {
        let volume = Image::open(&image);
        let fs = open(volume);
        match extents(&*fs, find(&*fs, "file"), 0).unwrap().last().unwrap().kind {
            ExtentKind::Data { physical, .. } => physical + 100,
            ExtentKind::Hole => panic!("the file ends in a hole"),
        }
    };
    fs::File::options().write(true).open(&image).unwrap().set_len(length).unwrap();
    let fs = open_image(&image);
    let node = find(&*fs, "file");
    assert_eq!(fs.read_at(node, 0, &mut vec![0; 3_000_000]).unwrap_err().kind(), ErrorKind::Io);
    assert_eq!(fs.extents(node, 0, &mut |_| ControlFlow::Continue(())).unwrap_err().kind(), ErrorKind::Io);
}
