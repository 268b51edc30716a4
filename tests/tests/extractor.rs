//! The verbs that look: each on every filesystem, beside the tree that the image was made of and beside the tools that
//! people know: ls, tree, find, sha256sum.
// What makes a parser dangerous makes a test fail, which is what a test is for.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use fsimage_tests::folder::{items, name};
use fsimage_tests::guest::noise;
use fsimage_tests::{Run, Scene, need};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt, symlink};
use std::path::{Path, PathBuf};

/// The bytes of a name that was printed escaped.
fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        rest = behind;
        if first != b'\\' {
            bytes.push(first);
        } else if let Some(behind) = behind.strip_prefix(b"\\") {
            bytes.push(b'\\');
            rest = behind;
        } else {
            let digits = std::str::from_utf8(&behind[1..3]).unwrap();
            assert_eq!(behind[0], b'x', "{text}");
            bytes.push(u8::from_str_radix(digits, 16).unwrap());
            rest = &behind[3..];
        }
    }
    bytes
}

/// The objects that a verb printed, one on a line.
fn objects(output: &str) -> Vec<Value> {
    output
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|why| panic!("{why}: {line}")))
        .collect()
}

/// A path in an object, from the root on.
fn path_of(object: &Value) -> PathBuf {
    let bytes = unescaped(object["path"].as_str().unwrap());
    PathBuf::from(name(bytes.strip_prefix(b"/").unwrap()))
}

/// Whether a file is the maker's own and not the tree's.
fn is_foreign(path: &Path) -> bool {
    path.starts_with("lost+found") || path.as_os_str().is_empty()
}

/// The regular files of the tree, as arguments: paths in the guest.
fn regular_files(scene: &Scene) -> Vec<std::ffi::OsString> {
    let all = items(&scene.tree()).into_iter().filter(|(_, item)| item.kind == 'f');
    let of_few = all.filter(|(path, _)| !path.starts_with("many"));
    of_few.map(|(path, _)| Path::new("/").join(path).into_os_string()).collect()
}

#[test]
fn every_listing_is_whole_on_every_filesystem_and_its_names_can_be_turned_back() {
    let scene = Scene::new();
    scene.varied();
    let tree = items(&scene.tree());
    for image in scene.images(32) {
        for (verb, arguments) in [("ls", &["-R"][..]), ("ls", &["-lR"]), ("tree", &[]), ("find", &[])] {
            let outcome = scene.fsimage(verb, &image).args(arguments).arg("--json").finish();
            assert_eq!(outcome.stderr, "", "{verb} {}", image.display());
            let found: BTreeMap<PathBuf, Value> = objects(&outcome.assert_success().text())
                .into_iter()
                .map(|object| (path_of(&object), object))
                .filter(|(path, _)| !is_foreign(path))
                .collect();
            let (ours, theirs): (BTreeSet<_>, BTreeSet<_>) = (found.keys().collect(), tree.keys().collect());
            assert_eq!(ours, theirs, "{verb} {}", image.display());
            for (path, item) in &tree {
                let object = &found[path];
                let shown = format!("{verb} {}: {object}", image.display());
                let kind = match item.kind {
                    'f' => "file",
                    'd' => "dir",
                    _ => "symlink",
                };
                assert_eq!(object["type"], kind, "{shown}");
                if item.kind != 'l' {
                    assert_eq!(object["mode"], format!("{:04o}", item.mode), "{shown}");
                }
                if item.kind != 'd' {
                    assert_eq!(object["size"], item.content.len(), "{shown}");
                }
                let target = object.get("target").map(|target| unescaped(target.as_str().unwrap()));
                assert_eq!(target, (item.kind == 'l').then(|| item.content.clone()), "{shown}");
            }
        }
    }
}

