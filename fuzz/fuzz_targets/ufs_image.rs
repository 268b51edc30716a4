//! A UFS image from the superblock at 8 KiB on, its magic number right: everything that can be asked of it, within bounds.
//! The first byte chooses magic number and byte order. Seeds are small images without their first 8 KiB:
//! `makefs -t ffs -o version=2,bsize=4096,fsize=512 IMAGE TREE`.
#![no_main]

use fsimage_sdk::{Format, Limits, OpenOptions, Volume};
use fsimage_ufs::UFS;
use libfuzzer_sys::fuzz_target;
use std::sync::Arc;

const MAGICS: [u32; 4] = [0x0001_1954, 0x1954_0119, 0x00de_cade, 0x1901_2038];

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, bytes)) = bytes.split_first() else { return };
    let mut disk = vec![0; 8192];
    disk.extend(fuzz::at_least(bytes, 8192));
    let magic = MAGICS[usize::from(choice & 3)];
    let magic = if choice & 4 == 0 { magic.to_le_bytes() } else { magic.to_be_bytes() };
    disk[8192 + 0x55c..][..4].copy_from_slice(&magic);
    let volume: Volume = Arc::new(fuzz::Disk(disk));
    let _ = UFS.probe(&volume, &Limits::default());
    let options = if choice & 8 == 0 { "" } else { "superblock=8192" };
    let options = OpenOptions { options: options.into(), ..OpenOptions::default() };
    let Ok(fs) = UFS.open(&[volume], &options) else { return };
    fuzz::ask_everything(&*fs);
});
