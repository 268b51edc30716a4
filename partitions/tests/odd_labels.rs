//! Labels that no tool at hand writes, and labels that lie.
// Helpers of a test fail the test: clippy's allow-*-in-tests only covers the test functions themselves.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]

mod common;

use common::*;
use fsimage_sdk::ReadAt;
use partitions::{MAX_VOLUMES, Scheme, Table, read_table};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const SECTORS: u64 = 131_072;

fn read(written: Vec<(u64, Vec<u8>)>) -> Table {
    read_table(&pieces(written, SECTORS * 512, 512)).unwrap()
}

fn protective() -> Vec<u8> {
    boot_sector(&[(0, 0xee, 1, u32::MAX)]).to_vec()
}

fn rows(table: &Table) -> Vec<(&str, u64, u64)> {
    table.partitions.iter().map(|p| (p.address.as_str(), p.start / 512, p.size / 512)).collect()
}

fn whole(table: &Table, remarks: &[&str]) {
    assert_eq!((table.scheme, rows(table)), (Scheme::WholeDisk, vec![("0", 0, SECTORS)]));
    assert_eq!(table.remarks, remarks);
}

/// A disk with a primary GPT alone.
fn gpt_disk(header: impl FnOnce(&mut Vec<u8>), entry_size: u32, entries: Vec<u8>) -> Table {
    let mut sector = gpt_header(1, SECTORS - 1, 2, entry_size, &entries, SECTORS - 40);
    header(&mut sector);
    read(vec![(0, protective()), (512, sector), (1024, entries)])
}

#[test]
fn gpt_entries_of_256_bytes_at_a_far_lba() {
    let entries =
        [gpt_entry(256, LINUX_FILESYSTEM, 64, 163, "one \u{1f427}"), gpt_entry(256, [9; 16], 200, 209, "")]
            .concat();
    let header = gpt_header(1, SECTORS - 1, 1000, 256, &entries, SECTORS - 40);
    let table = read(vec![(0, protective()), (512, header), (1000 * 512, entries)]);
    assert_eq!((table.scheme, rows(&table)), (Scheme::Gpt, vec![("1", 64, 100), ("2", 200, 10)]));
    assert_eq!(table.partitions[0].name.as_deref(), Some("one \u{1f427}"));
    assert_eq!(
        (table.partitions[1].name.as_deref(), table.partitions[1].type_name.as_str()),
        (None, "unknown")
    );
    assert_eq!(table.remarks, [""; 0]);
}

#[test]
fn gpt_headers_that_lie() {
    let entry = gpt_entry(128, LINUX_FILESYSTEM, 64, 163, "");
    let refused = |change: &dyn Fn(&mut Vec<u8>), why: &str| {
        let table = gpt_disk(
            |header| {
                change(header);
                put(header, 0x10, &[0; 4]);
                let crc = crc32(&header[..92]);
                put(header, 0x10, &crc.to_le_bytes());
            },
            128,
            entry.clone(),
        );
        whole(
            &table,
            &[
                &format!("the primary GPT header is broken: {why}"),
                "the MBR protects a GPT, and there is none that is sound",
            ],
        );
    };
    let size = "its entries' size is not 128 times a power of two, or above 4096";
    for wrong in [0_u32, 64, 129, 384, 8192, u32::MAX] {
        refused(&|header| put(header, 0x54, &wrong.to_le_bytes()), size);
    }
    for wrong in [0_u32, 4097, u32::MAX] {
        refused(&|header| put(header, 0x50, &wrong.to_le_bytes()), "it has no entry, or more than 4096");
    }
    let large = |header: &mut Vec<u8>| {
        put(header, 0x50, &4096_u32.to_le_bytes());
        put(header, 0x54, &512_u32.to_le_bytes());
    };
    refused(&large, "its table is larger than 1 MiB");
    refused(&|header| put(header, 0x18, &2_u64.to_le_bytes()), "it says that it lies elsewhere");
    refused(&|header| put(header, 0x28, &u64::MAX.to_le_bytes()), "its usable blocks end before they begin");
    refused(&|header| put(header, 0x48, &u64::MAX.to_le_bytes()), "its table lies past the end");
    refused(&|header| put(header, 0x48, &SECTORS.to_le_bytes()), "its table lies past the end");
    refused(&|header| put(header, 0x58, &[1; 4]), "its table's checksum is wrong");
    for wrong in [0_u32, 91, 513, u32::MAX] {
        refused(&|header| put(header, 0x0c, &wrong.to_le_bytes()), "its size is impossible");
    }
}

