//! The same disc by three other readers: xorriso extracts it, isoinfo lists it and prints its files, the `iso9660` crate
//! walks plain ones. Paths, types, sizes, targets and SHA-256 are ours.
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
    Item, Listing, assert_same, by_xorriso, host, image, items, make_tree, need, open, run, scratch,
};
use std::fs;
use std::path::Path;
use std::process::Command;

/// What isoinfo lists, each file as it prints it. `tree` is `-R`, `-J`, or empty for plain names.
fn by_isoinfo(image: &Path, tree: &str) -> Listing {
    let isoinfo = || {
        let mut command = Command::new(need("isoinfo", "genisoimage"));
        command.args(tree.split_whitespace()).arg("-i").arg(image).env("LC_ALL", "C.UTF-8");
        command
    };
    let mut found = Listing::new();
    let mut folder = String::new();
    for line in run(isoinfo().arg("-l")).text().lines() {
        if let Some(path) = line.strip_prefix("Directory listing of /") {
            path.clone_into(&mut folder);
        } else if let Some((about, name)) = line.split_once("]  ") {
            let name = name.strip_suffix(' ').unwrap_or(name);
            let (name, target) = name.split_once(" -> ").unwrap_or((name, ""));
            let path = format!("{folder}{name}");
            let item = match about.as_bytes()[0] {
                _ if name == "." || name == ".." => continue,
                b'd' => Item::Directory,
                b'l' => Item::link(target.as_bytes()),
                _ => Item::file(&run(isoinfo().args(["-x", &format!("/{path}")])).bytes()),
            };
            found.insert(path.as_bytes().escape_ascii().to_string(), item);
        }
    }
    found
}

type Folder = iso9660::ISODirectory<fs::File>;

/// What the crate finds below a directory, in lower case.
fn by_crate(folder: &Folder, path: &str, found: &mut Listing) {
    for entry in folder.contents() {
        let entry = entry.unwrap();
        let path = format!("{path}{}", entry.identifier().to_lowercase());
        match entry {
            iso9660::DirectoryEntry::Directory(inner)
                if inner.identifier == "." || inner.identifier == ".." => {}
            iso9660::DirectoryEntry::Directory(inner) => {
                by_crate(&inner, &format!("{path}/"), found);
                found.insert(path, Item::Directory);
            }
            iso9660::DirectoryEntry::File(file) => {
                let mut bytes = Vec::new();
                std::io::Read::read_to_end(&mut file.read(), &mut bytes).unwrap();
                found.insert(path, Item::file(&bytes));
            }
        }
    }
}

/// Names as both others print them, made ours: lower case, without a version of 1 and without a dot at the end.
fn plain(listing: Listing) -> Listing {
    let name = |path: String| {
        let path = path.to_lowercase();
        let path = path.strip_suffix(";1").unwrap_or(&path);
        path.strip_suffix('.').unwrap_or(path).to_owned()
    };
    listing.into_iter().map(|(path, item)| (name(path), item)).collect()
}

/// The usual tree with fewer entries: isoinfo is a process for each file.
fn small_tree(root: &Path, with_links: bool) {
    make_tree(root, with_links);
    for number in 30..200 {
        fs::remove_file(root.join(format!("many/entry{number:03}.txt"))).unwrap();
    }
}

#[test]
fn rock_ridge() {
    let folder = scratch();
    let tree = folder.path().join("tree");
    small_tree(&tree, true);
    for (maker, options) in [
        ("xorriso", &["-R"][..]),
        ("xorriso", &["-r", "-J", "-joliet-long"]),
        ("xorriso", &["-R", "-l", "-iso-level", "3", "-hfsplus"]),
        ("genisoimage", &["-R"]),
        ("genisoimage", &["-r", "-J", "-joliet-long"]),
        ("genisoimage", &["-R", "-l", "-iso-level", "3", "-udf", "-D"]),
        ("genisoimage", &["-R", "-D", "-xa"]),
        ("genisoimage", &["-R", "-D", "-hfs"]),
        ("genisoimage", &["-R", "-D", "-iso-level", "4"]),
    ] {
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
        // It takes attributes of CD-ROM XA for the end of Rock Ridge.
        if !options.contains(&"-xa") {
            assert_same(&ours, &by_xorriso(&image, folder.path(), &[]));
        }
        // isoinfo does not put moved directories back.
        if !ours.contains_key("rr_moved") {
            assert_same(&ours, &by_isoinfo(&image, "-R"));
        }
        assert_eq!(common::assert_extents(&*fs, &*common::Image::open(&image)), 0);
        assert_eq!(fs.info().unwrap().remarks, [""; 0], "{maker} {options:?}");
    }
}

