//! One damaged field at a time: the exact error, or the right answer where the field does not matter.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics fails, as it should"
)]

mod common;

use common::{EXT2_, EXT4, Patched, data_blocks, debugfs_script, inode_place, mke2fs, noise};
use fsimage_ext2::EXT2;
use fsimage_sdk::{DirCursor, FileSystem, Format, Limits, OpenOptions, Probe, Result, Volume};
use std::fs;
use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};

/// An image in memory and where its structures lie.
struct Sample {
    bytes: Arc<Vec<u8>>,
    /// The inodes of `file` (40 scattered blocks), `link` (100 bytes) and `short` (20 bytes).
    file: u64,
    link: u64,
    short: u64,
    root: u64,
    /// First block of the root directory.
    directory: u64,
    /// First node below `file`'s map.
    node: u64,
}

/// With extents (64bit, 256-byte inodes) or without (ext2 of 1 KiB blocks).
fn sample(extents: bool) -> &'static Sample {
    static SAMPLES: [OnceLock<Sample>; 2] = [OnceLock::new(), OnceLock::new()];
    SAMPLES[usize::from(extents)].get_or_init(|| {
        let folder = common::work_folder!();
        let tree = folder.path().join("tree");
        fs::create_dir(&tree).unwrap();
        std::os::unix::fs::symlink("l".repeat(100), tree.join("link")).unwrap();
        std::os::unix::fs::symlink("s".repeat(20), tree.join("short")).unwrap();
        common::write_sparse(&tree.join("file"), 40 * 8192, (0..40).map(|tooth| tooth * 8192));
        let features = if extents { EXT4 } else { EXT2_ };
        let arguments = [features, &["-b", "1024", "-O", "^resize_inode,^has_journal", "-N", "32"]].concat();
        let image = mke2fs(folder.path(), "image", Some(&tree), &arguments, "1M");
        debugfs_script(&image, &["mkdir sub"]);
        let map = common::debugfs(&image, if extents { "ex file" } else { "stat file" });
        let node = if extents {
            // The line of the root's only entry, level 0 of 1: the node's block follows the range.
            let line = map.lines().find(|line| line.trim_start().starts_with("0/ 1")).unwrap();
            line.split(" - ").nth(1).unwrap().split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
        } else {
            map.split("(IND):").nth(1).unwrap().split(',').next().unwrap().parse().unwrap()
        };
        Sample {
            bytes: Arc::new(fs::read(&image).unwrap()),
            file: inode_place(&image, "file"),
            link: inode_place(&image, "link"),
            short: inode_place(&image, "short"),
            root: inode_place(&image, "/"),
            directory: data_blocks(&image, "/")[0] * 1024,
            node: node * 1024,
        }
    })
}

/// What is asked of the damaged image.
type Ask = fn(&dyn FileSystem) -> Result<()>;

fn read_file(fs: &dyn FileSystem) -> Result<()> {
    let node = fs.lookup(fs.root()?, b"file")?;
    let by_extents = fs.extents(node, 0, &mut |_| ControlFlow::Continue(()));
    let read = fs.read_at(node, 0, &mut vec![0; 1 << 20]).map(|_| ());
    assert_eq!(read.is_ok(), by_extents.is_ok(), "read_at and extents disagree");
    read
}

fn read_link(fs: &dyn FileSystem) -> Result<()> {
    fs.read_link(fs.lookup(fs.root()?, b"link")?).map(|target| assert_eq!(target, [b'l'; 100]))
}

fn read_short(fs: &dyn FileSystem) -> Result<()> {
    fs.read_link(fs.lookup(fs.root()?, b"short")?).map(|target| assert_eq!(target, [b's'; 20]))
}

fn list_root(fs: &dyn FileSystem) -> Result<()> {
    fs.read_dir(fs.root()?, DirCursor(0), &mut |_| ControlFlow::Continue(()))
}

