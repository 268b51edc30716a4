//! FreeBSD's check hashes, put into an image of makefs' by the test's own arithmetic: a flipped bit in each hashed structure
//! is told, and is an error where that was asked for.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics fails, as it should"
)]

mod common;

use common::{Layout, Patched, find, makefs, noise, open, read, try_open, work_folder};
use fsimage_sdk::{ErrorKind, Volume};
use std::fs;
use std::sync::Arc;

/// crc32c from ~0, bit by bit, not inverted.
fn crc32c(bytes: &[u8]) -> u32 {
    bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0x82f6_3b78 * (crc & 1)))
    })
}

struct Hashed {
    bytes: Arc<Vec<u8>>,
    group: usize,
    inodes: usize,
}

/// Writes the hash of `bytes[start..start + length]` at `offset` of it.
fn hash(bytes: &mut [u8], start: usize, length: usize, offset: usize) {
    bytes[start + offset..][..4].fill(0);
    let sum = crc32c(&bytes[start..start + length]);
    bytes[start + offset..][..4].copy_from_slice(&sum.to_le_bytes());
}

fn image() -> Hashed {
    let folder = work_folder!();
    let tree = folder.path().join("tree");
    fs::create_dir(&tree).unwrap();
    fs::write(tree.join("file"), noise(1, 10_000)).unwrap();
    let mut bytes = fs::read(makefs(folder.path(), Layout::new(2, "le", 8192, 1024), &tree, &[])).unwrap();
    const SB: usize = 8192;
    let field = |bytes: &[u8], at: usize| {
        usize::try_from(u32::from_le_bytes(bytes[SB + at..][..4].try_into().unwrap())).unwrap()
    };
    let (group, inodes) = (field(&bytes, 0xc) * 1024, field(&bytes, 0x10) * 1024);
    for inode in 2..5 {
        hash(&mut bytes, inodes + inode * 256, 256, 0xf4);
    }
    let cgsize = field(&bytes, 0xa0);
    hash(&mut bytes, group, cgsize, 0x84);
    bytes[SB + 0xd3] |= 0x80;
    bytes[SB + 0x520..][..4].copy_from_slice(&0x200_u32.to_le_bytes());
    bytes[SB + 0x51c..][..4].copy_from_slice(&7_u32.to_le_bytes());
    let sbsize = field(&bytes, 0x68);
    hash(&mut bytes, SB, sbsize, 0x518);
    Hashed { bytes: Arc::new(bytes), group, inodes }
}

fn flipped(hashed: &Hashed, place: usize) -> Volume {
    let byte = hashed.bytes[place] ^ 1;
    Patched::new(&hashed.bytes, vec![(u64::try_from(place).unwrap(), vec![byte])])
}

#[test]
fn each_structure() {
    let hashed = image();
    let whole: Volume = Patched::new(&hashed.bytes, vec![]);
    let fs = try_open(whole, "checksums=strict").unwrap();
    assert!(fs.info().unwrap().features.contains(&"check-hashes".to_owned()));
    assert!(read(&*fs, find(&*fs, "file")) == noise(1, 10_000));
    let file = usize::try_from(find(&*fs, "file").0).unwrap();
    assert!((2..5).contains(&file));
    // fs_time, cg_time, di_atime, and the hashes themselves.
    for (structure, place) in [
        ("superblock", 8192 + 0x430),
        ("superblock", 8192 + 0x518),
        ("cylinder group", hashed.group + 0x88),
        ("cylinder group", hashed.group + 0x84),
        ("dinode", hashed.inodes + file * 256 + 0x20),
        ("dinode", hashed.inodes + file * 256 + 0xf4),
    ] {
        let fs = open(flipped(&hashed, place));
        assert!(read(&*fs, find(&*fs, "file")) == noise(1, 10_000), "{structure} {place:#x}");
        let remarks = fs.info().unwrap().remarks;
        let expected = format!("1 wrong checksums, first: corrupt: {structure}: check hash 0x");
        assert!(remarks.len() == 1 && remarks[0].starts_with(&expected), "{place:#x}: {remarks:?}");
        let strict = try_open(flipped(&hashed, place), "checksums=strict");
        let error = strict.and_then(|fs| {
            let node = fs.lookup(fs.root()?, b"file")?;
            fs.metadata(node)
        });
        let error = error.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        assert!(error.to_string().contains(&format!("{structure}: check hash 0x")), "{error}");
    }
}

/// A kernel that does not know the hashes clears the flag: what is left of them is out of date.
#[test]
fn hashes_that_are_not_kept() {
    let hashed = image();
    let volume = |place: usize| {
        let patches = vec![(8192 + 0x520, vec![0, 0]), (u64::try_from(place).unwrap(), vec![0x55])];
        Patched::new(&hashed.bytes, patches)
    };
    let fs = try_open(volume(hashed.inodes + 2 * 256 + 0x20), "checksums=strict").unwrap();
    let _ = find(&*fs, "file");
    assert_eq!(fs.info().unwrap().remarks, [""; 0]);
}
