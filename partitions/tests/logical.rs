//! Chains of extended boot records: good ones, and each way in which they lie.
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

use common::{Entry, boot_sector, pieces};
use partitions::{Table, read_table};

/// An extended partition of 100,000 sectors at 1000, and the records inside it: (link, entries).
fn chain(records: &[(u64, &[Entry])]) -> Table {
    let mut written = vec![(0, boot_sector(&[(0, 0x83, 100, 10), (0, 0x05, 1000, 100_000)]).to_vec())];
    written
        .extend(records.iter().map(|(link, entries)| ((1000 + link) * 512, boot_sector(entries).to_vec())));
    read_table(&pieces(written, 200_000 * 512, 512)).unwrap()
}

fn rows(table: &Table) -> Vec<(&str, u64, u64)> {
    table.partitions.iter().map(|p| (p.address.as_str(), p.start / 512, p.size / 512)).collect()
}

fn early(why: &str) -> String {
    format!("the logical partitions of partition 2 end early: {why}")
}

#[test]
fn links_count_from_the_extended_partition_and_partitions_from_their_record() {
    let table = chain(&[
        (0, &[(0, 0x83, 63, 500), (0, 0x05, 600, 1000)]),
        (600, &[(0x80, 0x82, 63, 700), (0, 0x05, 5000, 100)]),
        (5000, &[(0, 0x83, 1, 9)]),
    ]);
    assert_eq!(rows(&table), [("6", 1663, 700), ("1", 100, 10), ("5", 1063, 500), ("7", 6001, 9)]);
    assert_eq!(table.remarks, [""; 0]);
    let logical = &table.partitions[0];
    assert_eq!(logical.grub_names, ["hd0,msdos6", "hd0,6"]);
    assert_eq!(logical.legacy_grub_name.as_deref(), Some("hd0,5"));
    assert_eq!(logical.linux_name.as_deref(), Some("sda6"));
}

#[test]
fn a_record_without_a_partition_passes_the_number_on() {
    let table = chain(&[(0, &[(0, 0, 0, 0), (0, 0x05, 600, 1000)]), (600, &[(0, 0x83, 63, 700)])]);
    assert_eq!(rows(&table), [("1", 100, 10), ("5", 1663, 700)]);
}

#[test]
fn the_link_may_stand_first() {
    let table = chain(&[(0, &[(0, 0x05, 600, 1000), (0, 0x83, 63, 500)]), (600, &[(0, 0x83, 63, 700)])]);
    assert_eq!(rows(&table), [("1", 100, 10), ("5", 1063, 500), ("6", 1663, 700)]);
}

#[test]
fn rubbish_in_the_last_two_entries_is_passed_over() {
    let table =
        chain(&[(0, &[(0, 0x83, 63, 500), (0, 0, 0, 0), (0x42, 0x99, 1, u32::MAX), (0, 0x83, 700, 10)])]);
    assert_eq!(rows(&table), [("1", 100, 10), ("5", 1063, 500), ("6", 1700, 10)]);
}

#[test]
fn cycles_end_the_chain_and_keep_what_was_read() {
    for back in [0, 600] {
        let table = chain(&[
            (0, &[(0, 0x83, 63, 500), (0, 0x05, 600, 1000)]),
            (600, &[(0, 0x83, 63, 700), (0, 0x05, back, 1000)]),
        ]);
        assert_eq!(rows(&table), [("1", 100, 10), ("5", 1063, 500), ("6", 1663, 700)]);
        assert_eq!(table.remarks, [early("the chain is a cycle")]);
    }
}

#[test]
fn overlaps_end_the_chain_and_keep_what_was_read() {
    let table = chain(&[(0, &[(0, 0x83, 63, 5000), (0, 0x05, 600, 1000)]), (600, &[(0, 0x83, 63, 700)])]);
    assert_eq!(rows(&table), [("1", 100, 10), ("5", 1063, 5000)]);
    assert_eq!(table.remarks, [early("a logical partition overlaps another")]);
    let table = chain(&[(0, &[(0, 0x83, 0, 5000)])]);
    assert_eq!(table.remarks, [early("a logical partition begins on its own record")]);
}

#[test]
fn links_out_of_the_partition_and_out_of_the_disk() {
    let table = chain(&[(0, &[(0, 0x83, 63, 500), (0, 0x05, 100_000, 1000)])]);
    assert_eq!(rows(&table), [("1", 100, 10), ("5", 1063, 500)]);
    assert_eq!(table.remarks, [early("a link leaves the extended partition")]);
    let past = boot_sector(&[(0, 0x83, 100, 10), (0, 0x05, 300_000, 100_000)]);
    let table = read_table(&common::disk(past, 200_000, 512)).unwrap();
    assert_eq!(table.remarks, [early("a record lies past the end of the disk")]);
}

#[test]
fn a_record_without_a_signature() {
    let table = chain(&[(0, &[(0, 0x83, 63, 500), (0, 0x05, 600, 1000)])]);
    assert_eq!(rows(&table), [("1", 100, 10), ("5", 1063, 500)]);
    assert_eq!(table.remarks, [early("a record has no signature")]);
}

#[test]
fn a_partition_that_leaves_the_extended_one_is_told() {
    let table = chain(&[(0, &[(0, 0x83, 63, 150_000)])]);
    assert_eq!(rows(&table), [("1", 100, 10), ("5", 1063, 150_000)]);
    assert_eq!(table.remarks, ["partition 5 leaves the extended partition"]);
}

#[test]
fn at_most_128_records() {
    let records: Vec<(u64, [Entry; 2])> =
        (0..200_u32).map(|n| (u64::from(n) * 10, [(0, 0x83, 1, 9), (0, 0x05, (n + 1) * 10, 10)])).collect();
    let records: Vec<(u64, &[Entry])> = records.iter().map(|(link, e)| (*link, &e[..])).collect();
    let table = chain(&records);
    assert_eq!(table.partitions.len(), 1 + 128);
    assert_eq!(table.partitions[128].address, "132");
    assert_eq!(table.remarks, [early("there are more than 128 records")]);
}

#[test]
fn the_disk_signature_makes_unique_ids() {
    let mut first = boot_sector(&[(0, 0x83, 100, 10), (0, 0x05, 1000, 100_000)]);
    common::put(&mut first, 0x1b8, &0x1234_abcd_u32.to_le_bytes());
    let record = boot_sector(&[(0, 0x83, 63, 500)]).to_vec();
    let disk = pieces(vec![(0, first.to_vec()), (512_000, record)], 200_000 * 512, 512);
    let table = read_table(&disk).unwrap();
    let ids: Vec<_> = table.partitions.iter().map(|p| p.uuid.as_deref().unwrap()).collect();
    assert_eq!(ids, ["1234abcd-01", "1234abcd-05"]);
}