/// The error that the damage leads to, as the user reads it, or "" when there is none.
fn error_of(sample: &Sample, place: u64, bytes: &[u8], ask: Ask) -> String {
    let volume: Volume = Patched::new(&sample.bytes, vec![(place, bytes.to_vec())]);
    let probe = EXT2.probe(&volume, &Limits::default()).unwrap();
    match EXT2.open(&[volume], &OpenOptions::default()) {
        Err(error) => {
            match probe {
                Probe::MineButBroken(probed) => assert_eq!(probed.to_string(), error.to_string()),
                Probe::NotMine => assert_eq!(error.offset(), Some(0x438)),
                Probe::Mine => panic!("probed as whole, yet: {error}"),
            }
            error.to_string()
        }
        Ok(fs) => {
            assert!(matches!(probe, Probe::Mine));
            ask(&*fs).map_or_else(|error| error.to_string(), |()| String::new())
        }
    }
}

fn check(sample: &Sample, ask: Ask, table: &[(u64, &[u8], &str)]) {
    assert_eq!(error_of(sample, 0, &[], ask), "", "the undamaged image");
    for (place, bytes, expected) in table {
        assert_eq!(error_of(sample, *place, bytes, ask), *expected, "{bytes:x?} at {place:#x}");
    }
}

const MAX32: &[u8] = &[0xff; 4];
const ZERO32: &[u8] = &[0; 4];

#[test]
fn superblock_fields() {
    const SB: u64 = 0x400;
    check(
        sample(true),
        read_file,
        &[
            (SB + 0x38, &[0x53, 0xee], "not recognised: no ext2 magic number (at 0x438)"),
            (SB, ZERO32, "corrupt: superblock: s_inodes_count 0, while 1 groups hold 32 (at 0x400)"),
            (SB, &[1, 0, 0, 0], "corrupt: superblock: s_inodes_count 1, while 1 groups hold 32 (at 0x400)"),
            (SB, &[33, 0, 0, 0], "corrupt: superblock: s_inodes_count 33, while 1 groups hold 32 (at 0x400)"),
            (SB, MAX32, "corrupt: superblock: s_inodes_count 4294967295, while 1 groups hold 32 (at 0x400)"),
            (SB + 0x4, ZERO32, "corrupt: superblock: s_blocks_count 0 blocks of 1024 bytes (at 0x404)"),
            (SB + 0x4, &[1, 0, 0, 0], "corrupt: superblock: s_first_data_block 1 (at 0x414)"),
            (
                SB + 0x150,
                MAX32,
                "corrupt: superblock: s_blocks_count 18446744069414585344 blocks of 1024 bytes (at 0x404)",
            ),
            (SB + 0x14, ZERO32, "corrupt: superblock: s_first_data_block 0 (at 0x414)"),
            (SB + 0x14, &[2, 0, 0, 0], "corrupt: superblock: s_first_data_block 2 (at 0x414)"),
            (SB + 0x14, MAX32, "corrupt: superblock: s_first_data_block 4294967295 (at 0x414)"),
            (SB + 0x18, &[7, 0, 0, 0], "corrupt: superblock: s_log_block_size 7 exceeds 6 (at 0x418)"),
            (SB + 0x18, MAX32, "corrupt: superblock: s_log_block_size 4294967295 exceeds 6 (at 0x418)"),
            (
                SB + 0x20,
                ZERO32,
                "corrupt: superblock: s_blocks_per_group 0 is not within 1 to 8192 (at 0x420)",
            ),
            (
                SB + 0x20,
                &[1, 0x20, 0, 0],
                "corrupt: superblock: s_blocks_per_group 8193 is not within 1 to 8192 (at 0x420)",
            ),
            (
                SB + 0x28,
                ZERO32,
                "corrupt: superblock: s_inodes_per_group 0 is not within 1 to 8192 (at 0x428)",
            ),
            (
                SB + 0x28,
                MAX32,
                "corrupt: superblock: s_inodes_per_group 4294967295 is not within 1 to 8192 (at 0x428)",
            ),
            (
                SB + 0x28,
                &[31, 0, 0, 0],
                "corrupt: superblock: s_inodes_count 32, while 1 groups hold 31 (at 0x400)",
            ),
            (SB + 0x4c, &[2, 0, 0, 0], "unsupported: superblock: s_rev_level 2 (at 0x44c)"),
            (SB + 0x58, &[0, 0], "corrupt: superblock: s_inode_size 0 (at 0x458)"),
            (SB + 0x58, &[64, 0], "corrupt: superblock: s_inode_size 64 (at 0x458)"),
            (SB + 0x58, &[0x81, 0], "corrupt: superblock: s_inode_size 129 (at 0x458)"),
            (SB + 0x58, &[0, 8], "corrupt: superblock: s_inode_size 2048 (at 0x458)"),
            (SB + 0x60, &[0xc3, 0x02, 0, 0], "unsupported: s_feature_incompat: compression (0x1) (at 0x460)"),
            (
                SB + 0x60,
                &[0xca, 0x02, 0, 0],
                "unsupported: s_feature_incompat: journal_dev (0x8): this is another filesystem's external journal \
             (at 0x460)",
            ),
            (
                SB + 0x60,
                &[0xc2, 0x12, 4, 0x80],
                "unsupported: s_feature_incompat: dirdata, FEATURE_I18, FEATURE_I31 (0x80041000) (at 0x460)",
            ),
            (SB + 0xfe, &[0, 0], "corrupt: superblock: s_desc_size 0 with 64bit (at 0x4fe)"),
            (SB + 0xfe, &[32, 0], "corrupt: superblock: s_desc_size 32 with 64bit (at 0x4fe)"),
            (SB + 0xfe, &[65, 0], "corrupt: superblock: s_desc_size 65 with 64bit (at 0x4fe)"),
            (SB + 0xfe, &[0, 8], "corrupt: superblock: s_desc_size 2048 with 64bit (at 0x4fe)"),
            // What a reader need not know.
            (SB + 0x5c, MAX32, ""),
            (SB + 0x64, &[0xff, 0xfd, 0xff, 0xff], ""),
            (SB + 0x3a, &[0xff, 0xff], ""),
            (SB + 0xc, MAX32, ""),
            (SB + 0x3fc, ZERO32, ""),
        ],
    );
    let external = [(0x4e0, ZERO32), (0x45c, &[4, 0, 0, 0]), (0x460, &[0xc6, 0x02, 0, 0])];
    let patches = external.map(|(place, bytes)| (place, bytes.to_vec())).to_vec();
    let volume: Volume = Patched::new(&sample(true).bytes, patches);
    let error = EXT2.open(&[volume], &OpenOptions::default()).err().unwrap();
    assert_eq!(
        error.to_string(),
        "unsupported: superblock: s_journal_inum 0: the external journal  is not replayed (journal=ignore reads what \
         lies on this volume) (at 0x4e0)"
    );
}