#[test]
fn sums_and_copies_are_told_of_with_names_that_can_be_turned_back() {
    let scene = Scene::new();
    scene.odd_names();
    let tree: BTreeMap<_, _> =
        items(&scene.tree()).into_iter().filter(|(_, item)| item.kind == 'f').collect();
    let image = scene.ext4(8);
    let sums = scene.fsimage("sum", &image).args(["-R", "--json"]).finish().assert_success().text();
    for object in objects(&sums) {
        let (path, sum) = (path_of(&object), object["sha256"].as_str().unwrap());
        let checked = Run::new(&need("sha256sum", "coreutils")).arg(scene.tree().join(&path)).finish();
        // A backslash before the sum says that the name behind it is escaped.
        let checked = String::from_utf8_lossy(&checked.stdout);
        assert!(checked.trim_start_matches('\\').starts_with(sum), "{object}: {checked}");
        assert!(tree.contains_key(&path), "{object}");
    }
    assert_eq!(sums.lines().count(), tree.len());
    let out = scene.folder("out");
    let copies = scene.get(&image, &["-r", "--json"]).arg("/names").arg("-o").arg(&out).finish();
    let told: Vec<Value> = objects(&copies.assert_success().text());
    let files: Vec<&Value> = told.iter().filter(|object| object["type"] == "file").collect();
    assert_eq!(files.len(), tree.len());
    for object in files {
        let copy = PathBuf::from(name(&unescaped(object["to"].as_str().unwrap())));
        assert_eq!(std::fs::read(copy).unwrap(), tree[&path_of(object)].content, "{object}");
    }
}

#[test]
fn stat_reads_well() {
    let scene = Scene::new();
    scene.file("folder/file", &noise(3000));
    File::options().write(true).open(scene.path("tree/folder/file")).unwrap().set_len(100_000).unwrap();
    let image = scene.ext4(8);
    let text = scene.fsimage("stat", &image).args(["-e", "/folder/file"]).finish().assert_success().text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "  path: /folder/file");
    assert!(
        lines[1].starts_with("  type: file   size: 100000   node: ") && lines[1].ends_with("   volume: 0"),
        "{text}"
    );
    assert_eq!(lines[2], "  mode: 0644 -rw-r--r--   uid: 0   gid: 0   links: 1");
    assert!(lines[3].starts_with("  modified: 20") && lines[3].ends_with('Z'), "{text}");
    assert!(lines[4].starts_with("  data:         3072 bytes at 0x0          on the disk at 0x"), "{text}");
    assert_eq!(lines[5..], ["  data:        96928 bytes at 0xc00        a hole"]);
}

#[test]
fn stat_tells_what_the_tree_was_made_with() {
    let scene = Scene::new();
    scene.varied();
    std::fs::hard_link(scene.path("tree/sizes/511"), scene.path("tree/second")).unwrap();
    let paths: Vec<_> = items(&scene.tree())
        .into_keys()
        .filter(|path| !path.starts_with("many") && !path.starts_with("level0"))
        .map(|path| Path::new("/").join(path).into_os_string())
        .collect();
    for image in scene.images(32) {
        let outcome = scene.fsimage("stat", &image).arg("--json").args(&paths).finish();
        let told = objects(&outcome.assert_success().text());
        assert_eq!(told.len(), paths.len());
        for (object, path) in told.iter().zip(&paths) {
            let status = std::fs::symlink_metadata(scene.tree().join(path_of(object))).unwrap();
            let shown = format!("{}: {object}", image.display());
            assert_eq!(unescaped(object["path"].as_str().unwrap()), path.as_bytes());
            assert_eq!(
                (object["uid"].as_u64(), object["gid"].as_u64()),
                (Some(status.uid().into()), Some(status.gid().into())),
                "{shown}"
            );
            assert_eq!(object["mtime"].as_i64(), Some(status.mtime()), "{shown}");
            let modified = Run::new(&need("date", "coreutils"))
                .args(["-u", "+%FT%TZ", "-d"])
                .arg(format!("@{}", status.mtime()));
            if path.as_bytes() == b"/sizes/1" {
                // UFS2 keeps nanoseconds, where makefs writes them.
                let (ours, theirs) = (object["modified"].as_str().unwrap(), modified.finish().text());
                assert_eq!(ours[..19], theirs[..19], "{shown}");
            }
            if status.is_file() {
                assert_eq!(object["links"].as_u64(), Some(status.nlink()), "{shown}");
            }
        }
    }
}

