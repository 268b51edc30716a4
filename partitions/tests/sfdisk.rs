//! Tables written by sfdisk, and read by it too: every primary's start, size, type and flag are the same.
// Helpers of a test fail the test: clippy's allow-*-in-tests only covers the test functions themselves.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

use fsimage_sdk::{Region, Volume};
use partitions::{Partition, Scheme, read_table};
use serde_json::Value;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

const MISSING: &str = "sfdisk does not run: install Debian's package fdisk";

/// Start, size, type and flag in the order of the table.
type Row = (String, u64, u64, u8, bool);

fn make(image: &Path, mebibytes: u64, script: &str) {
    std::fs::File::create(image).unwrap().set_len(mebibytes << 20).unwrap();
    let mut child = Command::new("sfdisk")
        .arg("--quiet")
        .arg(image)
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect(MISSING);
    child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success(), "sfdisk refused {script:?}");
}

fn as_sfdisk_reads_it(image: &Path) -> Vec<Row> {
    let output = Command::new("sfdisk").arg("--json").arg(image).output().expect(MISSING);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let table = &json["partitiontable"];
    let sector = table["sectorsize"].as_u64().unwrap();
    let prefix = image.to_str().unwrap();
    table["partitions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| {
            (
                p["node"].as_str().unwrap().strip_prefix(prefix).unwrap().to_owned(),
                p["start"].as_u64().unwrap() * sector,
                p["size"].as_u64().unwrap() * sector,
                u8::from_str_radix(p["type"].as_str().unwrap(), 16).unwrap(),
                p["bootable"].as_bool().unwrap_or(false),
            )
        })
        .collect()
}

fn row(p: &Partition) -> Row {
    (p.address.clone(), p.start, p.size, p.type_code.unwrap(), p.active)
}

/// Both readings of the table that sfdisk makes of `script`; ours in the table's order.
fn both(mebibytes: u64, script: &str) -> (Vec<Row>, Vec<Row>, Vec<Partition>) {
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join("disk.img");
    make(&image, mebibytes, script);
    let disk: Volume = Arc::new(std::fs::read(&image).unwrap());
    let table = read_table(&disk).unwrap();
    assert_eq!(table.scheme, Scheme::Mbr);
    for p in &table.partitions {
        Region::new(Arc::clone(&disk), p.start, p.size).unwrap();
    }
    let mut ours: Vec<Row> = table.partitions.iter().map(row).collect();
    ours.sort();
    (as_sfdisk_reads_it(&image), ours, table.partitions)
}

#[test]
fn one_active_linux_partition() {
    let (theirs, ours, partitions) = both(16, "label: dos\nstart=2048, type=83, bootable\n");
    assert_eq!(ours, theirs);
    let [only] = &partitions[..] else { panic!("{partitions:?}") };
    assert_eq!((only.start, only.type_name.as_str()), (1 << 20, "Linux"));
    assert_eq!(only.grub_names, ["hd0,msdos1", "hd0,1"]);
}

#[test]
fn four_primaries_the_active_third_first() {
    let script = "label: dos\nsize=2M, type=82\nsize=3M, type=7\nsize=1M, type=83, bootable\ntype=8e\n";
    let (theirs, ours, partitions) = both(16, script);
    assert_eq!(ours, theirs);
    let order: Vec<&str> = partitions.iter().map(|p| p.address.as_str()).collect();
    assert_eq!(order, ["3", "1", "2", "4"]);
}

#[test]
fn slots_out_of_disk_order_with_a_gap() {
    let script =
        "label: dos\nd1 : start=20480, size=2048, type=83\nd3 : start=2048, size=4096, type=c, bootable\n";
    let (theirs, ours, partitions) = both(16, script);
    assert_eq!(ours, theirs);
    assert_eq!(partitions[0].address, "3");
}

#[test]
fn primaries_beside_an_extended_partition() {
    let script = "label: dos\nd1 : size=2M, type=83\nd2 : size=8M, type=5\nd3 : size=1M, type=82\nd5 : size=1M, type=83\n";
    let (theirs, ours, _) = both(16, script);
    // sfdisk lists the container (2), which holds no filesystem and is no volume here.
    let listed: Vec<&str> = theirs.iter().map(|r| r.0.as_str()).collect();
    assert_eq!(listed, ["1", "2", "3", "5"]);
    let volumes: Vec<Row> = theirs.into_iter().filter(|r| r.0 != "2").collect();
    assert_eq!(ours, volumes);
}
