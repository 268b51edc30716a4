//! zisofs of both versions, compared with the files that went in and with xorriso's reading.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics fails, as it should"
)]

mod common;

use common::{assert_same, extents, find, host, image, items, make_tree, open, scratch, tool};
use fsimage_sdk::ErrorKind;
use std::ffi::OsStr;

#[test]
fn zisofs_of_both_versions() {
    let folder = scratch();
    let tree = folder.path().join("tree");
    make_tree(&tree, true);
    for parameters in [
        "version_2=off:block_size=32k",
        "version_2=off:block_size=128k",
        "version_2=on:block_size_v2=32k",
        "version_2=on:block_size_v2=1m",
    ] {
        let folder = scratch();
        let image = folder.path().join("image.iso");
        let before = ["-zisofs", parameters, "-outdev"].map(OsStr::new);
        let map = [OsStr::new("-map"), tree.as_os_str(), OsStr::new("/")];
        let filter = ["-set_filter_r", "--zisofs", "/", "--"].map(OsStr::new);
        tool("xorriso", &[&before[..], &[image.as_os_str()], &map[..], &filter[..]].concat());
        let fs = open(&image, "");
        assert_same(&items(&*fs), &host(&tree));
        let text = find(&*fs, "/text.txt");
        let raw = open(&image, "nocompress");
        assert!(raw.metadata(text).unwrap().size < 10_000, "{parameters}: it is not compressed");
        assert_eq!(extents(&*fs, text, 0).unwrap_err().kind(), ErrorKind::Unsupported);
        assert_eq!(extents(&*raw, text, 0).unwrap().len(), 1);
    }
}

#[test]
fn zisofs_of_mkzftree() {
    let folder = scratch();
    let tree = folder.path().join("tree");
    make_tree(&tree, true);
    let packed = folder.path().join("packed");
    tool("mkzftree", &[tree.as_os_str(), packed.as_os_str()]);
    let image = image(folder.path(), "genisoimage", &["-R", "-D", "-z"], &packed);
    let fs = open(&image, "");
    assert_same(&items(&*fs), &host(&tree));
}
