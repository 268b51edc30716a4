//! What is no table, and tables that lie.
// Helpers of a test fail the test: clippy's allow-*-in-tests only covers the test functions themselves.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

mod common;

use common::{Entry, SparseDisk, boot_sector, disk, with_fat_parameters};
use fsimage_sdk::{ErrorKind, Volume};
use partitions::{Scheme, Table, read_table};
use std::sync::Arc;

const SECTORS: u64 = 32768;
const LINUX: Entry = (0x80, 0x83, 2048, 4096);
const SWAP: Entry = (0, 0x82, 8192, 2048);

fn read(sector: [u8; 512]) -> Table {
    read_table(&disk(sector, SECTORS, 512)).unwrap()
}

fn addresses(table: &Table) -> Vec<&str> {
    table.partitions.iter().map(|p| p.address.as_str()).collect()
}

fn assert_whole(table: &Table, remarks: &[&str]) {
    assert_eq!(table.scheme, Scheme::WholeDisk);
    assert_eq!(table.remarks, remarks);
    let [only] = &table.partitions[..] else { panic!("{table:?}") };
    assert_eq!((only.address.as_str(), only.start, only.type_code), ("0", 0, None));
    assert_eq!(only.grub_names, ["hd0"]);
}

#[test]
fn disks_without_a_table_are_one_volume() {
    let mut unsigned = boot_sector(&[LINUX]);
    unsigned[0x1fe] = 0;
    assert_whole(&read(unsigned), &[]);
    assert_whole(&read(boot_sector(&[])), &[]);
    assert_whole(&read([0; 512]), &[]);
}

#[test]
fn empty_and_short_disks_are_one_volume() {
    for size in [0, 1, 511] {
        let volume: Volume = Arc::new(vec![0x55; size]);
        let table = read_table(&volume).unwrap();
        assert_whole(&table, &[]);
        assert_eq!(table.partitions[0].size, volume.size());
    }
}

#[test]
fn one_odd_boot_flag_spoils_the_table() {
    for slot in 0..4 {
        let mut sector = boot_sector(&[LINUX, SWAP]);
        sector[0x1be + 16 * slot] = 0x42;
        let remark = format!("not a partition table: entry {} has the boot flag 0x42", slot + 1);
        assert_whole(&read(sector), &[&remark]);
    }
}

#[test]
fn a_table_past_the_end_is_dropped_or_cut() {
    let last = u32::try_from(SECTORS).unwrap() - 1;
    let table =
        read(boot_sector(&[(0, 0x83, last, 1000), (0, 0x83, last + 1, 1), (0x80, 0x83, u32::MAX, u32::MAX)]));
    assert_eq!(addresses(&table), ["1"]);
    assert_eq!((table.partitions[0].start, table.partitions[0].size), (u64::from(last) * 512, 512));
    assert_eq!(
        table.remarks,
        [
            "partition 1 reaches past the end of the disk: cut there",
            "partition 2 begins past the end of the disk: left out",
            "partition 3 begins past the end of the disk: left out",
        ]
    );
}

#[test]
fn nothing_usable_is_one_volume() {
    let table = read(boot_sector(&[(0, 0x83, 0x10_0000, 1), (0, 0x83, 1, 0), (0, 0, 2048, 2048)]));
    assert_whole(
        &table,
        &["partition 1 begins past the end of the disk: left out", "partition 2 is empty: left out"],
    );
}

#[test]
fn extended_and_protective_entries_are_remarked() {
    let table = read(boot_sector(&[LINUX, (0, 0x05, 8192, 1024), (0, 0x0f, 9216, 1024), (0, 0x85, 1, 1)]));
    assert_eq!(addresses(&table), ["1"]);
    let remark = |n| format!("the logical partitions of partition {n} end early: a record has no signature");
    assert_eq!(table.remarks, [remark(2), remark(3), remark(4)]);
    assert_whole(
        &read(boot_sector(&[(0, 0xee, 1, u32::MAX)])),
        &["the MBR protects a GPT, and there is none that is sound"],
    );
}

