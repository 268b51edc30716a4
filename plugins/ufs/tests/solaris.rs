//! Sun's flavours: what the Linux ufs module read (recorded), images that ffs2sun.py makes of makefs' at every layout, and
//! the log.
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
    Image, Layout, Patched, assert_extents, assert_same, find, host_listing, listing, make_tree, makefs,
    manifest, need, open, read, run, try_open, unzstd, work_folder,
};
use fsimage_sdk::{ErrorKind, Volume};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

fn images() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../images")
}

/// images/README.md says how these were made, and that Linux mounted them as `sunx86` and `sun` with this manifest.
#[test]
fn both_byte_orders_as_linux_reads_them() {
    let expected = manifest(&unzstd(&images().join("ufs/solaris.MANIFEST.zst")));
    assert!(expected.len() > 3000);
    for endian in ["le", "be"] {
        let bytes = Arc::new(unzstd(&images().join(format!("ufs/solaris-{endian}.img.zst"))));
        let volume: Volume = Patched::new(&bytes, vec![]);
        let fs = open(volume.clone());
        assert_same(&listing(&*fs), &expected);
        assert_eq!(assert_extents(&*fs, &*volume), 0);
        let info = fs.info().unwrap();
        let order = if endian == "le" { "little-endian" } else { "big-endian" };
        assert_eq!(info.flavour, "ufs-solaris");
        assert_eq!(info.features, [order, "fragment-size=1024", "clean", "largefiles"]);
        assert_eq!(info.remarks, [""; 0]);
    }
}

/// An image that makefs made, changed into Sun's flavour.
pub(crate) fn solaris(folder: &Path, layout: Layout, tree: &Path, more: &[&str]) -> PathBuf {
    let image = makefs(folder, layout, tree, &[]);
    let out = folder.join("solaris.img");
    let mut command = Command::new(need("python3", "python3"));
    let _ = run(command.arg(images().join("ffs2sun.py")).arg(&image).arg(&out).args(more)).bytes();
    out
}

#[test]
fn layouts_in_both_magics() {
    let extremes =
        |layout: &Layout| layout.version == 1 && [1, 8].contains(&(layout.block / layout.fragment));
    for layout in Layout::all().into_iter().filter(extremes) {
        println!("{layout:?}");
        let folder = work_folder!();
        let tree = folder.path().join("tree");
        make_tree(&tree, layout.block.into(), layout.fragment.into());
        let mtb = if layout.block == 8192 { &["--mtb"][..] } else { &[] };
        for more in [&[][..], mtb] {
            let image = solaris(folder.path(), layout, &tree, more);
            let volume = Image::open(&image);
            let fs = open(volume.clone());
            assert_same(&listing(&*fs), &host_listing(&tree));
            assert_eq!(assert_extents(&*fs, &*volume), 0);
            let flavour = if more.is_empty() { "ufs-solaris" } else { "ufs-solaris-mtb" };
            assert_eq!(fs.info().unwrap().flavour, flavour);
        }
    }
}

/// `fs_clean` and what vouches for it.
#[test]
fn clean_states() {
    let bytes = Arc::new(unzstd(&images().join("ufs/solaris-le.img.zst")));
    for (fs_clean, word) in [
        (0, "not-clean"),
        (1, "clean"),
        (2, "stable"),
        (0xfd, "logging"),
        (0xfe, "clean-flag-suspended"),
        (0xff, "bad"),
        (7, "clean-flag-unknown"),
    ] {
        let fs = open(Patched::new(&bytes, vec![(8192 + 209, vec![fs_clean])]));
        assert_eq!(fs.info().unwrap().features[2], word);
    }
    let fs = open(Patched::new(&bytes, vec![(8192 + 132, vec![1])]));
    assert_eq!(fs.info().unwrap().features[2], "clean-flag-unknown");
    let fs = open(Patched::new(&bytes, vec![(8192 + 212, b"/export/home one\0".to_vec())]));
    assert_eq!(fs.info().unwrap().features[3], "last-mounted-on=/export/home\\x20one");
}

