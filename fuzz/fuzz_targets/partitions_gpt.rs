//! A GPT behind a protective MBR, with its checksums right: the fuzzer cannot guess them.
#![no_main]

use libfuzzer_sys::fuzz_target;

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |c, _| if c & 1 == 1 { (c >> 1) ^ 0xedb8_8320 } else { c >> 1 })
    })
}

fuzz_target!(|bytes: &[u8]| {
    let mut disk = fuzz::at_least(bytes, 2048);
    let number = |disk: &[u8], at: usize| u32::from_le_bytes(disk[at..at + 4].try_into().unwrap()) as usize;
    // The table's checksum, where the header puts the table into the input.
    let start = number(&disk, 0x248).saturating_mul(512);
    let length = number(&disk, 0x250).saturating_mul(number(&disk, 0x254));
    if let Some(entries) = start.checked_add(length).and_then(|end| disk.get(start..end)) {
        let crc = crc32(entries);
        disk[0x258..0x25c].copy_from_slice(&crc.to_le_bytes());
    }
    disk[0x210..0x214].fill(0);
    let size = number(&disk, 0x20c).clamp(92, 512);
    let crc = crc32(&disk[0x200..0x200 + size]);
    disk[0x210..0x214].copy_from_slice(&crc.to_le_bytes());
    fuzz::check(disk);
});