#[test]
fn group_descriptor_fields() {
    const GD: u64 = 0x800;
    let sample = sample(true);
    let low = u64::from(sample.bytes[0x808]);
    let text = |block: u64| {
        format!(
            "corrupt: inode 2: group descriptor: bg_inode_table of group 0 is block {block} of 1024 (at 0x808)"
        )
    };
    let table_end = format!(
        "corrupt: inode {}: the inode table of group 0 runs past the filesystem's end (at {:#x})",
        inode_number(sample, b"file"),
        1023 * 1024 + (sample.file - low * 1024)
    );
    check(
        sample,
        read_file,
        &[
            (GD + 0x8, ZERO32, &text(0)),
            (GD + 0x8, &[0, 4, 0, 0], &text(1024)),
            (GD + 0x28, MAX32, &text(0xffff_ffff_0000_0000 + low)),
            // The bitmaps, the counts, the flags and the checksum are a writer's.
            (GD, &[0xff; 8], ""),
            (GD + 0xc, &[0xff; 20], ""),
            (GD + 0x2c, &[0xff; 20], ""),
        ],
    );
    // With the table in the last block the root is still found, in a copy of the block, and the file no more.
    let start = usize::try_from(low * 1024).unwrap();
    let copy = sample.bytes[start..start + 1024].to_vec();
    let fs = open(sample, vec![(GD + 0x8, vec![0xff, 3, 0, 0]), (1023 * 1024, copy)]);
    assert_eq!(read_file(&*fs).unwrap_err().to_string(), table_end);
}

