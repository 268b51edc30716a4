//! SGI's volume header.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut disk = fuzz::at_least(bytes, 512);
    disk[..4].copy_from_slice(&0x0be5_a941_u32.to_be_bytes());
    disk[0x1f8..0x1fc].fill(0);
    let words = disk[..512].chunks_exact(4).map(|word| u32::from_be_bytes(word.try_into().unwrap()));
    let sum = words.fold(0_u32, u32::wrapping_add).wrapping_neg();
    disk[0x1f8..0x1fc].copy_from_slice(&sum.to_be_bytes());
    fuzz::check(disk);
});
