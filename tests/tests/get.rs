//! `fsimage get`: trees of every kind onto the host, and trees that want more than that.
// What makes a parser dangerous makes a test fail, which is what a test is for.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use fsimage_tests::folder::{Item, assert_same, contents, items};
use fsimage_tests::guest::{Random, noise};
use fsimage_tests::mount::{LoopMount, Tmpfs};
use fsimage_tests::{Guest, Outcome, Run, Scene, Stage, need};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

#[test]
fn a_tree_of_ext4_comes_out_as_it_went_in() {
    let scene = Scene::new();
    scene.varied();
    let image = scene.ext4(32);
    let out = scene.folder("out");
    let outcome = scene.get(&image, &["-rp"]).arg("/").arg("-o").arg(&out).finish();
    outcome.assert_success();
    assert_eq!(outcome.stderr, "");
    // mke2fs puts whole seconds into the image.
    assert_same(&in_seconds(&out), &in_seconds(&scene.path("tree")));
}

type Seconds = (char, u32, i64, Vec<u8>);

fn in_seconds(folder: &Path) -> BTreeMap<PathBuf, Seconds> {
    let seconds = |item: Item| (item.kind, item.mode, item.modified.0, item.content);
    items(folder).into_iter().map(|(path, item)| (path, seconds(item))).collect()
}

#[test]
fn a_tree_of_iso9660_comes_out_as_it_went_in() {
    let scene = Scene::new();
    scene.varied();
    let image = scene.iso9660();
    let out = scene.folder("out");
    scene
        .get(&image, &["-r", "--preserve=mode,times"])
        .arg("/")
        .arg("-o")
        .arg(&out)
        .finish()
        .assert_success();
    // Rock Ridge has whole seconds.
    assert_same(&in_seconds(&out), &in_seconds(&scene.path("tree")));
}

#[test]
fn without_preserve_the_guest_has_no_say_in_modes_and_times() {
    let scene = Scene::new();
    scene.file("secret", b"1").file("program", b"2").file("folder/open", b"3");
    let tree = scene.path("tree");
    for (path, mode) in [("secret", 0o600), ("program", 0o6755), ("folder/open", 0o666), ("folder", 0o1777)] {
        std::fs::set_permissions(tree.join(path), PermissionsExt::from_mode(mode)).unwrap();
    }
    let image = scene.ext4(8);
    let modes = |out: &Path| {
        ["secret", "program", "folder/open", "folder"]
            .map(|path| std::fs::symlink_metadata(out.join(path)).unwrap().mode() & 0o7777)
    };
    let usual = scene.folder("usual");
    scene.get(&image, &["-r"]).arg("/").arg("-o").arg(&usual).finish().assert_success();
    assert_eq!(modes(&usual), [0o644, 0o644, 0o644, 0o755]);
    // As asked, and yet never set-user-id, set-group-id or sticky.
    let kept = scene.folder("kept");
    scene.get(&image, &["-rp"]).arg("/").arg("-o").arg(&kept).finish().assert_success();
    assert_eq!(modes(&kept), [0o600, 0o755, 0o666, 0o777]);
    // A single file, too.
    let file = scene.path("file");
    scene.get(&image, &["-p"]).arg("/program").arg("-o").arg(&file).finish().assert_success();
    assert_eq!(std::fs::metadata(&file).unwrap().mode() & 0o7777, 0o755);
}

#[test]
fn owners_are_kept_only_when_they_are_asked_for() {
    let scene = Scene::new();
    scene.file("file", b"1");
    std::os::unix::fs::chown(scene.path("tree/file"), Some(1234), Some(4321)).unwrap();
    let image = scene.ext4(8);
    let owner = |option: &str, name: &str| {
        let out = scene.folder(name);
        scene.get(&image, &["-r", option]).arg("/").arg("-o").arg(&out).finish().assert_success();
        let status = std::fs::metadata(out.join("file")).unwrap();
        (status.uid(), status.gid())
    };
    assert_eq!(owner("-p", "without"), (0, 0));
    assert_eq!(owner("--preserve=owner", "with"), (1234, 4321));
}

