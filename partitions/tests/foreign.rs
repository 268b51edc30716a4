//! Disks that others' tools made: tests/data/README.md has their origin.
// Helpers of a test fail the test: clippy's allow-*-in-tests only covers the test functions themselves.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

mod common;

use partitions::{Partition, Table, read_table};
use std::process::Command;

/// The table of a disk of this size that begins as this file does.
fn read(file: &str, size: u64) -> Table {
    let path = format!("{}/tests/data/{file}", env!("CARGO_MANIFEST_DIR"));
    let output = Command::new("zstd")
        .args(["-dc", &path])
        .output()
        .expect("zstd does not run: install Debian's package zstd");
    assert!(output.status.success());
    read_table(&common::pieces(vec![(0, output.stdout)], size, 512)).unwrap()
}

fn rows(table: &Table) -> Vec<(&str, u64, u64, &str)> {
    table.partitions.iter().map(row).collect()
}

fn row(p: &Partition) -> (&str, u64, u64, &str) {
    (&p.address, p.start / 512, p.size / 512, &p.type_name)
}

#[test]
fn a_solaris_label_in_what_linux_takes_for_swap() {
    let table = read("vtoc-82-ufs-sun.head.zst", 74_027_520);
    let expected = [
        ("1s0", 16065 + 16065, 56736, "SunOS root"),
        ("1s2", 16065, 112_455, "Whole disk"),
        ("1s8", 16065, 16065, "Boot"),
    ];
    assert_eq!((rows(&table), table.remarks.len()), (expected.to_vec(), 0));
    assert_eq!(table.partitions[0].grub_names, ["hd0,msdos1,sunpc1", "hd0,1,1"]);
}

#[test]
fn a_pool_as_zfs_on_linux_lays_it_out() {
    let table = read("gpt-zol-lz4.head.zst", 111_149_056);
    let expected =
        [("1", 2048, 196_608, "Solaris /usr & Apple ZFS"), ("9", 198_656, 16384, "Solaris reserved 1")];
    assert_eq!((rows(&table), table.remarks.len()), (expected.to_vec(), 0));
    assert_eq!(table.partitions[0].name.as_deref(), Some("zfs-lab"));
}
