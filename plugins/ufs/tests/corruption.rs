//! Tables of corruptions: each field at its boundaries gives the exact error, or the right answer.
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
use fsimage_sdk::{ErrorKind, FileSystem, Format, Limits, NodeId, Probe, Volume};
use fsimage_ufs::UFS;
use std::fs;
use std::ops::ControlFlow;
use std::sync::Arc;

/// An image of 4 KiB blocks with `file` (a map of two levels), `dir` and `link`, and where their inodes lie.
struct Disk {
    bytes: Arc<Vec<u8>>,
    ufs2: bool,
    /// The first alternate superblock.
    alternate: u64,
}

impl Disk {
    fn new(version: u32) -> Self {
        let folder = work_folder!();
        let tree = folder.path().join("tree");
        fs::create_dir_all(tree.join("dir")).unwrap();
        fs::write(tree.join("dir/name"), "x").unwrap();
        fs::write(tree.join("file"), Self::content()).unwrap();
        std::os::unix::fs::symlink("l".repeat(300), tree.join("link")).unwrap();
        let image = makefs(folder.path(), Layout::new(version, "le", 4096, 512), &tree, &[]);
        Self { bytes: Arc::new(fs::read(image).unwrap()), ufs2: version == 2, alternate: 16384 }
    }

    fn content() -> Vec<u8> {
        noise(3, 4096 * 14 + 700)
    }

    fn with(&self, place: u64, bytes: &[u8]) -> Volume {
        Patched::new(&self.bytes, vec![(place, bytes.to_vec())])
    }

    fn u32(&self, place: u64) -> u64 {
        u32::from_le_bytes(self.bytes[usize::try_from(place).unwrap()..][..4].try_into().unwrap()).into()
    }

    /// The byte at which an inode of the first group begins.
    fn inode(&self, node: NodeId) -> u64 {
        let size = if self.ufs2 { 256 } else { 128 };
        self.u32(8192 + 16) * 512 + node.0 * size
    }

    fn node(&self, path: &str) -> NodeId {
        find(&*open(self.with(0, &[0])), path)
    }

    /// Both superblocks get these bytes: no alternate stands in.
    fn superblock(&self, offset: u64, bytes: &[u8]) -> Volume {
        let places = [8192, self.alternate].map(|place| (place + offset, bytes.to_vec()));
        Patched::new(&self.bytes, places.to_vec())
    }
}

/// Whatever the volume opens to, the file's bytes are right.
fn assert_right(volume: Volume) {
    let fs = open(volume);
    assert!(read(&*fs, find(&*fs, "file")) == Disk::content());
    assert_eq!(fs.read_link(find(&*fs, "link")).unwrap(), "l".repeat(300).into_bytes());
    let _ = find(&*fs, "dir/name");
}

/// Offset, value, and the error's text behind "corrupt: superblock: "; without one the answer is right.
const SUPERBLOCK: &[(u64, i32, Option<&str>)] = &[
    (0x8, -1, Some("fs_sblkno -1")),
    (0xc, -1, Some("fs_cblkno -1")),
    (0x10, 0, Some("fs_iblkno 0")),
    (0x10, -1, Some("fs_iblkno -1")),
    (0x10, i32::MAX, Some("do not fit into a group")),
    (0x14, 0, None),
    (0x2c, 0, Some("fs_ncg 0")),
    (0x2c, -1, Some("fs_ncg -1")),
    (0x2c, i32::MAX, Some("the last group begins behind fragment")),
    (0x30, 0, Some("fs_bsize 0 is no power of two from 4096 to 65536")),
    (0x30, 2048, Some("fs_bsize 2048 is no power")),
    (0x30, 4097, Some("fs_bsize 4097 is no power")),
    (0x30, 8192, Some("fs_bshift 12 where 13 is due")),
    (0x30, 131_072, Some("fs_bsize 131072 is no power")),
    (0x30, -1, Some("fs_bsize 4294967295 is no power")),
    (0x34, 0, Some("fs_fsize 0 is not 512 or more")),
    (0x34, 256, Some("fs_fsize 256 is not")),
    (0x34, 8192, Some("fs_fsize 8192 is not")),
    (0x34, 1024, Some("fs_frag 8 where 4 is due")),
    (0x38, 0, Some("fs_frag 0 where 8 is due")),
    (0x38, 9, Some("fs_frag 9 where 8 is due")),
    (0x50, 31, Some("fs_bshift 31 where 12 is due")),
    (0x54, 0, Some("fs_fshift 0 where 9 is due")),
    (0x60, 4, Some("fs_fragshift 4 where 3 is due")),
    (0x68, -1, None),
    (0xb8, 0, Some("fs_ipg 0")),
    (0xb8, -1, Some("fs_ipg -1")),
    (0xb8, i32::MAX, Some("do not fit into a group")),
    (0xbc, 0, Some("fs_fpg 0")),
    (0xbc, -1, Some("fs_fpg -1")),
    (0xbc, 1, Some("do not fit into a group")),
    (0xd0, -1, None),
    (0x55c, 0, None),
];