#[test]
fn gpt_partitions_that_lie() {
    let entry = |first, last| gpt_entry(128, LINUX_FILESYSTEM, first, last, "");
    let entries = [
        entry(64, 63),
        entry(SECTORS, SECTORS),
        entry(SECTORS - 50, SECTORS + 10),
        entry(0, u64::MAX),
        entry(u64::MAX, u64::MAX),
    ];
    let table = gpt_disk(|_| {}, 128, entries.concat());
    assert_eq!(rows(&table), [("3", SECTORS - 50, 50)]);
    assert_eq!(table.remarks[0], "partition 1 ends before it begins: left out");
    assert!(table.remarks.contains(&"partition 3 reaches past the end of the disk: cut there".to_owned()));
}

#[test]
fn a_gpt_without_an_mbr_counts_by_its_primary_alone() {
    let entries = gpt_entry(128, LINUX_FILESYSTEM, 64, 163, "");
    let header = gpt_header(1, SECTORS - 1, 2, 128, &entries, SECTORS - 40);
    let table = read(vec![(512, header), (1024, entries.clone())]);
    assert_eq!((table.scheme, rows(&table)), (Scheme::Gpt, vec![("1", 64, 100)]));
    assert_eq!(table.remarks, ["there is a GPT, but no MBR that protects it"]);
    // What mkfs on a disk that once was partitioned leaves behind.
    let old = gpt_header(SECTORS - 1, 1, SECTORS - 2, 128, &entries, SECTORS - 40);
    whole(&read(vec![((SECTORS - 1) * 512, old), ((SECTORS - 2) * 512, entries)]), &[]);
}

#[test]
fn more_partitions_than_are_listed() {
    let entries: Vec<u8> =
        (0..600).flat_map(|n| gpt_entry(128, LINUX_FILESYSTEM, 200 + n * 2, 201 + n * 2, "")).collect();
    let table = gpt_disk(|_| {}, 128, entries);
    assert_eq!(table.partitions.len(), MAX_VOLUMES);
    assert_eq!(table.remarks, ["the GPT has more than 256 partitions: the rest is left out"]);
}

#[test]
fn solaris_on_a_bare_disk_with_a_wrong_checksum() {
    let mut label = vtoc(&[(2, 0, 63, 1000), (5, 1, 0, 131_072)]);
    let table = read(vec![(512, label.clone())]);
    assert_eq!((table.scheme, rows(&table)), (Scheme::Vtoc, vec![("s0", 63, 1000), ("s1", 0, SECTORS)]));
    assert_eq!(table.partitions[0].flags, Some(0));
    label[0x1ff] ^= 1;
    let table = read(vec![(512, label)]);
    assert_eq!(
        (rows(&table)[0], &table.remarks[..]),
        (("s0", 63, 1000), &["the Solaris VTOC's checksum is wrong".to_owned()][..])
    );
}

#[test]
fn type_82_without_a_label_is_linux_swap_and_bf_is_remarked() {
    let table = read(vec![(0, boot_sector(&[(0, 0x82, 100, 1000), (0, 0xbf, 2000, 1000)]).to_vec())]);
    assert_eq!(rows(&table), [("1", 100, 1000), ("2", 2000, 1000)]);
    assert_eq!(table.remarks, ["partition 2 has no label that divides it, against its type"]);
}

