//! Journals that a real kernel left dirty (images/make-ext-journals.sh), read as `e2fsck -fy` and debugfs read them, or,
//! where there are fast commits, as Linux mounts them.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics fails, as it should"
)]

mod common;

use common::{
    Patched, assert_extents, assert_same, find, journal_image as image, journals, listing, manifest, open,
    read, walk,
};
use fsimage_ext2::EXT2;
use fsimage_sdk::{ErrorKind, FileSystem, Format, Limits, OpenOptions, Volume};
use std::fs;
use std::sync::Arc;

fn with(bytes: &Arc<Vec<u8>>, options: &str) -> fsimage_sdk::Result<Box<dyn FileSystem>> {
    let options = OpenOptions { options: options.as_bytes().to_vec(), ..OpenOptions::default() };
    EXT2.open(&[Patched::new(bytes, vec![])], &options)
}

/// Compares with the manifest; gives what the filesystem says of itself, and the files without extents.
fn check(name: &str) -> (Vec<String>, usize) {
    let bytes = image(name);
    let fs = with(&bytes, "checksums=strict").unwrap_or_else(|e| panic!("{name}: {e}"));
    let mut found = listing(&*fs);
    found.retain(|path, _| !path.starts_with("lost+found"));
    let expected = manifest(&fs::read(journals().join(format!("{name}.MANIFEST"))).unwrap());
    println!("{name}");
    assert_same(&found, &expected);
    let without_extents = assert_extents(&*fs, &*bytes);
    let remarks = fs.info().unwrap().remarks;
    (remarks, without_extents)
}

fn replayed(name: &str) -> usize {
    let (remarks, without_extents) = check(name);
    assert!(remarks[0].starts_with("journal replayed in memory: "), "{name}: {remarks:?}");
    let blocks: u64 =
        remarks[0].rsplit(" transactions, ").next().unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!(blocks > 0, "{name}: nothing was replayed");
    without_extents
}

#[test]
fn every_image_reads_as_others_replay_it() {
    let mut names = 0;
    for entry in fs::read_dir(journals()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if let Some(name) = name.strip_suffix(".img.zst") {
            replayed(name);
            names += 1;
        }
    }
    assert!(names >= 18, "{names} images");
}

#[test]
fn escaped_blocks_have_no_extents() {
    assert_eq!(replayed("csum3-escaped"), 1);
    assert_eq!(replayed("csum3-data-journal"), 0);
    let bytes = image("csum3-escaped");
    let fs = with(&bytes, "").unwrap();
    let escaped = read(&*fs, find(&*fs, "escaped"));
    assert_eq!(escaped[..12], *b"\xc0\x3b\x39\x98escaped ");
}

/// Without the journal the disk is as it was, so the manifests do test a replay.
#[test]
fn ignored_on_demand() {
    for name in ["csum3-after-commit", "nocsum-ext3", "csum3-4k"] {
        let bytes = image(name);
        let fs = with(&bytes, "journal=ignore").unwrap();
        let expected = fs::read_to_string(journals().join(format!("{name}.MANIFEST"))).unwrap();
        let root = fs.root().unwrap();
        assert!(expected.contains("./boot/vmlinuz") && fs.lookup(root, b"boot").is_err(), "{name}");
        assert!(fs.info().unwrap().remarks.contains(&"journal ignored, as asked".to_owned()));
    }
}

/// The byte offset of the journal's superblock.
fn journal_place(bytes: &[u8]) -> usize {
    let start = [0xc0, 0x3b, 0x39, 0x98, 0, 0, 0, 4];
    (0..bytes.len()).step_by(1024).find(|&at| bytes[at..].starts_with(&start)).unwrap()
}

/// The byte offsets of the log's blocks of one type, in a log that was not wrapped.
fn blocks_of_type(bytes: &[u8], kind: u8) -> Vec<usize> {
    let start = [0xc0, 0x3b, 0x39, 0x98, 0, 0, 0, kind];
    (journal_place(bytes)..bytes.len()).step_by(1024).filter(|&at| bytes[at..].starts_with(&start)).collect()
}