#[test]
fn superblock_fields() {
    for version in [1, 2] {
        let disk = Disk::new(version);
        assert_right(disk.with(0, &[0]));
        for (offset, value, error) in SUPERBLOCK {
            let volume = disk.superblock(*offset, &value.to_le_bytes());
            let Some(text) = error else {
                if *offset != 0x55c {
                    assert_right(volume);
                }
                continue;
            };
            let found = try_open(volume.clone(), "").err().unwrap_or_else(|| panic!("{offset:#x} {value}"));
            assert_eq!(found.kind(), ErrorKind::Corrupt, "{offset:#x}: {found}");
            assert!(found.to_string().starts_with("corrupt: superblock: "), "{found}");
            assert!(found.to_string().contains(text), "{offset:#x} {value}: {found}");
            let Probe::MineButBroken(_) = UFS.probe(&volume, &Limits::default()).unwrap() else { panic!() };
            // With only the first one damaged, its first copy stands in, and that is told.
            let volume = disk.with(8192 + offset, &value.to_le_bytes());
            assert!(matches!(UFS.probe(&volume, &Limits::default()).unwrap(), Probe::Mine));
            assert_right(volume.clone());
            let remarks = open(volume.clone()).info().unwrap().remarks;
            assert!(
                remarks[0].starts_with("the superblock at 0x4000 stands in for the first: "),
                "{remarks:?}"
            );
            assert!(remarks[0].contains(text), "{remarks:?}");
            assert!(try_open(volume, "checksums=strict").is_err());
        }
    }
}

#[test]
fn superblock_fields_of_one_version() {
    let one = Disk::new(1);
    for (offset, value, text) in [
        (0x24, 0_i32, "fs_size 0 fragments of 512 bytes"),
        (0x24, -1, "fs_size -1 fragments"),
        (0x18, -1, "fs_old_cgoffset -1"),
        (0x74, 512, "fs_nindir 512 where 1024 is due"),
        (0x78, 16, "fs_inopb 16 where 32 is due"),
        (0x528, 61, "fs_maxsymlinklen 61 where an inode holds 60"),
    ] {
        let error = try_open(one.superblock(offset, &value.to_le_bytes()), "").err().unwrap().to_string();
        assert!(error.contains(text), "{offset:#x} {value}: {error}");
    }
    let two = Disk::new(2);
    for (offset, value, text) in [
        (0x438, 0_i64, "fs_size 0 fragments of 512 bytes"),
        (0x438, -1, "fs_size -1 fragments"),
        (0x438, i64::MAX, "fs_size 9223372036854775807 fragments"),
        (0x528, 121, "fs_maxsymlinklen 121 where an inode holds 120"),
    ] {
        let error = try_open(two.superblock(offset, &value.to_le_bytes()), "").err().unwrap().to_string();
        assert!(error.contains(text), "{offset:#x} {value}: {error}");
    }
    // A superblock that says it lies elsewhere is no primary one; a copy may.
    let moved = two.superblock(0x3e8, &65536_i64.to_le_bytes());
    assert_right(moved.clone());
    let remarks = open(moved).info().unwrap().remarks;
    assert!(remarks[0].contains("fs_sblockloc 65536 at byte 8192"), "{remarks:?}");
}

