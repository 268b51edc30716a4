//! Trees made by xorriso and genisoimage in every variant, compared with the host's files and with other readers.
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
    Image, Item, Listing, assert_same, extents, find, host, image, items, list, make_tree, noise, open, read,
    scratch, tool, walk,
};
use fsimage_sdk::ErrorKind;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

/// xorriso writes Rock Ridge unless told not to, genisoimage when told to.
fn no_rock_ridge(maker: &str) -> &'static str {
    if maker == "xorriso" { "--norock" } else { "-quiet" }
}

/// What xorriso extracts from the image.
fn by_xorriso(image: &Path, folder: &Path) -> Listing {
    let out = folder.join("extracted");
    let arguments = ["-osirrox", "on", "-indev"].map(OsStr::new);
    let extract = [OsStr::new("-extract"), OsStr::new("/"), out.as_os_str()];
    tool("xorriso", &[&arguments[..], &[image.as_os_str()], &extract[..]].concat());
    tool("chmod", &["-R".as_ref(), "u+rwx".as_ref(), out.as_os_str()]);
    host(&out)
}

/// Every plain file has extents, and they hold the bytes that `read_at` gives.
fn assert_extents(fs: &dyn fsimage_sdk::FileSystem, image: &Path) {
    assert_eq!(common::assert_extents(fs, &*Image::open(image)), 0);
}