#[test]
fn joliet() {
    let folder = scratch();
    let tree = folder.path().join("tree");
    small_tree(&tree, false);
    for (maker, options) in [
        ("xorriso", &["-R", "-J"][..]),
        ("xorriso", &["--norock", "-J"]),
        ("genisoimage", &["-J", "-D"]),
        ("genisoimage", &["-R", "-J", "-D", "-ucs-level", "1"]),
        ("genisoimage", &["-J", "-D", "-ucs-level", "2"]),
    ] {
        let folder = scratch();
        let image = image(folder.path(), maker, options, &tree);
        let fs = open(&image, "view=joliet");
        let ours = items(&*fs);
        assert_same(&ours, &host(&tree));
        assert_same(&ours, &by_xorriso(&image, folder.path(), &["-read_fs", "norock"]));
        assert_same(&ours, &plain(by_isoinfo(&image, "-J")));
    }
}

#[test]
fn plain_discs() {
    let folder = scratch();
    let tree = folder.path().join("tree");
    fs::create_dir_all(tree.join("dir/sub")).unwrap();
    fs::write(tree.join("kernel"), common::noise(5, 70_000)).unwrap();
    fs::write(tree.join("dir/grub.cfg"), "menuentry").unwrap();
    fs::write(tree.join("dir/sub/x.y"), "").unwrap();
    for number in 0..100 {
        fs::write(tree.join(format!("dir/f{number}.bin")), common::noise(number, 3000)).unwrap();
    }
    for (maker, options) in [
        ("xorriso", &["--norock", "-iso-level", "1"][..]),
        ("xorriso", &["--norock", "-iso-level", "2"]),
        ("xorriso", &["--norock", "-iso-level", "3"]),
        ("genisoimage", &["-iso-level", "1"]),
        ("genisoimage", &["-iso-level", "2"]),
        ("genisoimage", &["-iso-level", "3"]),
        ("genisoimage", &["-R", "-J"]),
    ] {
        let folder = scratch();
        let image = image(folder.path(), maker, options, &tree);
        let fs = open(&image, "view=plain");
        assert_eq!(fs.info().unwrap().features[0], "plain");
        let ours = items(&*fs);
        assert_same(&ours, &host(&tree));
        let load = ["-read_fs", "ecma119", "-ecma119_map", "lowercase"];
        assert_same(&ours, &by_xorriso(&image, folder.path(), &load));
        assert_same(&ours, &plain(by_isoinfo(&image, "")));
        let disc = iso9660::ISO9660::new(fs::File::open(&image).unwrap()).unwrap();
        let mut theirs = Listing::new();
        by_crate(&disc.root, "", &mut theirs);
        assert_same(&ours, &theirs);
    }
}

/// Enhanced volume descriptors have names as they are; no other reader here looks at them.
#[test]
fn enhanced_descriptors() {
    let folder = scratch();
    let tree = folder.path().join("tree");
    fs::create_dir_all(tree.join("Some Directory.d/of.several dots")).unwrap();
    for name in ["Mixed.Case.Dots", "no-extension", "n".repeat(150).as_str()] {
        fs::write(tree.join("Some Directory.d").join(name), name).unwrap();
    }
    for options in [&["-iso-level", "4"][..], &["-iso-level", "4", "-R", "-J", "-joliet-long"]] {
        let folder = scratch();
        let image = image(folder.path(), "genisoimage", options, &tree);
        let fs = open(&image, "view=enhanced");
        assert!(fs.info().unwrap().features.contains(&"has-enhanced".to_owned()));
        assert_same(&items(&*fs), &host(&tree));
    }
}