/// Put together from the ranges of the disk that are told, each file is what it was.
#[test]
fn data_lies_where_stat_says_it_does() {
    let scene = Scene::new();
    scene.varied();
    let paths = regular_files(&scene);
    for image in scene.images(32) {
        let disk = std::fs::File::open(&image).unwrap();
        let outcome = scene.fsimage("stat", &image).args(["-e", "--json"]).args(&paths).finish();
        let mut holes = 0;
        for object in objects(&outcome.assert_success().text()) {
            let mut bytes = Vec::new();
            for range in object["data"]["extents"].as_array().unwrap_or_else(|| panic!("{object}")) {
                let length = range["length"].as_u64().unwrap() as usize;
                assert_eq!(range["start"].as_u64(), Some(bytes.len() as u64), "{object}");
                let mut piece = vec![0; length];
                match range["disk_offset"].as_u64() {
                    Some(offset) => disk.read_exact_at(&mut piece, offset).unwrap(),
                    None => holes += 1,
                }
                bytes.extend(piece);
            }
            let wanted = std::fs::read(scene.tree().join(path_of(&object))).unwrap();
            assert!(bytes == wanted, "{}: {object}", image.display());
        }
        let keeps_holes = image.to_str().unwrap().contains("/ext");
        assert_eq!(holes > 0, keeps_holes, "{}", image.display());
    }
}

/// debugfs has the same ranges, block by block.
#[test]
fn extents_are_those_that_debugfs_tells() {
    let scene = Scene::new();
    scene.varied();
    for image in ["ext2", "ext4"].map(|kind| scene.ext(kind, 32)) {
        for path in ["/sizes/100000", "/sizes/1048576", "/sizes/sparse"] {
            let blocks =
                Run::new(&need("debugfs", "e2fsprogs")).args(["-R", &format!("bmap {path} 0")]).arg(&image);
            assert!(blocks.finish().code == Some(0));
            let outcome = scene.fsimage("stat", &image).args(["-e", "--json", path]).finish();
            let object: Value = serde_json::from_str(&outcome.assert_success().text()).unwrap();
            let block = 1024;
            let mut ours = Vec::new();
            for range in object["data"]["extents"].as_array().unwrap() {
                let Some(offset) = range["disk_offset"].as_u64() else { continue };
                let (start, length) = (range["start"].as_u64().unwrap(), range["length"].as_u64().unwrap());
                ours.extend((0..length.div_ceil(block)).map(|n| (start / block + n, offset / block + n)));
            }
            let script: String =
                (0..(1_u64 << 20).div_ceil(block)).map(|number| format!("bmap {path} {number}\n")).collect();
            let theirs =
                fsimage_tests::layout::tool_on(&image, "debugfs", "e2fsprogs", &["-f", "-"], &script);
            let answers = theirs.lines().filter(|line| !line.starts_with("debugfs"));
            let theirs: Vec<(u64, u64)> = (0..)
                .zip(answers.filter_map(|line| line.trim().parse::<u64>().ok()))
                .filter(|(_, physical)| *physical != 0)
                .collect();
            assert_eq!(ours, theirs, "{path}");
        }
    }
}

#[test]
fn long_lines_are_those_of_ls() {
    let scene = Scene::new();
    scene.varied();
    let image = scene.ext4(32);
    let fields = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    for folder in ["sizes", "links", "many"] {
        let outcome = scene.fsimage("ls", &image).args(["-l", folder]).finish();
        let ours = outcome.assert_success().text();
        let theirs = scene.in_tree(&format!("ls -lnA --time-style=long-iso {folder} | tail -n +2"));
        let theirs = String::from_utf8(theirs).unwrap();
        assert_eq!(
            ours.lines().map(fields).collect::<Vec<_>>(),
            theirs.lines().map(fields).collect::<Vec<_>>()
        );
        // In columns.
        let widths: BTreeSet<usize> = ours.lines().map(|line| line.find(':').unwrap()).collect();
        assert_eq!(widths.len(), 1, "{ours}");
    }
}

