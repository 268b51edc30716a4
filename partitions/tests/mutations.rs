//! A smoke test against panics: 100,000 damaged disks for each scheme, the same ones in every run.
//!
//! The seeds are as small as the formats allow (a GPT of four entries, not 128): the time goes into the parsers.
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
use fsimage_sdk::Volume;
use partitions::{MAX_VOLUMES, Scheme, read_table};
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

const ROUNDS: usize = 100_000;
const DISK: u64 = 40_000 * 512;

/// A disk's pieces, and where in which piece the mutations are worth most.
struct Seed {
    pieces: Vec<(u64, Vec<u8>)>,
    hot: Vec<(usize, Range<usize>)>,
}

/// Damages each seed again and again; `repair` puts some checksums right again, so that not all ends there.
fn smoke(scheme: Scheme, seeds: &[Seed], repair: impl Fn(&mut [(u64, Vec<u8>)])) {
    let mut random = Random(0x0070_7967_7275_6272);
    let mut still = 0_u32;
    let mut slowest = Duration::ZERO;
    for round in 0..ROUNDS {
        let seed = &seeds[round % seeds.len()];
        let mut pieces = seed.pieces.clone();
        for _ in 0..=random.below(4) {
            let (piece, range) = if random.below(4) == 0 {
                let piece = random.below(pieces.len());
                (piece, 0..pieces[piece].1.len())
            } else {
                seed.hot[random.below(seed.hot.len())].clone()
            };
            let byte = &mut pieces[piece].1[range.start + random.below(range.len())];
            *byte = if random.below(2) == 0 { random.byte() } else { *byte ^ (1 << random.below(8)) };
        }
        if round % 4 != 0 {
            repair(&mut pieces);
        }
        let size = if random.below(4) == 0 { 1 + random.below(DISK as usize) as u64 } else { DISK };
        let sector_size = if random.below(8) == 0 { 4096 } else { 512 };
        let volume: Volume = Arc::new(SparseDisk { pieces, size, sector_size });
        let start = Instant::now();
        let table = read_table(&volume).unwrap();
        slowest = slowest.max(start.elapsed());
        assert!((1..=MAX_VOLUMES).contains(&table.partitions.len()));
        assert!(table.remarks.len() <= 65);
        for p in &table.partitions {
            assert!(p.start.checked_add(p.size).unwrap() <= size, "{p:?} of {size}");
            assert!(p.size > 0);
        }
        still += u32::from(table.partitions.iter().any(|p| p.scheme == scheme));
    }
    // The mutations must not all end at the first check.
    println!("{scheme:?}: {still} were still tables; the slowest took {slowest:?}");
    assert!(still > 10_000, "only {still} were still tables");
    assert!(slowest < Duration::from_secs(1), "one took {slowest:?}");
}

#[test]
fn mbr() {
    let seeds = [
        boot_sector(&[(0x80, 0x83, 2048, 4096), (0, 0x82, 8192, 2048)]),
        boot_sector(&[(0, 0x83, 1, 1), (0x80, 0x05, 2048, 8192), (0, 0xee, 1, u32::MAX), (0, 7, 99, 9)]),
        with_fat_parameters(boot_sector(&[(0x80, 0x0c, 2048, 4096)])),
    ];
    let seeds = seeds.map(|sector| Seed { pieces: vec![(0, sector.to_vec())], hot: vec![(0, 0x1be..0x200)] });
    smoke(Scheme::Mbr, &seeds, |_| {});
}

#[test]
fn mbr_logical() {
    let record = |entries: &[Entry]| boot_sector(entries).to_vec();
    let pieces = vec![
        (0, record(&[(0x80, 0x83, 16, 48), (0, 0x05, 64, 30_000)])),
        (64 * 512, record(&[(0, 0x83, 8, 100), (0, 0x05, 128, 1000)])),
        (192 * 512, record(&[(0, 0x83, 8, 100), (0, 0x05, 256, 1000)])),
        (320 * 512, record(&[(0, 0x83, 8, 100)])),
    ];
    let hot = (1..4).map(|piece| (piece, 0x1be..0x200)).collect();
    smoke(Scheme::Mbr, &[Seed { pieces, hot }], |_| {});
}

