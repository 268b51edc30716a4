//! Lookup by hash, in directories far larger than `mke2fs -d` makes in time: their entries are written here, into a
//! file that debugfs declares to be a directory and e2fsck then rebuilds with an index.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics fails, as it should"
)]

mod common;

use common::{Image, debugfs, debugfs_script, mke2fs, open, tool, try_tool};
use fsimage_ext2::EXT2;
use fsimage_sdk::{ErrorKind, Format, OpenOptions, Volume};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

fn name(number: usize) -> Vec<u8> {
    // A byte above 127, so that signed and unsigned hashes differ.
    format!("entry-\u{e9}-{number}").into_bytes()
}

/// A linear directory of these names, all of which are hard links to a few files.
fn directory(block_size: usize, names: &[Vec<u8>], files: &[u32]) -> Vec<u8> {
    let mut blocks: Vec<Vec<u8>> = vec![Vec::new()];
    let mut last = 0;
    let names = [b".".to_vec(), b"..".to_vec()].into_iter().chain(names.iter().cloned());
    for (index, name) in names.enumerate() {
        let length = (8 + name.len()).next_multiple_of(4);
        let full = blocks.last().unwrap().len() + length > block_size;
        if full {
            blocks.push(Vec::new());
        }
        let block = blocks.last_mut().unwrap();
        last = block.len();
        block.extend(if index < 2 { 2 } else { files[index % files.len()] }.to_le_bytes());
        block.extend(u16::try_from(length).unwrap().to_le_bytes());
        block.extend([u8::try_from(name.len()).unwrap(), if index < 2 { 2 } else { 1 }]);
        block.extend(&name);
        block.resize(last + length, 0);
    }
    let _ = last;
    for block in &mut blocks {
        // The last entry reaches to the block's end.
        let mut at = 0;
        loop {
            let length = usize::from(u16::from_le_bytes([block[at + 4], block[at + 5]]));
            if at + length == block.len() {
                let rest = u16::try_from(block_size - at).unwrap();
                block[at + 4..at + 6].copy_from_slice(&rest.to_le_bytes());
                break;
            }
            at += length;
        }
        block.resize(block_size, 0);
    }
    blocks.concat()
}

/// An image whose directory `d` has `count` names under an index of this hash.
fn indexed(
    folder: &Path,
    block_size: usize,
    count: usize,
    hash: &str,
    unsigned: bool,
    features: &str,
) -> PathBuf {
    let names: Vec<_> = (0..count).map(name).collect();
    indexed_names(folder, block_size, &names, (hash, unsigned), features)
}

fn indexed_names(
    folder: &Path,
    block_size: usize,
    names: &[Vec<u8>],
    (hash, unsigned): (&str, bool),
    features: &str,
) -> PathBuf {
    let tree = folder.join(format!("tree-{block_size}-{}", names.len()));
    fs::create_dir_all(&tree).unwrap();
    for file in ["f0", "f1", "f2", "f3"] {
        fs::write(tree.join(file), b"").unwrap();
    }
    // First the inode numbers, which do not depend on what the directory holds.
    let seed = format!("hash_seed={SEED}");
    let arguments = ["-b", &block_size.to_string(), "-N", "64", "-O", features, "-E", &seed];
    fs::write(tree.join("d"), b"x").unwrap();
    let image = mke2fs(folder, &format!("image-{hash}-{unsigned}"), Some(&tree), &arguments, "64M");
    let number = |file: &str| {
        let text = debugfs(&image, &format!("stat {file}"));
        text.split("Inode:").nth(1).unwrap().split_whitespace().next().unwrap().parse().unwrap()
    };
    let files = ["f0", "f1", "f2", "f3"].map(number);
    fs::write(tree.join("d"), directory(block_size, names, &files)).unwrap();
    fs::remove_file(&image).unwrap();
    let image = mke2fs(folder, &format!("image-{hash}-{unsigned}"), Some(&tree), &arguments, "64M");
    let flags = if unsigned { "2" } else { "1" };
    tool("tune2fs", &["-E".as_ref(), format!("hash_alg={hash}").as_ref(), image.as_os_str()]);
    debugfs_script(&image, &["set_inode_field d mode 040755", &format!("set_super_value flags {flags}")]);
    let (code, out, _) = try_tool("e2fsck", &["-fyD".as_ref(), image.as_os_str()]);
    assert!(code <= 1, "{code}: {out}");
    image
}

