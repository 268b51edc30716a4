//! Fast commits that a real kernel left (images/ext-fast-commits.py): all of them, some of them, damaged ones. That the
//! whole images read as Linux reads them is tested with the other journals.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics fails, as it should"
)]

mod common;

use common::{Mutations, Patched, ask_everything, find, journal_image as image, listing, read, rounds};
use fsimage_ext2::EXT2;
use fsimage_plugin_testing::Random;
use fsimage_sdk::{ErrorKind, FileSystem, FileType, Format, Limits, OpenOptions, Result};
use std::sync::Arc;

const TAIL: u16 = 8;

fn with(bytes: &Arc<Vec<u8>>, patches: Vec<(u64, Vec<u8>)>, words: &str) -> Result<Box<dyn FileSystem>> {
    let options = OpenOptions { options: words.as_bytes().to_vec(), ..OpenOptions::default() };
    EXT2.open(&[Patched::new(bytes, patches)], &options)
}

/// crc32c from 0 on without a final inversion, bit by bit: not the reader's own.
fn crc32c(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |sum, &byte| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| (sum >> 1) ^ (0x82f6_3b78 * (sum & 1)))
    })
}

/// A tag where it lies in the image.
#[derive(Debug, Clone, Copy)]
struct Tag {
    at: usize,
    kind: u16,
    length: usize,
}

/// The tags of each whole fast commit, its tail last. The area begins with a head, and lies in one piece.
fn commits(bytes: &[u8]) -> Vec<Vec<Tag>> {
    let first = (0..bytes.len())
        .step_by(1024)
        .find(|&at| bytes[at..].starts_with(&[9, 0, 8, 0, 0, 0, 0, 0]))
        .unwrap();
    let tid = &bytes[first + 8..first + 12];
    let (mut commits, mut open) = (Vec::new(), Vec::new());
    let mut at = first;
    loop {
        let two = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        let tag = Tag { at, kind: two(at), length: two(at + 2).into() };
        open.push(tag);
        if tag.kind == 0 || tag.kind == TAIL && bytes[at + 4..at + 8] != *tid {
            return commits;
        }
        if tag.kind == TAIL {
            commits.push(std::mem::take(&mut open));
        }
        at += 4 + tag.length;
    }
}

/// What makes these tags a commit after a change: the tail's sum anew.
fn seal(bytes: &[u8], commit: &[Tag], change: &(u64, Vec<u8>)) -> (u64, Vec<u8>) {
    let (first, tail) = (commit[0].at, commit.last().unwrap().at);
    let mut covered = bytes[first..tail + 8].to_vec();
    let at = usize::try_from(change.0).unwrap() - first;
    covered[at..at + change.1.len()].copy_from_slice(&change.1);
    let sum = crc32c(&covered);
    (u64::try_from(tail + 8).unwrap(), sum.to_le_bytes().to_vec())
}

fn remark(fs: &dyn FileSystem) -> String {
    fs.info().unwrap().remarks.into_iter().find(|remark| remark.contains("fast commit")).unwrap_or_default()
}

const IMAGES: [(&str, usize); 6] =
    [("names", 10), ("names-inline", 4), ("maps", 13), ("maps-nocsum", 12), ("index", 2), ("stale", 2)];

/// However many commits reached the disk, those are applied, and what follows them is as if it had never been.
#[test]
fn a_torn_commit_ends_the_area() {
    for (name, count) in IMAGES {
        let bytes = image(&format!("fast_commit-{name}"));
        let commits = commits(&bytes);
        assert_eq!(commits.len(), count, "{name}");
        let fs = with(&bytes, vec![], "checksums=strict").unwrap();
        assert_eq!(remark(&*fs), format!("{count} fast commits applied in memory"));
        for (index, commit) in commits.iter().enumerate() {
            let tail = commit.last().unwrap().at;
            for (at, what) in [(8, "its sum"), (4, "its transaction"), (0, "its tag")] {
                let place = tail + at;
                let damage = (u64::try_from(place).unwrap(), vec![bytes[place] ^ 0x40]);
                let fs = with(&bytes, vec![damage], "checksums=strict").unwrap();
                let expected = match index {
                    0 => "a fast commit that is not whole was left out".to_owned(),
                    some => format!("{some} fast commits applied in memory"),
                };
                assert_eq!(remark(&*fs), expected, "{name}: commit {index} without {what}");
                let _ = listing(&*fs);
            }
        }
    }
}

