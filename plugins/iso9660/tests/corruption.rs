//! Discs with one thing wrong: the exact error, or the right answer, at once. The Rock Ridge rows are the five CVEs of
//! XSA-497 (CVE-2026-42494, -42495, -62423, -62424, -62425) and what lies beside them.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics fails, as it should"
)]

mod common;

use common::{Patched, extents, find, items, noise, read, scratch, try_open};
use fsimage_iso9660::ISO9660;
use fsimage_sdk::{DirCursor, ErrorKind, FileSystem, Format, Limits, NodeId, Probe, Result, Volume};
use std::fs;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

type Patch = (u64, Vec<u8>);

/// A disc of `/dir/file`, `/dir/second`, `/link` and `/zz`.
struct Disc {
    bytes: Arc<Vec<u8>>,
}

impl Disc {
    fn new() -> Self {
        Self::made(&["-R", "-J"])
    }

    fn made(options: &[&str]) -> Self {
        let folder = scratch();
        let tree = folder.path().join("tree");
        fs::create_dir_all(tree.join("dir")).unwrap();
        fs::write(tree.join("dir/file"), noise(1, 2048)).unwrap();
        fs::write(tree.join("dir/second"), noise(2, 3000)).unwrap();
        fs::write(tree.join("zz"), "z").unwrap();
        std::os::unix::fs::symlink("dir/file", tree.join("link")).unwrap();
        let image = common::image(folder.path(), "xorriso", options, &tree);
        Self { bytes: Arc::new(fs::read(image).unwrap()) }
    }

    fn u32(&self, place: u64) -> u32 {
        let at = usize::try_from(place).unwrap();
        u32::from_le_bytes(self.bytes[at..at + 4].try_into().unwrap())
    }

    fn byte(&self, place: u64) -> u8 {
        self.bytes[usize::try_from(place).unwrap()]
    }

    /// Where the directory record of a path lies.
    fn record(&self, path: &str) -> u64 {
        let fs = try_open(self.bytes.clone(), "").unwrap();
        let node = find(&*fs, path).0;
        if path != "/dir" {
            return node;
        }
        // A directory's node is its own first record; its parent's record of it is the first behind `.` and `..`.
        let root = fs.root().unwrap().0;
        let parent = root + u64::from(self.byte(root));
        parent + u64::from(self.byte(parent))
    }

    /// Where an entry of a record's system use area lies.
    fn entry(&self, record: u64, signature: &[u8; 2]) -> u64 {
        let at = usize::try_from(record).unwrap();
        let length = usize::from(self.bytes[at]);
        let found = self.bytes[at..at + length].windows(3).position(|w| w.starts_with(signature) && w[2] > 3);
        record + u64::try_from(found.unwrap_or_else(|| panic!("no {signature:?}"))).unwrap()
    }

    /// What reading everything says, which must be said within a second.
    #[track_caller]
    fn ask(&self, patches: Vec<Patch>) -> Result<usize> {
        let volume = Patched::new(&self.bytes, patches);
        let begin = Instant::now();
        let answer = try_open(volume.clone(), "").and_then(|fs| read_all(&*fs, fs.root()?, 0));
        assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
        assert!(volume.bytes_read.load(Ordering::Relaxed) < 4 << 20);
        answer
    }

    #[track_caller]
    fn refused(&self, patches: Vec<Patch>, message: &str) {
        let error = self.ask(patches).unwrap_err();
        assert!(error.to_string().contains(message), "{error}\nwanted: {message}");
        assert!(error.offset().is_some(), "{error} does not say where");
    }
}

