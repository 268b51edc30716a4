//! GUIDs as a GPT stores them.

/// The text of 16 bytes on disk, lower case as Linux and blkid have it: the first three numbers are little-endian
/// there, the rest is in the order of the text.
pub(crate) fn text(bytes: [u8; 16]) -> String {
    let [a0, a1, a2, a3, b0, b1, c0, c1, d0, d1, e @ ..] = bytes;
    let a = u32::from_le_bytes([a0, a1, a2, a3]);
    let b = u16::from_le_bytes([b0, b1]);
    let c = u16::from_le_bytes([c0, c1]);
    let d = u16::from_be_bytes([d0, d1]);
    let [e0, e1, e2, e3, e4, e5] = e;
    format!("{a:08x}-{b:04x}-{c:04x}-{d:04x}-{e0:02x}{e1:02x}{e2:02x}{e3:02x}{e4:02x}{e5:02x}")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_efi_systems_own() {
        let bytes =
            [0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11, 0xba, 0x4b, 0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b];
        assert_eq!(super::text(bytes), "c12a7328-f81f-11d2-ba4b-00a0c93ec93b");
    }
}
