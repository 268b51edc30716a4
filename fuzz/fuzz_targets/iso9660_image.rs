//! A disc from its sixteenth sector on: descriptors, directories, system use areas, boot catalogues, zisofs.
#![no_main]

use fsimage_iso9660::ISO9660;
use fsimage_sdk::{DirCursor, Format, Limits, OpenOptions, Volume};
use libfuzzer_sys::fuzz_target;
use std::ops::ControlFlow;
use std::sync::Arc;

fuzz_target!(|bytes: &[u8]| {
    let mut image = vec![0; 0x8000];
    image.extend_from_slice(bytes);
    let volume: Volume = Arc::new(image);
    let _ = ISO9660.probe(&volume, &Limits::default());
    for options in ["", "boot", "view=joliet", "view=plain", "view=enhanced", "session=last"] {
        let options = OpenOptions { options: options.into(), ..OpenOptions::default() };
        let Ok(fs) = ISO9660.open(std::slice::from_ref(&volume), &options) else { continue };
        let mut pending = vec![fs.root().unwrap()];
        for _ in 0..20 {
            let Some(node) = pending.pop() else { break };
            let _ = fs.read_dir(node, DirCursor(0), &mut |entry| {
                assert!(!entry.name.is_empty() && !entry.name.contains(&b'/') && !entry.name.contains(&0));
                pending.push(entry.node);
                if pending.len() < 100 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            });
            let _ = (fs.metadata(node), fs.read_link(node), fs.lookup(node, b"x"));
            let _ = fs.read_at(node, 0, &mut [0; 4096]);
            let _ = fs.extents(node, 0, &mut |_| ControlFlow::Continue(()));
        }
        let info = fs.info();
        assert!(info.is_err() || info.is_ok_and(|info| info.features.iter().all(|name| !name.contains(' '))));
    }
});
