//! The sums of ext4 and jbd2 beside crc32c; neither inverts its result at the end.

/// jbd2's first checksums: crc32 (IEEE), most significant bit first.
pub(crate) fn crc32_be(crc: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(crc, |crc, &byte| {
        let [high, ..] = crc.to_be_bytes();
        TABLE.get(usize::from(high ^ byte)).copied().unwrap_or(0) ^ crc << 8
    })
}

/// `uninit_bg`'s sum of descriptors: crc16 (ANSI), least significant bit first.
pub(crate) fn crc16(crc: u16, bytes: &[u8]) -> u16 {
    bytes.iter().fold(crc, |crc, &byte| {
        (0..8).fold(crc ^ u16::from(byte), |crc, _| if crc & 1 == 0 { crc >> 1 } else { crc >> 1 ^ 0xa001 })
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
        let mut crc = byte << 24;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000_0000 == 0 { crc << 1 } else { crc << 1 ^ 0x04c1_1db7 };
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

    /// The check values of the catalogue of parametrised CRC algorithms (CRC-32/MPEG-2, CRC-16/MODBUS).
    #[test]
    fn check_values() {
        assert_eq!(crc32_be(u32::MAX, b"123456789"), 0x0376_e6e7);
        assert_eq!(crc16(u16::MAX, b"123456789"), 0x4b37);
    }
}
