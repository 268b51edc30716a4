//! Discs of every maker and kind, read by us and by Linux: paths, types, modes, owners, times, sizes, SHA-256, targets,
//! and which names are found. Linux is Debian's kernel in QEMU (`images/read-by-linux.sh`).
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics fails, as it should"
)]

#[path = "../common/mod.rs"]
mod common;
mod discs;
mod listing;
mod relabel;

use common::{open, scratch};
use listing::{Mount, by_linux, by_us, same};
use std::collections::BTreeSet;
use std::fs;

#[test]
fn discs_of_every_maker_as_linux_mounts_them() {
    let folder = scratch();
    let mut mounts = Vec::new();
    for (number, disc) in discs::DISCS.iter().enumerate() {
        let tree = folder.path().join(format!("{:?}", disc.tree));
        if !tree.exists() {
            fs::create_dir(&tree).unwrap();
            discs::make_source(disc.tree, &tree);
        }
        let image = folder.path().join(format!("{number}.iso"));
        discs::make(disc, &tree, &image);
        let change = disc.change.map_or("", |(what, _)| what);
        let name = format!("{} {} {change}", disc.maker, disc.options);
        for options in disc.mounts {
            let (name, image, options) = (name.clone(), image.clone(), (*options).to_owned());
            mounts.push(Mount { name, image, options, paths: Vec::new() });
        }
    }
    let mut different = Vec::new();
    for (mount, theirs) in mounts.iter().zip(by_linux(folder.path(), &mounts)) {
        let theirs =
            theirs.unwrap_or_else(|| panic!("Linux does not mount {} {}", mount.name, mount.options));
        let ours: Vec<&str> =
            mount.options.split(',').filter(|option| !option.starts_with("block=")).collect();
        let ours = by_us(&*open(&mount.image, &ours.join(",")));
        let both: BTreeSet<&String> = ours.keys().chain(theirs.listing.keys()).collect();
        for path in both {
            let (ours, theirs) = (ours.get(path), theirs.listing.get(path));
            if !ours.zip(theirs).is_some_and(|(ours, theirs)| same(ours, theirs)) {
                let Mount { name, options, .. } = mount;
                different
                    .push(format!("{name} -o {options}: {path}\n  we:    {ours:?}\n  Linux: {theirs:?}"));
            }
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}
