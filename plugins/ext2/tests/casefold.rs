//! Names without regard to case, in directories that mke2fs fills and e2fsck sorts by its own foldings.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics fails, as it should"
)]

mod common;

use common::{EXT4, Image, debugfs, debugfs_script, find, list, mke2fs, open, open_image, try_tool};
use fsimage_sdk::{ErrorKind, FileSystem};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

/// A name on the disk, and names that Linux takes for the same.
const NAMES: &[(&str, &[&str])] = &[
    ("Vmlinuz", &["vmlinuz", "VMLINUZ"]),
    ("\u{c4}rger.cfg", &["\u{e4}rger.cfg", "A\u{308}RGER.CFG"]),
    ("Stra\u{df}e", &["STRASSE", "strasse", "stra\u{1e9e}e"]),
    (
        "\u{3a3}\u{3af}\u{3c3}\u{3c5}\u{3c6}\u{3bf}\u{3c2}",
        &["\u{3c3}\u{3af}\u{3c2}\u{3c5}\u{3c6}\u{3bf}\u{3c3}"],
    ),
    ("\u{41a}\u{43e}\u{440}\u{435}\u{43d}\u{44c}", &["\u{43a}\u{41e}\u{420}\u{415}\u{41d}\u{42c}"]),
    ("\u{d55c}\u{ae00}", &["\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}"]),
    ("\u{212a}elvin", &["kelvin", "KELVIN"]),
    ("soft\u{ad}hyphen", &["SoftHyphen"]),
    ("\u{fb03}", &["FFI"]),
];

/// 700 other names beside those: several blocks of leaves and an index.
fn image(folder: &Path, arguments: &[&str], indexed: bool) -> PathBuf {
    let tree = folder.join("tree");
    fs::create_dir_all(tree.join("d")).unwrap();
    for (name, _) in NAMES {
        fs::write(tree.join("d").join(name), name).unwrap();
    }
    for number in 0..700 {
        fs::write(tree.join(format!("d/Other-\u{c9}-{number}")), "").unwrap();
    }
    fs::write(tree.join("plain"), "plain").unwrap();
    let arguments = [EXT4, &["-O", "casefold,^has_journal", "-b", "1024", "-N", "1024"], arguments].concat();
    let image = mke2fs(folder, "image", Some(&tree), &arguments, "8M");
    debugfs_script(&image, &["set_inode_field d flags 0x40080000"]);
    if indexed {
        let (code, said, _) = try_tool("e2fsck", &["-fyD".as_ref(), image.as_os_str()]);
        assert!(code <= 1, "{said}");
        assert!(debugfs(&image, "htree d").contains("Root node dump"), "no index");
    }
    image
}

fn check(fs: &dyn FileSystem) {
    let directory = find(fs, "d");
    for (name, others) in NAMES {
        let node = fs.lookup(directory, name.as_bytes()).unwrap_or_else(|e| panic!("{name}: {e}"));
        for other in *others {
            assert_eq!(fs.lookup(directory, other.as_bytes()).ok(), Some(node), "{name} as {other}");
        }
    }
    for number in (0..700).step_by(7) {
        let node = fs.lookup(directory, format!("Other-\u{c9}-{number}").as_bytes()).unwrap();
        assert_eq!(fs.lookup(directory, format!("oTHER-e\u{301}-{number}").as_bytes()).unwrap(), node);
    }
    for missing in [&b"vmlinu"[..], "str\u{e4}sse".as_bytes(), b"\xff", b"other-\xc3-1"] {
        assert_eq!(fs.lookup(directory, missing).unwrap_err().kind(), ErrorKind::NotFound);
    }
    assert_eq!(list(fs, directory).len(), NAMES.len() + 700);
    assert!(fs.lookup(fs.root().unwrap(), b"PLAIN").is_err(), "the root directory minds the case");
}

#[test]
fn linear_and_indexed() {
    for arguments in [&["-E", "encoding=utf8"][..], &["-E", "encoding=utf8-12.1,encoding_flags=strict"]] {
        for indexed in [false, true] {
            let folder = common::work_folder!();
            check(&*open_image(&image(folder.path(), arguments, indexed)));
        }
    }
}

/// The index is sorted by the foldings' hashes: e2fsck's hashes are ours, for a name in any case is found in one leaf.
#[test]
fn a_folded_name_is_found_by_hash() {
    let folder = common::work_folder!();
    let image = image(folder.path(), &["-E", "encoding=utf8"], true);
    let size = open_image(&image).metadata(find(&*open_image(&image), "d")).unwrap().size;
    for (name, others) in NAMES {
        for other in others.iter().chain([name]) {
            let volume = Image::open(&image);
            let fs = open(volume.clone());
            let directory = find(&*fs, "d");
            let before = volume.bytes_read.load(Ordering::Relaxed);
            fs.lookup(directory, other.as_bytes()).unwrap();
            let bytes = volume.bytes_read.load(Ordering::Relaxed) - before;
            assert!(bytes <= 4 * 1024 && size > 16 * 1024, "{other}: {bytes} bytes of {size}");
        }
    }
}

/// Tables that nobody has: a name is there to the byte, or nobody can tell.
#[test]
fn another_encoding() {
    let folder = common::work_folder!();
    let image = image(folder.path(), &["-E", "encoding=utf8"], true);
    debugfs_script(&image, &["set_super_value encoding 7"]);
    let fs = open_image(&image);
    let directory = find(&*fs, "d");
    assert!(fs.lookup(directory, b"Vmlinuz").is_ok());
    let error = fs.lookup(directory, b"vmlinuz").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("s_encoding 7"), "{error}");
}