fn patched(bytes: &Arc<Vec<u8>>, place: usize, new: &[u8], words: &str) -> Result<Vec<String>, String> {
    let volume: Volume = Patched::new(bytes, vec![(u64::try_from(place).unwrap(), new.to_vec())]);
    let options = OpenOptions { options: words.as_bytes().to_vec(), ..OpenOptions::default() };
    let fs = EXT2.open(&[volume], &options).map_err(|e| e.to_string())?;
    walk(&*fs);
    Ok(fs.info().unwrap().remarks)
}

/// A journal that cannot be used: the guest boots as GRUB would boot it, and strictness is an option.
#[test]
fn broken_journal_superblocks() {
    let bytes = image("csum3-after-commit");
    let journal = journal_place(&bytes);
    let cases: &[(usize, &[u8], &str)] = &[
        (0x0, &[0; 4], "h_magic 0x00000000, h_blocktype 4"),
        (0x4, &[0, 0, 0, 9], "h_magic 0xc03b3998, h_blocktype 9"),
        (0xc, &[0, 0, 8, 0], "s_blocksize 2048"),
        (0x10, &[0xff; 4], "s_checksum is not"),
        (0x14, &[0; 4], "s_checksum is not"),
        (0x1c, &[0xff; 4], "s_checksum is not"),
        (0x28, &[0, 0, 0, 0x1b], "checksums of version 2 and 3 at once"),
        (0x50, &[1], "s_checksum_type 1 is not crc32c"),
        (0xfc, &[0; 4], "s_checksum is not"),
    ];
    for (offset, new, expected) in cases {
        let remarks = patched(&bytes, journal + offset, new, "").unwrap();
        assert!(remarks[0].contains("journal not replayed") && remarks[0].contains(expected), "{remarks:?}");
        let error = patched(&bytes, journal + offset, new, "checksums=strict").unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
    let error = patched(&bytes, journal + 0x28, &[0x80, 0, 0, 0x12], "").unwrap_err();
    assert!(
        error.starts_with("unsupported: the journal (journal=ignore reads the disk as it lies): "),
        "{error}"
    );
    assert!(error.contains("journal superblock: s_feature_incompat 0x80000000"), "{error}");
}

/// The same without checksums: every field's own check is met.
#[test]
fn journal_superblock_fields() {
    let bytes = image("nocsum-ext3");
    let journal = journal_place(&bytes);
    let cases: &[(usize, &[u8], &str)] = &[
        (0x10, &[0xff; 4], "s_maxlen 4294967295 of 1024 blocks"),
        (0x10, &[0; 4], "s_first 1 of s_maxlen 0"),
        (0x14, &[0; 4], "s_first 0 of s_maxlen 1024"),
        (0x14, &[0xff; 4], "s_first 4294967295 of s_maxlen 1024"),
        (0x1c, &[0xff; 4], "s_start 4294967295 outside of 1 to 1024"),
        (0x1c, &[0, 0, 4, 0], "s_start 1024 outside of 1 to 1024"),
    ];
    for (offset, new, expected) in cases {
        let remarks = patched(&bytes, journal + offset, new, "").unwrap();
        assert!(remarks[0].contains("journal not replayed") && remarks[0].contains(expected), "{remarks:?}");
    }
    for (offset, new) in [(0x1c, [0; 4]), (0x18, [0xff; 4])] {
        let remarks = patched(&bytes, journal + offset, &new, "").unwrap();
        assert_eq!(remarks, ["journal replayed in memory: 0 transactions, 0 blocks"]);
    }
}

/// A transaction whose commit block did not reach the disk never was.
#[test]
fn a_torn_tail_is_ignored() {
    for name in ["csum3-after-commit", "nocsum-ext3", "option-journal_checksum"] {
        let bytes = image(name);
        let commits = blocks_of_type(&bytes, 2);
        for (index, commit) in commits.iter().enumerate() {
            let remarks = patched(&bytes, commit + 4, &[0, 0, 0, 9], "checksums=strict").unwrap();
            let expected = format!("journal replayed in memory: {index} transactions,");
            assert!(remarks[0].starts_with(&expected), "{name} {index}: {remarks:?}");
        }
        assert!(!commits.is_empty());
    }
}

#[test]
fn wrong_checksums_in_the_log() {
    let bytes = image("csum3-after-commit");
    // A commit block's: as if it had not been written.
    let commit = blocks_of_type(&bytes, 2)[0];
    let remarks = patched(&bytes, commit + 0x10, &[0; 4], "checksums=strict").unwrap();
    assert!(remarks[0].contains(" 0 transactions"), "{remarks:?}");
    // A descriptor's: the log ends before the transaction.
    let descriptor = blocks_of_type(&bytes, 1)[0];
    let remarks = patched(&bytes, descriptor + 1020, &[0; 4], "").unwrap();
    assert!(
        remarks[0].contains(" 0 transactions") && remarks[1].contains("1 wrong checksums"),
        "{remarks:?}"
    );
    assert!(patched(&bytes, descriptor + 1020, &[0; 4], "checksums=strict").is_err());
    // A copy's: the copy is left out.
    let remarks = patched(&bytes, commit - 24, b"wrong", "").unwrap();
    assert!(remarks[1].contains("has a wrong checksum"), "{remarks:?}");
    assert!(patched(&bytes, commit - 24, b"wrong", "checksums=strict").is_err());
}

/// The records held are bounded, and the limit says how to go on without them.
#[test]
fn more_records_than_memory() {
    let bytes = image("nocsum-ext3");
    let open_with = |max_memory| {
        let limits = Limits { max_memory, ..Limits::default() };
        let options = OpenOptions { limits, ..OpenOptions::default() };
        EXT2.open(&[Patched::new(&bytes, vec![])], &options)
    };
    let error = open_with(64 * 5).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Limit);
    assert!(error.to_string().contains("journal=ignore"), "{error}");
    assert!(open_with(64 * 1000).is_ok());
}