#[test]
fn a_sun_label_without_tags_and_one_with_a_wrong_checksum() {
    let mut label = sun_label(&[(0, 0, 1, 2016), (0, 0, 3, 1008), (0, 0, 0, 4032)], false);
    let table = read(vec![(0, label.clone())]);
    assert_eq!(
        (table.scheme, rows(&table)),
        (Scheme::Sun, vec![("s0", 1008, 2016), ("s1", 3024, 1008), ("s2", 0, 4032)])
    );
    assert_eq!(table.partitions[2].tag, Some(5));
    label[0] ^= 1;
    whole(&read(vec![(0, label)]), &[]);
}

#[test]
fn openbsds_48_bits_and_its_absolute_offsets() {
    let slices = [(7, 2064, 50_000), (1, 60_000, 1 << 40), (0, 0, SECTORS), (17, 100, 900), (8, 1 << 33, 5)];
    let label = bsd_label(&slices, true);
    let mbr = boot_sector(&[(0, 0x83, 100, 900), (0x80, 0xa6, 2048, 100_000)]).to_vec();
    let table = read(vec![(0, mbr), (2049 * 512, label)]);
    // Slice d is partition 1 once more; b is cut at the disk's end.
    assert_eq!(rows(&table), [("2a", 2064, 50_000), ("2b", 60_000, SECTORS - 60_000), ("1", 100, 900)]);
    assert_eq!(table.partitions[0].grub_names, ["hd0,openbsd1"]);
    assert_eq!(
        table.remarks,
        [
            "partition 2b reaches past the end of the disk: cut there",
            "partition 2e begins past the end of the disk: left out"
        ]
    );
}

#[test]
fn freebsds_offsets_relative_and_absolute() {
    for origin in [0, 2048] {
        let label =
            bsd_label(&[(7, origin + 16, 5000), (1, origin + 6000, 100), (0, origin, 100_000)], false);
        let mbr = boot_sector(&[(0x80, 0xa5, 2048, 100_000)]).to_vec();
        let table = read(vec![(0, mbr), (2049 * 512, label)]);
        assert_eq!(rows(&table), [("1a", 2064, 5000), ("1b", 8048, 100)]);
        assert_eq!(table.partitions[0].grub_names, ["hd0,msdos1,bsd1", "hd0,1,1"]);
        assert_eq!(table.remarks, [""; 0]);
    }
}

#[test]
fn netbsds_22_slices_at_offset_64_and_23_are_too_many() {
    let slices: Vec<_> = (0..22).map(|n| (7, 3000 + n * 10, 10)).collect();
    let mbr = boot_sector(&[(0, 0xa9, 2048, 100_000)]).to_vec();
    let table = read(vec![(0, mbr.clone()), (2048 * 512 + 64, bsd_label(&slices, false))]);
    assert_eq!(table.partitions.len(), 22);
    assert_eq!(rows(&table)[21], ("1v", 3210, 10));
    let mut label = bsd_label(&slices, false);
    label[0x8a] = 23;
    let table = read(vec![(0, mbr), (2049 * 512, label)]);
    assert_eq!(table.remarks[0], "a BSD label is broken: it has more than 22 slices");
}

#[test]
fn freebsd_alone_on_a_disk() {
    // Its MBR is its boot block, with an entry that begins at sector 0 and has 50,000 sectors.
    let mut mbr = boot_sector(&[]).to_vec();
    put(&mut mbr, 0x1ee, &boot_sector(&[(0x80, 0xa5, 0, 50_000)])[0x1be..0x1ce]);
    let label = bsd_label(&[(7, 16, 5000), (1, 6000, 100), (0, 0, SECTORS)], false);
    let table = read(vec![(0, mbr), (512, label)]);
    assert_eq!((table.scheme, rows(&table)), (Scheme::Bsd, vec![("a", 16, 5000), ("b", 6000, 100)]));
}

