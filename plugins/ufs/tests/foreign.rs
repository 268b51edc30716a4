//! The same images read by GRUB and by the Sleuth Kit: every path, size, target and byte.
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
    Item, Layout, Listing, assert_same, listing, make_tree, makefs, need, open_image, run, walk, work_folder,
};
use std::path::Path;
use std::process::Command;

/// A small tree's image.
fn image(folder: &Path, layout: Layout) -> std::path::PathBuf {
    let tree = folder.join("tree");
    make_tree(&tree, layout.block.into(), layout.fragment.into());
    // A process is run for each file.
    std::fs::remove_dir_all(tree.join("many")).unwrap();
    makefs(folder, layout, &tree, &[])
}

/// GRUB's drivers ufs1 and ufs2 read the little-endian ones.
#[test]
fn files_as_grub_reads_them() {
    for layout in [
        Layout::new(1, "le", 8192, 1024),
        Layout::new(2, "le", 16384, 2048),
        Layout::new(1, "le", 4096, 4096),
    ] {
        let folder = work_folder!();
        let image = image(folder.path(), layout);
        let mut compared = 0;
        for (path, item) in listing(&*open_image(&image)) {
            let Item::File(size, _) = item else { continue };
            if size == 0 || path.contains([' ', '\\']) {
                continue;
            }
            let out = folder.path().join("out");
            let mut command = Command::new(need("grub-fstest", "grub-common"));
            command.arg(&image).args(["cp", &format!("(loop0)/{path}")]).arg(&out);
            let _ = run(&mut command).bytes();
            assert_eq!(item, Item::file(&std::fs::read(&out).unwrap()), "{layout:?} {path}");
            compared += 1;
        }
        assert!(compared > 18, "{compared}");
    }
}

/// The Sleuth Kit reads both byte orders; UFS2 where its superblock, or a copy of it, lies at 64 KiB.
#[test]
fn everything_as_the_sleuth_kit_reads_it() {
    for (layout, kind) in [
        (Layout::new(1, "le", 8192, 1024), "ufs1"),
        (Layout::new(1, "be", 8192, 1024), "ufs1"),
        (Layout::new(2, "le", 65536, 8192), "ufs2"),
        (Layout::new(2, "be", 65536, 8192), "ufs2"),
    ] {
        println!("{layout:?}");
        let folder = work_folder!();
        let image = image(folder.path(), layout);
        let fs = open_image(&image);
        let mut command = Command::new(need("fls", "sleuthkit"));
        let text = run(command.args(["-f", kind, "-r", "-p", "-u"]).arg(&image)).text();
        let mut theirs = Listing::new();
        let nodes = walk(&*fs);
        // `r/r 12:<TAB>path`
        for line in text.lines().filter(|line| !line.contains("$OrphanFiles")) {
            let (about, path) = line.split_once(":\t").unwrap();
            let (what, inode) = about.split_once(' ').unwrap();
            let inode = inode.trim();
            let path = path.as_bytes().escape_ascii().to_string();
            assert_eq!(nodes[&path].0.0.to_string(), inode, "{path}");
            let tool = |name: &str| {
                let mut command = Command::new(need(name, "sleuthkit"));
                run(command.args(["-f", kind]).arg(&image).arg(inode)).bytes()
            };
            let item = match what {
                "d/d" => Item::Directory,
                // icat gives zeros for links that lie in the inode.
                "l/l" => {
                    let text = String::from_utf8(tool("istat")).unwrap();
                    let target = text.lines().find_map(|line| line.strip_prefix("symbolic link to: "));
                    Item::link(target.unwrap().as_bytes())
                }
                _ => Item::file(&tool("icat")),
            };
            theirs.insert(path, item);
        }
        assert_same(&listing(&*fs), &theirs);
    }
}

/// `blkid` prints what we call UUID.
#[test]
fn uuid_as_blkid_prints_it() {
    for layout in [Layout::new(1, "le", 8192, 1024), Layout::new(2, "le", 8192, 1024)] {
        let folder = work_folder!();
        let image = image(folder.path(), layout);
        let mut command = Command::new(need("blkid", "util-linux"));
        let uuid = run(command.args(["-p", "-s", "UUID", "-o", "value"]).arg(&image)).text();
        assert_eq!(open_image(&image).info().unwrap().uuid, uuid.trim());
    }
}