#[test]
fn inode_fields() {
    for extents in [true, false] {
        let sample = sample(extents);
        let file = sample.file;
        let number = inode_number(sample, b"file");
        let text = |offset: u64, what: &str| {
            format!("corrupt: inode {number}: ext4_inode: {what} (at {:#x})", file + offset)
        };
        check(
            sample,
            read_file,
            &[
                (file, &[0, 0], &text(0, "i_mode 0x0000 is no file type")),
                (file, &[0xff, 0xff], &text(0, "i_mode 0xffff is no file type")),
                (file, &[0xed, 0x41], &format!("is a directory: inode {number}")),
                (file, &[0xff, 0xa1], &format!("not a regular file: inode {number} is a symlink")),
                (file, &[0xff, 0x21], &format!("not a regular file: inode {number} is a char")),
                (file + 0x1a, &[0, 0], &text(0x1a, "i_links_count 0: not in use")),
                (file + 0x6c, MAX32, &text(0x6c, "i_size 0xffffffff00050000 is no file offset")),
                (
                    file + 0x20,
                    &[0, 8, 0, 0],
                    &format!(
                        "encrypted: inode {number}: i_flags has EXT4_ENCRYPT_FL (at {:#x})",
                        file + 0x20
                    ),
                ),
                (file + 0x80, &[0xff, 0xff], &text(0x80, "i_extra_isize 65535 of 128 bytes")),
                (file + 0x80, &[3, 0], &text(0x80, "i_extra_isize 3 of 128 bytes")),
                (file + 0x80, &[132, 0], &text(0x80, "i_extra_isize 132 of 128 bytes")),
                (file + 0x80, &[128, 0], ""),
                (file + 0x4, ZERO32, ""),
                (file + 0x8, &[0xff; 8], ""),
                (file + 0x10, &[0xff; 8], ""),
            ],
        );
    }
}

#[test]
fn sizes_beyond_the_map() {
    let error = |extents: bool, high: u8| {
        let sample = sample(extents);
        let number = inode_number(sample, b"file");
        let fs = open(sample, vec![(sample.file + 0x6c, vec![high, 0, 0, 0])]);
        let node = fs.lookup(fs.root().unwrap(), b"file").unwrap();
        let end = fs.metadata(node).unwrap().size;
        let extents = fs.extents(node, 0, &mut |_| ControlFlow::Continue(()));
        let read = fs.read_at(node, end - 5, &mut [0; 9]);
        assert_eq!(read.is_ok(), extents.is_ok());
        extents
            .map_or_else(|e| e.to_string().replace(&format!("inode {number}"), "inode"), |()| String::new())
    };
    // 2^32 blocks of 1 KiB are 4 TiB; the map of 1 KiB blocks addresses 16 GiB and a little.
    assert_eq!(error(true, 0), "");
    assert!(error(true, 255).is_empty());
    let sample = sample(true);
    let fs = open(sample, vec![(sample.file + 0x6c, vec![0, 4, 0, 0])]);
    let node = fs.lookup(fs.root().unwrap(), b"file").unwrap();
    let error_text = fs.extents(node, 0, &mut |_| ControlFlow::Continue(())).unwrap_err().to_string();
    assert!(error_text.contains("i_size 0x40000050000 exceeds 2^32 blocks"), "{error_text}");
    assert_eq!(error(false, 3), "");
    assert!(
        error(false, 5).contains("i_size 0x500050000 exceeds the 16843020 blocks that the map addresses")
    );
}

