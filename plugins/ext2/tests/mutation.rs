//! Some thousand random damages, the same ones in every run: an answer or an error, and bounded work.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics fails, as it should"
)]

mod common;

use common::{EXT2_, EXT4, Mutations, debugfs_script, mke2fs, noise, rounds, tool, try_tool};
use fsimage_ext2::EXT2;
use std::fs;
use std::sync::Arc;

const ROUNDS: u64 = 4000;

/// A small image with a directory that is hashed, a map with nodes, a long link, and no journal to hit in vain.
fn image(arguments: &[&str]) -> Arc<Vec<u8>> {
    let folder = common::work_folder!();
    let tree = folder.path().join("tree");
    fs::create_dir_all(tree.join("boot")).unwrap();
    for number in 0..30 {
        fs::write(tree.join(format!("boot/{number}-{}", "x".repeat(50))), noise(number, 50)).unwrap();
    }
    common::write_sparse(&tree.join("boot/comb"), 40 * 8192, (0..40).map(|tooth| tooth * 8192));
    std::os::unix::fs::symlink("l".repeat(100), tree.join("link")).unwrap();
    std::os::unix::fs::symlink("short", tree.join("short")).unwrap();
    let arguments = [arguments, &["-b", "1024", "-O", "^resize_inode,^has_journal", "-N", "64"]].concat();
    let image = mke2fs(folder.path(), "image", Some(&tree), &arguments, "1M");
    let _ = try_tool("e2fsck", &["-f".as_ref(), "-y".as_ref(), "-D".as_ref(), image.as_os_str()]);
    debugfs_script(&image, &["mkdir d", "cd d", "mknod p p"]);
    let (code, ..) = try_tool("e2fsck", &["-f".as_ref(), "-n".as_ref(), image.as_os_str()]);
    assert_eq!(code, 0, "{}", tool("dumpe2fs", &[image.as_os_str()]));
    Arc::new(fs::read(image).unwrap())
}

/// Offsets of bytes worth damaging: the superblock, the descriptors, and all that is not zero in the first blocks
/// and around the map nodes; file data is noise and mostly lies behind.
fn targets(image: &[u8]) -> Vec<u64> {
    let used = |at: &usize| image[*at] != 0;
    (0x400..0x1000)
        .chain((0x1000..image.len()).filter(used).take(20_000))
        .map(|at| at.try_into().unwrap())
        .collect()
}

fn mutate(seed: u64, rounds: u64, base: &Arc<Vec<u8>>) {
    Mutations { format: &EXT2, base, targets: &targets(base), options: &[""], seed, rounds }.run();
}

#[test]
fn mutated_ext4() {
    mutate(1, rounds(ROUNDS), &image(EXT4));
}

#[test]
fn mutated_ext2() {
    mutate(2, rounds(ROUNDS), &image(EXT2_));
}

#[test]
fn mutated_inline_data() {
    mutate(3, rounds(ROUNDS), &image(&[EXT4, &["-O", "inline_data"]].concat()));
}

#[test]
fn mutated_journals() {
    mutate(4, rounds(ROUNDS), &common::journal_image("nocsum-revokes"));
    mutate(5, rounds(ROUNDS) / 4, &common::journal_image("csum3-data-journal"));
}
