//! A unified kernel image: whatever of it is handed out lies within the file.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut image = fuzz::at_least(bytes, 0x100);
    // Its magic numbers are right, and its header is where it mostly is.
    image[..2].copy_from_slice(b"MZ");
    image[0x3c..0x40].copy_from_slice(&[0x80, 0, 0, 0]);
    image[0x80..0x84].copy_from_slice(b"PE\0\0");
    fuzz::Files::new(vec![("/EFI/Linux/a.efi", &image)]).check();
});