#[test]
fn extent_tree_fields() {
    let sample = sample(true);
    let number = inode_number(sample, b"file");
    let (root, node) = (sample.file + 0x28, sample.node);
    let entries = sample.bytes[usize::try_from(node + 2).unwrap()];
    let text = |name: &str, place: u64, what: &str| {
        format!("corrupt: inode {number}: extent tree {name}: {what} (at {place:#x})")
    };
    let (_, first_len, start) = leaf_entry(sample, 0);
    let (block, second_len, _) = leaf_entry(sample, 1);
    let last = 1024 - u32::from(first_len);
    let first = |start: u64| {
        text("node", node + 12, &format!("extent of {first_len} blocks at ee_start {start} of 1024"))
    };
    let second = |block: u32| {
        text("node", node + 24, &format!("extent of {second_len} blocks at ee_block {block} is out of order"))
    };
    check(
        sample,
        read_file,
        &[
            (root, &[0, 0], &text("root", root, "eh_magic 0x0000")),
            (root + 2, &[5, 0], &text("root", root + 2, "eh_entries 5 of eh_max 4, room 4")),
            (root + 2, &[0, 0], &text("root", root + 2, "eh_entries 0 of eh_max 4, room 4")),
            (root + 4, &[5, 0], &text("root", root + 2, "eh_entries 1 of eh_max 5, room 4")),
            (root + 6, &[6, 0], &text("root", root + 6, "eh_depth 6 exceeds 5")),
            (root + 6, &[2, 0], &text("node", node + 6, "eh_depth 0 where 1 is due")),
            (root + 6, &[0xff, 0xff], &text("root", root + 6, "eh_depth 65535 exceeds 5")),
            // What lies before the first index is a hole, as in Linux.
            (root + 12, MAX32, ""),
            (root + 16, ZERO32, &text("root", root + 12, "ei_leaf is block 0 of 1024")),
            (root + 16, &[0, 4, 0, 0], &text("root", root + 12, "ei_leaf is block 1024 of 1024")),
            (
                root + 20,
                &[1, 0],
                &text(
                    "root",
                    root + 12,
                    &format!("ei_leaf is block {} of 1024", (1_u64 << 32) + node / 1024),
                ),
            ),
            (root + 16, &[1, 0, 0, 0], &text("node", 0x400, "eh_magic 0x0020")),
            (node, &[0xff, 0xff], &text("node", node, "eh_magic 0xffff")),
            (node + 2, &[0xff, 0xff], &text("node", node + 2, "eh_entries 65535 of eh_max 84, room 84")),
            (
                node + 4,
                &[0xff, 0xff],
                &text("node", node + 2, &format!("eh_entries {entries} of eh_max 65535, room 84")),
            ),
            (node + 6, &[1, 0], &text("node", node + 6, "eh_depth 1 where 0 is due")),
            (
                node + 16,
                &[0, 0],
                &text("node", node + 12, "extent of 0 blocks at ee_block 0 is out of order"),
            ),
            (node + 16, &[9, 0], &second(block)),
            (node + 24, ZERO32, &second(0)),
            (node + 24, MAX32, &second(u32::MAX)),
            (node + 20, ZERO32, &first(0)),
            (node + 20, &(last + 1).to_le_bytes(), &first((last + 1).into())),
            (node + 20, &last.to_le_bytes(), ""),
            (node + 18, &[0xff, 0xff], &first(0xffff_0000_0000 + u64::from(start))),
            // An empty leaf is a hole, an unwritten extent too.
            (node + 2, &[0, 0], ""),
            (node + 16, &[1, 0x80], ""),
        ],
    );
}

/// A tree whose nodes all refer to the one below would have 84^5 nodes.
#[test]
fn an_extent_tree_that_folds_onto_itself_ends() {
    let sample = sample(true);
    let mut patches = vec![(sample.file + 0x28 + 6, vec![5, 0])];
    // Nodes in blocks 900 to 904, each with 84 entries that share their child.
    for level in 0..5_u16 {
        let depth = 4 - level;
        let mut node = Vec::new();
        for half in [0xf30a_u16, 84, 84, depth, 0, 0] {
            node.extend(half.to_le_bytes());
        }
        let step = 84_u32.pow(u32::from(depth));
        for entry in 0..84_u32 {
            node.extend((entry * step).to_le_bytes());
            if depth == 0 {
                node.extend(1_u32.to_le_bytes());
                node.extend(700_u32.to_le_bytes());
            } else {
                node.extend((901 + u32::from(level)).to_le_bytes());
                node.extend(0_u32.to_le_bytes());
            }
        }
        patches.push(((900 + u64::from(level)) * 1024, node));
    }
    patches.push((sample.file + 0x28 + 16, 900_u32.to_le_bytes().to_vec()));
    patches.push((sample.file + 0x6c, vec![0xff, 3, 0, 0]));
    let fs = open(sample, patches);
    let node = fs.lookup(fs.root().unwrap(), b"file").unwrap();
    let error = fs.extents(node, 0, &mut |_| ControlFlow::Continue(())).unwrap_err();
    // The second child of a level maps the blocks of the first: the walk sees it going backwards at once.
    assert!(error.to_string().contains("out of order"), "{error}");
}

