//! Random damage by the thousand, the same in every run.

use crate::{Patched, Random, ask_everything};
use fsimage_sdk::{Format, Limits, OpenOptions, Volume};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// More than any answer about a small image needs, far less than what hangs.
const MAX_BYTES_READ: u64 = 64 << 20;

/// `default`, or as many as the environment's `MUTATIONS` says:
/// `MUTATIONS=250000 cargo test --release -p fsimage-ext2 --test mutation`.
#[must_use]
pub fn rounds(default: u64) -> u64 {
    std::env::var("MUTATIONS").map_or(default, |given| given.parse().expect("MUTATIONS is a number"))
}

/// A run over damaged copies of one image: each is an answer or an error, with bounded work.
#[derive(Clone, Copy)]
pub struct Mutations<'a> {
    /// Who reads the copies.
    pub format: &'a dyn Format,
    /// The whole image, small: all of its copies share it.
    pub base: &'a Arc<Vec<u8>>,
    /// Offsets of bytes worth damaging, the most telling first: half of the damage goes to the first eighth.
    pub targets: &'a [u64],
    /// Options to open with, each in turn; the empty one for none.
    pub options: &'a [&'a str],
    /// What the damage depends on.
    pub seed: u64,
    /// How many copies.
    pub rounds: u64,
}

impl Mutations<'_> {
    /// Damages, probes, opens and asks everything, so many times. At least a quarter of the copies must open: what
    /// does not, tests little.
    pub fn run(&self) {
        let mut random = Random(self.seed);
        let (mut opened, mut most) = (0, 0);
        for round in 0..self.rounds {
            let patches = self.patches(&mut random);
            let volume = Patched::new(self.base, patches.clone());
            let as_volume: Volume = volume.clone();
            self.format.probe(&as_volume, &Limits::default()).unwrap();
            let words = self.options[usize::try_from(round).unwrap() % self.options.len()];
            let options = OpenOptions { options: words.as_bytes().to_vec(), ..OpenOptions::default() };
            if let Ok(fs) = self.format.open(&[as_volume], &options) {
                opened += 1;
                ask_everything(&*fs);
            }
            let bytes = volume.bytes_read.load(Ordering::Relaxed);
            most = most.max(bytes);
            assert!(bytes < MAX_BYTES_READ, "round {round}, {words:?}: {bytes} bytes read, {patches:x?}");
        }
        println!("{} damaged images, {opened} opened, at most {most} bytes read of one", self.rounds);
        assert!(
            opened > self.rounds / 4,
            "only {opened} of {} still opened: the damage is too coarse",
            self.rounds
        );
    }

    /// One to eight bytes, each zeroed, filled, with one bit turned, or any.
    fn patches(&self, random: &mut Random) -> Vec<(u64, Vec<u8>)> {
        let count = 1 + random.below(8);
        (0..count).map(|_| self.patch(random)).collect()
    }

    fn patch(&self, random: &mut Random) -> (u64, Vec<u8>) {
        let reach = if random.below(2) == 0 { self.targets.len() / 8 } else { self.targets.len() };
        let place = self.targets[random.index(reach)];
        let old = self.base[usize::try_from(place).unwrap()];
        let byte = match random.below(4) {
            0 => 0,
            1 => 0xff,
            2 => old ^ 1_u8.rotate_left(u32::try_from(random.below(8)).unwrap()),
            _ => u8::try_from(random.below(256)).unwrap(),
        };
        (place, vec![byte])
    }
}