/// `s_hash_seed` of these images.
const SEED: &str = "6d617263-6965-6c61-6d61-726369656c61";
const FEATURES: &str = "none,sparse_super,large_file,filetype,ext_attr,dir_index,extent";

#[test]
fn every_hash_finds_every_name() {
    let folder = common::work_folder!();
    for (block_size, count) in [(1024, 3000), (4096, 700)] {
        for hash in ["legacy", "half_md4", "tea"] {
            for unsigned in [false, true] {
                let image = indexed(folder.path(), block_size, count, hash, unsigned, FEATURES);
                let dump = debugfs(&image, "htree_dump d");
                assert!(dump.contains("Number of entries"), "no index: {dump}");
                let options = OpenOptions { options: b"checksums=strict".to_vec(), ..OpenOptions::default() };
                let fs = EXT2.open(&[Image::open(&image)], &options).unwrap();
                let directory = common::find(&*fs, "d");
                for number in 0..count {
                    fs.lookup(directory, &name(number)).unwrap_or_else(|e| panic!("{hash} {unsigned}: {e}"));
                }
                let error = fs.lookup(directory, b"missing").unwrap_err();
                assert_eq!(error.kind(), ErrorKind::NotFound);
            }
        }
    }
}

/// A lookup among 100,000 entries reads the inode, the map, three levels of index and one leaf.
#[test]
fn a_large_directory_is_not_walked() {
    let folder = common::work_folder!();
    let image = indexed(folder.path(), 1024, 100_000, "half_md4", false, FEATURES);
    let dump = debugfs(&image, "htree_dump d");
    let levels = dump.split("Indirect levels:").nth(1).unwrap().split_whitespace().next().unwrap();
    assert!(levels.parse::<u8>().unwrap() >= 1, "{levels}");
    let volume = Image::open(&image);
    let mut most = 0;
    for number in (0..100_000).step_by(1999) {
        let fs = open(volume.clone());
        let directory = common::find(&*fs, "d");
        let before = volume.bytes_read.load(Ordering::Relaxed);
        fs.lookup(directory, &name(number)).unwrap();
        most = most.max(volume.bytes_read.load(Ordering::Relaxed) - before);
        assert_eq!(fs.lookup(directory, b"missing").unwrap_err().kind(), ErrorKind::NotFound);
    }
    println!("{levels} indirect levels, at most {most} bytes for a lookup");
    assert!(most <= 12 * 1024, "{most} bytes for one lookup");
    let fs = open(volume);
    assert_eq!(common::list(&*fs, common::find(&*fs, "d")).len(), 100_000);
}