/// Everything that can be reached, as a recursive caller reaches it.
fn read_all(fs: &dyn FileSystem, directory: NodeId, depth: usize) -> Result<usize> {
    assert!(depth < 100, "a cycle");
    let mut entries = Vec::new();
    fs.read_dir(directory, DirCursor(0), &mut |entry| {
        entries.push((entry.node, entry.name.to_vec()));
        ControlFlow::Continue(())
    })?;
    let mut count = entries.len();
    for (node, _) in entries {
        match fs.metadata(node)?.file_type {
            fsimage_sdk::FileType::Directory => count += read_all(fs, node, depth + 1)?,
            fsimage_sdk::FileType::Symlink => drop(fs.read_link(node)?),
            _ => drop(fs.read_at(node, 0, &mut [0; 100])?),
        }
    }
    Ok(count)
}

fn both(value: u32) -> Vec<u8> {
    [value.to_le_bytes(), value.to_be_bytes()].concat()
}

/// An entry that continues at this place.
fn ce(block: u32, offset: u32, length: u32) -> Vec<u8> {
    [b"CE\x1c\x01".to_vec(), both(block), both(offset), both(length)].concat()
}

#[test]
fn the_disc_as_it_is() {
    assert_eq!(Disc::new().ask(Vec::new()).unwrap(), 5);
}

#[test]
fn cve_a_record_shorter_than_its_fixed_part() {
    let disc = Disc::new();
    for length in 1..34 {
        let text = format!("directory record: a record of {length} bytes, at least 34");
        disc.refused(vec![(disc.record("/zz"), vec![length])], &text);
    }
}

#[test]
fn cve_a_name_that_leaves_less_than_no_system_use_area() {
    let disc = Disc::new();
    let zz = disc.record("/zz");
    let length = disc.byte(zz);
    for name_length in [length - 32, 200, 255] {
        let text = format!("directory record: a name of {name_length} bytes in a record of {length}");
        disc.refused(vec![(zz + 32, vec![name_length])], &text);
    }
    disc.refused(vec![(zz + 32, vec![0])], "a name of 0 bytes");
    // A name that leaves exactly nothing, or one byte, is a name.
    for name_length in [length - 33, length - 34] {
        let _ = disc.ask(vec![(zz + 32, vec![name_length])]);
    }
    // `SP` that skips more than there is: no Rock Ridge in any record but the root's.
    let fs = try_open(disc.bytes.clone(), "").unwrap();
    let sp = disc.entry(fs.root().unwrap().0, b"SP");
    assert_eq!(disc.ask(vec![(sp + 6, vec![255])]).unwrap(), 5);
}

#[test]
fn cve_an_entry_of_length_nought_or_past_the_end() {
    let disc = Disc::new();
    let nm = disc.entry(disc.record("/zz"), b"NM");
    for length in [0, 1, 2, 3, 100, 255] {
        disc.refused(vec![(nm + 2, vec![length])], &format!("system use area: NM of length {length}, with "));
    }
}

#[test]
fn cve_a_name_entry_shorter_than_its_header() {
    let disc = Disc::new();
    let nm = disc.entry(disc.record("/zz"), b"NM");
    // Four bytes: what follows is another entry, whose length is then the name's first byte.
    disc.refused(vec![(nm + 2, vec![4])], "NM of 4 bytes, at least 5");
    // Five bytes are an empty name: the record's own counts.
    let rest = vec![(nm + 2, vec![5]), (nm + 5, b"XX".to_vec())];
    assert!(disc.ask(rest).is_ok() || disc.byte(nm + 2) != 7);
}

#[test]
fn cve_a_continuation_outside_of_its_block_or_of_the_disc() {
    let disc = Disc::new();
    let px = disc.entry(disc.record("/zz"), b"PX");
    for (offset, length) in
        [(2048, 1), (2047, 2), (0, 2049), (u32::MAX, 1), (1, u32::MAX), (u32::MAX, u32::MAX)]
    {
        let patch = vec![(px, ce(20, offset, length)), (px + 28, b"XX\x08\x01".to_vec())];
        disc.refused(patch, &format!("CE: {length} bytes at {offset} of a block of 2048"));
    }
    for block in [0x00ff_ffff, u32::MAX] {
        let patch = vec![(px, ce(block, 0, 100)), (px + 28, b"XX\x08\x01".to_vec())];
        disc.refused(patch, "past the end of");
    }
}