#[test]
fn gpt() {
    let entries = [
        gpt_entry(128, LINUX_FILESYSTEM, 64, 1000, "root"),
        gpt_entry(128, [7; 16], 2048, 9999, "\u{1f427}"),
        vec![0; 256],
    ]
    .concat();
    let pmbr = boot_sector(&[(0, 0xee, 1, u32::MAX)]).to_vec();
    let last = DISK / 512 - 1;
    let pieces = vec![
        (0, pmbr),
        (512, gpt_header(1, last, 2, 128, &entries, last - 2)),
        (1024, entries.clone()),
        (DISK - 1024, entries.clone()),
        (DISK - 512, gpt_header(last, 1, last - 1, 128, &entries, last - 2)),
    ];
    let hot = vec![(1, 0..92), (2, 0..512), (2, 0..56), (4, 0..92)];
    smoke(Scheme::Gpt, &[Seed { pieces, hot }], |pieces| {
        for (header, entries) in [(1, 2), (4, 3)] {
            let entries = pieces[entries].1.clone();
            sign_gpt(&mut pieces[header].1, &entries);
        }
    });
}

#[test]
fn vtoc_in_a_partition() {
    let slices: [Slice; 4] = [(2, 0, 16, 2000), (3, 1, 2016, 500), (5, 1, 0, 4000), (8, 0x10, 2600, 900)];
    let pieces =
        vec![(0, boot_sector(&[(0x80, 0xbf, 16, 4096)]).to_vec()), (17 * 512, common::vtoc(&slices))];
    smoke(Scheme::Vtoc, &[Seed { pieces, hot: vec![(1, 0..0x108)] }], |pieces| {
        sum_words(&mut pieces[1].1, 0x1fe);
    });
}

#[test]
fn sun() {
    let slices: [Slice; 3] = [(2, 0, 0, 2016), (3, 1, 2, 1008), (5, 0, 0, 4032)];
    let seeds = [true, false].map(|tags| Seed {
        pieces: vec![(0, sun_label(&slices, tags))],
        hot: vec![(0, 0x80..0xc0), (0, 0x1b0..0x1fc)],
    });
    smoke(Scheme::Sun, &seeds, |pieces| sum_words(&mut pieces[0].1, 0x1fe));
}

#[test]
fn sgi() {
    let pieces = vec![(0, sgi_label(&[(0, 0, 0), (0x0a, 5000, 900), (6, 0, 9000)]))];
    smoke(Scheme::Sgi, &[Seed { pieces, hot: vec![(0, 0x138..0x1f8), (0, 0x138..0x15c)] }], |pieces| {
        sum_sgi(&mut pieces[0].1);
    });
}

#[test]
fn bsd() {
    let label = |base, wide| {
        bsd_label(&[(7, base, 2000), (1, base + 2000, 100), (0, base, 4096), (7, base + 3000, 90)], wide)
    };
    let seed = |code: u8, base, wide| Seed {
        pieces: vec![
            (0, boot_sector(&[(0x80, code, 16, 4096), (0, 0x83, 5000, 9)]).to_vec()),
            (17 * 512, label(base, wide)),
        ],
        hot: vec![(1, 0..0x94), (1, 0x94..0xd4)],
    };
    let bare = Seed { pieces: vec![(512, label(16, false))], hot: vec![(0, 0x94..0xd4)] };
    let seeds =
        [seed(0xa5, 0, false), seed(0xa5, 16, false), seed(0xa6, 16, true), seed(0xa9, 16, false), bare];
    smoke(Scheme::Bsd, &seeds, |pieces| {
        let label = &mut pieces.last_mut().unwrap().1;
        let count = usize::from(u16::from_le_bytes([label[0x8a], label[0x8b]]));
        sum_words(&mut label[..0x94 + 16 * count.min(22)], 0x88);
    });
}

#[test]
fn apm() {
    let parts = [("Apple_HFS", "one", 64, 100), ("Apple_Driver43", "two", 200, 50), ("Linux", "", 300, 5000)];
    let seeds = [512, 2048].map(|block| {
        let unit = usize::from(block);
        let hot = (1..=4).map(|entry| (0, entry * unit..entry * unit + 0x5c)).collect();
        Seed { pieces: vec![(0, apple_map(block, &parts))], hot }
    });
    smoke(Scheme::Apm, &seeds, |_| {});
}