#[test]
fn several_directories_are_told_apart() {
    let scene = Scene::new();
    scene.file("a/1", b"").file("b/2", b"").file("3", b"");
    symlink("a", scene.path("tree/link")).unwrap();
    let image = scene.ext4(8);
    let outcome = scene.fsimage("ls", &image).args(["/a", "/b", "/3", "/nothing", "/link"]).finish();
    outcome.assert_failure("fsimage: error: not found: /nothing: ");
    assert_eq!(outcome.text(), "/a:\n1\n\n/b:\n2\n\n/3\n\n/link:\n1\n");
    let outcome = scene.fsimage("ls", &image).args(["-l", "/link", "/link/"]).finish();
    let text = outcome.assert_success().text();
    assert!(text.lines().next().unwrap().ends_with(" /link -> a"), "{text}");
    assert!(text.contains("\n\n/link/:\n"), "{text}");
}

#[test]
fn trees_are_drawn_as_tree_does() {
    let scene = Scene::new();
    scene.varied();
    std::fs::remove_dir_all(scene.path("tree/names")).unwrap();
    let image = scene.ext4(32);
    let draw = |locale: &str, arguments: &[&str]| {
        scene.fsimage("tree", &image).args(arguments).env("LC_ALL", locale).finish().assert_success().text()
    };
    for (arguments, theirs) in
        [(&[][..], ""), (&["-d"], "-d"), (&["-L", "2"], "-L 2"), (&["-dL1"], "-d -L 1")]
    {
        for (locale, charset) in [("C.UTF-8", "UTF-8"), ("C", "ASCII")] {
            let drawn =
                String::from_utf8(scene.in_tree(&format!("tree -a --charset={charset} {theirs}"))).unwrap();
            // lost+found is mke2fs's; tree puts other blanks behind a stroke, and counts the root.
            let ours = draw(locale, arguments);
            let ours: Vec<&str> = ours.lines().skip(1).filter(|line| !line.contains("lost+found")).collect();
            let drawn = drawn.replace('\u{a0}', " ");
            let theirs: Vec<&str> = drawn.lines().skip(1).collect();
            let body = |lines: &[&str]| lines[..lines.len() - 1].join("\n");
            assert_eq!(body(&ours), body(&theirs), "{locale} {arguments:?}");
            // Both count a directory more: its lost+found, and the root.
            assert_eq!(ours.last(), theirs.last());
        }
    }
}

