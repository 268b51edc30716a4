//! An ext2, ext3 or ext4 image, its magic number right: everything that can be asked of it, within bounds.
//! Seeds are small images by mke2fs without their trailing zeros: `cargo run --example seeds`.
#![no_main]

use fsimage_ext2::EXT2;
use fsimage_sdk::{Format, OpenOptions, Volume};
use libfuzzer_sys::fuzz_target;
use std::sync::Arc;

fuzz_target!(|bytes: &[u8]| {
    let mut disk = fuzz::at_least(bytes, 2048);
    disk[0x438..0x43a].copy_from_slice(&[0x53, 0xef]);
    let volume: Volume = Arc::new(fuzz::Disk(disk));
    let Ok(fs) = EXT2.open(&[volume], &OpenOptions::default()) else { return };
    fuzz::ask_everything(&*fs);
});