/// The names are in the leaves: a broken index is walked around, and is an error only where that was asked for.
#[test]
fn a_broken_index_is_walked_around() {
    let folder = common::work_folder!();
    let image = indexed(folder.path(), 1024, 1000, "half_md4", false, FEATURES);
    let place = common::data_blocks(&image, "d")[0] * 1024;
    let bytes = std::sync::Arc::new(fs::read(&image).unwrap());
    let cases: &[(u64, &[u8])] = &[
        (0x18, &[1]), // reserved_zero
        (0x1c, &[9]), // hash_version
        (0x1d, &[0]), // info_length
        (0x1d, &[255]),
        (0x1e, &[3]),    // indirect_levels
        (0x20, &[0, 0]), // limit
        (0x20, &[0xff, 0xff]),
        (0x22, &[0, 0]), // count
        (0x22, &[0xff, 0xff]),
        (0x24, &[0xff; 4]), // the first entry's block
    ];
    for (offset, new) in cases {
        let patch = || common::Patched::new(&bytes, vec![(place + offset, new.to_vec())]);
        let fs = open(patch());
        for number in [0, 1, 500, 999] {
            fs.lookup(common::find(&*fs, "d"), &name(number)).unwrap_or_else(|e| panic!("{offset:#x}: {e}"));
        }
        let options = OpenOptions { options: b"checksums=strict".to_vec(), ..OpenOptions::default() };
        let fs = EXT2.open(&[patch()], &options).unwrap();
        let all: Result<Vec<_>, _> =
            (0..1000).map(|number| fs.lookup(common::find(&*fs, "d"), &name(number))).collect();
        let error = all.expect_err("a broken index passes for whole").to_string();
        assert!(error.starts_with("corrupt: "), "{error}");
    }
}

/// A name of 250 bytes, three of which fill a block of 1 KiB.
fn long_name(number: usize) -> Vec<u8> {
    format!("{number:0250}").into_bytes()
}

fn indirect_levels(image: &Path) -> u8 {
    let dump = debugfs(image, "htree_dump d");
    dump.split("Indirect levels:").nth(1).unwrap().split_whitespace().next().unwrap().parse().unwrap()
}

/// More leaves than one level of nodes leads to: 48,000 of them, 124 × 127 is what one can.
#[test]
fn two_levels_of_a_large_dir() {
    let folder = common::work_folder!();
    let names: Vec<_> = (0..48_000).map(long_name).collect();
    let features = format!("{FEATURES},large_dir");
    let image = indexed_names(folder.path(), 1024, &names, ("half_md4", false), &features);
    assert_eq!(indirect_levels(&image), 2);
    let volume = Image::open(&image);
    let options = OpenOptions { options: b"checksums=strict".to_vec(), ..OpenOptions::default() };
    let as_volume: Volume = volume.clone();
    let fs = EXT2.open(&[as_volume], &options).unwrap();
    let directory = common::find(&*fs, "d");
    let mut most = 0;
    for name in names.iter().step_by(37) {
        let before = volume.bytes_read.load(Ordering::Relaxed);
        fs.lookup(directory, name).unwrap();
        most = most.max(volume.bytes_read.load(Ordering::Relaxed) - before);
    }
    println!("at most {most} bytes for a lookup");
    assert!(most <= 12 * 1024, "{most} bytes for one lookup");
    assert_eq!(fs.lookup(directory, &long_name(48_000)).unwrap_err().kind(), ErrorKind::NotFound);
    // Without the feature two levels are one too many, and the names are found all the same.
    debugfs_script(&image, &["feature -large_dir"]);
    let fs = common::open_image(&image);
    assert!(fs.lookup(directory, &names[47_999]).is_ok());
    assert!(fs.info().unwrap().remarks[0].contains("indirect_levels 2"), "{:?}", fs.info().unwrap().remarks);
}

/// Numbers below 300,000 whose long names have the same half-MD4 hash under `SEED`, by `debugfs dx_hash`.
const COLLISIONS: [[usize; 2]; 15] = [
    [8303, 124_424],
    [20_912, 58_952],
    [51_296, 243_567],
    [53_395, 243_976],
    [59_094, 194_845],
    [59_596, 230_590],
    [75_503, 147_568],
    [82_862, 184_465],
    [120_372, 143_068],
    [132_543, 223_348],
    [144_421, 289_329],
    [162_933, 193_867],
    [174_459, 253_708],
    [197_112, 243_222],
    [226_793, 278_864],
];

