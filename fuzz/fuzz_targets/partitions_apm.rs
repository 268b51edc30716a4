//! Apple partition maps.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut disk = fuzz::at_least(bytes, 1024);
    disk[..2].copy_from_slice(b"ER");
    fuzz::check(disk);
});
