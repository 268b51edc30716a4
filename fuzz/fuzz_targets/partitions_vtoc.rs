//! The label of Solaris on x86, inside an MBR partition.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut disk = fuzz::at_least(bytes, 18 * 512);
    // The seeds have their label in sector 17.
    let label = &mut disk[17 * 512..18 * 512];
    label[0x0c..0x10].copy_from_slice(&0x600d_deee_u32.to_le_bytes());
    label[0x1fc..0x1fe].copy_from_slice(&0xdabe_u16.to_le_bytes());
    fuzz::sum_words(label, 0x1fe);
    fuzz::check(disk);
});