#[test]
fn finds_what_find_finds() {
    let scene = Scene::new();
    scene.varied();
    for file in ["names/.hidden", "names/UPPER", "names/a", "names/[", "names/]", "names/-", "names/7"] {
        scene.file(file, b"");
    }
    let image = scene.ext4(32);
    let mut cases: Vec<(Vec<&str>, Vec<&str>)> = Vec::new();
    for pattern in [
        "*",
        "file-00*",
        "*-length",
        "?",
        "??",
        "k?se",
        "[0-9]",
        "[!a-z]",
        "[^a-z]*",
        "*[!0-9]",
        "[[:digit:]]*",
        "[[:upper:]]*",
        "[]]",
        "[a-",
        "[",
        "*.*",
        ".*",
        "\\*",
        "*\\**",
        "back\\\\*",
        "{a,b}",
        "*{*",
        "lev*l[12]?",
        "*\n*",
        "nothing",
        "[]-]",
        "[[:space:]]",
        "*[[:space:]]*",
        "[a\\]]",
    ] {
        cases.push((vec!["--name", pattern], vec!["-name", pattern]));
    }
    for pattern in ["KÄSE", "UPPER", "upper", "FILE-0[0-1]*", "[A-C]", "[^A-Z]"] {
        cases.push((vec!["--iname", pattern], vec!["-iname", pattern]));
    }
    for pattern in ["*/sizes/*", "*level1/level2*", "*/names/?", "*s*1*", "*"] {
        cases.push((vec!["--path", pattern], vec!["-path", pattern]));
    }
    for types in ["f", "d", "l", "f,l", "p", "c,b,s"] {
        cases.push((vec!["--type", types], vec!["-type", types]));
    }
    for (ours, theirs) in
        [("+4096", "+4096c"), ("-512", "-512c"), ("0", "0c"), ("+4k", "+4096c"), ("1M", "1048576c")]
    {
        cases.push((vec!["--type", "f", "--size", ours], vec!["-type", "f", "-size", theirs]));
    }
    cases.push((vec!["-L", "0"], vec!["-maxdepth", "0"]));
    cases.push((vec!["-L", "2"], vec!["-maxdepth", "2"]));
    cases.push((
        vec!["-t", "f", "-n", "[0-9]*", "-s", "+511", "-s", "-4097", "-p", "*/s*"],
        vec!["-type", "f", "-name", "[0-9]*", "-size", "+511c", "-size", "-4097c", "-path", "*/s*"],
    ));
    for (ours, theirs) in cases {
        let outcome = scene.fsimage("find", &image).arg("-0").args(&ours).finish();
        assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""), "{ours:?}");
        let find =
            Run::new(&need("find", "findutils")).env("LC_ALL", "C.UTF-8").arg(scene.tree()).args(&theirs);
        let find = find.arg("-print0").finish();
        let paths = |bytes: &[u8], root: &[u8]| -> BTreeSet<Vec<u8>> {
            let paths = bytes.split(|byte| *byte == 0).filter(|path| !path.is_empty());
            let below = paths.map(|path| path.strip_prefix(root).unwrap().to_vec());
            below.filter(|path| !path.is_empty() && !path.ends_with(b"lost+found")).collect()
        };
        let theirs_found = paths(&find.stdout, scene.tree().as_os_str().as_bytes());
        // Its own root has another name: what is below is compared.
        let ours_found: BTreeSet<Vec<u8>> =
            paths(&outcome.stdout, b"").into_iter().filter(|path| path != b"/").collect();
        let shown = |paths: &BTreeSet<Vec<u8>>, others: &BTreeSet<Vec<u8>>| -> Vec<String> {
            paths.difference(others).map(|path| path.escape_ascii().to_string()).collect()
        };
        let (only_ours, only_theirs) = (shown(&ours_found, &theirs_found), shown(&theirs_found, &ours_found));
        assert!(
            only_ours.is_empty() && only_theirs.is_empty(),
            "{ours:?}: ours {only_ours:?}, find's {only_theirs:?}"
        );
    }
}

#[test]
fn find_prints_what_can_be_typed_again() {
    let scene = Scene::new();
    scene.odd_names();
    let image = scene.ext4(8);
    // As they are, between NULs: each can be read again.
    let outcome = scene.fsimage("find", &image).args(["/names", "-0", "--type=f"]).finish();
    let paths: Vec<&[u8]> =
        outcome.assert_success().stdout.split(|byte| *byte == 0).filter(|path| !path.is_empty()).collect();
    assert_eq!(paths.len(), 14);
    let read = scene.fsimage("cat", &image).args(paths.iter().map(|path| name(path))).finish();
    let wanted: Vec<u8> =
        paths.iter().flat_map(|path| std::fs::read(scene.tree().join(name(&path[1..]))).unwrap()).collect();
    assert_eq!(read.assert_success().stdout, wanted);
    // As they are shown they are not found, and the error says how they are typed.
    let outcome = scene.fsimage("cat", &image).arg("/names/\\xff\\xfe").finish();
    outcome
        .assert_failure("what listings show as \\xNN is typed as that byte: $'\\xNN' in bash, zsh and ksh");
    // A link that leads nowhere is found; a root's name is the last of its path.
    symlink("nowhere", scene.path("tree/dangling")).unwrap();
    let image = scene.ext4(8);
    let found = scene.fsimage("find", &image).args(["/dangling", "--name=dang*", "--type=l"]).finish();
    assert_eq!(found.assert_success().text(), "/dangling\n");
    let outcome = scene.fsimage("find", &image).args(["-0", "--json"]).finish();
    assert_eq!(
        (outcome.code, outcome.stderr.contains("-0 and --json: only one can be meant")),
        (Some(2), true)
    );
}