/// A sector of data to write entries into: that of `/dir/file`.
fn data_block(disc: &Disc) -> u32 {
    disc.u32(disc.record("/dir/file") + 2)
}

fn continued(disc: &Disc, area: Vec<u8>, more: Vec<Patch>) -> Vec<Patch> {
    let px = disc.entry(disc.record("/zz"), b"PX");
    let block = data_block(disc);
    let length = u32::try_from(area.len()).unwrap();
    let mut patches = vec![(px, ce(block, 0, length)), (px + 28, b"XX\x08\x01".to_vec())];
    patches.push((u64::from(block) * 2048, area));
    patches.extend(more);
    patches
}

#[test]
fn continuations_in_a_circle() {
    let disc = Disc::new();
    let block = data_block(&disc);
    disc.refused(continued(&disc, ce(block, 0, 28), Vec::new()), "goes on in itself");
    // Two areas that name each other.
    let second = (u64::from(block) * 2048 + 100, ce(block, 0, 28));
    disc.refused(continued(&disc, ce(block, 100, 28), vec![second]), "goes on in itself");
    // Every area another one: seventy of them.
    let areas =
        (0..70_u32).map(|n| (u64::from(block) * 2048 + u64::from(n) * 28, ce(block, (n + 1) * 28, 28)));
    let mut patches = continued(&disc, ce(block, 28, 28), areas.collect());
    patches.dedup();
    disc.refused(patches, "more than 64 continuation areas");
}

#[test]
fn names_and_targets_without_end() {
    let disc = Disc::new();
    let piece = [b"NM\xff\x01\x01".to_vec(), vec![b'n'; 250]].concat();
    disc.refused(continued(&disc, piece.repeat(4), Vec::new()), "NM: a name of more than 255 bytes");
    let components = [&b"SL\xff\x01\x01"[..], &[1, 248], &[b's'; 248]].concat();
    // Three areas of seven entries each: the later ones in the sectors behind, which hold the other file.
    let block = data_block(&disc);
    let area = |next: u32| [components.repeat(7), ce(block + next, 0, 1813)].concat();
    let place = u64::from(block) * 2048;
    let more = vec![(place + 2048, area(2)), (place + 4096, area(3)), (place + 6144, area(4))];
    disc.refused(continued(&disc, area(1), more), "SL: a target of more than 4096 bytes");
    let sl = disc.entry(disc.record("/link"), b"SL");
    disc.refused(vec![(sl + 6, vec![200])], "SL: a component of 200 bytes, with ");
    disc.refused(vec![(sl + 5, vec![0x20])], "SL: the host's name in a link");
    disc.refused(vec![(sl + 5, vec![0x40])], "SL: component flags 0x40");
    // An odd byte behind the last component is no component.
    assert_eq!(disc.ask(vec![(sl + 2, vec![disc.byte(sl + 2)])]).unwrap(), 5);
}

#[test]
fn names_that_lead_out_of_the_directory() {
    let disc = Disc::new();
    let nm = disc.entry(disc.record("/zz"), b"NM");
    for name in [&b"a/"[..], b"..", b"a\0"] {
        let text = format!("the rockridge name \"{}\"", name.escape_ascii());
        disc.refused(vec![(nm + 5, name.to_vec())], &text);
    }
}

#[test]
fn a_record_that_crosses_its_sector() {
    let disc = Disc::new();
    let zz = disc.record("/zz");
    let root = try_open(disc.bytes.clone(), "").unwrap().root().unwrap().0;
    // Records called `..` up to the sector's end, the last one longer than what is left of it.
    let filler = |length: u8| [&[length][..], &[0; 31], &[1, 1]].concat();
    let mut patches = Vec::new();
    let mut at = zz;
    while root + 2048 - at >= 255 {
        patches.push((at, filler(200)));
        at += 200;
    }
    patches.push((at, filler(255)));
    let longer = (root + 10, both(4096));
    patches.push(longer);
    disc.refused(patches, "a record of 255 bytes crosses the end of its sector or directory");
    let shorter = u32::try_from(zz - root).unwrap() + 10;
    disc.refused(vec![(root + 10, both(shorter))], "crosses the end of its sector or directory");
}

