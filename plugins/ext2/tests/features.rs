//! Features with what they are for in them: attributes in other inodes, a Merkle tree behind a file, a journal elsewhere.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics fails, as it should"
)]

mod common;

use common::{
    EXT4, Image, assert_extents, debugfs, debugfs_script, find, mke2fs, need, noise, open_image, read, run,
    tool,
};
use fsimage_ext2::EXT2;
use fsimage_sdk::{ErrorKind, Format, Limits, OpenOptions, Probe, Volume};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// An image of this folder's files with these features.
fn image(folder: &Path, files: &[(&str, Vec<u8>)], arguments: &[&str]) -> PathBuf {
    let tree = folder.join("tree");
    fs::create_dir_all(&tree).unwrap();
    for (name, bytes) in files {
        fs::write(tree.join(name), bytes).unwrap();
    }
    mke2fs(folder, "image", Some(&tree), &[EXT4, arguments].concat(), "8M")
}

/// Large attributes lie in inodes of their own, beside data that lies in the inode and in `system.data`.
#[test]
fn attributes_in_other_inodes() {
    let folder = common::work_folder!();
    let files = [("mapped", noise(1, 20_000)), ("inline", noise(2, 40)), ("spilled", noise(3, 90))];
    let image = image(folder.path(), &files, &["-O", "ea_inode,inline_data", "-I", "512"]);
    for (name, _) in &files {
        for number in 0..3 {
            let value = folder.path().join("value");
            fs::write(&value, noise(number, 4000)).unwrap();
            debugfs_script(&image, &[&format!("ea_set -f {} {name} user.number-{number}", value.display())]);
        }
        assert!(debugfs(&image, &format!("ea_list {name}")).contains("user.number-2"), "{name}");
    }
    // Beside these files, lost+found and ten reserved ones: the inodes that hold values.
    let header = tool("dumpe2fs", &["-h".as_ref(), image.as_os_str()]);
    let count = |field: &str| -> u32 {
        header.split(field).nth(1).unwrap().split_whitespace().next().unwrap().parse().unwrap()
    };
    let holders = count("Inode count:") - count("Free inodes:") - 11 - 3;
    assert!(holders >= 3, "{holders} inodes with values");
    let fs = open_image(&image);
    for (name, bytes) in &files {
        assert_eq!(read(&*fs, find(&*fs, name)), *bytes, "{name}");
    }
    assert_eq!(assert_extents(&*fs, &*Image::open(&image)), 2, "inline data has no extents");
    assert!(debugfs(&image, "stat spilled").contains("system.data (30)"));
}

/// fs-verity keeps a file's hashes behind its end, in blocks that are no part of its data.
#[test]
fn a_merkle_tree_behind_a_file() {
    let folder = common::work_folder!();
    let whole = noise(1, 200_000);
    let image = image(folder.path(), &[("file", whole.clone())], &["-O", "verity", "-b", "4096"]);
    debugfs_script(&image, &["set_inode_field file size 100000", "set_inode_field file flags 0x180000"]);
    let fs = open_image(&image);
    assert!(read(&*fs, find(&*fs, "file")) == whole[..100_000]);
    assert_eq!(assert_extents(&*fs, &*Image::open(&image)), 0);
    assert!(fs.info().unwrap().features.contains(&"verity".to_owned()));
}

/// A journal that mke2fs made, and a filesystem that names it.
#[test]
fn a_journal_on_another_volume() {
    let folder = common::work_folder!();
    let uuid = "a1b2c3d4-0102-0304-0506-0708090a0b0c";
    let journal =
        mke2fs(folder.path(), "journal", None, &["-O", "journal_dev", "-U", uuid, "-b", "4096"], "8M");
    let volume: Volume = Image::open(&journal);
    let Probe::MineButBroken(error) = EXT2.probe(&volume, &Limits::default()).unwrap() else {
        panic!("a journal is no filesystem")
    };
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("another filesystem's external journal"), "{error}");

    // mke2fs wants a device for -J.
    let attached =
        run(Command::new(need("losetup", "mount")).args(["--find", "--show"]).arg(&journal)).text();
    let device = attached.trim();
    let files = [("file", noise(1, 5000))];
    let made = std::panic::catch_unwind(|| {
        image(folder.path(), &files, &["-O", "has_journal", "-b", "4096", "-J", &format!("device={device}")])
    });
    let detached = run(Command::new(need("losetup", "mount")).arg("--detach").arg(device));
    assert_eq!(detached.code, 0, "{}", detached.stderr);
    let image = made.unwrap();
    let header = tool("dumpe2fs", &["-h".as_ref(), image.as_os_str()]);
    assert!(header.contains(&format!("Journal UUID:             {uuid}")), "{header}");

    let fs = open_image(&image);
    assert_eq!(read(&*fs, find(&*fs, "file")), files[0].1, "a clean one needs no journal");
    debugfs_script(&image, &["feature needs_recovery"]);
    let open = |words: &str| {
        let options = OpenOptions { options: words.as_bytes().to_vec(), ..OpenOptions::default() };
        EXT2.open(&[Image::open(&image)], &options)
    };
    let error = open("").err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains(&format!("the external journal {uuid} is not replayed")), "{error}");
    let fs = open("journal=ignore").unwrap();
    assert_eq!(read(&*fs, find(&*fs, "file")), files[0].1);
}

/// Users, groups and projects are counted in inodes that no directory names; nothing of it is a guest's file.
#[test]
fn quotas_and_orphans() {
    let folder = common::work_folder!();
    let files = [("file", noise(1, 5000))];
    let features = "quota,project,mmp,stable_inodes,has_journal,orphan_file,metadata_csum,64bit";
    let image = image(folder.path(), &files, &["-O", features, "-E", "quotatype=usrquota:grpquota:prjquota"]);
    debugfs_script(&image, &["feature orphan_present"]);
    let fs = open_image(&image);
    let names: Vec<_> = common::walk(&*fs).into_keys().collect();
    assert_eq!(names, ["file", "lost+found"]);
    assert_eq!(read(&*fs, find(&*fs, "file")), files[0].1);
    let shown = fs.info().unwrap().features;
    for feature in ["quota", "project", "mmp", "stable_inodes", "orphan_file", "orphan_present"] {
        assert!(shown.contains(&feature.to_owned()), "{feature}: {shown:?}");
    }
}
