//! Trees made by xorriso and genisoimage, compared with the files that went in and with blkid.
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
    Image, assert_same, extents, find, host, image, items, list, make_tree, noise, open, read, scratch, tool,
    walk,
};
use fsimage_iso9660::ISO9660;
use fsimage_sdk::{ErrorKind, ExtentKind, Format, Limits, Probe, Volume};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

/// xorriso writes Rock Ridge unless told not to, genisoimage when told to.
fn no_rock_ridge(maker: &str) -> &'static str {
    if maker == "xorriso" { "--norock" } else { "-quiet" }
}

/// Every plain file has extents, and they hold the bytes that `read_at` gives.
fn assert_extents(fs: &dyn fsimage_sdk::FileSystem, image: &Path) {
    assert_eq!(common::assert_extents(fs, &*Image::open(image)), 0);
}

/// genisoimage is not asked: what it writes of such links, isoinfo cannot read either.
#[test]
fn long_links() {
    let folder = scratch();
    let tree = folder.path().join("tree");
    fs::create_dir(&tree).unwrap();
    let targets = [
        "c".repeat(250),
        format!("{}end", "long/component/".repeat(50)),
        format!("/{}", "x/".repeat(450) + "y"),
    ];
    for (number, target) in targets.iter().enumerate() {
        std::os::unix::fs::symlink(target, tree.join(format!("{number}"))).unwrap();
        std::os::unix::fs::symlink(target, tree.join(format!("{number}").repeat(240))).unwrap();
    }
    let image = image(folder.path(), "xorriso", &["-R"], &tree);
    assert_same(&items(&*open(&image, "")), &host(&tree));
}

#[test]
fn attributes_as_the_host_has_them() {
    let folder = scratch();
    let tree = folder.path().join("tree");
    make_tree(&tree, true);
    tool("chmod", &["4751".as_ref(), tree.join("boot/vmlinuz").as_os_str()]);
    for maker in ["xorriso", "genisoimage"] {
        let folder = scratch();
        let image = image(folder.path(), maker, &["-R", "-D"], &tree);
        let fs = open(&image, "");
        for (path, (_, metadata)) in walk(&*fs) {
            let Ok(theirs) = tree.join(&path).symlink_metadata() else { continue };
            let found = (metadata.mode, metadata.uid, metadata.gid, metadata.mtime_seconds);
            assert_eq!(found, (theirs.mode() & 0o7777, theirs.uid(), theirs.gid(), theirs.mtime()), "{path}");
        }
    }
}

#[test]
fn joliet_when_there_is_no_rock_ridge() {
    let folder = scratch();
    let tree = folder.path().join("tree");
    make_tree(&tree, false);
    fs::write(tree.join("Gr\u{fc}\u{df}e aus K\u{f6}ln.txt"), "x").unwrap();
    for maker in ["xorriso", "genisoimage"] {
        let folder = scratch();
        let image = image(
            folder.path(),
            maker,
            &[no_rock_ridge(maker), "-J", "-input-charset", "utf-8", "-D"],
            &tree,
        );
        let fs = open(&image, "");
        assert_eq!(fs.info().unwrap().features[0], "joliet", "{maker}");
        assert_same(&items(&*fs), &host(&tree));
        // Linux compares Joliet names without regard to case.
        assert_eq!(find(&*fs, "/BOOT/VmLinuz"), find(&*fs, "/boot/vmlinuz"));
        assert_extents(&*fs, &image);
    }
}

#[test]
fn every_view_of_one_disc() {
    let folder = scratch();
    let tree = folder.path().join("tree");
    make_tree(&tree, true);
    let image = image(folder.path(), "xorriso", &["-R", "-J", "-joliet-long"], &tree);
    for (options, view) in [
        ("", "rockridge"),
        ("view=rockridge", "rockridge"),
        ("norock", "joliet"),
        ("view=joliet", "joliet"),
        ("view=plain", "plain"),
        ("nojoliet", "rockridge"),
    ] {
        let fs = open(&image, options);
        assert_eq!(fs.info().unwrap().features[..2], [view, "has-joliet"], "{options}");
        assert_eq!(read(&*fs, find(&*fs, "/boot/vmlinuz")), noise(1, 300_001));
    }
    let refused = common::try_open(common::Image::open(&image), "view=enhanced").err().unwrap();
    assert_eq!(refused.kind(), ErrorKind::NotFound);
}

