//! Peak memory of all processes together, whatever the file's size.
// What makes a parser dangerous makes a test fail, which is what a test is for.
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use fsimage_tests::{Guest, Output, Stage};
use std::collections::BTreeMap;
use std::time::Duration;

/// The promise is 24 MiB. A debug build's programs are several times as large, and counted once a process.
const MOST_KIB: u64 = if cfg!(debug_assertions) { 48 } else { 24 } << 10;

#[test]
fn a_ramdisk_of_256_mib_takes_no_more_memory_than_a_small_one() {
    let stage = Stage::new();
    let small = peaks(&stage, &Guest::demo());
    let large = peaks(&stage, &Guest::large(256));
    let (small_sum, large_sum) = (small.iter().sum::<u64>(), large.iter().sum::<u64>());
    println!(
        "peak memory in KiB: small guest {small:?} = {small_sum}, 256 MiB ramdisk {large:?} = {large_sum}"
    );
    assert_eq!(large.len(), 3, "front end, warden, inmate: {large:?}");
    assert!(large_sum <= MOST_KIB, "{large_sum} KiB, at most {MOST_KIB}");
}

/// The peak of each process, the largest first. Each process's own count of its peak never falls, so what was seen last
/// is near the end's.
fn peaks(stage: &Stage, guest: &Guest) -> Vec<u64> {
    let output = Output::new();
    let mut running = stage
        .pygrub()
        .args(["-q", "--output-format=simple0"])
        .option("--output", output.file())
        .option("--output-directory", output.directory())
        .arg(&guest.image)
        .spawn();
    let mut peaks: BTreeMap<i32, u64> = BTreeMap::new();
    while !running.wait(Duration::from_micros(200)) {
        for process in stage.processes() {
            if let Some(peak) = process.peak_kib() {
                peaks.insert(process.pid, peak);
            }
        }
    }
    running.finish().assert_success();
    let mut peaks: Vec<u64> = peaks.into_values().collect();
    peaks.sort_unstable_by(|a, b| b.cmp(a));
    peaks
}
