//! Some ten thousand random damages, the same ones in every run: an answer or an error, and bounded work.
//! `MUTATIONS=N` makes N of them.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics fails, as it should"
)]

mod common;

use common::{Mutations, noise, rounds, scratch, tool};
use fsimage_iso9660::ISO9660;
use std::ffi::OsStr;
use std::fs;
use std::sync::Arc;

const ROUNDS: u64 = 5000;

fn image(zisofs: bool) -> Arc<Vec<u8>> {
    let folder = scratch();
    let tree = folder.path().join("tree");
    fs::create_dir_all(tree.join("boot/grub/a/b/c/d/e/f/g")).unwrap();
    for number in 0..20 {
        fs::write(tree.join(format!("boot/{number}-{}", "x".repeat(200))), noise(number, 50)).unwrap();
    }
    fs::write(tree.join("boot/grub/a/b/c/d/e/f/g/deep"), "deep").unwrap();
    fs::write(tree.join("text"), "text ".repeat(20_000)).unwrap();
    fs::write(tree.join("boot/loader"), noise(3, 2048)).unwrap();
    std::os::unix::fs::symlink(format!("{}x", "l/".repeat(200)), tree.join("link")).unwrap();
    let image = folder.path().join("image.iso");
    if zisofs {
        let all = [
            &["-zisofs", "version_2=on:block_size_v2=32k", "-joliet", "on", "-outdev"].map(OsStr::new)[..],
            &[image.as_os_str()],
            &[OsStr::new("-map"), tree.as_os_str(), OsStr::new("/")],
            &["-set_filter_r", "--zisofs", "/", "--"].map(OsStr::new),
        ];
        tool("xorriso", &all.concat());
    } else {
        // Not by genisoimage: it never ends on long names in deep directories.
        let all = [
            "-as",
            "mkisofs",
            "-quiet",
            "-R",
            "-J",
            "-joliet-long",
            "-b",
            "boot/loader",
            "-c",
            "boot/cat",
            "-no-emul-boot",
            "-o",
        ]
        .map(OsStr::new);
        tool("xorriso", &[&all[..], &[image.as_os_str(), tree.as_os_str()]].concat());
    }
    Arc::new(fs::read(image).unwrap())
}

fn mutate(seed: u64, zisofs: bool, options: &[&str]) {
    let base = &image(zisofs);
    // All bytes that say something: noise of files is little here.
    let targets: Vec<u64> =
        (0x8000_u64..).zip(&base[0x8000..]).filter(|(_, b)| **b != 0).map(|(at, _)| at).collect();
    Mutations { format: &ISO9660, base, targets: &targets, options, seed, rounds: rounds(ROUNDS) }.run();
}

#[test]
fn mutated_rock_ridge_and_joliet() {
    mutate(1, false, &["", "boot", "view=joliet", "view=plain", "session=last,boot"]);
}

#[test]
fn mutated_zisofs() {
    mutate(2, true, &["", "norock"]);
}