/// Each commit by itself, as the script that made them says.
#[test]
fn step_by_step() {
    let bytes = image("fast_commit-names");
    let commits = commits(&bytes);
    let after = |count: usize| {
        let damage = commits.get(count).map(|commit| {
            let sum = commit.last().unwrap().at + 8;
            (u64::try_from(sum).unwrap(), vec![bytes[sum] ^ 1])
        });
        let fs = with(&bytes, damage.into_iter().collect(), "").unwrap();
        listing(&*fs)
            .into_keys()
            .filter(|path| !path.contains("entry-") && !path.contains("name-"))
            .collect::<Vec<_>>()
    };
    let begin =
        ["boot", "boot/grub", "boot/grub/grub.cfg", "boot/indexed", "boot/vmlinuz", "boot/vmlinuz-full"];
    let expect = |count: usize, others: &[&str]| {
        let mut expected: Vec<&str> = [&begin[..], &["lost+found"], others].concat();
        expected.sort_unstable();
        assert_eq!(after(count), expected, "after {count}");
    };
    expect(0, &[]);
    expect(1, &["plain"]);
    expect(3, &["plain", "new", "new/inside"]);
    expect(4, &["plain", "new", "new/inside", "new/deep", "new/deep/er"]);
    let linked = ["plain", "hard", "trigger", "new", "new/inside", "new/deep", "new/deep/er"];
    expect(5, &linked);
    let renamed = ["boot/renamed", "hard", "trigger", "new", "new/inside", "new/deep", "new/deep/er"];
    expect(6, &renamed);
    let moved =
        ["again", "boot/renamed", "hard", "trigger", "new", "new/deep", "new/deep/er", "sparse-again"];
    expect(8, &moved);
    expect(9, &[&moved[..], &["gone", "gone/file"]].concat());
    expect(10, &[&moved[..], &["last"]].concat());
}

/// The log's own state is read where the head is of another transaction: fast commits from before it.
#[test]
fn another_transactions_commits_are_old() {
    let bytes = image("fast_commit-names");
    let head = commits(&bytes)[0][0].at;
    let fs = with(&bytes, vec![(u64::try_from(head + 8).unwrap(), vec![0x77])], "checksums=strict").unwrap();
    assert_eq!(remark(&*fs), "");
    assert_eq!(read(&*fs, find(&*fs, "boot/entry-full-7")), b"7\n");
    assert!(fs.lookup(fs.root().unwrap(), b"plain").is_err());
    let fs = with(&bytes, vec![], "journal=ignore").unwrap();
    assert_eq!(remark(&*fs), "");
}

/// An inode that was another file's before shows nothing of it, where its new file has holes.
#[test]
fn an_inode_used_again() {
    let bytes = image("fast_commit-names");
    let fs = with(&bytes, vec![], "").unwrap();
    assert_eq!(read(&*fs, find(&*fs, "again")), b"in the inode of entry 7");
    assert_eq!(read(&*fs, find(&*fs, "sparse-again")), b"");
    let gone = commits(&bytes)[9].clone();
    assert!(gone.iter().any(|tag| tag.kind == 5), "the last commit removes a directory");
    assert_eq!(read(&*fs, find(&*fs, "last")), b"last");
    let root = fs.metadata(fs.root().unwrap()).unwrap();
    assert_eq!(root.file_type, FileType::Directory);
}

/// An image, a tag, an offset in its value, what stands there, what the error has to say.
type Case<'a> = (&'a Arc<Vec<u8>>, u16, usize, &'a [u8], &'a str);