/// Names of one hash in two leaves: the second leaf is marked to go on with the first one's hash.
#[test]
fn collisions_across_leaves() {
    let folder = common::work_folder!();
    let names: Vec<_> = COLLISIONS.iter().flatten().map(|number| long_name(*number)).collect();
    let image = indexed_names(folder.path(), 1024, &names, ("half_md4", false), FEATURES);
    let dump = debugfs(&image, "htree_dump d");
    let goes_on = dump.lines().filter(|line| {
        let hash = line.strip_prefix("Entry #").and_then(|line| line.split("Hash 0x").nth(1));
        hash.and_then(|hash| u32::from_str_radix(hash.split([',', ' ']).next()?, 16).ok())
            .is_some_and(|hash| hash % 2 == 1)
    });
    assert!(goes_on.count() >= 3, "no collision spans two leaves: {dump}");
    let fs = common::open_image(&image);
    let directory = common::find(&*fs, "d");
    for name in &names {
        assert!(fs.lookup(directory, name).is_ok());
    }
    assert_eq!(fs.info().unwrap().remarks, [""; 0]);
}

/// Every field of a node below the root, and of the head of a leaf, at its boundary values: whatever the index says then,
/// the names are found where the damage shows (sums, contradictions), and are an error where that was asked for.
#[test]
fn nodes_and_leaves_at_boundary_values() {
    let folder = common::work_folder!();
    let features = format!("{FEATURES},metadata_csum");
    let names: Vec<_> = (0..1500).map(long_name).collect();
    let image = indexed_names(folder.path(), 1024, &names, ("half_md4", false), &features);
    assert_eq!(indirect_levels(&image), 1);
    let bytes = std::sync::Arc::new(fs::read(&image).unwrap());
    let blocks = common::data_blocks(&image, "d");
    let at = |place: u64| usize::try_from(place).unwrap();
    let entry = |place: u64| u32::from_le_bytes(bytes[at(place)..at(place) + 4].try_into().unwrap());
    let block = |number: u32| blocks[usize::try_from(number).unwrap()] * 1024;
    let node = block(entry(block(0) + 0x24));
    let leaf = block(entry(node + 0xc));
    let by_node: &[(u64, usize)] =
        &[(0x0, 4), (0x8, 2), (0xa, 2), (0xc, 4), (0x10, 4), (0x14, 4), (0x3fc, 4)];
    let fields = by_node.iter().map(|(offset, size)| (node + offset, *size));
    // The leaf's damage costs the names in it, and no other.
    let of_leaf: &[(u64, usize)] =
        &[(0x0, 4), (0x4, 2), (0x6, 1), (0x7, 1), (0x8, 4), (0x3f4, 4), (0x3fc, 4)];
    let fields = fields.chain(of_leaf.iter().map(|(offset, size)| (leaf + offset, *size)));
    for (place, size) in fields {
        for value in [0_u32, 1, 0x7f, 0x80, 0x7fff, 0x8000, 0x7fff_ffff, 0x8000_0000, u32::MAX] {
            let new = &value.to_le_bytes()[..size];
            if bytes[at(place)..at(place) + size] == *new {
                continue;
            }
            let volume = common::Patched::new(&bytes, vec![(place, new.to_vec())]);
            let fs = open(volume.clone());
            let directory = common::find(&*fs, "d");
            let missed = names.iter().step_by(5).filter(|name| fs.lookup(directory, name).is_err()).count();
            let in_leaf = (leaf..leaf + 1024).contains(&place);
            // A leaf whose entries end early stops the walk, not the lookups by hash.
            assert!(missed <= if in_leaf { 3 } else { 0 }, "{value:#x} at {place:#x}: {missed} names missed");
            let options = OpenOptions { options: b"checksums=strict".to_vec(), ..OpenOptions::default() };
            let strict = EXT2.open(&[volume], &options).unwrap();
            let failed = names.iter().any(|name| {
                strict.lookup(directory, name).is_err_and(|error| error.kind() == ErrorKind::Corrupt)
            });
            assert!(failed, "{value:#x} at {place:#x} passes for whole");
        }
    }
}