/// A log of our own writing: no Solaris was at hand to write one. The structures are those of illumos' `ufs_log.h`, the
/// writing follows `ldl_write` and `ldl_round_commit`.
struct Log {
    /// What is put into the circle, trailers left out.
    bytes: Vec<u8>,
    big: bool,
}

const DT_AB: u32 = 4;
const DT_ABZERO: u32 = 5;
const DT_DIR: u32 = 6;
const DT_INODE: u32 = 7;
const DT_COMMIT: u32 = 10;
const DT_CANCEL: u32 = 11;

impl Log {
    fn word(&self, value: u32) -> [u8; 4] {
        if self.big { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    fn delta(&mut self, place: u64, length: usize, kind: u32, data: &[u8]) {
        let place = if self.big { place.to_be_bytes() } else { place.to_le_bytes() };
        let length = self.word(u32::try_from(length).unwrap());
        let kind = self.word(kind);
        self.bytes.extend(place.iter().chain(&length).chain(&kind).chain(data));
    }

    fn write(&mut self, place: u64, kind: u32, data: &[u8]) {
        self.delta(place, data.len(), kind, data);
    }

    fn commit(&mut self) {
        self.delta(0, 0, DT_COMMIT, &[]);
        // A commit fills its sector up.
        self.bytes.resize(self.bytes.len().next_multiple_of(504), 0xaa);
    }

    /// The patches that put the log into `image`: `extents` are (first, count, place) in sectors, the head's sector and
    /// ident are given, `block` is where the extents' block goes.
    fn patches(
        &self,
        extents: &[(u32, u32, u32)],
        head: u32,
        ident: u32,
        block: u32,
        bsize: usize,
    ) -> Vec<(u64, Vec<u8>)> {
        let sectors: u32 = extents.iter().map(|extent| extent.1).sum();
        let mut eb = vec![0; bsize];
        let count = u32::try_from(extents.len()).unwrap();
        for (index, value) in [0, 0, count, sectors * 512, 0].into_iter().enumerate() {
            eb[index * 4..][..4].copy_from_slice(&self.word(value));
        }
        for (index, (first, count, place)) in extents.iter().enumerate() {
            for (field, value) in [*first, *place, *count].into_iter().enumerate() {
                eb[20 + index * 12 + field * 4..][..4].copy_from_slice(&self.word(value));
            }
        }
        let number = |four: &[u8]| {
            let four = four.try_into().unwrap();
            if self.big { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) }
        };
        let sum = eb.chunks(4).map(number).fold(0, u32::wrapping_add);
        eb[4..8].copy_from_slice(&self.word(sum));
        let place = |sector: u32| {
            let (first, _, place) =
                extents.iter().find(|(first, count, _)| (*first..first + count).contains(&sector)).unwrap();
            u64::from(place + sector - first) * 512
        };
        let mut header = vec![0; 512];
        let fields = [
            (0x0, 1),
            (0x10, 512),
            (0x14, 1024),
            (0x18, sectors * 512),
            (0x24, (sectors - 2) * 512),
            (0x30, head * 512),
            (0x34, ident),
            (0x38, head * 512),
            (0x3c, ident),
            (0x40, ident.wrapping_add(ident)),
        ];
        for (offset, value) in fields {
            header[offset..offset + 4].copy_from_slice(&self.word(value));
        }
        let mut patches = vec![
            (u64::from(block) * 512, eb),
            (place(0), header.clone()),
            (place(1), header),
            (8192 + 209, vec![0xfd]),
            (8192 + 1324, self.word(block).to_vec()),
        ];
        for (index, chunk) in self.bytes.chunks(504).enumerate() {
            let index = u32::try_from(index).unwrap();
            let mut sector = chunk.to_vec();
            sector.resize(504, 0);
            sector.extend(self.word(77));
            // A sector that is not full yet has no number.
            let number = if chunk.len() == 504 { ident.wrapping_add(index) } else { 0 };
            sector.extend(self.word(number));
            patches.push((place(2 + (head - 2 + index) % (sectors - 2)), sector));
        }
        patches
    }
}

/// An image, a file `kernel` of 20,000 bytes in it, and free room at its end for a log.
struct Disk {
    bytes: Arc<Vec<u8>>,
    /// First sector of the free room.
    free: u32,
    kernel: Vec<u8>,
    data: u64,
    root: u64,
}

impl Disk {
    fn new(endian: &'static str) -> Self {
        let folder = work_folder!();
        let tree = folder.path().join("tree");
        std::fs::create_dir(&tree).unwrap();
        let kernel = common::noise(9, 20_000);
        std::fs::write(tree.join("kernel"), &kernel).unwrap();
        let image = solaris(folder.path(), Layout::new(1, endian, 8192, 1024), &tree, &[]);
        let bytes = Arc::new(std::fs::read(image).unwrap());
        let fs = open(Patched::new(&bytes, vec![]));
        let extents = common::extents(&*fs, find(&*fs, "kernel"), 0).unwrap();
        let fsimage_sdk::ExtentKind::Data { physical: data, .. } = extents[0].kind else { panic!() };
        // The root directory's only chunk of entries is the one that names the file.
        let root = bytes.chunks(512).position(|c| c.windows(7).any(|w| w == b"kernel\0")).unwrap();
        let zeros: Vec<bool> = bytes.chunks(512).map(|c| c.iter().all(|byte| *byte == 0)).collect();
        let free = (0..zeros.len())
            .step_by(16)
            .rfind(|at| zeros[*at..].len() > 200 && zeros[*at..at + 200].iter().all(|z| *z));
        let free = u32::try_from(free.unwrap()).unwrap();
        Self { bytes, free, kernel, data, root: u64::try_from(root).unwrap() * 512 }
    }