#[test]
fn rock_ridge_of_both_makers() {
    let folder = scratch();
    let tree = folder.path().join("tree");
    make_tree(&tree, true);
    for maker in ["xorriso", "genisoimage"] {
        for options in
            [&["-R"][..], &["-r", "-J", "-joliet-long"], &["-R", "-l", "-iso-level", "3"], &["-R", "-D"]]
        {
            let folder = scratch();
            let image = image(folder.path(), maker, options, &tree);
            let fs = open(&image, "");
            assert_eq!(fs.info().unwrap().features[0], "rockridge", "{maker} {options:?}");
            let ours = items(&*fs);
            let mut expected = host(&tree);
            if ours.contains_key("rr_moved") {
                expected.insert("rr_moved".to_owned(), Item::Directory);
            }
            assert_same(&ours, &expected);
            assert_same(&ours, &by_xorriso(&image, folder.path()));
            assert_extents(&*fs, &image);
        }
    }
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
fn plain_names_as_isoinfo_and_the_iso9660_crate_read_them() {
    let folder = scratch();
    let tree = folder.path().join("tree");
    fs::create_dir_all(tree.join("dir/sub")).unwrap();
    fs::write(tree.join("kernel"), noise(5, 70_000)).unwrap();
    fs::write(tree.join("dir/grub.cfg"), "menuentry").unwrap();
    fs::write(tree.join("dir/sub/x.y"), "").unwrap();
    for maker in ["xorriso", "genisoimage"] {
        for level in ["1", "2", "3"] {
            let folder = scratch();
            let image = image(folder.path(), maker, &[no_rock_ridge(maker), "-iso-level", level], &tree);
            let fs = open(&image, "");
            assert_eq!(fs.info().unwrap().features[0], "plain");
            assert_same(&items(&*fs), &host(&tree));
            assert_eq!(find(&*fs, "/DIR/GRUB.CFG"), find(&*fs, "/dir/grub.cfg"));
            let listing = tool("isoinfo", &["-f".as_ref(), "-i".as_ref(), image.as_os_str()]);
            let mut names: Vec<String> = listing
                .lines()
                .map(|l| l[1..].trim_end_matches(";1").trim_end_matches('.').to_lowercase())
                .collect();
            names.sort();
            assert_eq!(names, walk(&*fs).into_keys().collect::<Vec<_>>(), "{maker} {level}");
            let other = iso9660::ISO9660::new(fs::File::open(&image).unwrap()).unwrap();
            let Ok(Some(iso9660::DirectoryEntry::File(file))) = other.open("/DIR/GRUB.CFG") else {
                panic!("{maker}: the iso9660 crate finds no grub.cfg");
            };
            let mut theirs = String::new();
            std::io::Read::read_to_string(&mut file.read(), &mut theirs).unwrap();
            assert_eq!(theirs, "menuentry");
        }
    }
}

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

#[test]
fn sessions() {
    let folder = scratch();
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    for (tree, text) in [(&first, "one"), (&second, "two")] {
        fs::create_dir_all(tree).unwrap();
        fs::write(tree.join("file"), text).unwrap();
    }
    // genisoimage keeps an older session's file unless the new one is newer.
    tool("touch", &["-d".as_ref(), "2020-01-01".as_ref(), first.join("file").as_os_str()]);
    fs::write(first.join("kept"), noise(3, 10_000)).unwrap();
    // As a file grows: the newest descriptors at the beginning.
    let image = folder.path().join("grown.iso");
    let arguments = ["-quiet", "-R", "-o"].map(OsStr::new);
    let all =
        [&["-as", "mkisofs"].map(OsStr::new)[..], &arguments[..], &[image.as_os_str(), first.as_os_str()]];
    tool("xorriso", &all.concat());
    let update = [OsStr::new("-update"), second.join("file").into_os_string().leak(), OsStr::new("/file")];
    tool(
        "xorriso",
        &[&[OsStr::new("-dev"), image.as_os_str()][..], &update[..], &[OsStr::new("-commit")]].concat(),
    );
    let text = |options: &str| {
        String::from_utf8(read(&*open(&image, options), find(&*open(&image, options), "/file"))).unwrap()
    };
    assert_eq!(text(""), "two");
    assert_eq!(text("session=last"), "two");
    let kept = open(&image, "");
    assert_eq!(read(&*kept, find(&*kept, "/kept")), noise(3, 10_000));
    let missing = common::try_open(common::Image::open(&image), "session=9").err().unwrap();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    // As a disc that cannot be overwritten: the first session's descriptors stay at the beginning.
    let disc = folder.path().join("disc.iso");
    let options = ["-quiet", "-R", "-o"].map(OsStr::new);
    tool("genisoimage", &[&options[..], &[disc.as_os_str(), first.as_os_str()]].concat());
    let size = fs::metadata(&disc).unwrap().len();
    let next = (size / 2048).next_multiple_of(32);
    let added = folder.path().join("added.iso");
    let place = format!("0,{next}");
    let options = ["-quiet", "-R", "-C", &place, "-M"].map(OsStr::new);
    tool(
        "genisoimage",
        &[&options[..], &[disc.as_os_str(), OsStr::new("-o"), added.as_os_str(), second.as_os_str()]]
            .concat(),
    );
    let file = fs::File::options().write(true).open(&disc).unwrap();
    file.write_all_at(&fs::read(added).unwrap(), next * 2048).unwrap();
    let text = |options: &str| {
        String::from_utf8(read(&*open(&disc, options), find(&*open(&disc, options), "/file"))).unwrap()
    };
    assert_eq!(text(""), "one");
    assert_eq!(text("session=1"), "one");
    assert_eq!(text("session=2"), "two");
    assert_eq!(text("session=last"), "two");
    assert_eq!(text(&format!("sbsector={next}")), "two");
    let both = open(&disc, "session=last");
    assert_eq!(read(&*both, find(&*both, "/kept")), noise(3, 10_000));
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
    let image = image(folder.path(), "xorriso", &["-R", "-iso-level", "3"], &tree);
    let fs = open(&image, "");
    let large = find(&*fs, "/large");
    assert_eq!(fs.metadata(large).unwrap().size, size);
    assert_eq!(list(&*fs, fs.root().unwrap()).len(), 2);
    let all = extents(&*fs, large, 0).unwrap();
    assert_eq!(all.iter().map(|extent| extent.length).sum::<u64>(), size);
    let mut buffer = [0; 10];
    for (offset, count) in [(0, 10), ((4 << 30) - 4096, 10), (size - 7, 7)] {
        assert_eq!(fs.read_at(large, offset, &mut buffer).unwrap(), count);
        assert_eq!(&buffer[..7], b"landmar");
    }
    assert_eq!(read(&*fs, find(&*fs, "/next")), b"behind it");
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
    let mut alone = vec![0; 64 << 10];
    for (sector, name) in [(16, b"BEA01"), (17, b"NSR02"), (18, b"TEA01")] {
        alone[sector * 2048 + 1..][..5].copy_from_slice(name);
    }
    let error = common::try_open(std::sync::Arc::new(alone), "").err().unwrap();
    assert_eq!(error.to_string(), "unsupported: UDF without ISO9660 beside it (at 0x8000)");
}