/// Each field of each kind of tag with a value that cannot be, in a commit whose sum is right.
#[test]
fn whole_commits_that_ask_for_what_cannot_be() {
    let names = image("fast_commit-names");
    let maps = image("fast_commit-maps");
    let all = 0xffff_ffff_u32.to_le_bytes();
    let cases: &[Case<'_>] = &[
        (&names, 9, 0, &[2, 0, 0, 0], "fc_features 0x2"),
        (&names, 3, 0, &[0; 4], "inode 0 of 1024"),
        (&names, 3, 0, &all, "inode 4294967295 of 1024"),
        (&names, 3, 4, &[0; 4], "inode 0 of 1024"),
        (&names, 3, 4, &all, "inode 4294967295 of 1024"),
        (&names, 3, 8, b"a/b", "the name \"a/b"),
        (&names, 4, 4, &all, "inode 4294967295 of 1024"),
        (&names, 4, 8, &[0], "the name \"\\x00"),
        (&names, 5, 0, &all, "inode 4294967295 of 1024"),
        (&names, 5, 8, b"/", "the name \"/"),
        (&names, 6, 0, &[0; 4], "inode 0 of 1024"),
        (&names, 6, 0, &all, "inode 4294967295 of 1024"),
        (&maps, 1, 0, &all, "inode 4294967295 of 1024"),
        (&maps, 1, 8, &[0; 2], "0 blocks from"),
        (&maps, 1, 8, &[0, 0x80], "32768 blocks from"),
        (&maps, 1, 10, &[0xff; 2], "of 16384"),
        (&maps, 1, 12, &[0; 4], "blocks from 0 on"),
        (&maps, 1, 12, &all, "blocks from 4294967295 on, of 16384"),
        (&names, 2, 0, &[0; 4], "inode 0 of 1024"),
    ];
    for (bytes, kind, offset, new, expected) in cases {
        let commits = commits(bytes);
        let (commit, tag) = commits
            .iter()
            .find_map(|commit| Some((commit, commit.iter().find(|tag| tag.kind == *kind)?)))
            .unwrap();
        let change = (u64::try_from(tag.at + 4 + offset).unwrap(), new.to_vec());
        let patches = vec![seal(bytes, commit, &change), change];
        match with(bytes, patches.clone(), "checksums=strict") {
            Ok(_) => panic!("{kind} {offset}: no error"),
            Err(error) => assert!(error.to_string().contains(expected), "{error}"),
        }
        match with(bytes, patches, "") {
            Ok(fs) => {
                let remark = remark(&*fs);
                assert!(
                    remark.starts_with("fast commits not applied:") && remark.contains(expected),
                    "{remark}"
                );
                let _ = listing(&*fs);
            }
            Err(error) => assert_eq!((error.kind(), *kind), (ErrorKind::Unsupported, 9), "{error}"),
        }
    }
}

/// What a whole commit may ask for without its being wrong: blocks at both ends of a file and far behind it.
#[test]
fn ranges_at_the_ends() {
    let bytes = image("fast_commit-maps");
    let commits = commits(&bytes);
    for kind in [1, 2] {
        for (commit, tag) in commits.iter().flat_map(|commit| commit.iter().map(move |tag| (commit, tag))) {
            if tag.kind != kind {
                continue;
            }
            for lblk in [0, 1, 59, 0x7fff_ffff, 0xffff_fffe, u32::MAX] {
                let change = (u64::try_from(tag.at + 8).unwrap(), lblk.to_le_bytes().to_vec());
                let fs = with(&bytes, vec![seal(&bytes, commit, &change), change], "").unwrap();
                assert_eq!(remark(&*fs), "13 fast commits applied in memory", "{tag:?} {lblk}");
                ask_everything(&*fs);
                let _ = read(&*fs, find(&*fs, "holes"));
            }
        }
    }
}

#[test]
fn more_changes_than_memory() {
    let bytes = image("fast_commit-index");
    let open_with = |max_memory| {
        let options =
            OpenOptions { limits: Limits { max_memory, ..Limits::default() }, ..OpenOptions::default() };
        EXT2.open(&[Patched::new(&bytes, vec![])], &options)
    };
    let error = open_with(20_000).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Limit);
    assert!(error.to_string().contains("more fast commits than max_memory holds"), "{error}");
    assert!(open_with(200_000).is_ok());
}

/// Damaged tags in commits whose sums are right, and damage anywhere in the area.
#[test]
fn mutated_fast_commits() {
    for (seed, (name, _)) in (0..).zip(IMAGES) {
        let bytes = image(&format!("fast_commit-{name}"));
        let commits = commits(&bytes);
        let mut random = Random(seed);
        for _ in 0..rounds(400) {
            let commit = &commits[random.index(commits.len())];
            let (first, tail) = (commit[0].at, commit.last().unwrap().at);
            let at = first + random.index(tail - first);
            let byte = [0, 0xff, bytes[at] ^ 1, u8::try_from(random.below(256)).unwrap()][random.index(4)];
            let change = (u64::try_from(at).unwrap(), vec![byte]);
            if let Ok(fs) = with(&bytes, vec![seal(&bytes, commit, &change), change], "") {
                ask_everything(&*fs);
            }
        }
        let targets: Vec<u64> = commits
            .iter()
            .flatten()
            .flat_map(|tag| tag.at..tag.at + 4 + tag.length.min(200))
            .map(|at| u64::try_from(at).unwrap())
            .collect();
        Mutations {
            format: &EXT2,
            base: &bytes,
            targets: &targets,
            options: &["", "checksums=strict"],
            seed,
            rounds: rounds(200),
        }
        .run();
    }
}
