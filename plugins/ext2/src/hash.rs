//! The hashes of "Hash Tree Directories": half-MD4, TEA and the legacy one, each of signed or unsigned characters.

/// How a name becomes a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Legacy,
    HalfMd4,
    Tea,
}

/// An algorithm with the filesystem's own inputs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NameHash {
    pub(crate) algorithm: Algorithm,
    /// Are characters above 127 taken as negative, as by the compiler of the machine that made the filesystem?
    pub(crate) signed: bool,
    /// `s_hash_seed`; zeros stand for MD4's own.
    pub(crate) seed: [u32; 4],
}

/// The numbers that MD4 begins with.
const MD4_START: [u32; 4] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
/// Readers of directories by telldir take this hash for the end, so no name has it.
const END_OF_DIRECTORY: u32 = 0xffff_fffe;

impl NameHash {
    /// `dx_root.info.hash_version` says which; the superblock's flags say whether the first three are unsigned.
    pub(crate) fn new(version: u8, unsigned: bool, seed: [u32; 4]) -> Option<Self> {
        let algorithm = match version {
            0 | 3 => Algorithm::Legacy,
            1 | 4 => Algorithm::HalfMd4,
            2 | 5 => Algorithm::Tea,
            _ => return None,
        };
        Some(Self { algorithm, signed: version < 3 && !unsigned, seed })
    }

    /// The hash by which an index sorts: even, for its lowest bit marks a collision.
    pub(crate) fn of(&self, name: &[u8]) -> u32 {
        let start = if self.seed == [0; 4] { MD4_START } else { self.seed };
        let hash = match self.algorithm {
            Algorithm::Legacy => self.legacy(name),
            Algorithm::HalfMd4 => {
                let chunks = name.chunks(32).zip((0..).step_by(32));
                let [_, hash, ..] = chunks.fold(start, |state, (chunk, at)| {
                    half_md4(state, self.words::<8>(chunk, name.len().saturating_sub(at)))
                });
                hash
            }
            Algorithm::Tea => {
                let chunks = name.chunks(16).zip((0..).step_by(16));
                let [hash, ..] = chunks.fold(start, |state, (chunk, at)| {
                    tea(state, self.words::<4>(chunk, name.len().saturating_sub(at)))
                });
                hash
            }
        };
        let even = hash & !1;
        if even == END_OF_DIRECTORY { 0xffff_fffc } else { even }
    }

    /// A character as the C of its day took it.
    fn character(&self, byte: u8) -> u32 {
        if self.signed { i32::from(i8::from_ne_bytes([byte])).cast_unsigned() } else { u32::from(byte) }
    }

    fn legacy(&self, name: &[u8]) -> u32 {
        let (mut older, mut newer) = (0x37ab_e8f9_u32, 0x12a3_fe2d_u32);
        for &byte in name {
            let mixed = older.wrapping_add(newer ^ self.character(byte).wrapping_mul(7_152_373));
            let mixed = if mixed & 0x8000_0000 != 0 { mixed.wrapping_sub(0x7fff_ffff) } else { mixed };
            (older, newer) = (newer, mixed);
        }
        newer << 1
    }

    /// A piece of the name as big-endian words, filled up with the number of bytes that are `left` of the name
    /// from there on.
    fn words<const N: usize>(&self, chunk: &[u8], left: usize) -> [u32; N] {
        let [length, ..] = left.to_le_bytes();
        let pad = u32::from_ne_bytes([length; 4]);
        let mut pieces = chunk.chunks(4);
        core::array::from_fn(|_| {
            pieces
                .next()
                .unwrap_or_default()
                .iter()
                .fold(pad, |word, &byte| self.character(byte).wrapping_add(word << 8))
        })
    }
}

/// RFC 1320's rounds with half of the input.
fn half_md4(state: [u32; 4], input: [u32; 8]) -> [u32; 4] {
    const ROOT_2: u32 = 0x5a82_7999;
    const ROOT_3: u32 = 0x6ed9_eba1;
    let [i0, i1, i2, i3, i4, i5, i6, i7] = input;
    let choose = |x: u32, y: u32, z: u32| z ^ (x & (y ^ z));
    let majority = |x: u32, y: u32, z: u32| (x & y).wrapping_add((x ^ y) & z);
    let parity = |x: u32, y: u32, z: u32| x ^ y ^ z;
    let round = |state, order: [u32; 8], shifts: [u32; 4], constant: u32, mix: fn(u32, u32, u32) -> u32| {
        order.iter().zip(shifts.iter().cycle()).fold(state, |[a, b, c, d]: [u32; 4], (word, shift)| {
            let sum = a.wrapping_add(mix(b, c, d)).wrapping_add(*word).wrapping_add(constant);
            [d, sum.rotate_left(*shift), b, c]
        })
    };
    let one = round(state, [i0, i1, i2, i3, i4, i5, i6, i7], [3, 7, 11, 19], 0, choose);
    let two = round(one, [i1, i3, i5, i7, i0, i2, i4, i6], [3, 5, 9, 13], ROOT_2, majority);
    let three = round(two, [i3, i7, i2, i6, i1, i5, i0, i4], [3, 9, 11, 15], ROOT_3, parity);
    let ([a, b, c, d], [e, f, g, h]) = (state, three);
    [a.wrapping_add(e), b.wrapping_add(f), c.wrapping_add(g), d.wrapping_add(h)]
}

/// The Tiny Encryption Algorithm, sixteen rounds, keyed by the name.
fn tea(state: [u32; 4], [a, b, c, d]: [u32; 4]) -> [u32; 4] {
    const DELTA: u32 = 0x9e37_79b9;
    let [s0, s1, s2, s3] = state;
    let mix = |word: u32, sum: u32, low: u32, high: u32| {
        (word << 4).wrapping_add(low) ^ word.wrapping_add(sum) ^ (word >> 5).wrapping_add(high)
    };
    let (mut left, mut right, mut sum) = (s0, s1, 0_u32);
    for _ in 0..16 {
        sum = sum.wrapping_add(DELTA);
        left = left.wrapping_add(mix(right, sum, a, b));
        right = right.wrapping_add(mix(left, sum, c, d));
    }
    [s0.wrapping_add(left), s1.wrapping_add(right), s2, s3]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By `debugfs -R "dx_hash -h ALGORITHM NAME"` (e2fsprogs 1.47.0).
    #[test]
    fn as_debugfs_hashes() {
        let hash = |version, name: &str| {
            format!("{:#x}", NameHash::new(version, false, [0; 4]).unwrap().of(name.as_bytes()))
        };
        let long = "a-name-of-more-than-thirty-two-bytes-in-all";
        assert_eq!(
            [0, 1, 2].map(|version| hash(version, "vmlinuz")),
            ["0x923e5b0", "0x1c85057a", "0xa84d78b8"]
        );
        assert_eq!([0, 1, 2].map(|version| hash(version, long)), ["0x5e677c52", "0x6721c4f6", "0xef68cb8c"]);
        assert_eq!([0, 1, 2].map(|version| hash(version, "é")), ["0x11083c86", "0x89d4704e", "0x591e9bd6"]);
        assert_ne!(hash(4, "é"), hash(1, "é"), "debugfs knows the signed ones only; images show the others");
    }
}