#[test]
fn devices_fifos_and_sockets_are_named_and_not_made() {
    let scene = Scene::new();
    scene.file("dev/file", b"1");
    let dev = scene.path("tree/dev");
    for (name, kind, number) in [
        ("fifo", FileType::Fifo, 0),
        ("socket", FileType::Socket, 0),
        ("null", FileType::CharacterDevice, rustix::fs::makedev(1, 3)),
        ("disk", FileType::BlockDevice, rustix::fs::makedev(7, 0)),
    ] {
        mknodat(CWD, dev.join(name), kind, Mode::RUSR, number).unwrap();
    }
    for image in [scene.ext4(8), scene.iso9660()] {
        let out = scene.folder("out");
        let outcome = scene.get(&image, &["-r"]).arg("/dev").arg("-o").arg(&out).finish();
        outcome.assert_success();
        for (name, what) in
            [("fifo", "fifo"), ("socket", "socket"), ("null", "character device"), ("disk", "block device")]
        {
            let note = format!("fsimage: note: /dev/{name}: a {what}: not copied\n");
            assert!(outcome.stderr.contains(&note), "{note}: {}", outcome.stderr);
        }
        assert_eq!(contents(&out).into_keys().collect::<Vec<_>>(), [Path::new("dev"), Path::new("dev/file")]);
        let outcome = scene.get(&image, &[]).arg("/dev/null").arg("-o").arg(&out).finish();
        outcome.assert_failure("/dev/null: a character device: there is no data in it");
        std::fs::remove_dir_all(&out).unwrap();
    }
}

#[test]
fn holes_and_hard_links_stay_what_they_are() {
    let scene = Scene::new();
    scene.file("first", &noise(10_000)).file("a/b/c", b"");
    let tree = scene.path("tree");
    std::fs::hard_link(tree.join("first"), tree.join("a/second")).unwrap();
    std::fs::hard_link(tree.join("first"), tree.join("a/b/third")).unwrap();
    let sparse = File::create(tree.join("sparse")).unwrap();
    sparse.set_len(100 << 20).unwrap();
    for place in [10 << 20, 50 << 20] {
        sparse.write_all_at(&noise(4096), place).unwrap();
    }
    File::create(tree.join("hole")).unwrap().set_len(1 << 30).unwrap();
    let (image, out) = (scene.ext4(16), scene.folder("out"));
    scene.get(&image, &["-r"]).arg("/").arg("-o").arg(&out).finish().assert_success();
    let status = |path: &str| std::fs::metadata(out.join(path)).unwrap();
    assert_eq!(status("first").ino(), status("a/second").ino());
    assert_eq!(status("first").ino(), status("a/b/third").ino());
    assert_eq!((status("first").nlink(), status("first").len()), (3, 10_000));
    assert!(status("sparse").blocks() * 512 <= 64 << 10, "{} blocks", status("sparse").blocks());
    assert!(fsimage_tests::output::same_bytes(&out.join("sparse"), &tree.join("sparse")));
    assert_eq!((status("hole").len(), status("hole").blocks()), (1 << 30, 0));
}

#[test]
fn data_that_is_not_plain_keeps_its_holes_too() {
    // Packed by zisofs, a file of zeros has no extents that could tell.
    let scene = Scene::new();
    let mut bytes = vec![0; 4 << 20];
    bytes[1 << 20..(1 << 20) + 100].fill(7);
    scene.file("sparse", &bytes);
    let packed = scene.path("packed");
    Run::new(&need("mkzftree", "genisoimage")).arg(scene.path("tree")).arg(&packed).finish().assert_success();
    let image = scene.path("disc.iso");
    Run::new(&need("genisoimage", "genisoimage"))
        .args(["-quiet", "-R", "-z", "-o"])
        .arg(&image)
        .arg(&packed)
        .finish()
        .assert_success();
    let out = scene.path("out");
    scene.get(&image, &[]).arg("/sparse").arg("-o").arg(&out).finish().assert_success();
    assert_eq!(std::fs::read(&out).unwrap(), bytes);
    let blocks = std::fs::metadata(&out).unwrap().blocks();
    assert!(blocks * 512 <= 512 << 10, "{blocks} blocks");
}

