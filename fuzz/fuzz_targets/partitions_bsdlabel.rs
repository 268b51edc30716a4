//! BSD labels, inside an MBR partition of each of the three types, by the first byte.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut disk = fuzz::at_least(bytes, 18 * 512);
    disk[0x1c2] = [0xa5, 0xa6, 0xa9][usize::from(disk[0]) % 3];
    // The seeds have their label in sector 17.
    let label = &mut disk[17 * 512..18 * 512];
    for at in [0x00, 0x84] {
        label[at..at + 4].copy_from_slice(&0x8256_4557_u32.to_le_bytes());
    }
    let slices = usize::from(u16::from_le_bytes([label[0x8a], label[0x8b]])).min(22);
    fuzz::sum_words(&mut label[..0x94 + 16 * slices], 0x88);
    fuzz::check(disk);
});