    fn log(&self, big: bool) -> Log {
        let _ = self;
        Log { bytes: Vec::new(), big }
    }

    fn volume(&self, log: &Log, head: u32, more: &[(u64, Vec<u8>)]) -> Volume {
        // Two extents, the second before the first on the disk; 2 sectors of header, 58 of the circle.
        let extents = [(0, 30, self.free + 100), (30, 30, self.free + 50)];
        let mut patches = log.patches(&extents, head, 0xffff_fff0, self.free, 8192);
        patches.extend_from_slice(more);
        Patched::new(&self.bytes, patches)
    }

    /// The root's chunk with the file called otherwise, as long.
    fn renamed(&self, name: &[u8; 6]) -> Vec<u8> {
        let mut chunk = self.bytes[usize::try_from(self.root).unwrap()..][..512].to_vec();
        let at = chunk.windows(7).position(|w| w == b"kernel\0").unwrap();
        chunk[at..at + 6].copy_from_slice(name);
        chunk
    }
}

#[test]
fn committed_transactions_of_the_log_are_laid_over_the_disk() {
    for (endian, big) in [("le", false), ("be", true)] {
        let disk = Disk::new(endian);
        for head in [2, 20, 57] {
            let mut log = disk.log(big);
            log.write(disk.root, DT_DIR, &disk.renamed(b"second"));
            log.commit();
            log.write(disk.data + 100, DT_AB, &[b'A'; 5000]);
            log.delta(disk.data + 200, 300, DT_ABZERO, &[]);
            log.write(disk.root, DT_DIR, &disk.renamed(b"thirdy"));
            log.commit();
            // Never committed.
            log.write(disk.root, DT_DIR, &disk.renamed(b"fourth"));
            let volume = disk.volume(&log, head, &[]);
            let fs = open(volume.clone());
            let node = find(&*fs, "thirdy");
            let root = fs.root().unwrap();
            for gone in ["kernel", "second", "fourth"] {
                assert_eq!(fs.lookup(root, gone.as_bytes()).unwrap_err().kind(), ErrorKind::NotFound);
            }
            let mut expected = disk.kernel.clone();
            expected[100..5100].fill(b'A');
            expected[200..500].fill(0);
            assert!(read(&*fs, node) == expected, "{endian} {head}");
            // Its bytes lie in the log too: it is read, not copied.
            assert_eq!(common::extents(&*fs, node, 0).unwrap_err().kind(), ErrorKind::Unsupported);
            let remarks = fs.info().unwrap().remarks;
            assert!(remarks[0].starts_with("log replayed in memory: 2 transactions, "), "{remarks:?}");
            let as_it_lies = try_open(volume, "journal=ignore").unwrap();
            assert!(read(&*as_it_lies, find(&*as_it_lies, "kernel")) == disk.kernel);
        }
    }
}

/// A block that was freed and given to a file must not get its old metadata back.
#[test]
fn cancelled_deltas_do_not_come_back() {
    let disk = Disk::new("le");
    let mut log = disk.log(false);
    log.write(disk.data, DT_DIR, &[b'D'; 1024]);
    log.commit();
    log.delta(disk.data, 1024, DT_CANCEL, &[]);
    log.write(disk.root, DT_DIR, &disk.renamed(b"second"));
    log.commit();
    log.delta(disk.root, 512, DT_CANCEL, &[]);
    let fs = open(disk.volume(&log, 2, &[]));
    // The last cancel was not committed, so the name stays the second.
    assert!(read(&*fs, find(&*fs, "second")) == disk.kernel);
    assert!(common::extents(&*fs, find(&*fs, "second"), 0).is_ok());
}

#[test]
fn an_empty_log_and_an_unrolled_flag() {
    let disk = Disk::new("le");
    let log = disk.log(false);
    let fs = open(disk.volume(&log, 5, &[]));
    assert!(read(&*fs, find(&*fs, "kernel")) == disk.kernel);
    assert_eq!(fs.info().unwrap().remarks, [""; 0]);
    // Without FSLOG in fs_clean the log is of the past.
    let mut log = disk.log(false);
    log.write(disk.root, DT_DIR, &disk.renamed(b"second"));
    log.commit();
    let fs = open(disk.volume(&log, 5, &[(8192 + 209, vec![1])]));
    let _ = find(&*fs, "kernel");
}

/// A log that makes no sense: Solaris' boot loader goes on without it, and so do we; an error where that was asked for.
#[test]
fn broken_logs() {
    let disk = Disk::new("le");
    let mut log = disk.log(false);
    log.write(disk.root, DT_DIR, &disk.renamed(b"second"));
    log.commit();
    let (eb, od) = (u64::from(disk.free) * 512, (u64::from(disk.free) + 100) * 512);
    for (place, bytes, error) in [
        (8192 + 1324, vec![0xff; 4], "superblock: fs_logbno 4294967295"),
        (eb, vec![1], "log extents: type 1"),
        (eb + 8, vec![3], "log extents: chksum"),
        (eb + 24, vec![0], "log extents: chksum"),
        (od, vec![2], "log header: od_version 2"),
        (od + 4, vec![1], "log header: od_badlog"),
        (od + 0x14, vec![1], "log header: od_bol_lof 1025"),
        (od + 0x18, vec![0, 0], "log header: od_eol_lof"),
        (od + 0x30, vec![0xff; 4], "log header: od_head_lof -1"),
        (od + 0x34, vec![1], "log header: od_chksum"),
    ] {
        let volume = disk.volume(&log, 2, &[(place, bytes)]);
        let fs = open(volume.clone());
        let _ = find(&*fs, "kernel");
        let remarks = fs.info().unwrap().remarks;
        assert!(remarks[0].contains("log not replayed: ") && remarks[0].contains(error), "{remarks:?}");
        let strict = try_open(volume, "checksums=strict").err().unwrap();
        assert!(
            strict.to_string().contains(error) && strict.to_string().contains("journal=ignore"),
            "{strict}"
        );
    }
    // A delta that makes no sense ends the log there; what was committed before counts.
    for (kind, length, place) in
        [(99, 1, 0), (DT_INODE, 9000, 0), (DT_INODE, 128, u64::MAX >> 1), (DT_COMMIT, 7, 0)]
    {
        let mut longer = disk.log(false);
        longer.bytes.clone_from(&log.bytes);
        longer.delta(place, length, kind, &[0; 64]);
        longer.commit();
        let volume = disk.volume(&longer, 2, &[]);
        let fs = open(volume.clone());
        let _ = find(&*fs, "second");
        let remarks = fs.info().unwrap().remarks;
        assert!(remarks[0].contains("only up to its first error: corrupt: log delta: d_"), "{remarks:?}");
        assert!(try_open(volume, "checksums=strict").is_err());
    }
}