#[test]
fn indirect_pointers() {
    let sample = sample(false);
    let number = inode_number(sample, b"file");
    let (root, node) = (sample.file + 0x28, sample.node);
    let text = |name: &str, place: u64, what: &str| {
        format!("corrupt: inode {number}: {name}: {what} (at {place:#x})")
    };
    let itself = u32::try_from(node / 1024).unwrap().to_le_bytes();
    check(
        sample,
        read_file,
        &[
            (root, &[0, 4, 0, 0], &text("i_block", root, "pointer to block 1024 of 1024")),
            (root, MAX32, &text("i_block", root, "pointer to block 4294967295 of 1024")),
            (root + 44, MAX32, &text("i_block", root + 44, "pointer to block 4294967295 of 1024")),
            (root + 48, MAX32, &text("i_block", root + 48, "pointer to block 4294967295 of 1024")),
            (root + 52, MAX32, &text("i_block", root + 52, "pointer to block 4294967295 of 1024")),
            (node + 16, MAX32, &text("indirect block", node + 16, "pointer to block 4294967295 of 1024")),
            // Outside of what the size covers, nothing is looked at.
            (root + 56, MAX32, ""),
            // A hole of one block, of 256 blocks.
            (root, ZERO32, ""),
            (root + 48, ZERO32, ""),
            // A data block may be any block: the map does not tell them apart.
            (node + 16, &itself, ""),
        ],
    );
}

#[test]
fn an_indirect_block_below_itself() {
    let sample = sample(false);
    let number = inode_number(sample, b"file");
    let (file, node) = (sample.file, sample.node);
    let itself = u32::try_from(node / 1024).unwrap().to_le_bytes().to_vec();
    // The triple indirect pointer leads to a block whose pointers all lead back to it.
    let patches = vec![
        (file + 0x28 + 56, itself.clone()),
        (node, itself.repeat(256)),
        (file + 0x6c, vec![3, 0, 0, 0]),
        (file + 0x28 + 48, vec![0; 8]),
    ];
    let fs = open(sample, patches);
    let at = fs.lookup(fs.root().unwrap(), b"file").unwrap();
    let error = fs.extents(at, 0, &mut |_| ControlFlow::Continue(())).unwrap_err();
    let block = node / 1024;
    assert_eq!(
        error.to_string(),
        format!(
            "corrupt: inode {number}: indirect block: indirect block {block} lies below itself (at {node:#x})"
        )
    );
}

/// Two nodes that share all their children: no cycle, and far more nodes than the filesystem has blocks.
#[test]
fn an_indirect_map_that_folds_onto_itself_ends() {
    let sample = sample(false);
    let file = sample.file;
    let pointer = |block: u32| block.to_le_bytes().repeat(256);
    let patches = vec![
        (file + 0x28 + 56, 900_u32.to_le_bytes().to_vec()),
        (900 * 1024, pointer(901)),
        (901 * 1024, pointer(902)),
        (902 * 1024, pointer(700)),
        (file + 0x6c, vec![3, 0, 0, 0]),
    ];
    let volume = Patched::new(&sample.bytes, patches);
    let as_volume: Volume = volume.clone();
    let fs = EXT2.open(&[as_volume], &OpenOptions::default()).unwrap();
    let node = fs.lookup(fs.root().unwrap(), b"file").unwrap();
    let error = fs.extents(node, 0, &mut |_| ControlFlow::Continue(())).unwrap_err();
    assert_eq!(error.kind(), fsimage_sdk::ErrorKind::Limit, "{error}");
    assert!(volume.bytes_read.load(std::sync::atomic::Ordering::Relaxed) < 4 << 20);
}