#[test]
fn without_a_magic_number_it_is_nobody_elses_filesystem() {
    let disk = Disk::new(1);
    let gone = disk.with(8192 + 0x55c, &[0; 4]);
    assert!(matches!(UFS.probe(&gone, &Limits::default()).unwrap(), Probe::NotMine));
    assert_eq!(try_open(gone.clone(), "").err().unwrap().kind(), ErrorKind::NotRecognised);
    // As `fsck -b` would have it.
    let fs = try_open(gone.clone(), "superblock=0x4000").unwrap();
    assert!(read(&*fs, find(&*fs, "file")) == Disk::content());
    assert_eq!(try_open(gone, "superblock=0x4200").err().unwrap().kind(), ErrorKind::NotRecognised);
    let unfinished = disk.superblock(0x55c, &0x1996_0408_u32.to_le_bytes());
    let error = try_open(unfinished, "").err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("newfs did not finish"), "{error}");
    let short: Volume = Arc::new(disk.bytes[..9000].to_vec());
    assert!(matches!(UFS.probe(&short, &Limits::default()).unwrap(), Probe::NotMine));
}

/// Addresses count from the volume's start, so a superblock moved to another of its places reads the same. makefs leaves
/// these free, or has an alternate there.
#[test]
fn every_place_of_a_superblock() {
    for (version, block, place) in [(1, 4096, 0_u64), (2, 4096, 0), (2, 65536, 65536), (2, 16384, 262_144)] {
        let folder = work_folder!();
        let tree = folder.path().join("tree");
        fs::create_dir(&tree).unwrap();
        fs::write(tree.join("file"), Disk::content()).unwrap();
        let layout = Layout::new(version, "le", block, block / 8);
        let bytes = fs::read(makefs(folder.path(), layout, &tree, &[])).unwrap();
        let at = usize::try_from(place).unwrap();
        let mut superblock = bytes[8192..8192 + 1376].to_vec();
        superblock[0x3e8..0x3f0].copy_from_slice(&place.to_le_bytes());
        let free = place <= 65536 || bytes[at..at + 1376].iter().all(|byte| *byte == 0);
        assert!(free, "{place} is taken");
        let patches = vec![(place, superblock), (8192 + 0x55c, vec![0; 4])];
        let fs = open(Patched::new(&Arc::new(bytes), patches));
        assert!(read(&*fs, find(&*fs, "file")) == Disk::content(), "{place}");
        assert_eq!(fs.info().unwrap().remarks, [""; 0]);
    }
}

fn everything(fs: &dyn FileSystem, node: NodeId) -> fsimage_sdk::Result<()> {
    let metadata = fs.metadata(node)?;
    let mut buffer = vec![0; 100_000];
    fs.read_at(node, 0, &mut buffer)?;
    fs.read_at(node, metadata.size.saturating_sub(10), &mut buffer)?;
    fs.extents(node, 0, &mut |_| ControlFlow::Continue(()))
}