#[test]
fn directories_in_circles() {
    let disc = Disc::new();
    let fs = try_open(disc.bytes.clone(), "").unwrap();
    let root = u32::try_from(fs.root().unwrap().0 / 2048).unwrap();
    // The root is its own child.
    disc.refused(
        vec![(disc.record("/dir") + 2, both(root))],
        "\"dir\" is the directory itself or one that holds it",
    );
    // A file of a directory is the directory, and the root.
    let dir = disc.u32(disc.record("/dir") + 2);
    for block in [dir, root] {
        let patches =
            vec![(disc.record("/dir/file") + 2, both(block)), (disc.record("/dir/file") + 25, vec![2])];
        disc.refused(patches, "\"file\" is the directory itself or one that holds it");
    }
    // A relocated directory that is the root.
    let px = disc.entry(disc.record("/zz"), b"PX");
    let cl = [b"CL\x0c\x01".to_vec(), both(root), b"XX\x18\x01".to_vec()].concat();
    disc.refused(vec![(px, cl)], "\"zz\" is the directory itself or one that holds it");
    // One that is no directory.
    let cl = [b"CL\x0c\x01".to_vec(), both(data_block(&disc)), b"XX\x18\x01".to_vec()].concat();
    assert_eq!(disc.ask(vec![(px, cl)]).unwrap_err().kind(), ErrorKind::Corrupt);
}

#[test]
fn numbers_whose_halves_disagree() {
    let disc = Disc::new();
    let file = disc.record("/dir/file");
    // The big-endian half is not looked at, as in Linux.
    let volume = Patched::new(&disc.bytes, vec![(file + 6, vec![0xff; 4]), (file + 14, vec![0xff; 4])]);
    let fs = try_open(volume, "").unwrap();
    assert_eq!(fs.info().unwrap().remarks, [""; 0]);
    assert_eq!(read(&*fs, find(&*fs, "/dir/file")), noise(1, 2048));
    let place = format!("counts: directory record at 0x{file:x}");
    let text = format!("a number is stored twice and differently, its little-endian half {place}");
    assert_eq!(fs.info().unwrap().remarks, [text]);
    let volume = Patched::new(&disc.bytes, vec![(0x8000 + 84, vec![0xff])]);
    let remarks = try_open(volume, "").unwrap().info().unwrap().remarks;
    assert!(remarks[0].ends_with("counts: volume descriptor at 0x8000"), "{remarks:?}");
}

#[test]
fn an_image_that_is_cut_off() {
    let disc = Disc::new();
    let half = Arc::new(disc.bytes[..disc.bytes.len() - 2048].to_vec());
    let (whole, left) = (u64::from(disc.u32(0x8000 + 80)) * 2048, half.len());
    let remarks = try_open(half, "").unwrap().info().unwrap().remarks;
    assert_eq!(
        remarks,
        [format!("the image is shorter than its filesystem: {whole} bytes wanted, {left} there")]
    );
}

#[test]
fn files_in_several_sections() {
    let disc = Disc::new();
    let (file, second) = (disc.record("/dir/file"), disc.record("/dir/second"));
    let name = |record: u64| (record + 33, b"FILE.;1".to_vec());
    let same_name = vec![(file + 25, vec![0x80]), name(second), (second + 32, vec![disc.byte(file + 32)])];
    let plain_name =
        disc.bytes[usize::try_from(file).unwrap() + 33..][..usize::from(disc.byte(file + 32))].to_vec();
    let mut patches = same_name;
    patches[1] = (second + 33, plain_name);
    let fs = try_open(Patched::new(&disc.bytes, patches), "").unwrap();
    let node = find(&*fs, "/dir/file");
    assert_eq!(fs.metadata(node).unwrap().size, 5048);
    assert_eq!(read(&*fs, node), [noise(1, 2048), noise(2, 3000)].concat());
    let pieces: u64 = extents(&*fs, node, 0).unwrap().iter().map(|e| e.length).sum();
    assert_eq!((items(&*fs).len(), pieces), (4, 5048));
    // A file that goes on in another's record.
    disc.refused(vec![(file + 25, vec![0x80])], "a file that goes on in the next record, which is another's");
}