/// An image that ends within its journal is read as it lies, up to its end.
#[test]
fn a_journal_cut_off() {
    let bytes = image("nocsum-ext3");
    let cut = Arc::new(bytes[..journal_place(&bytes) + 100 * 1024].to_vec());
    let fs = with(&cut, "").unwrap();
    let remarks = fs.info().unwrap().remarks;
    assert!(remarks.iter().any(|f| f.starts_with("journal not replayed: input/output error")), "{remarks:?}");
    assert!(with(&cut, "checksums=strict").is_err());
}

/// Whatever one damaged byte of a log's block headers and tags says, an answer comes back.
#[test]
fn damaged_log_blocks() {
    for name in ["nocsum-revokes", "csum3-wrapped", "option-journal_checksum"] {
        let bytes = image(name);
        for kind in [1, 2, 5] {
            for place in blocks_of_type(&bytes, kind).into_iter().take(2) {
                for offset in 0..40 {
                    for byte in [0, 0x80, 0xff] {
                        let patches = vec![(u64::try_from(place + offset).unwrap(), vec![byte])];
                        let fs = open(Patched::new(&bytes, patches));
                        let _ = fs.lookup(fs.root().unwrap(), b"boot");
                    }
                }
            }
        }
    }
}

/// The image is what its name says: the log goes on at the journal's first blocks with later transactions.
#[test]
fn the_wrapped_log_is_wrapped() {
    let bytes = image("csum3-wrapped");
    let journal = journal_place(&bytes);
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    let (sequence, start) = (number(journal + 0x18), number(journal + 0x1c));
    assert!(start > 1);
    let early = blocks_of_type(&bytes, 2).into_iter().filter(|&at| number(at + 8) > sequence).count();
    let late = blocks_of_type(&bytes, 2).len() - early;
    assert!(early > 0 && late > 0, "{early} {late}");
    let first_commit = blocks_of_type(&bytes, 2)[0];
    assert!(number(first_commit + 8) > sequence, "the journal's first blocks are old");
}
