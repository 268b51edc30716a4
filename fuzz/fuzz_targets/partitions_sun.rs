//! The label of Sun's SPARC machines.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut disk = fuzz::at_least(bytes, 512);
    disk[0x1fc..0x1fe].copy_from_slice(&0xdabe_u16.to_be_bytes());
    fuzz::sum_words(&mut disk[..512], 0x1fe);
    fuzz::check(disk);
});