#[test]
fn what_is_unsupported_is_named() {
    let disc = Disc::new();
    let file = disc.record("/dir/file");
    let text = "unsupported: an interleaved file: units of 3 blocks, gaps of 2";
    disc.refused(vec![(file + 26, vec![3, 2])], text);
    let px = disc.entry(file, b"PX");
    disc.refused(vec![(px, b"SF".to_vec())], "SF: a file stored without its holes");
    disc.refused(
        vec![(px, b"ZF\x10\x01pz\x04\x12\0\0\0\x01\x01\0\0\0XX\x14\x01".to_vec())],
        "ZF: blocks of 2^18 bytes",
    );
    disc.refused(
        vec![(px, b"ZF\x10\x01pz\x04\x0f\0\0\0\x01\x01\0\0\0XX\x14\x01".to_vec())],
        "zisofs header: magic",
    );
    let high_sierra = vec![(0x8001, vec![0; 5]), (0x8009, b"CDROM".to_vec())];
    disc.refused(high_sierra, "unsupported: High Sierra, the format before ISO9660 (at 0x8000)");
}

#[test]
fn volume_descriptors_out_of_order() {
    let disc = Disc::new();
    let probe = |patches: Vec<Patch>| {
        let volume: Volume = Patched::new(&disc.bytes, patches);
        ISO9660.probe(&volume, &Limits::default()).unwrap()
    };
    assert!(matches!(probe(Vec::new()), Probe::Mine));
    assert!(matches!(probe(vec![(0x8001, vec![0; 5])]), Probe::NotMine));
    let Probe::MineButBroken(error) = probe(vec![(0x8080, vec![1, 2, 2, 1])]) else { panic!() };
    assert_eq!(error.to_string(), "corrupt: volume descriptor: logical blocks of 513 bytes (at 0x8080)");
    let none: Vec<Patch> = (16..19).map(|sector| (sector * 2048, vec![3])).collect();
    let Probe::MineButBroken(error) = probe(none) else { panic!() };
    assert!(error.to_string().contains("none of them describes a directory tree"), "{error}");
    for root in [both(0), both(u32::MAX)] {
        assert!(disc.ask(vec![(0x8000 + 158, root)]).is_err());
    }
    // Too short for a descriptor.
    let volume: Volume = Arc::new(vec![0; 0x8000]);
    assert!(matches!(ISO9660.probe(&volume, &Limits::default()).unwrap(), Probe::NotMine));
}

#[test]
fn any_number_as_a_node() {
    let disc = Disc::new();
    let end = u64::try_from(disc.bytes.len()).unwrap();
    for options in ["", "boot", "view=joliet", "view=plain"] {
        let fs = try_open(disc.bytes.clone(), options).unwrap();
        let everywhere = (0..end).step_by(7).chain([end - 1, end, end + 1, 1 << 63, (1 << 63) + 1, u64::MAX]);
        for node in everywhere.map(NodeId) {
            let _ = (fs.metadata(node), fs.read_link(node), fs.lookup(node, b"x"), extents(&*fs, node, 0));
            let _ = fs.read_at(node, 3, &mut [0; 10]);
            let _ = fs.read_dir(node, DirCursor(node.0), &mut |_| ControlFlow::Continue(()));
        }
        for node in [end, u64::MAX - 10].map(NodeId) {
            assert!(fs.metadata(node).is_err() && fs.lookup(node, b"x").is_err());
        }
    }
}