#[test]
fn directory_entries() {
    let sample = sample(true);
    // `.` and `..` of 12 bytes each, then lost+found.
    let entry = sample.directory + 24;
    let text = |place: u64, what: &str| format!("corrupt: inode 2: directory entry: {what} (at {place:#x})");
    check(
        sample,
        list_root,
        &[
            (entry, &[33, 0, 0, 0], &text(entry, "inode 33 of 32")),
            (entry, MAX32, &text(entry, "inode 4294967295 of 32")),
            (entry, ZERO32, ""),
            (entry + 4, &[0, 0], &text(entry, "rec_len 0 with 1000 bytes left")),
            (entry + 4, &[8, 0], &text(entry, "rec_len 8 with 1000 bytes left")),
            (entry + 4, &[21, 0], &text(entry, "rec_len 21 with 1000 bytes left")),
            (entry + 4, &[0xec, 3], &text(entry, "rec_len 1004 with 1000 bytes left")),
            (entry + 4, &[0xff, 0xff], &text(entry, "rec_len 65535 with 1000 bytes left")),
            (entry + 6, &[13], &text(entry, "name_len 13 in a rec_len of 20")),
            (entry + 6, &[0xff], &text(entry, "name_len 255 in a rec_len of 20")),
            (entry + 6, &[0], &text(entry, "the name \"\"")),
            (entry + 8, b"a/b", &text(entry, "the name \"a/bt+found\"")),
            (entry + 8, &[0], &text(entry, "the name \"\\x00ost+found\"")),
            (entry + 7, &[0xff], ""),
            (entry + 8, b"..", ""),
            // A wrong `.` or `..` harms nobody: they are never followed.
            (sample.directory, MAX32, &text(sample.directory, "inode 4294967295 of 32")),
            (sample.directory + 8, b"x", ""),
        ],
    );
    check(
        sample,
        list_root,
        &[
            (sample.root, &[0xa4, 0x81], "not a directory: inode 2 is a file"),
            (sample.root + 0x4, ZERO32, ""),
            (sample.root + 0x4, &[1, 0, 0, 0], ""),
            // A directory of 4 GiB, nearly all of it a hole.
            (sample.root + 0x4, MAX32, ""),
        ],
    );
}

/// Every block of a directory of 16 GiB is the same block, without any entry in use.
#[test]
fn a_directory_without_end_is_a_limit() {
    let sample = sample(false);
    let pointer = |block: u32| block.to_le_bytes().repeat(256);
    let mut empty = vec![0; 1024];
    empty[4..6].copy_from_slice(&1024_u16.to_le_bytes());
    let patches = vec![
        (sample.root + 0x4, MAX32.to_vec()),
        (sample.root + 0x28 + 52, 901_u32.to_le_bytes().to_vec()),
        (901 * 1024, pointer(902)),
        (902 * 1024, pointer(903)),
        (903 * 1024, empty),
    ];
    let volume: Volume = Patched::new(&sample.bytes, patches);
    let limits = Limits { max_directory_entries: 10, ..Limits::default() };
    let fs = EXT2.open(&[volume], &OpenOptions { limits, ..OpenOptions::default() }).unwrap();
    let error = list_root(&*fs).unwrap_err();
    assert_eq!(error.to_string(), "limit reached: inode 2: max_directory_entries=10");
}

#[test]
fn symlinks() {
    for extents in [true, false] {
        let sample = sample(extents);
        let number = inode_number(sample, b"link");
        let link = sample.link;
        let text =
            |offset: u64, what: &str| format!("corrupt: inode {number}: {what} (at {:#x})", link + offset);
        check(
            sample,
            read_link,
            &[
                (link + 4, ZERO32, &text(4, "a symbolic link of i_size 0")),
                (link + 4, &[1, 16, 0, 0], &text(4, "a symbolic link of i_size 4097")),
                (link + 4, MAX32, &text(4, "a symbolic link of i_size 4294967295")),
                (link + 4, &[101, 0, 0, 0], &text(0x28, "the symbolic link's target holds a NUL")),
                (link + 0x6c, MAX32, ""),
            ],
        );
        let number = inode_number(sample, b"short");
        let short = sample.short;
        let text =
            |offset: u64, what: &str| format!("corrupt: inode {number}: {what} (at {:#x})", short + offset);
        check(
            sample,
            read_short,
            &[
                (short + 4, &[21, 0, 0, 0], &text(0x28, "the symbolic link's target holds a NUL")),
                (short + 0x28, &[0], &text(0x28, "the symbolic link's target holds a NUL")),
            ],
        );
    }
}