#[test]
fn label_and_uuid_as_blkid_prints_them() {
    let folder = scratch();
    let tree = folder.path().join("tree");
    fs::create_dir(&tree).unwrap();
    fs::write(tree.join("x"), "x").unwrap();
    let variants: [(&str, &[&str]); 6] = [
        ("xorriso", &["-R"]),
        ("xorriso", &["-R", "-J", "-V", "A label beyond sixteen chars"]),
        ("xorriso", &["-J", "--modification-date=2024022912345678"]),
        ("genisoimage", &["-R"]),
        ("genisoimage", &["-J", "-V", "A label beyond sixteen chars"]),
        ("genisoimage", &["-V", ""]),
    ];
    for (maker, options) in variants {
        let folder = scratch();
        let image = image(folder.path(), maker, options, &tree);
        let info = open(&image, "").info().unwrap();
        let blkid = |tag: &str| {
            let arguments = ["-p", "-s", tag, "-o", "value"].map(OsStr::new);
            tool(
                "sh",
                &[
                    OsStr::new("-c"),
                    OsStr::new("blkid \"$@\" || true"),
                    OsStr::new("sh"),
                    arguments[0],
                    arguments[1],
                    arguments[2],
                    arguments[3],
                    arguments[4],
                    image.as_os_str(),
                ],
            )
            .trim_end_matches('\n')
            .to_owned()
        };
        assert_eq!(String::from_utf8_lossy(&info.label), blkid("LABEL"), "{maker} {options:?}");
        assert_eq!(info.uuid, blkid("UUID"), "{maker} {options:?}");
        assert_eq!(info.block_size, 2048);
    }
}

#[test]
fn udf_bridges_are_read_as_iso9660_and_udf_alone_is_named() {
    let folder = scratch();
    let tree = folder.path().join("tree");
    make_tree(&tree, false);
    let image = image(folder.path(), "genisoimage", &["-udf", "-R", "-D"], &tree);
    let fs = open(&image, "");
    assert_same(&items(&*fs), &host(&tree));
    assert!(fs.info().unwrap().features.contains(&"has-udf".to_owned()));
    for (revision, block) in [("1.02", "2048"), ("2.01", "2048"), ("1.50", "2048"), ("2.01", "512")] {
        let alone = folder.path().join(format!("udf-{revision}-{block}"));
        tool("truncate", &["-s".as_ref(), "4M".as_ref(), alone.as_os_str()]);
        let (revision, block) = (format!("--udfrev={revision}"), format!("--blocksize={block}"));
        tool("mkudffs", &["--label=ALONE".as_ref(), revision.as_ref(), block.as_ref(), alone.as_os_str()]);
        let volume: Volume = Image::open(&alone);
        let Probe::MineButBroken(error) = ISO9660.probe(&volume, &Limits::default()).unwrap() else {
            panic!("UDF {revision} of {block} bytes a block is not named");
        };
        assert_eq!(error.to_string(), "unsupported: UDF without ISO9660 beside it (at 0x8000)");
    }
}

#[test]
fn a_file_beyond_four_gib_in_several_extents() {
    let folder = scratch();
    let tree = folder.path().join("tree");
    fs::create_dir(&tree).unwrap();
    let size = (4 << 30) + 5000;
    let file = fs::File::create(tree.join("large")).unwrap();
    file.set_len(size).unwrap();
    for offset in [0, (4 << 30) - 4096, size - 7] {
        file.write_all_at(b"landmark"[..7].as_ref(), offset).unwrap();
    }
    fs::write(tree.join("next"), "behind it").unwrap();
    // Through a pipe, so that dd leaves out the zeros: 4 GiB are soon written, and slowly.
    let image = folder.path().join("image.iso");
    let pipe = format!(
        "xorriso -as mkisofs -quiet -R -iso-level 3 '{}' 2>'{}' | dd of='{}' bs=1M iflag=fullblock conv=sparse status=none",
        tree.display(),
        folder.path().join("log").display(),
        image.display()
    );
    tool("bash", &["-o", "pipefail", "-c", &pipe]);
    let fs = open(&image, "");
    let large = find(&*fs, "/large");
    assert_eq!(fs.metadata(large).unwrap().size, size);
    assert_eq!(list(&*fs, fs.root().unwrap()).len(), 2);
    let all = extents(&*fs, large, 0).unwrap();
    assert_eq!(all.iter().map(|extent| extent.length).sum::<u64>(), size);
    // The pieces lie where xorriso finds them: start, blocks.
    let report = ["-find", "/large", "-exec", "report_lba"].map(OsStr::new);
    let report = tool("xorriso", &[&[OsStr::new("-indev"), image.as_os_str()][..], &report[..]].concat());
    let theirs: Vec<(u64, u64)> = report
        .lines()
        .filter_map(|line| line.strip_prefix("File data lba:"))
        .map(|line| {
            let numbers: Vec<u64> =
                line.split(',').take(3).map(|number| number.trim().parse().unwrap()).collect();
            (numbers[1], numbers[2])
        })
        .collect();
    assert_eq!(theirs.len(), 2, "{report}");
    assert_eq!(theirs[0].0 + theirs[0].1, theirs[1].0, "they follow each other, and make one extent");
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].kind, ExtentKind::Data { volume: 0, physical: theirs[0].0 * 2048 });
    let mut buffer = [0; 10];
    for (offset, count) in [(0, 10), ((4 << 30) - 4096, 10), (size - 7, 7)] {
        assert_eq!(fs.read_at(large, offset, &mut buffer).unwrap(), count);
        assert_eq!(&buffer[..7], b"landmar");
    }
    assert_eq!(read(&*fs, find(&*fs, "/next")), b"behind it");
}
