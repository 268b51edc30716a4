//! Some ten thousand random damages, the same ones in every run: an answer or an error, and bounded work.
//! `ISO9660_MUTATIONS=N` makes N of them.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics fails, as it should"
)]

mod common;

use common::{Patched, Random, ask_everything, noise, scratch, tool, try_open};
use fsimage_iso9660::ISO9660;
use fsimage_sdk::{Format, Limits, Volume};
use std::ffi::OsStr;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::Ordering;

const ROUNDS: u64 = 5000;
/// More than any answer about such an image needs, far less than what hangs.
const MAX_BYTES_READ: u64 = 64 << 20;

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
    let rounds = std::env::var("ISO9660_MUTATIONS").map_or(ROUNDS, |n| n.parse().unwrap());
    let base = image(zisofs);
    // All bytes that say something: noise of files is little here.
    let targets: Vec<u64> =
        (0x8000_u64..).zip(&base[0x8000..]).filter(|(_, b)| **b != 0).map(|(at, _)| at).collect();
    let mut random = Random(seed);
    let (mut opened, mut most) = (0, 0);
    for round in 0..rounds {
        let patches: Vec<(u64, Vec<u8>)> = (0..1 + random.below(8))
            .map(|_| {
                let place =
                    targets[usize::try_from(random.below(targets.len().try_into().unwrap())).unwrap()];
                let old = base[usize::try_from(place).unwrap()];
                let byte = match random.below(4) {
                    0 => 0,
                    1 => 0xff,
                    2 => old ^ 1_u8.rotate_left(u32::try_from(random.below(8)).unwrap()),
                    _ => u8::try_from(random.below(256)).unwrap(),
                };
                (place, vec![byte])
            })
            .collect();
        let volume = Patched::new(&base, patches.clone());
        let as_volume: Volume = volume.clone();
        ISO9660.probe(&as_volume, &Limits::default()).unwrap();
        let options = options[usize::try_from(round).unwrap() % options.len()];
        if let Ok(fs) = try_open(as_volume, options) {
            opened += 1;
            ask_everything(&*fs);
        }
        let bytes = volume.bytes_read.load(Ordering::Relaxed);
        most = most.max(bytes);
        assert!(bytes < MAX_BYTES_READ, "round {round}: {bytes} bytes read, {patches:x?}");
    }
    assert!(opened > rounds / 4, "only {opened} of {rounds} images still opened: the damage is too coarse");
    println!("{rounds} damaged images, {opened} opened, at most {most} bytes read of one");
}

#[test]
fn mutated_rock_ridge_and_joliet() {
    mutate(1, false, &["", "boot", "view=joliet", "view=plain", "session=last,boot"]);
}

#[test]
fn mutated_zisofs() {
    mutate(2, true, &["", "norock"]);
}
