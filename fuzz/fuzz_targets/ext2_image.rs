//! An ext2, ext3 or ext4 image, its magic number right: everything that can be asked of it, within bounds.
//! Seeds are small images by mke2fs without their trailing zeros: `cargo run --example seeds`.
#![no_main]

use fsimage_ext2::EXT2;
use fsimage_sdk::{DirCursor, Format, OpenOptions, Volume};
use libfuzzer_sys::fuzz_target;
use std::ops::ControlFlow;
use std::sync::Arc;

fuzz_target!(|bytes: &[u8]| {
    let mut disk = fuzz::at_least(bytes, 2048);
    disk[0x438..0x43a].copy_from_slice(&[0x53, 0xef]);
    let volume: Volume = Arc::new(fuzz::Disk(disk));
    let Ok(fs) = EXT2.open(&[volume], &OpenOptions::default()) else { return };
    let mut pending = vec![fs.root().unwrap()];
    let mut buffer = vec![0; 10_000];
    for _ in 0..20 {
        let Some(node) = pending.pop() else { break };
        let _ = fs.read_dir(node, DirCursor(0), &mut |entry| {
            pending.push(entry.node);
            if pending.len() < 50 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        let _ = (fs.lookup(node, b"boot"), fs.read_link(node), fs.read_at(node, 0, &mut buffer));
        let (mut end, mut left) = (0, 1000);
        let _ = fs.extents(node, 0, &mut |extent| {
            assert!(extent.logical == end && extent.length > 0);
            (end, left) = (end + extent.length, left - 1);
            if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
    }
    let _ = fs.info();
});