#[test]
fn inode_fields() {
    for version in [1, 2] {
        let disk = Disk::new(version);
        let node = disk.node("file");
        let inode = disk.inode(node);
        let (size, db, ib) = if disk.ufs2 { (0x10, 0x70, 0xd0) } else { (0x8, 0x28, 0x58) };
        let width = if disk.ufs2 { 8 } else { 4 };
        let last = disk.u32(inode + ib);
        let own = |value: u64| value.to_le_bytes()[..width].to_vec();
        let fragments = if disk.ufs2 { disk.u32(8192 + 0x438) } else { disk.u32(8192 + 0x24) };
        for (offset, bytes, text) in [
            (0, vec![0, 0], "dinode: di_mode 0: not in use"),
            (0, vec![0, 0xe0], "dinode: di_mode 0xe000 is no file type"),
            (2, vec![0, 0], "dinode: di_nlink 0: deleted"),
            (size, u64::MAX.to_le_bytes().to_vec(), "di_size 0xffffffffffffffff is no file offset"),
            (size, (1_u64 << 62).to_le_bytes().to_vec(), "blocks that pointers address"),
            (db, own(fragments), "pointers of the inode: pointer to fragment"),
            (db, own(fragments - 1), "pointers of the inode: pointer to fragment"),
            (db, own(u64::MAX), "pointers of the inode: pointer to fragment"),
            (ib, own(fragments - 7), "pointers of the inode: pointer to fragment"),
        ] {
            let fs = open(disk.with(inode + offset, &bytes));
            let error = everything(&*fs, node).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Corrupt, "{offset:#x}: {error}");
            assert!(error.to_string().contains(text), "{offset:#x} {bytes:x?}: {error}");
            assert!(error.to_string().contains(&format!("inode {}: ", node.0)), "{error}");
            assert!(error.offset().is_some(), "{error}");
        }
        // An indirect block below itself: the double one points at itself, in a file made long enough.
        let patches = vec![
            (inode + size, (4096_u64 * 2000).to_le_bytes().to_vec()),
            (inode + ib + u64::try_from(width).unwrap(), own(last)),
            (last * 512, own(last)),
        ];
        let fs = open(Patched::new(&disk.bytes, patches));
        let error = everything(&*fs, node).unwrap_err().to_string();
        assert!(error.contains(&format!("indirect block {last} lies below itself")), "{error}");
        // A pointer of an indirect block.
        let fs = open(disk.with(last * 512, &own(u64::MAX)));
        let error = everything(&*fs, node).unwrap_err().to_string();
        assert!(error.contains("indirect block: pointer to fragment"), "{error}");
        // A hole where there was data reads as zeros.
        let fs = open(disk.with(inode + db, &own(0)));
        let bytes = read(&*fs, node);
        assert!(bytes[..4096].iter().all(|byte| *byte == 0) && bytes[4096..] == Disk::content()[4096..]);
    }
}

#[test]
fn snapshots_are_refused_by_name() {
    let disk = Disk::new(2);
    let node = disk.node("file");
    let fs = open(disk.with(disk.inode(node) + 0x58, &0x0020_0000_u32.to_le_bytes()));
    let error = fs.read_at(node, 0, &mut [0; 10]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("a snapshot of the filesystem"), "{error}");
}

#[test]
fn links() {
    for version in [1, 2] {
        let disk = Disk::new(version);
        let node = disk.node("link");
        let inode = disk.inode(node);
        let size = if disk.ufs2 { 0x10 } else { 0x8 };
        for length in [0_u64, 4097, u64::MAX >> 1] {
            let fs = open(disk.with(inode + size, &length.to_le_bytes()));
            let error = fs.read_link(node).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Corrupt);
            assert!(error.to_string().contains(&format!("di_size {length}: a symbolic link")), "{error}");
        }
        // Without blocks, but too long for the inode.
        let blocks = if disk.ufs2 { 0x18 } else { 0x68 };
        let fs = open(disk.with(inode + blocks, &[0; 4]));
        let error = fs.read_link(node).unwrap_err().to_string();
        assert!(error.contains("a symbolic link without blocks is longer than its inode"), "{error}");
        let fs = open(disk.with(0, &[0]));
        assert_eq!(fs.read_link(disk.node("file")).unwrap_err().kind(), ErrorKind::NotASymlink);
        assert_eq!(fs.lookup(disk.node("file"), b"x").unwrap_err().kind(), ErrorKind::NotADirectory);
        let extents = fs.extents(disk.node("dir"), 0, &mut |_| ControlFlow::Continue(()));
        assert_eq!(extents.unwrap_err().kind(), ErrorKind::IsADirectory);
        assert_eq!(fs.read_at(node, 0, &mut [0]).unwrap_err().kind(), ErrorKind::NotAFile);
    }
}

