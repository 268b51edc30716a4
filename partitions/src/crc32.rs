//! CRC-32 as UEFI has it (that of IEEE 802.3): reflected, polynomial 0xedb88320, all ones at both ends.

use std::sync::LazyLock;

/// The remainders of the 256 bytes. Made at run time: 2,048 shifts are nothing beside one read of a disk.
static REMAINDERS: LazyLock<Vec<u32>> = LazyLock::new(|| (0..=255).map(remainder).collect());

fn remainder(byte: u32) -> u32 {
    (0..8).fold(byte, |rest, _| (rest >> 1) ^ if rest & 1 == 1 { 0xedb8_8320 } else { 0 })
}

/// The checksum of these bytes, one piece after the other.
pub(crate) fn crc32(pieces: &[&[u8]]) -> u32 {
    let remainders = REMAINDERS.as_slice();
    let crc = pieces.iter().copied().flatten().fold(u32::MAX, |crc, &byte| {
        let [low, _, _, _] = crc.to_le_bytes();
        // The table has 256 entries, so there always is one.
        let step = remainders.get(usize::from(low ^ byte)).copied().unwrap_or_default();
        (crc >> 8) ^ step
    });
    !crc
}

#[cfg(test)]
mod tests {
    use super::crc32;

    #[test]
    fn the_check_value_of_the_catalogue() {
        assert_eq!(crc32(&[b"123456789"]), 0xcbf4_3926);
        assert_eq!(crc32(&[b"1234", b"", b"56789"]), 0xcbf4_3926);
        assert_eq!(crc32(&[]), 0);
    }
}