#[test]
fn a_directory_is_copied_when_that_is_asked_for() {
    let scene = Scene::new();
    scene.file("etc/hosts", b"1").file("etc/ssh/config", b"2").file("motd", b"3");
    let image = scene.ext4(8);
    let out = scene.folder("out");
    let outcome = scene.get(&image, &[]).arg("/etc").arg("-o").arg(&out).finish();
    outcome.assert_failure("/etc: a directory in the guest; -r copies directories, -o says where copies go");
    assert!(contents(&out).is_empty());
    // Into a directory, under its own name; as a new one, under that name; several at once, with files.
    scene.get(&image, &["-r"]).arg("/etc").arg("-o").arg(&out).finish().assert_success();
    scene.get(&image, &["-R"]).arg("/etc").arg("-o").arg(out.join("new")).finish().assert_success();
    let several = scene.folder("several");
    scene.get(&image, &["-r"]).args(["/etc/ssh", "/motd"]).arg("-o").arg(&several).finish().assert_success();
    let paths = |folder: &Path| {
        contents(folder).into_keys().map(|path| path.to_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        paths(&out),
        ["etc", "etc/hosts", "etc/ssh", "etc/ssh/config", "new", "new/hosts", "new/ssh", "new/ssh/config"]
    );
    assert_eq!(paths(&several), ["motd", "ssh", "ssh/config"]);
}

#[test]
fn what_exists_is_refused_replaced_or_left_as_is_wanted() {
    let scene = Scene::new();
    scene.file("tree/a", b"guest a").file("tree/b", b"guest b").file("tree/sub/c", b"guest c");
    symlink("a", scene.path("tree/tree/link")).unwrap();
    let (image, out) = (scene.ext4(8), scene.folder("out"));
    let get = |option: &[&str]| scene.get(&image, option).arg("-r").arg("/tree").arg("-o").arg(&out).finish();
    let read = |path: &str| std::fs::read_to_string(out.join("tree").join(path)).unwrap();
    std::fs::create_dir(out.join("tree")).unwrap();
    std::fs::write(out.join("tree/a"), "host a").unwrap();
    std::fs::write(out.join("tree/mine"), "mine").unwrap();

    let outcome = get(&[]);
    outcome.assert_failure("tree: it exists; --force replaces it, --skip-existing leaves it");
    assert_eq!((read("a"), out.join("tree/b").exists()), ("host a".to_owned(), false));

    get(&["--skip-existing"]).assert_success();
    assert_eq!((read("a"), read("b"), read("sub/c")), ("host a".into(), "guest b".into(), "guest c".into()));

    get(&["--force"]).assert_success();
    assert_eq!((read("a"), read("link"), read("mine")), ("guest a".into(), "guest a".into(), "mine".into()));

    // Never a directory by a file, nor a file by a directory.
    std::fs::remove_file(out.join("tree/b")).unwrap();
    std::fs::create_dir(out.join("tree/b")).unwrap();
    std::fs::remove_dir_all(out.join("tree/sub")).unwrap();
    std::fs::write(out.join("tree/sub"), "host").unwrap();
    let outcome = get(&["--force"]);
    outcome.assert_failure("/tree/b: ");
    assert!(outcome.stderr.contains("/tree/sub: "), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("2 missing: named above"), "{}", outcome.stderr);
    assert_eq!((read("sub"), read("a")), ("host".into(), "guest a".into()));
}

#[test]
fn no_link_on_the_host_is_followed() {
    let scene = Scene::new();
    scene.file("tree/a", b"guest").file("tree/sub/b", b"guest");
    let image = scene.ext4(8);
    let elsewhere = scene.folder("elsewhere");
    std::fs::write(elsewhere.join("precious"), "host").unwrap();
    for option in ["--force", "--skip-existing", "--verbose"] {
        let out = scene.folder(&format!("out{option}"));
        std::fs::create_dir(out.join("tree")).unwrap();
        symlink(elsewhere.join("precious"), out.join("tree/a")).unwrap();
        symlink(&elsewhere, out.join("tree/sub")).unwrap();
        let outcome = scene.get(&image, &["-r", option]).arg("/tree").arg("-o").arg(&out).finish();
        outcome.assert_failure("");
        let is_link = out.join("tree/a").symlink_metadata().unwrap().is_symlink();
        assert_eq!(is_link, option != "--force", "{option}");
        // Nor at the end of the target itself.
        let link = scene.path(&format!("link{option}"));
        symlink(&elsewhere, &link).unwrap();
        scene.get(&image, &["-r", option]).arg("/tree").arg("-o").arg(&link).finish().assert_failure("");
    }
    assert_eq!(contents(&elsewhere), BTreeMap::from([("precious".into(), ('f', b"host".to_vec()))]));
}

#[test]
fn a_target_in_which_everybody_may_write_is_refused() {
    let scene = Scene::new();
    scene.file("tree/a", b"guest");
    let (image, out) = (scene.ext4(8), scene.folder("out"));
    std::fs::set_permissions(&out, PermissionsExt::from_mode(0o777)).unwrap();
    let outcome = scene.get(&image, &["-r"]).arg("/tree").arg("-o").arg(&out).finish();
    outcome.assert_failure("everybody may write there, and so replace what is copied");
}

#[test]
fn each_copy_is_named_when_that_is_asked_for() {
    let scene = Scene::new();
    scene.file("tree/a", b"12345");
    symlink("a", scene.path("tree/tree/l")).unwrap();
    let image = scene.ext4(8);
    let out = scene.folder("out");
    let outcome = scene.get(&image, &["-rv"]).arg("/tree").arg("-o").arg(&out).finish();
    let shown = out.display();
    let expected = ["a", "l"].map(|name| format!("/tree/{name} -> {shown}/tree/{name}"));
    let lines = outcome.assert_success().text();
    assert_eq!(
        lines.lines().collect::<Vec<_>>(),
        [&expected[0], &expected[1], &format!("/tree -> {shown}/tree")]
    );
    let outcome = scene.get(&image, &["--json", "--force", "-r"]).arg("/tree").arg("-o").arg(&out).finish();
    let objects: Vec<serde_json::Value> =
        outcome.assert_success().text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(objects[0]["path"], "/tree/a");
    assert_eq!(objects[0]["to"], format!("{shown}/tree/a"));
    assert_eq!((objects[0]["type"].as_str(), objects[0]["size"].as_u64()), (Some("file"), Some(5)));
    assert_eq!(objects.len(), 2);
}

#[test]
fn links_can_be_left_out() {
    let scene = Scene::new();
    scene.file("tree/a", b"1");
    symlink("/etc/shadow", scene.path("tree/tree/l")).unwrap();
    let (image, out) = (scene.ext4(8), scene.folder("out"));
    let outcome = scene.get(&image, &["-r", "--no-links"]).arg("/tree").arg("-o").arg(&out).finish();
    outcome.assert_success();
    assert!(outcome.stderr.contains("/tree/l: a symbolic link: not copied"), "{}", outcome.stderr);
    assert_eq!(contents(&out).into_keys().collect::<Vec<_>>(), [Path::new("tree"), Path::new("tree/a")]);
}

#[test]
fn every_limit_holds_and_is_named() {
    let scene = Scene::new();
    for number in 0..20 {
        scene.file(format!("tree/{number}"), &noise(10_000));
    }
    scene.file("deep/1/2/3/4/5/file", b"x");
    File::create(scene.path("tree/large")).unwrap().set_len(1 << 30).unwrap();
    let image = scene.ext4(16);
    let get = |option: &str, path: &str| {
        let out = scene.folder(&format!("out{option}"));
        (scene.get(&image, &["-r", option]).arg(path).arg("-o").arg(&out).finish(), contents(&out))
    };
    let (outcome, copies) = get("--max-entries=5", "/tree");
    outcome.assert_failure("more files than --max-entries allows");
    assert_eq!(copies.len(), 6);
    let (outcome, copies) = get("--max-total-size=55000", "/tree");
    outcome.assert_failure("more than --max-total-size=55000 bytes in all");
    assert!(outcome.stderr.contains("5 copies are whole"), "{}", outcome.stderr);
    assert!(copies.values().all(|(kind, bytes)| *kind == 'd' || bytes.len() == 10_000));
    assert_eq!(copies.len(), 6);
    let (outcome, copies) = get("--max-depth=3", "/deep");
    outcome.assert_failure("/deep/1/2/3: more than --max-depth=3 directories deep; not entered");
    assert_eq!(copies.len(), 3);
    // One file that is too large is left out, and the rest is there.
    let (outcome, copies) = get("--max-file-size=1M", "/");
    outcome.assert_failure("/large: a file of 1073741824 bytes");
    assert_eq!(copies.keys().filter(|path| path.starts_with("tree")).count(), 21);
    let (outcome, _) = get("--max-listing-bytes=200", "/deep");
    outcome.assert_failure("--max-listing-bytes=200");
}

/// A directory that is in itself, as debugfs writes it for whoever asks.
#[test]
fn directories_that_contain_themselves_end() {
    let scene = Scene::new();
    scene.file("a/b/file", b"x");
    let image = scene.ext4(8);
    for request in ["ln /a /a/b/up", "ln /a /a/self", "ln / /a/root"] {
        Run::new(&need("debugfs", "e2fsprogs"))
            .args(["-w", "-R", request])
            .arg(&image)
            .finish()
            .assert_success();
    }
    let out = scene.folder("out");
    let outcome = scene.get(&image, &["-r"]).arg("/").arg("-o").arg(&out).finish();
    outcome.assert_failure("/a/self: this directory contains itself; not entered again");
    assert!(outcome.stderr.contains("/a/b/up: this directory contains itself"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("/a/root: this directory contains itself"), "{}", outcome.stderr);
    assert_eq!(std::fs::read(out.join("a/b/file")).unwrap(), b"x");
    assert_eq!(contents(&out).len(), 3);
}

/// Paths that multiply: each of thirty directories twice in the one above it.
#[test]
fn directories_that_multiply_end_at_the_limit_of_entries() {
    let scene = Scene::new();
    scene.file((0..30).map(|_| "d/").collect::<String>() + "file", b"x");
    let image = scene.ext4(8);
    let mut path = String::new();
    for _ in 0..30 {
        path += "/d";
        let request = format!("ln {path} {path}2");
        Run::new(&need("debugfs", "e2fsprogs"))
            .args(["-w", "-R", &request])
            .arg(&image)
            .finish()
            .assert_success();
    }
    let out = scene.folder("out");
    let outcome = scene.get(&image, &["-r", "--max-entries=1000"]).arg("/").arg("-o").arg(&out).finish();
    outcome.assert_failure("more files than --max-entries allows; a hostile directory tree can have no end");
    assert!(contents(&out).len() <= 1001);
}

/// Names that no filesystem has, written into an image by hand.
#[test]
fn names_that_are_paths_reach_nothing_outside() {
    for hostile in ["../x", "..//", "a/b/", "/etc/", "x\0yz", "../../"] {
        let scene = Scene::new();
        let honest = "Q".repeat(hostile.len());
        scene.file(format!("tree/{honest}"), b"guest").file("tree/good", b"guest");
        let image = scene.path("old.img");
        // Without checksums, and with directories that are searched one by one.
        Run::new(&need("mke2fs", "e2fsprogs"))
            .args(["-q", "-F", "-t", "ext2", "-O", "^dir_index", "-d"])
            .arg(scene.path("tree"))
            .arg(&image)
            .arg("2M")
            .finish()
            .assert_success();
        let mut bytes = std::fs::read(&image).unwrap();
        let places: Vec<usize> = (0..bytes.len() - honest.len())
            .filter(|place| bytes[*place..].starts_with(honest.as_bytes()))
            .collect();
        assert!(!places.is_empty());
        for place in places {
            bytes[place..place + honest.len()].copy_from_slice(hostile.as_bytes());
        }
        std::fs::write(&image, bytes).unwrap();
        let out = scene.folder("cage/out");
        let outcome = scene.get(&image, &["-r"]).arg("/tree").arg("-o").arg(&out).finish();
        outcome.assert_failure("fsimage: error: ");
        let found = contents(&scene.path("cage"));
        let outside: Vec<&PathBuf> = found.keys().filter(|path| !path.starts_with("out")).collect();
        assert!(outside.is_empty(), "{hostile:?}: {outside:?}");
        assert!(!scene.path("x").exists() && !scene.path("cage/x").exists());
    }
}

/// A plugin that has been taken over says what it likes.
#[test]
fn a_lying_plugin_writes_nothing_outside_and_has_an_end() {
    let scene = Scene::with(Stage::with_evil());
    for (misdeed, expected) in [
        ("path-as-name", "is not a file's name"),
        ("nul-in-name", "is not a file's name"),
        ("endless-directory", "more directories and links than --max-listing-bytes="),
        ("endless-reply", "the worker did not answer in 1 s"),
        ("stuck-cursor", "cursor 1 after 1"),
        ("extent-past-disk", "beyond the volume's 1048576 bytes"),
    ] {
        let guest = Guest::evil(misdeed);
        let out = scene.folder(&format!("{misdeed}/out"));
        let outcome = scene
            .get(&guest.image, &["-r", "--deadline=1", "--max-listing-bytes=1M"])
            .arg("/boot")
            .arg("-o")
            .arg(&out)
            .finish();
        outcome.assert_failure(expected);
        assert!(!outcome.stderr.contains("EVIL SUCCEEDED"));
        let all = contents(&scene.path(misdeed));
        assert!(all.keys().all(|path| path.starts_with("out")), "{misdeed}: {:?}", all.keys());
        scene.stage.assert_nothing_runs();
    }
}

/// A worker that has been taken over lists a name twice: the second one does not undo the first, whatever is wanted.
#[test]
fn a_name_that_is_listed_twice_is_copied_once() {
    let stage = Stage::with_evil();
    for (misdeed, option, expected) in [
        ("usurp-twice", "--verbose", "it exists; --force replaces it, --skip-existing leaves it"),
        ("usurp-twice", "--force", "another of this run's copies has this name"),
        ("usurp-twice", "--skip-existing", "another of this run's copies has this name"),
        ("usurp-directory-twice", "--verbose", "it exists; --force replaces it, --skip-existing leaves it"),
        ("usurp-directory-twice", "--force", "another of this run's copies has this name"),
        ("usurp-directory-twice", "--skip-existing", "another of this run's copies has this name"),
    ] {
        let (guest, out) = (Guest::evil(misdeed), tempfile::tempdir().unwrap());
        let run = stage.fsimage().args(["get", "-r", option]).arg(&guest.image).arg("/boot").arg("-o");
        let outcome = run.arg(out.path()).finish();
        outcome.assert_failure(expected);
        assert!(outcome.stderr.contains("1 missing: named above"), "{}", outcome.stderr);
        let copies = contents(out.path());
        assert_eq!(copies.keys().collect::<Vec<_>>(), [Path::new("boot"), Path::new("boot/same")]);
        // The file's bytes are the disk's first ones.
        let disk = std::fs::read(&guest.image).unwrap();
        assert!(
            copies.values().all(|(kind, bytes)| *kind == 'd' || bytes[..] == disk[..8192]),
            "{misdeed} {option}"
        );
    }
}

/// Nor does it where something had the name before, which --force may replace, and go into, once.
#[test]
fn what_was_there_is_replaced_once() {
    let stage = Stage::with_evil();
    for (misdeed, option) in [
        ("usurp-twice", "--force"),
        ("usurp-directory-twice", "--force"),
        ("usurp-directory-twice", "--skip-existing"),
    ] {
        let (guest, out) = (Guest::evil(misdeed), tempfile::tempdir().unwrap());
        let there = out.path().join("boot/same");
        std::fs::create_dir(out.path().join("boot")).unwrap();
        match misdeed {
            "usurp-twice" => std::fs::write(&there, "host").unwrap(),
            _ => std::fs::create_dir(&there).unwrap(),
        }
        let run = stage.fsimage().args(["get", "-r", option]).arg(&guest.image).arg("/boot").arg("-o");
        let outcome = run.arg(out.path()).finish();
        outcome.assert_failure("another of this run's copies has this name");
        assert!(outcome.stderr.contains("1 missing: named above"), "{}", outcome.stderr);
        if misdeed == "usurp-twice" {
            assert!(std::fs::read(&there).unwrap() == std::fs::read(&guest.image).unwrap()[..8192]);
        }
    }
}

/// Two files of the user's own choice, too, have one name only once.
#[test]
fn two_paths_with_one_last_name_are_copied_once() {
    let scene = Scene::new();
    scene.file("a/name", b"first").file("b/name", b"second").file("c/name/x", b"third");
    let image = scene.ext4(8);
    for option in ["-r", "-rf", "-rs"] {
        let out = scene.folder(&format!("out{option}"));
        let paths = ["/a/name", "/b/name", "/c/name"];
        let outcome = scene.get(&image, &[option]).args(paths).arg("-o").arg(&out).finish();
        outcome.assert_failure("/b/name: ");
        assert!(outcome.stderr.contains("1 copy is whole, 2 missing: named above"), "{}", outcome.stderr);
        assert_eq!(contents(&out), BTreeMap::from([("name".into(), ('f', b"first".to_vec()))]));
        // A run later, --force means what it says.
        if option == "-rf" {
            scene.get(&image, &[option]).arg("/b/name").arg("-o").arg(&out).finish().assert_success();
            assert_eq!(std::fs::read(out.join("name")).unwrap(), b"second");
        }
    }
}

/// Modes, times and types of a worker that has been taken over: what it may choose, and what it may not.
#[test]
fn what_a_hostile_listing_tells_of_a_file_does_no_harm() {
    let stage = Stage::with_evil();
    let copied = |misdeed: &str| {
        let (guest, out) = (Guest::evil(misdeed), tempfile::tempdir().unwrap());
        let run = stage.fsimage().args(["get", "-rp"]).arg(&guest.image).arg("/boot").arg("-o");
        let outcome = run.arg(out.path()).finish();
        outcome.assert_success();
        (outcome, out)
    };
    let (_, out) = copied("usurp-set-user-id");
    assert_eq!(std::fs::metadata(out.path().join("boot/file")).unwrap().mode() & 0o7777, 0o777);
    let (_, out) = copied("usurp-time");
    assert_eq!(std::fs::metadata(out.path().join("boot/file")).unwrap().len(), 8192);
    let (outcome, out) = copied("usurp-devices");
    for what in ["character device", "block device", "fifo", "socket"] {
        assert!(outcome.stderr.contains(&format!("a {what}: not copied")), "{}", outcome.stderr);
    }
    assert_eq!(contents(out.path()).into_keys().collect::<Vec<_>>(), [Path::new("boot")]);
}

/// Many small files, and the time that their copy takes.
struct Many {
    scene: Scene,
    image: PathBuf,
    tree: BTreeMap<PathBuf, (char, Vec<u8>)>,
}

impl Many {
    fn new(files: usize) -> Self {
        let scene = Scene::new();
        for number in 0..files {
            scene.file(format!("{}/{number}", number % 10), &noise(1 + number % 9000));
        }
        scene.file("large", &noise(8 << 20));
        let image = scene.ext4(64);
        let tree = contents(&scene.path("tree"));
        Self { scene, image, tree }
    }

    fn get(&self, options: &[&str], out: &Path) -> Run {
        self.scene.get(&self.image, options).arg("-r").arg("/").arg("-o").arg(out)
    }

    /// Fails unless everything that is there is whole.
    #[track_caller]
    fn assert_whole(&self, out: &Path) {
        for (path, copy) in contents(out).iter().filter(|(path, _)| *path != Path::new("lost+found")) {
            assert!(self.tree.get(path) == Some(copy), "{} is not whole", path.display());
        }
    }
}

#[test]
fn a_run_that_is_killed_leaves_whole_files_and_the_next_one_completes_them() {
    let many = Many::new(2000);
    let usual = {
        let out = many.scene.folder("usual");
        let outcome = many.get(&[], &out).finish();
        outcome.assert_success();
        outcome.elapsed
    };
    let mut random = Random(7);
    let mut interrupted = 0;
    for number in 0..12 {
        let out = many.scene.folder(&format!("killed{number}"));
        let mut running = many.get(&[], &out).spawn();
        if !running.wait(random.part_of(usual)) {
            running.signal(rustix::process::Signal::KILL);
        }
        let outcome = running.finish();
        interrupted += usize::from(outcome.code.is_none());
        many.assert_whole(&out);
        many.get(&["--skip-existing"], &out).finish().assert_success();
        assert_same(&contents(&out), &many.tree);
        std::fs::remove_dir_all(&out).unwrap();
    }
    assert!(interrupted > 0, "not one of them was in the middle of it");
    many.scene.stage.assert_nothing_runs();
}

#[test]
fn a_target_that_is_full_says_what_is_missing_and_holds_whole_files_only() {
    let many = Many::new(500);
    let small = Tmpfs::new(9 << 20);
    let outcome = many.get(&[], small.path()).finish();
    outcome.assert_failure("No space left on device");
    assert!(
        outcome
            .stderr
            .contains("copies are whole, the one named below and all that would have followed is missing")
    );
    assert!(outcome.stderr.contains("--skip-existing goes on from there"), "{}", outcome.stderr);
    many.assert_whole(small.path());
    assert!(contents(small.path()).len() > 10);
    // With room, it goes on where it was.
    small.resize(64 << 20);
    many.get(&["--skip-existing"], small.path()).finish().assert_success();
    assert_same(&contents(small.path()), &many.tree);
}

/// NTFS as lowntfs-3g mounts it: without regard to case, without nameless files, some names not allowed.
#[test]
fn names_that_a_target_takes_for_one_stay_one_file_each() {
    let scene = Scene::new();
    for (path, bytes) in
        [("tree/File", "upper"), ("tree/other", "other"), ("tree/a:b", "colon"), ("tree/Dir/x", "in upper")]
    {
        scene.file(path, bytes.as_bytes());
    }
    // Into an image that regards case the rest goes without the host's help.
    scene.file("tree/file", b"lower").file("tree/dir/y", b"in lower");
    let image = scene.ext4(8);
    let target = LoopMount::ntfs("ignore_case,windows_names");
    let get =
        |option: &str| scene.get(&image, &["-r", option]).arg("/tree").arg("-o").arg(target.path()).finish();
    let outcome = get("--verbose");
    outcome.assert_failure("it exists");
    let after = |outcome: &Outcome| {
        assert!(outcome.stderr.contains("/tree/a:b: "), "{}", outcome.stderr);
        let found = contents(&target.path().join("tree"));
        assert_eq!(found[Path::new("other")].1, b"other");
        let one: Vec<_> =
            found.iter().filter(|(path, _)| path.as_os_str().eq_ignore_ascii_case("file")).collect();
        let [(_, (_, bytes))] = one[..] else { panic!("{one:?}") };
        assert!(bytes == b"upper" || bytes == b"lower", "{bytes:?}");
        assert!(!found.keys().any(|path| path.to_str().unwrap().contains("partial")), "{:?}", found.keys());
        let dirs = found.keys().filter(|path| path.as_os_str().eq_ignore_ascii_case("dir")).count();
        assert_eq!((dirs, found.len()), (1, 4));
    };
    after(&outcome);
    // Forced, the name that the directory lists (here always in lower case) is replaced, and nothing by the other.
    let outcome = get("--force");
    outcome.assert_failure(
        "another of this run's copies has this name, or one that the filesystem takes for it",
    );
    after(&outcome);
}

#[test]
fn a_reader_that_goes_away_does_not_keep_the_copies_from_being_made() {
    let many = Many::new(2000);
    let out = many.scene.folder("out");
    let (reader, writer) = rustix::pipe::pipe().unwrap();
    drop(reader);
    let outcome = many.get(&["-v"], &out).stdout_to(writer).spawn().finish();
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
    assert_same(&contents(&out), &many.tree);
}