#[test]
fn directory_entries() {
    for version in [1, 2] {
        let disk = Disk::new(version);
        // The chunk in which `name` is the third entry, behind `.` and `..`.
        let chunk = disk.bytes.chunks(512).position(|c| c[24 + 8..].starts_with(b"name\0")).unwrap() * 512;
        let at = u64::try_from(chunk).unwrap() + 24;
        let node = disk.node("dir");
        for (offset, bytes, text) in [
            (0, vec![0xff; 4], "d_ino 4294967295 of"),
            (0, vec![1, 0, 0, 0], "d_ino 1 of"),
            (4, vec![0, 0], "d_reclen 0 with 488 bytes left"),
            (4, vec![8, 0], "d_reclen 8 with 488 bytes left"),
            (4, vec![13, 0], "d_reclen 13 with 488 bytes left"),
            (4, vec![0xec, 1], "d_reclen 492 with 488 bytes left"),
            (4, vec![12, 0], "d_reclen 0 with 476 bytes left"),
            (7, vec![0], "d_namlen 0 in a d_reclen of"),
            (4, vec![12, 0, 8, 5], "d_namlen 5 in a d_reclen of 12"),
            (8, vec![b'/'], "the name \"/ame\""),
            (8, vec![0], "the name \"\\x00ame\""),
        ] {
            let fs = open(disk.with(at + offset, &bytes));
            let listed = fs.read_dir(node, fsimage_sdk::DirCursor(0), &mut |_| ControlFlow::Continue(()));
            let error = listed.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
            assert!(error.to_string().contains(text), "{offset} {bytes:x?}: {error}");
            assert!(error.offset().is_some_and(|place| place >= at), "{error}");
        }
        // Unused, and a whiteout: no entries, no errors.
        for (offset, bytes) in [(0, vec![0; 4]), (6, vec![14])] {
            let fs = open(disk.with(at + offset, &bytes));
            assert!(common::list(&*fs, node).is_empty());
        }
        // The type of the entry is what the entry says; unknown ones are told from the inode.
        let fs = open(disk.with(at + 6, &[99]));
        assert_eq!(common::list(&*fs, node)[0].2, fsimage_sdk::FileType::Unknown);
    }
}

#[test]
fn a_hole_in_a_directory() {
    let disk = Disk::new(1);
    let node = disk.node("dir");
    let fs = open(disk.with(disk.inode(node) + 0x28, &[0; 4]));
    let error = fs.lookup(node, b"name").unwrap_err().to_string();
    assert!(error.contains("a hole at byte 0 of the directory"), "{error}");
}

#[test]
fn nodes_that_are_none() {
    let disk = Disk::new(2);
    let fs = open(disk.with(0, &[0]));
    for node in [0, 1, 1 << 20, u64::from(u32::MAX), u64::MAX] {
        assert_eq!(fs.metadata(NodeId(node)).unwrap_err().kind(), ErrorKind::Corrupt);
    }
}

/// What lies behind the end of a truncated image is an input/output error, not zeros.
#[test]
fn truncated_images() {
    let disk = Disk::new(1);
    let whole = open(disk.with(0, &[0]));
    let node = find(&*whole, "file");
    let extents = common::extents(&*whole, node, 0).unwrap();
    let fsimage_sdk::ExtentKind::Data { physical, .. } = extents.last().unwrap().kind else { panic!() };
    let cut: Volume = Arc::new(disk.bytes[..usize::try_from(physical).unwrap() + 10].to_vec());
    let fs = open(cut);
    let mut buffer = vec![0; 100_000];
    assert_eq!(fs.read_at(node, 0, &mut buffer).unwrap_err().kind(), ErrorKind::Io);
    let error = fs.extents(node, 0, &mut |_| ControlFlow::Continue(())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
}
