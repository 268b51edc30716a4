//! What ext4 does about what is wrong, by the whole program: a journal is replayed, a checksum that is wrong is told of, and
//! `--mount-option` says otherwise.
// What makes a parser dangerous makes a test fail, which is what a test is for.
#![allow(clippy::unwrap_used, clippy::panic, clippy::arithmetic_side_effects, clippy::indexing_slicing)]

use fsimage_tests::{Outcome, Run, Stage, need};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// A guest caught with a dirty journal and fast commits behind it.
fn caught(folder: &Path) -> PathBuf {
    let packed =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../images/ext-journals/fast_commit-names.img.zst");
    let image = folder.join("caught.img");
    let unpacked = File::create(&image).unwrap();
    Run::new(&need("zstd", "zstd"))
        .arg("-dcq")
        .arg(packed)
        .stdout_to(unpacked)
        .spawn()
        .finish()
        .assert_success();
    image
}

fn fsimage(stage: &Stage, arguments: &[&str], image: &Path, path: &[&str]) -> Outcome {
    stage.fsimage().args(arguments).arg(image).args(path).finish()
}

#[test]
fn a_journal_is_replayed_unless_told_otherwise() {
    let (stage, folder) = (Stage::new(), tempfile::tempdir().unwrap());
    let image = caught(folder.path());
    let info = fsimage(&stage, &["info"], &image, &[]);
    info.assert_success();
    for remark in ["remark: journal replayed in memory: ", "remark: 10 fast commits applied in memory"] {
        assert!(info.text().contains(remark), "{}", info.text());
    }
    let last = fsimage(&stage, &["cat"], &image, &["last"]);
    assert_eq!(last.assert_success().text(), "last");
    let ignored = ["--mount-option", "ext2:journal=ignore"];
    fsimage(&stage, &[&["cat"], &ignored[..]].concat(), &image, &["last"]).assert_failure("last");
    let info = fsimage(&stage, &[&["info"], &ignored[..]].concat(), &image, &[]);
    assert!(info.assert_success().text().contains("remark: journal ignored, as asked"), "{}", info.text());
}

#[test]
fn a_wrong_checksum_is_told_of_unless_it_is_to_fail() {
    let (stage, folder) = (Stage::new(), tempfile::tempdir().unwrap());
    let image = caught(folder.path());
    // s_mkfs_time, which nobody needs: replayed, the superblock is the journal's copy, so the journal stays out of it.
    let mut bytes = fs::read(&image).unwrap();
    bytes[0x400 + 0x108] ^= 1;
    fs::write(&image, bytes).unwrap();
    let ignored = "ext2:journal=ignore";
    let info = fsimage(&stage, &["info", "--mount-option", ignored], &image, &[]);
    let remark = "remark: 1 wrong checksums, first: corrupt: superblock: checksum";
    assert!(info.assert_success().text().contains(remark), "{}", info.text());
    let cat = ["cat", "--mount-option", "ext2:journal=ignore,checksums=report"];
    fsimage(&stage, &cat, &image, &["boot/grub/grub.cfg"]).assert_success();
    let cat = ["cat", "--mount-option", "ext2:journal=ignore,checksums=strict"];
    fsimage(&stage, &cat, &image, &["boot/grub/grub.cfg"]).assert_failure("superblock: checksum");
    let cat = ["cat", "--mount-option", "ext2:checksums=whatever"];
    fsimage(&stage, &cat, &image, &["boot/grub/grub.cfg"]).assert_failure("checksums=strict|report");
}
