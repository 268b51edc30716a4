//! Peak memory of all processes together, whatever the file's size.
// What makes a parser dangerous makes a test fail, which is what a test is for.
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use fsimage_tests::{Guest, Output, Stage};
use std::collections::BTreeMap;
use std::time::Duration;

/// The promise, kept by debug builds too.
const MOST_KIB: u64 = 24 << 10;
/// Front end, warden, inmate.
const PROCESSES: u64 = 3;

#[test]
fn a_ramdisk_of_256_mib_takes_no_more_memory_than_a_small_one() {
    let stage = Stage::new();
    for (name, guest) in [("small guest", Guest::demo()), ("256 MiB ramdisk", Guest::large(256))] {
        let (seen, largest) = peaks(&stage, &guest);
        let sum: u64 = seen.iter().sum();
        // What was seen may have missed a process's last moment, or all of it; what the kernel counted has not.
        let bound = largest * PROCESSES;
        println!("{name}: peaks in KiB {seen:?}, together {sum}; none above {largest}, so at most {bound}");
        assert!(sum <= MOST_KIB && bound <= MOST_KIB, "{name}: {sum} or {bound} KiB, at most {MOST_KIB}");
    }
}

/// The peak of each process as seen while it ran, the largest first; and the largest of them as the kernel counted it.
fn peaks(stage: &Stage, guest: &Guest) -> (Vec<u64>, u64) {
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
    let largest = running.peak_kib();
    running.finish().assert_success();
    let mut peaks: Vec<u64> = peaks.into_values().collect();
    peaks.sort_unstable_by(|a, b| b.cmp(a));
    (peaks, largest)
}
