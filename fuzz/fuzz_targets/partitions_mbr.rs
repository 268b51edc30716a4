//! A disk as it comes: first sector, chains, whatever else is found.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut disk = fuzz::at_least(bytes, 512);
    // Without the signature nothing else of the sector is looked at.
    disk[0x1fe..0x200].copy_from_slice(&[0x55, 0xaa]);
    fuzz::check(disk);
});