#[test]
fn overlaps_are_remarked_and_kept() {
    let table = read(boot_sector(&[
        (0, 0x83, 2048, 8192),
        (0, 0x83, 4096, 16),
        (0, 0x83, 8192, 2048),
        (0, 0x83, 10240, 1),
    ]));
    assert_eq!(addresses(&table), ["1", "2", "3", "4"]);
    assert_eq!(table.remarks, ["partitions 1 and 2 overlap", "partitions 1 and 3 overlap"]);
}

#[test]
fn a_partition_at_sector_0_is_the_whole_disk() {
    let remark = "partition 1 begins at sector 0: taken for the whole disk";
    assert_whole(&read(boot_sector(&[(0x80, 0x17, 0, 30000)])), &[remark]);
    // A hybrid ISO: its own entry, and one for its EFI image.
    let hybrid = read(boot_sector(&[(0x80, 0x17, 0, 30000), (0, 0xef, 200, 100)]));
    assert_eq!((hybrid.scheme, addresses(&hybrid)), (Scheme::Mbr, vec!["0", "2"]));
}

#[test]
fn a_fat_boot_record_is_one_volume() {
    assert_whole(&read(with_fat_parameters(boot_sector(&[]))), &[]);
    // Boot code and messages where the entries would be: what DOS and Windows write.
    let mut text = with_fat_parameters(boot_sector(&[]));
    text[0x1be..0x1fe].fill(b'A');
    let table = read(text);
    assert_eq!((table.scheme, table.remarks.len()), (Scheme::WholeDisk, 2));
    // An entry that does not hold water is not believed beside a boot record.
    let table = read(with_fat_parameters(boot_sector(&[LINUX, (0, 0x83, 0x10_0000, 1)])));
    assert_eq!((table.scheme, addresses(&table)), (Scheme::WholeDisk, vec!["0"]));
}

#[test]
fn a_sound_table_in_a_stale_fat_boot_record_counts() {
    let table = read(with_fat_parameters(boot_sector(&[SWAP, LINUX])));
    assert_eq!((table.scheme, addresses(&table)), (Scheme::Mbr, vec!["2", "1"]));
    assert_eq!(table.remarks, ["the sector is a partition table and a FAT boot record"]);
}

#[test]
fn two_active_partitions_keep_the_tables_order() {
    let table = read(boot_sector(&[SWAP, (0x80, 0x83, 12000, 10), LINUX]));
    assert_eq!(addresses(&table), ["2", "3", "1"]);
}

#[test]
fn sectors_of_4096_bytes() {
    let table = read_table(&disk(boot_sector(&[(0x80, 0x83, 256, 1024)]), SECTORS, 4096)).unwrap();
    assert_eq!((table.partitions[0].start, table.partitions[0].size), (1 << 20, 4 << 20));
}

#[test]
fn the_largest_numbers_do_not_overflow() {
    let first = boot_sector(&[(0, 0x83, u32::MAX, u32::MAX)]);
    let volume: Volume =
        Arc::new(SparseDisk { pieces: vec![(0, first.to_vec())], size: u64::MAX, sector_size: 65536 });
    let table = read_table(&volume).unwrap();
    assert_eq!(table.partitions[0].start, u64::from(u32::MAX) * 65536);
    assert_eq!(table.remarks, [""; 0]);
}

#[test]
fn a_failing_read_is_the_hosts_error() {
    struct Broken;
    impl fsimage_sdk::ReadAt for Broken {
        fn size(&self) -> u64 {
            1 << 20
        }
        fn sector_size(&self) -> u32 {
            512
        }
        fn read_exact_at(&self, offset: u64, _buffer: &mut [u8]) -> fsimage_sdk::Result<()> {
            Err(fsimage_sdk::Error::new(ErrorKind::Io, "broken").at(offset))
        }
    }
    let volume: Volume = Arc::new(Broken);
    assert_eq!(read_table(&volume).unwrap_err().kind(), ErrorKind::Io);
}
