//! The checksum that filesystems of the last twenty years share.

/// crc32c (Castagnoli), least significant bit first, going on from `crc`, without a final inversion: what ext4, UFS2 and
/// others keep on the disk.
#[must_use]
pub fn crc32c(crc: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(crc, |crc, &byte| {
        let [low, ..] = crc.to_le_bytes();
        let entry = TABLE.get(usize::from(low ^ byte)).copied().unwrap_or(0);
        entry ^ crc >> 8
    })
}

static TABLE: [u32; 256] = table();

#[allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "OK to index and add: evaluated by the compiler, for 0 to 255"
)]
const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let (mut index, mut byte) = (0, 0_u32);
    while index < 256 {
        let mut crc = byte;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 0 { crc >> 1 } else { crc >> 1 ^ 0x82f6_3b78 };
            bit += 1;
        }
        table[index] = crc;
        index += 1;
        byte += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check value of the catalogue of parametrised CRC algorithms (CRC-32/ISCSI).
    #[test]
    fn check_value() {
        assert_eq!(!crc32c(u32::MAX, b"123456789"), 0xe306_9283);
    }
}