#[test]
fn wrong_arguments() {
    let volume: Volume = Patched::new(&sample(true).bytes, vec![]);
    let open = |volumes: &[Volume], options: &[u8]| {
        let options = OpenOptions { options: options.to_vec(), ..OpenOptions::default() };
        EXT2.open(volumes, &options).err().map(|error| error.to_string()).unwrap_or_default()
    };
    assert_eq!(open(std::slice::from_ref(&volume), b""), "");
    assert_eq!(open(&[], b""), "invalid argument: ext2 lies on one volume, not 0");
    assert_eq!(
        open(&[volume.clone(), volume.clone()], b""),
        "invalid argument: ext2 lies on one volume, not 2"
    );
    assert_eq!(
        open(&[volume], b"subvol=x"),
        "invalid argument: ext2 has no option \"subvol=x\"; it has checksums=strict|report and journal=replay|ignore"
    );
}

#[test]
fn volumes_that_hold_something_else() {
    for size in [0, 1, 1024, 1080, 2047, 2048, 100_000] {
        let volume: Volume = Arc::new(vec![0_u8; size]);
        assert!(matches!(EXT2.probe(&volume, &Limits::default()).unwrap(), Probe::NotMine));
        let volume: Volume = Arc::new(noise(7, size));
        assert!(matches!(EXT2.probe(&volume, &Limits::default()).unwrap(), Probe::NotMine));
    }
}

/// Every 16-bit field of the metadata that is read, at its boundary values: an answer or an error, nothing worse.
#[test]
fn boundary_values_everywhere() {
    let mut tried = 0;
    for extents in [true, false] {
        let sample = sample(extents);
        let ranges = [
            (0x400, 0x110),
            (0x800, 64),
            (sample.root, 160),
            (sample.file, 160),
            (sample.link, 160),
            (sample.directory, 128),
            (sample.node, 128),
        ];
        for (start, length) in ranges {
            for place in (start..start + length).step_by(2) {
                for value in [0_u16, 1, 2, 0x7fff, 0x8000, 0xffff] {
                    let patch = vec![(place, value.to_le_bytes().to_vec())];
                    let volume = Patched::new(&sample.bytes, patch);
                    let as_volume: Volume = volume.clone();
                    if let Ok(fs) = EXT2.open(&[as_volume], &OpenOptions::default()) {
                        common::ask_everything(&*fs);
                    }
                    let bytes = volume.bytes_read.load(std::sync::atomic::Ordering::Relaxed);
                    assert!(bytes < 64 << 20, "{value:#x} at {place:#x}: {bytes} bytes read");
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 5_000);
}

fn open(sample: &Sample, patches: Vec<(u64, Vec<u8>)>) -> Box<dyn FileSystem> {
    EXT2.open(&[Patched::new(&sample.bytes, patches)], &OpenOptions::default()).unwrap()
}

fn inode_number(sample: &Sample, name: &[u8]) -> u64 {
    let fs = open(sample, vec![]);
    fs.lookup(fs.root().unwrap(), name).unwrap().0
}

/// `ee_block`, `ee_len` and `ee_start_lo` of an entry in `file`'s leaf: where mke2fs puts them is its own affair.
fn leaf_entry(sample: &Sample, index: u64) -> (u32, u16, u32) {
    let at = usize::try_from(sample.node + 12 * (index + 1)).unwrap();
    let u32_at = |at: usize| u32::from_le_bytes(sample.bytes[at..at + 4].try_into().unwrap());
    (u32_at(at), u16::from_le_bytes([sample.bytes[at + 4], sample.bytes[at + 5]]), u32_at(at + 8))
}
