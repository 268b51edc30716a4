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

use common::{need, open, run, scratch};
use discs::Tree;
use listing::{Answer, Mount, by_linux, by_us, same};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Linux's answers, from one boot: to [`discs::DISCS`], and to [`discs::NAMED`] with the paths looked up.
struct Asked {
    discs: Vec<(Mount, Answer)>,
    named: Vec<(Mount, Answer)>,
}

fn ask(folder: &Path) -> Asked {
    let mut mounts = Vec::new();
    for (number, disc) in discs::DISCS.iter().enumerate() {
        let tree = folder.join(format!("{:?}", disc.tree));
        if !tree.exists() {
            fs::create_dir(&tree).unwrap();
            discs::make_source(disc.tree, &tree);
        }
        let image = folder.join(format!("{number}.iso"));
        discs::make(disc, &tree, &image);
        let change = disc.change.map_or("", |(what, _)| what);
        let name = format!("{} {} {change}", disc.maker, disc.options);
        for options in disc.mounts {
            let (name, image, options) = (name.clone(), image.clone(), (*options).to_owned());
            mounts.push(Mount { name, image, options, paths: Vec::new() });
        }
    }
    let count = mounts.len();
    for (number, disc) in discs::NAMED.iter().enumerate() {
        let image = folder.join(format!("named{number}.iso"));
        discs::make(disc, &folder.join(format!("{:?}", Tree::Names)), &image);
        let paths = discs::SPELLINGS.iter().map(|path| (*path).to_owned()).collect();
        mounts.push(Mount { name: disc.options.to_owned(), image, options: String::new(), paths });
    }
    let answers = by_linux(folder, &mounts);
    let mut discs: Vec<(Mount, Answer)> = mounts
        .into_iter()
        .zip(answers)
        .map(|(mount, answer)| {
            let answer =
                answer.unwrap_or_else(|| panic!("Linux does not mount {} {}", mount.name, mount.options));
            (mount, answer)
        })
        .collect();
    let named = discs.split_off(count);
    Asked { discs, named }
}

#[test]
fn discs_of_every_maker_as_linux_reads_them() {
    let folder = scratch();
    let asked = ask(folder.path());
    every_path_is_the_same(&asked.discs);
    names_are_found_where_linux_or_grub_find_them(&asked.named);
}

fn every_path_is_the_same(discs: &[(Mount, Answer)]) {
    let mut different = Vec::new();
    for (mount, theirs) in discs {
        let ours: Vec<&str> =
            mount.options.split(',').filter(|option| !option.starts_with("block=")).collect();
        let fs = open(&mount.image, &ours.join(","));
        let ours = by_us(&*fs);
        let remarks = fs.info().unwrap().remarks;
        let halves = remarks.len() == 1 && remarks[0].starts_with("a number is stored twice and differently");
        assert!(
            if mount.name.ends_with("spoiled") { halves } else { remarks.is_empty() },
            "{}: {remarks:?}",
            mount.name
        );
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

/// Whether GRUB finds a path.
fn grub_finds(image: &Path, path: &str) -> bool {
    let mut command = Command::new(need("grub-fstest", "grub-common"));
    run(command.arg(image).args(["crc", &format!("(loop0){path}")])).code == 0
}

fn names_are_found_where_linux_or_grub_find_them(named: &[(Mount, Answer)]) {
    for (mount, theirs) in named {
        let fs = open(&mount.image, "");
        let found = |path: &str| {
            let mut names = path.split('/').filter(|name| !name.is_empty());
            names.try_fold(fs.root().unwrap(), |node, name| fs.lookup(node, name.as_bytes()).ok()).is_some()
        };
        for (path, linux) in mount.paths.iter().zip(&theirs.found) {
            let (ours, linux, grub) = (found(path), *linux, grub_finds(&mount.image, path));
            assert!(ours || !(linux || grub), "{}: {path} is not found: {linux}, {grub}", mount.name);
            // Of our own we only do what either does, but in every view: case in Joliet, dots at the end in plain names.
            let dotted = path.ends_with('.') || !path.is_ascii();
            assert!(!ours || linux || grub || dotted, "{}: {path} is found by us alone", mount.name);
        }
    }
}
