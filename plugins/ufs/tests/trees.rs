//! Images of every layout that makefs can write, compared with the folder it took them from.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics fails, as it should"
)]

mod common;

use common::{
    Image, Layout, assert_extents, assert_same, host_listing, listing, make_tree, makefs, open, walk,
    work_folder,
};
use fsimage_sdk::{Format, Limits, Probe, Volume};
use fsimage_ufs::UFS;
use std::os::unix::fs::MetadataExt;

#[test]
fn every_block_and_fragment_size_in_both_versions_and_byte_orders() {
    for layout in Layout::all() {
        println!("{layout:?}");
        let folder = work_folder!();
        let tree = folder.path().join("tree");
        make_tree(&tree, layout.block.into(), layout.fragment.into());
        let image = makefs(folder.path(), layout, &tree, &[]);
        let volume = Image::open(&image);
        let as_volume: Volume = volume.clone();
        assert!(matches!(UFS.probe(&as_volume, &Limits::default()).unwrap(), Probe::Mine));
        let fs = open(as_volume);
        assert_same(&listing(&*fs), &host_listing(&tree));
        assert_eq!(assert_extents(&*fs, &*volume), 0);
        for (path, (_, metadata)) in walk(&*fs) {
            let Ok(theirs) = tree.join(&path).symlink_metadata() else { continue };
            let found = (metadata.mode, metadata.uid, metadata.gid, metadata.mtime_seconds);
            assert_eq!(found, (theirs.mode() & 0o7777, theirs.uid(), theirs.gid(), theirs.mtime()), "{path}");
        }
        let info = fs.info().unwrap();
        println!("{info:?}");
    }
}
