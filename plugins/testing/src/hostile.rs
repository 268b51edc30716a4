//! Questions to a filesystem that may be damaged.

use fsimage_sdk::{DirCursor, FileSystem};
use std::ops::ControlFlow;

/// Everything that can be asked of a filesystem that may be damaged, within bounds of our own: answers and errors
/// are both right, only a panic or endless work is wrong.
pub fn ask_everything(fs: &dyn FileSystem) {
    let _ = fs.info();
    let mut pending = vec![fs.root().unwrap()];
    let mut asked = 0;
    let mut buffer = vec![0; 20_000];
    while let Some(node) = pending.pop() {
        asked += 1;
        if asked > 40 {
            return;
        }
        let mut left = 100;
        let _ = fs.read_dir(node, DirCursor(0), &mut |entry| {
            assert!(!entry.name.is_empty() && !entry.name.contains(&b'/') && !entry.name.contains(&0));
            pending.push(entry.node);
            left -= 1;
            if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        let _ = fs.lookup(node, b"no such name");
        if let Ok(target) = fs.read_link(node) {
            assert!((1..=4096).contains(&target.len()));
        }
        let Ok(metadata) = fs.metadata(node) else { continue };
        for offset in [0, 12_345, metadata.size.saturating_sub(10_000)] {
            let _ = fs.read_at(node, offset, &mut buffer);
        }
        let (mut end, mut left) = (0, 10_000);
        let whole = fs.extents(node, 0, &mut |extent| {
            assert_eq!(extent.logical, end);
            assert_ne!(extent.length, 0);
            end += extent.length;
            left -= 1;
            if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert!(end <= metadata.size);
        assert!(whole.is_err() || left == 0 || end == metadata.size);
    }
}