#[test]
fn apple_maps_of_2048_byte_blocks_and_maps_that_lie() {
    let map = apple_map(2048, &[("Apple_HFS", "root", 64, 100), ("Apple_Free", "", 200, 10)]);
    let table = read(vec![(0, map.clone())]);
    assert_eq!((table.scheme, rows(&table)), (Scheme::Apm, vec![("2", 256, 400)]));
    assert_eq!(table.partitions[0].name.as_deref(), Some("root"));
    let mut endless = map;
    put(&mut endless, 2048 + 4, &u32::MAX.to_be_bytes());
    assert_eq!(
        read(vec![(0, endless)]).remarks,
        [
            "the Apple map has more than 64 entries: the rest is left out",
            "the Apple map's entry 4 has no signature: the rest is left out"
        ]
    );
}

#[test]
fn disks_in_partitions_to_a_depth_of_four() {
    // Each disk has one partition at its sector 10, which is a disk again.
    let written =
        (0..6).map(|depth| (depth * 5120, boot_sector(&[(0, 0x83, 10, 1000 - 10 * depth as u32)]).to_vec()));
    let table = read(written.collect());
    let expected = ["1", "1p1", "1p1p1", "1p1p1p1"];
    assert_eq!(table.partitions.iter().map(|p| p.address.as_str()).collect::<Vec<_>>(), expected);
    assert_eq!(table.partitions[1].grub_names, ["hd0,msdos1,msdos1", "hd0,1,1"]);
    assert_eq!(table.remarks, [""; 0]);
}

#[test]
fn a_boot_sector_in_a_partition_is_no_disk() {
    for inner in [
        boot_sector(&[]),
        with_fat_parameters(boot_sector(&[])),
        boot_sector(&[(0x80, 0x83, 0, 1000)]),
        boot_sector(&[(0x42, 0x83, 10, 20)]),
        boot_sector(&[(0x80, 0x83, 10, 200_000)]),
    ] {
        let table = read(vec![(0, boot_sector(&[(0, 0x83, 100, 1000)]).to_vec()), (51_200, inner.to_vec())]);
        assert_eq!((rows(&table), &table.remarks[..]), (vec![("1", 100, 1000)], &[][..]));
    }
}

/// A disk that counts its reads and their bytes.
struct Counting(SparseDisk, AtomicUsize, AtomicUsize);

impl ReadAt for Counting {
    fn size(&self) -> u64 {
        self.0.size
    }

    fn sector_size(&self) -> u32 {
        512
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> fsimage_sdk::Result<()> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.2.fetch_add(buffer.len(), Ordering::Relaxed);
        self.0.read_exact_at(offset, buffer)
    }
}

#[test]
fn reads_and_bytes_have_a_limit() {
    // 250 partitions that are all the same disk, which has a chain of 120 empty records.
    let mut entries: Vec<u8> = (0..250).flat_map(|_| gpt_entry(256, [5; 16], 200, 90_000, "")).collect();
    entries.resize(1 << 20, 0);
    let header = gpt_header(1, SECTORS - 1, 100_000, 256, &entries, SECTORS - 40);
    let chain = (0..120_u32).map(|n| {
        let more = if n < 119 { 10 } else { 0 };
        let record = boot_sector(&[(0, 0, 0, 0), (0, 0x05, (n + 1) * 10, more)]);
        ((200 + 10 + u64::from(n) * 10) * 512, record.to_vec())
    });
    let mut written = vec![(0, protective()), (512, header), (100_000 * 512, entries)];
    written.push((200 * 512, boot_sector(&[(0, 0x05, 10, 80_000)]).to_vec()));
    written.extend(chain);
    let disk = SparseDisk { pieces: written, size: SECTORS * 512, sector_size: 512 };
    let disk = Arc::new(Counting(disk, AtomicUsize::new(0), AtomicUsize::new(0)));
    let table = read_table(&(disk.clone() as fsimage_sdk::Volume)).unwrap();
    assert_eq!((table.scheme, table.partitions.len()), (Scheme::Gpt, 250));
    assert_eq!(table.remarks.len(), 65);
    assert!((4000..=4097).contains(&disk.1.load(Ordering::Relaxed)), "{:?} reads", disk.1);
    assert!(disk.2.load(Ordering::Relaxed) <= (16 << 20) + 512, "{:?} bytes", disk.2);
}