#[test]
fn sums_are_those_of_sha256sum() {
    let scene = Scene::new();
    scene.varied();
    std::fs::remove_dir_all(scene.path("tree/names")).unwrap();
    for image in scene.images(32) {
        let sums = scene.path("sums");
        let outcome = scene.fsimage("sum", &image).arg("-R").finish();
        let relative = outcome.assert_success().text().replace("  /", "  ./");
        std::fs::write(&sums, relative).unwrap();
        let checked =
            scene.in_tree(&format!("sha256sum --quiet --strict -c {}; wc -l < {0}", sums.display()));
        // All but the one that nobody would read to its end.
        assert_eq!(
            String::from_utf8(checked).unwrap().trim(),
            (items(&scene.tree()).values().filter(|item| item.kind == 'f').count()).to_string()
        );
    }
}

#[test]
fn one_that_fails_keeps_no_other_from_its_turn() {
    let scene = Scene::new();
    scene.file("1", b"one").file("2", b"two").file("d/3", b"three");
    let image = scene.ext4(8);
    let paths = ["/1", "/nothing", "/d", "/2"];
    let run = |verb: &str| scene.fsimage(verb, &image).args(paths).finish();
    let cat = run("cat");
    cat.assert_failure("error: not found: /nothing: ");
    assert!(
        cat.stderr.contains("error: /d: a directory; `fsimage ls` lists it, `fsimage get -r` copies it"),
        "{}",
        cat.stderr
    );
    assert_eq!(cat.text(), "onetwo");
    assert_eq!(run("sum").assert_failure("/d: a directory; ").text().lines().count(), 2);
    assert_eq!(run("stat").assert_failure("not found: /nothing: ").text().matches("  path: ").count(), 3);
    assert_eq!(run("find").assert_failure("not found: /nothing: ").text(), "/1\n/d\n/d/3\n/2\n");
    assert_eq!(
        run("tree").assert_failure("not found: /nothing: ").text(),
        "/1\n/d\n`-- 3\n/2\n\n0 directories, 3 files\n"
    );
    let out = scene.folder("out");
    let get = scene.get(&image, &[]).args(paths).arg("-o").arg(&out).finish();
    get.assert_failure("2 copies are whole, 2 missing: named above");
    // As cp has its target last: that is a guest's path here.
    let get = scene.get(&image, &["--force"]).arg("/1").arg(&out).arg("-o").arg(&out).finish();
    get.assert_failure("every PATH is the guest's, -o says where copies go");
}

#[test]
fn verbs_of_one_value_print_one() {
    let scene = Scene::new();
    scene
        .file("boot/vmlinuz", b"kernel")
        .file("boot/grub/grub.cfg", b"menuentry x { linux /boot/vmlinuz }\n");
    let image = scene.ext4(8);
    for verb in ["partitions", "info", "bootcfg"] {
        let outcome = scene.fsimage(verb, &image).arg("--json").finish();
        let values = objects(&outcome.assert_success().text());
        assert_eq!((values.len(), outcome.stderr.as_str()), (1, ""), "{verb}");
        match verb {
            "partitions" => assert_eq!(values[0][0]["filesystem"], "ext4"),
            "info" => assert_eq!(values[0]["boot"]["entries"], 1),
            _ => assert_eq!(values[0]["chosen"]["path"], "/boot/grub/grub.cfg"),
        }
    }
    let outcome = scene.stage.fsimage().args(["plugins", "--json"]).finish();
    let values = objects(&outcome.assert_success().text());
    let plugins: Vec<&str> = values[0]["plugins"]
        .as_array()
        .unwrap()
        .iter()
        .map(|plugin| plugin["name"].as_str().unwrap())
        .collect();
    // What the stage has, in the order in which they are asked.
    assert_eq!((plugins, values.len()), (vec!["ext2", "ufs", "iso9660"], 1));
    assert_eq!(values[0]["rejected"], serde_json::json!([]));
    let shown = scene.stage.fsimage().arg("plugins").finish().assert_success().text();
    assert!(shown.contains("plugin ext2 ") && shown.contains("(libfsimage_plugin_iso9660.so)"), "{shown}");
    // One that cannot be loaded is told of, and the others serve.
    std::fs::write(scene.stage.path("libfsimage_plugin_broken.so"), "no library").unwrap();
    let shown = scene.stage.fsimage().arg("plugins").finish().assert_success().text();
    assert!(shown.contains("plugin not loaded: libfsimage_plugin_broken.so: "), "{shown}");
    scene.fsimage("ls", &image).finish().assert_success();
}
