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

use common::{Layout, Mutations, makefs, noise, rounds, work_folder};
use fsimage_ufs::UFS;
use std::fs;
use std::sync::Arc;

const ROUNDS: u64 = 4000;

/// A small image with a map of two levels, a directory of several chunks, links of both kinds.
fn image(layout: Layout) -> Arc<Vec<u8>> {
    let folder = work_folder!();
    let tree = folder.path().join("tree");
    fs::create_dir_all(tree.join("boot")).unwrap();
    for number in 0..30 {
        fs::write(tree.join(format!("boot/{number}-{}", "x".repeat(50))), noise(number, 50)).unwrap();
    }
    fs::write(tree.join("boot/large"), noise(1, 60_000)).unwrap();
    std::os::unix::fs::symlink("l".repeat(200), tree.join("link")).unwrap();
    std::os::unix::fs::symlink("short", tree.join("short")).unwrap();
    Arc::new(fs::read(makefs(folder.path(), layout, &tree, &[])).unwrap())
}

/// The superblock first, then whatever is not zero before the files' noise.
fn targets(base: &[u8]) -> Vec<u64> {
    let used = |at: &usize| base[*at] != 0;
    let superblock = 8192..8192 + 1376;
    let rest = (16384..base.len()).filter(used).take(12_000);
    superblock.clone().filter(used).chain(superblock).chain(rest).map(|at| at.try_into().unwrap()).collect()
}

fn mutate(seed: u64, layout: Layout) {
    let base = &image(layout);
    let options = &["", "checksums=strict", "superblock=8192"];
    let targets = &targets(base);
    Mutations { format: &UFS, base, targets, options, seed, rounds: rounds(ROUNDS) }.run();
}

#[test]
fn mutated_ufs1() {
    mutate(1, Layout::new(1, "le", 4096, 512));
}

#[test]
fn mutated_ufs2() {
    mutate(2, Layout::new(2, "be", 4096, 1024));
}
