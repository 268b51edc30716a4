//! A smoke test against panics: 100,000 damaged tables, the same ones in every run.
// Helpers of a test fail the test: clippy's allow-*-in-tests only covers the test functions themselves.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

mod common;

use common::{boot_sector, disk, with_fat_parameters};
use partitions::{Scheme, read_table};

/// Knuth's MMIX generator, its upper half: the numbers need to be many and repeatable, not good.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.below(256)).unwrap()
    }
}

#[test]
fn no_mutated_table_panics_or_leaves_the_disk() {
    let seeds = [
        boot_sector(&[(0x80, 0x83, 2048, 4096), (0, 0x82, 8192, 2048)]),
        boot_sector(&[(0, 0x83, 1, 1), (0x80, 0x05, 2048, 8192), (0, 0xee, 1, u32::MAX), (0, 7, 99, 9)]),
        with_fat_parameters(boot_sector(&[(0x80, 0x0c, 2048, 4096)])),
    ];
    let mut random = Random(0x0070_7967_7275_6272);
    let mut tables = 0_u32;
    for round in 0..100_000 {
        let mut sector = seeds[round % seeds.len()];
        for _ in 0..=random.below(6) {
            // Three of four mutations hit the entries; a byte or a bit.
            let offset = if random.below(4) == 0 { random.below(512) } else { 0x1be + random.below(66) };
            sector[offset] =
                if random.below(2) == 0 { random.byte() } else { sector[offset] ^ (1 << random.below(8)) };
        }
        let sectors = u64::try_from(1 + random.below(40_000)).unwrap();
        let volume = disk(sector, sectors, if round % 2 == 0 { 512 } else { 4096 });
        let table = read_table(&volume).unwrap();
        assert!(!table.partitions.is_empty());
        for p in &table.partitions {
            assert!(p.start.checked_add(p.size).unwrap() <= volume.size(), "{p:?} of {}", volume.size());
            assert!(p.size > 0);
        }
        tables += u32::from(table.scheme == Scheme::Mbr);
    }
    // The mutations must not all end at the first check.
    assert!(tables > 10_000, "only {tables} were still tables");
}
