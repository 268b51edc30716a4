//! Discs of several sessions, compared with what xorriso finds and loads of them.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics fails, as it should"
)]

mod common;

use common::{assert_same, by_xorriso, find, items, noise, open, read, scratch, tool, try_open};
use fsimage_sdk::ErrorKind;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Three trees: the second has another `/file`, the third a `/third`.
fn trees(folder: &Path) -> [PathBuf; 3] {
    let trees = ["one", "two", "three"].map(|name| folder.join(name));
    trees.iter().for_each(|tree| fs::create_dir(tree).unwrap());
    fs::write(trees[0].join("file"), "one").unwrap();
    fs::write(trees[0].join("kept"), noise(3, 10_000)).unwrap();
    fs::write(trees[1].join("file"), "two").unwrap();
    fs::write(trees[2].join("third"), "three").unwrap();
    // genisoimage keeps an older session's file unless the new one is newer.
    tool("touch", &["-d".as_ref(), "2020-01-01".as_ref(), trees[0].join("file").as_os_str()]);
    trees
}

/// First sectors of the sessions that xorriso finds.
fn found_by_xorriso(disc: &Path) -> Vec<u64> {
    let scan = ["-rom_toc_scan", "on:emul_on:emul_wide", "-indev"].map(OsStr::new);
    let text = tool("xorriso", &[&scan[..], &[disc.as_os_str(), "-toc".as_ref()]].concat());
    let sessions = text.lines().filter_map(|line| line.strip_prefix("ISO session  :"));
    sessions.map(|line| line.split(',').nth(1).unwrap().trim().parse().unwrap()).collect()
}

/// Every session by its number and by its sector, and no more of them.
fn assert_sessions(disc: &Path, folder: &Path, starts: &[u64]) {
    for (number, start) in (1..).zip(starts) {
        let ours = items(&*open(disc, &format!("session={number}")));
        assert_same(&ours, &items(&*open(disc, &format!("sbsector={start}"))));
        assert_same(&ours, &by_xorriso(disc, folder, &["-load", "sbsector", &start.to_string()]));
    }
    let last = items(&*open(disc, "session=last"));
    assert_same(&last, &items(&*open(disc, &format!("session={}", starts.len()))));
    for none in [starts.len() + 1, usize::MAX] {
        let error = try_open(common::Image::open(disc), &format!("session={none}")).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(error.message(), format!("session {none}: the disc has {}", starts.len()));
    }
}

fn text(disc: &Path, options: &str) -> String {
    let fs = open(disc, options);
    String::from_utf8(read(&*fs, find(&*fs, "/file"))).unwrap()
}

/// The newest descriptors at the beginning, each session's own where it lies.
#[test]
fn a_disc_that_can_be_overwritten() {
    let folder = scratch();
    let trees = trees(folder.path());
    let disc = folder.path().join("grown.iso");
    let xorriso = |arguments: &[&OsStr]| drop(tool("xorriso", arguments));
    let (new, grow) = (OsStr::new("-outdev"), OsStr::new("-dev"));
    xorriso(&[new, disc.as_os_str(), "-map".as_ref(), trees[0].as_os_str(), "/".as_ref()]);
    let (file, third) = (trees[1].join("file"), trees[2].join("third"));
    xorriso(&[grow, disc.as_os_str(), "-update".as_ref(), file.as_os_str(), "/file".as_ref()]);
    xorriso(&[grow, disc.as_os_str(), "-map".as_ref(), third.as_os_str(), "/third".as_ref()]);
    let starts = found_by_xorriso(&disc);
    assert_eq!(starts.len(), 3);
    assert_sessions(&disc, folder.path(), &starts);
    assert_eq!([text(&disc, ""), text(&disc, "session=first")], ["two", "one"]);
    assert_same(&items(&*open(&disc, "")), &items(&*open(&disc, "session=last")));
}

/// Adds a session that begins at this sector of a disc.
fn add(disc: &Path, last: u64, next: u64, tree: &Path) {
    let added = disc.with_extension("added");
    let place = format!("{last},{next}");
    let options = ["-quiet", "-R", "-C", &place, "-M"].map(OsStr::new);
    let rest = [disc.as_os_str(), "-o".as_ref(), added.as_os_str(), tree.as_os_str()];
    tool("genisoimage", &[&options[..], &rest[..]].concat());
    let file = fs::File::options().write(true).open(disc).unwrap();
    file.write_all_at(&fs::read(added).unwrap(), next * 2048).unwrap();
}

/// The first session's descriptors stay at the beginning, where every reader of an image looks.
#[test]
fn a_disc_that_cannot_be_overwritten() {
    let folder = scratch();
    let trees = trees(folder.path());
    let disc = folder.path().join("disc.iso");
    let options = ["-quiet", "-R", "-o"].map(OsStr::new);
    tool("genisoimage", &[&options[..], &[disc.as_os_str(), trees[0].as_os_str()]].concat());
    let end = || fs::metadata(&disc).unwrap().len() / 2048;
    let second = end().next_multiple_of(32);
    add(&disc, 0, second, &trees[1]);
    let third = end().next_multiple_of(16);
    add(&disc, second, third, &trees[2]);
    assert_eq!(found_by_xorriso(&disc), [0, second, third]);
    assert_sessions(&disc, folder.path(), &[0, second, third]);
    assert_eq!(
        [text(&disc, ""), text(&disc, "session=first"), text(&disc, "session=last")],
        ["one", "one", "two"]
    );
    assert_same(&items(&*open(&disc, "")), &by_xorriso(&disc, folder.path(), &[]));
    let text =
        format!("the first session is read: of 3, the last one at sector {third}; session=last reads that");
    assert_eq!(open(&disc, "").info().unwrap().remarks, [text]);
    assert_eq!(open(&disc, "session=last").info().unwrap().remarks, [""; 0]);
}

/// A CD has a gap between sessions, which xorriso does not look behind in an image.
#[test]
fn sessions_behind_the_gaps_of_a_cd() {
    let folder = scratch();
    let trees = trees(folder.path());
    let disc = folder.path().join("disc.iso");
    let options = ["-quiet", "-R", "-no-pad", "-o"].map(OsStr::new);
    tool("genisoimage", &[&options[..], &[disc.as_os_str(), trees[0].as_os_str()]].concat());
    let end = || fs::metadata(&disc).unwrap().len() / 2048;
    let second = end() + 11_400;
    add(&disc, 0, second, &trees[1]);
    let third = end() + 6_900;
    add(&disc, second, third, &trees[2]);
    assert_sessions(&disc, folder.path(), &[0, second, third]);
}
