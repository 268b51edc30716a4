//! The extractor's manners: words that name images, wrong usage, images that are none, readers that go away, messages.
// What makes a parser dangerous makes a test fail, which is what a test is for.
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use fsimage_tests::guest::{USER, noise};
use fsimage_tests::layout::{Disk, Loop, write_at};
use fsimage_tests::{Run, Scene, Tree, need};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::fs::File;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Every verb, with what it needs behind the image.
const VERBS: [(&str, &[&str]); 13] = [
    ("partitions", &[]),
    ("info", &[]),
    ("bootcfg", &[]),
    ("ls", &[]),
    ("ls", &["-lR"]),
    ("ls", &["-R", "--json"]),
    ("tree", &[]),
    ("find", &[]),
    ("find", &["-0"]),
    ("stat", &["/", "/boot", "/boot/vmlinuz"]),
    ("cat", &["/boot/vmlinuz"]),
    ("sum", &["/boot/vmlinuz"]),
    ("sum", &["-R"]),
];
/// Those about no image.
const ALONE: [&[&str]; 5] =
    [&["plugins"], &["info", "--sandbox"], &["completions", "bash"], &["man", "get"], &["--help"]];

#[test]
fn a_word_names_image_partition_and_path_whatever_the_hosts_files_are_called() {
    let scene = Scene::new();
    scene.file("who", b"plain").file("a:/b", b"with a colon");
    let plain = scene.ext4(8);
    let host = scene.folder("host");
    let (sub, weird) = (host.join("a.img:"), host.join("a.img:/x"));
    std::fs::create_dir(&sub).unwrap();
    for (to, from) in [
        (host.join("b.img"), &plain),
        (host.join("b.img#0"), &plain),
        (weird, &plain),
        (host.join("a#b"), &plain),
    ] {
        std::fs::copy(from, to).unwrap();
    }
    let run = |words: &[&str]| {
        let program = scene.stage.path("fsimage");
        let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
        let line = format!("cd '{}'; exec '{}' {}", host.display(), program.display(), quoted.join(" "));
        Run::new(&need("bash", "bash")).args(["-c", &line]).finish()
    };
    for words in [
        &["cat", "b.img", "/who"][..],
        &["cat", "b.img", "who"],
        &["cat", "b.img:/who"],
        &["cat", "b.img:///who"],
        &["cat", "b.img#0:/who"],
        &["cat", "./b.img#0:/who"],
        // The file b.img#0 comes first, and the partition is behind its own #.
        &["cat", "b.img#0#0:/who"],
        &["cat", "b.img", "--partition=0", "/who"],
        &["cat", "--partition=0", "b.img:/who"],
        &["cat", "--offset=0", "b.img:/who"],
        // A file of that very name, and paths in it.
        &["cat", "a.img:/x", "/who"],
        &["cat", "a.img:/x:/who"],
        &["cat", "a.img:/x#0:/who"],
        &["cat", "a#b:/who"],
        &["cat", "a#b#0:/who"],
        &["cat", "--", "b.img", "/who"],
    ] {
        let outcome = run(words);
        assert_eq!(
            (outcome.code, outcome.text().as_str(), outcome.stderr.as_str()),
            (Some(0), "plain", ""),
            "{words:?}"
        );
    }
    // The first cut that has a file before it counts; what is behind is the guest's.
    assert_eq!(run(&["cat", "b.img:/a:/b"]).assert_success().text(), "with a colon");
    assert_eq!(run(&["cat", "b.img:/who", "/a:/b"]).assert_success().text(), "plainwith a colon");
    // Words that contradict each other, and a verb without a path.
    std::fs::remove_file(host.join("b.img#0")).unwrap();
    for (words, said) in [
        (&["cat", "b.img#0:/who", "--partition=1"][..], "--partition=1 and #0: only one can be meant"),
        (&["partitions", "b.img:/who"], "/who: `fsimage partitions` is about the image and takes no path"),
        (&["cat", "b.img"], "which file? `fsimage cat IMAGE PATH…` or `fsimage cat IMAGE:/PATH`"),
        (&["get", "b.img#0"], "which file? `fsimage get IMAGE PATH…`"),
    ] {
        let outcome = run(words);
        assert_eq!(outcome.code, Some(2), "{words:?}: {outcome:#?}");
        assert!(outcome.stderr.contains(said), "{words:?}: {}", outcome.stderr);
    }
    run(&["cat", "b.img#7:/who"]).assert_failure("no such partition");
    run(&["cat", "missing.img#2:/who"]).assert_failure("error: missing.img: No such file or directory\n");
}

#[test]
fn a_path_is_looked_for_where_a_person_means() {
    let one = Tree::new().file("etc/one", "1").file("both", "first").guest();
    let two = Tree::bootable().file("etc/two", "2").file("both", "second").guest();
    let scene = Scene::new();
    let disk = Disk::new(24);
    disk.sfdisk("label: dos\nstart=2048, size=16384, type=83\nstart=18432, size=16384, type=83\n");
    write_at(disk.path(), 2048 * 512, &std::fs::read(&one.image).unwrap());
    write_at(disk.path(), 18432 * 512, &std::fs::read(&two.image).unwrap());
    let cat = |words: &[&str]| scene.fsimage("cat", disk.path()).args(words).finish();
    // The second one boots.
    assert_eq!(cat(&["/both"]).assert_success().text(), "second");
    assert_eq!(cat(&["/both", "--partition=1"]).assert_success().text(), "first");
    cat(&["/etc/one"]).assert_failure("not found: /etc/one");
    assert_eq!(cat(&["/etc/one", "--partition=1"]).assert_success().text(), "1");
    let at_offset = [format!("--offset={}", 2048 * 512), "/both".to_owned()];
    assert_eq!(cat(&at_offset.each_ref().map(String::as_str)).assert_success().text(), "first");
    // Without a configuration, the first that has it.
    write_at(disk.path(), 18432 * 512, &[0xff; 1 << 20]);
    let third = Tree::new().file("only/here", "3").guest();
    write_at(disk.path(), 18432 * 512, &std::fs::read(&third.image).unwrap());
    assert_eq!(cat(&["/only/here"]).assert_success().text(), "3");
    assert_eq!(cat(&["/etc/one"]).assert_success().text(), "1");
    cat(&["/nowhere"]).assert_failure("on none of the disk's filesystems; `fsimage partitions` lists them");
}

#[test]
fn wrong_usage_is_status_two_and_says_what_is_right() {
    let scene = Scene::new();
    scene.file("file", b"x");
    let image = scene.ext4(8);
    let image = image.to_str().unwrap();
    for (words, said) in [
        (&[][..], "Usage: fsimage"),
        (&["nonsense"], "unrecognized subcommand 'nonsense'"),
        (&["lss", image], "a similar subcommand exists: 'ls'"),
        (&["ls"], "<IMAGE>"),
        (&["ls", "--nonsense", image], "unexpected argument '--nonsense'"),
        (&["cat", image, "/file", "--json"], "--json: `fsimage cat` prints bytes as they are, never JSON"),
        (&["man", "--json"], "--json: `fsimage man` prints"),
        (&["completions", "--json", "bash"], "--json: `fsimage completions` prints"),
        (&["completions", "csh"], "possible values: bash"),
        (&["man", "nonsense"], "nonsense: no such verb; `fsimage help` lists them"),
        (&["find", image, "--type", "x"], "one of f (file), d (directory), l (link), c, b, p, s"),
        (&["find", image, "--size", "many"], "--size"),
        (&["find", image, "--name", "x\\"], "it ends with a backslash"),
        (&["get", image, "/file", "--preserve=all"], "none of mode, times, owner"),
        (&["get", image, "/file", "-o", "-"], "`fsimage cat` writes to standard output"),
        (&["get", image, "/file", "--force", "--skip-existing"], "cannot be used with"),
        (&["ls", image, "--max-file-size=huge"], "--max-file-size"),
        (&["ls", image, "--offset=-1"], "--offset"),
    ] {
        let outcome = scene.stage.fsimage().args(words).finish();
        assert_eq!((outcome.code, outcome.stdout.len()), (Some(2), 0), "{words:?}: {outcome:#?}");
        assert!(outcome.stderr.contains(said), "{words:?}: {}", outcome.stderr);
    }
    let out = scene.folder("out");
    let outcome = scene.get(Path::new(image), &[]).args(["/..", "/file"]).arg("-o").arg(&out).finish();
    outcome.assert_failure("error: /..: a directory in the guest; -r copies directories");
}

#[test]
fn what_is_no_image_is_named() {
    let scene = Scene::new();
    scene.file("boot/vmlinuz", b"x");
    let image = scene.ext4(8);
    let (empty, fifo, null, text) =
        (scene.path("empty"), scene.path("fifo"), Path::new("/dev/null"), scene.path("text"));
    File::create(&empty).unwrap();
    std::fs::write(&text, noise(100_000)).unwrap();
    mknodat(CWD, &fifo, FileType::Fifo, Mode::RWXU, 0).unwrap();
    let (folder, missing, below) = (scene.folder("folder"), scene.path("missing"), image.join("below"));
    for (verb, arguments) in VERBS {
        let run = |image: &Path| scene.fsimage(verb, image).args(arguments).finish();
        run(&missing).assert_failure("missing: No such file or directory\n");
        run(&below).assert_failure("below: Not a directory\n");
        run(&folder).assert_failure("folder: a directory, where a disk image or a block device is wanted");
        run(&fifo).assert_failure("fifo: a named pipe, where a disk image or a block device is wanted");
        run(null)
            .assert_failure("/dev/null: a character device, where a disk image or a block device is wanted");
        run(Path::new("-")).assert_failure("-: an image cannot come from standard input");
        for nothing in [&empty, &text] {
            let outcome = run(nothing);
            match verb {
                // That there is nothing is an answer.
                "partitions" | "info" | "bootcfg" => assert_eq!(outcome.assert_success().stderr, ""),
                _ => drop(
                    outcome.assert_failure("error: no filesystem that could be read: volume 0 (whole disk, "),
                ),
            }
        }
    }
    scene.stage.assert_nothing_runs();
}

#[test]
fn an_image_that_may_not_be_read_is_named() {
    let guest = Tree::bootable().guest().private();
    let scene = Scene::new();
    for (verb, arguments) in VERBS {
        let outcome = scene.fsimage(verb, &guest.image).args(arguments).user(USER).finish();
        outcome.assert_failure("guest.img: Permission denied\n");
    }
    // One that everybody may read, everybody may.
    let guest = guest.readable();
    for (verb, arguments) in VERBS {
        scene.fsimage(verb, &guest.image).args(arguments).user(USER).finish().assert_success();
    }
}

#[test]
fn block_devices_are_images() {
    let scene = Scene::new();
    let disk = Disk::new(16);
    disk.sfdisk("label: gpt\nstart=2048, size=16384\n");
    write_at(disk.path(), 2048 * 512, &std::fs::read(&Tree::bootable().guest().image).unwrap());
    let device = Loop::new(disk.path(), 512);
    for (verb, arguments) in VERBS {
        let by_file = scene.fsimage(verb, disk.path()).args(arguments).finish();
        let by_device = scene.fsimage(verb, device.path()).args(arguments).finish();
        assert_eq!(by_file.assert_success().stdout, by_device.assert_success().stdout, "{verb}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let scene = Scene::new();
    for number in 0..3000 {
        scene.file(format!("{}/file-{number}-with-a-name-of-some-length", number % 10), b"x");
    }
    scene
        .file("boot/vmlinuz", &noise(1 << 20))
        .file("boot/grub/grub.cfg", b"menuentry x { linux /boot/vmlinuz }\n");
    let image = scene.ext4(32);
    let program = scene.stage.path("fsimage");
    let image_verbs = VERBS
        .iter()
        .map(|(verb, arguments)| [&[*verb, image.to_str().unwrap()], *arguments].concat().join(" "));
    let verbs = image_verbs.chain(ALONE.iter().map(|words| words.join(" ")));
    for words in verbs {
        // One who reads a little, and one who was never there.
        for reader in ["head -c 1", "true"] {
            let line =
                format!("'{}' {words} | {reader} > /dev/null; echo ${{PIPESTATUS[0]}}", program.display());
            let outcome =
                Run::new(&need("bash", "bash")).env("PATH", "/usr/bin:/bin").args(["-c", &line]).finish();
            assert_eq!((outcome.text().trim(), outcome.stderr.as_str()), ("0", ""), "{words} | {reader}");
        }
    }
    scene.stage.assert_nothing_runs();
}

#[test]
fn an_output_that_is_full_is_a_failure() {
    let scene = Scene::new();
    scene.file("boot/vmlinuz", &noise(100_000));
    let image = scene.ext4(8);
    for (verb, arguments) in VERBS {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let outcome = scene.fsimage(verb, &image).args(arguments).stdout_to(full).spawn().finish();
        outcome.assert_failure("standard output: No space left on device");
    }
    for words in ALONE.iter().filter(|words| words[0] != "--help") {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let outcome = scene.stage.fsimage().args(*words).stdout_to(full).spawn().finish();
        outcome.assert_failure("standard output: No space left on device");
    }
}

#[test]
fn guest_text_never_reaches_the_terminal_as_it_is() {
    let scene = Scene::new();
    scene.odd_names();
    let image = scene.ext4(8);
    for (verb, arguments) in [
        ("ls", &["-lR"][..]),
        ("tree", &[]),
        ("find", &[]),
        ("sum", &["-R"]),
        ("stat", &["/names/escape\x1b[2J"]),
        ("cat", &["/names/escape\x1b[2J/x"]),
        ("ls", &["/names/missing\x1b[2J\n\u{202e}"]),
    ] {
        let outcome = scene.fsimage(verb, &image).args(arguments).finish();
        let shown = [outcome.text(), outcome.stderr].concat();
        let odd = |sign: char| (sign.is_control() && sign != '\n') || sign == '\u{202e}';
        assert!(!shown.contains(odd), "{verb}: {shown:?}");
        assert!(
            shown.contains("escape\\x1b[2J") || shown.contains("missing\\x1b[2J\\x0a\\xe2\\x80\\xae"),
            "{shown}"
        );
        // Escaped once, not twice.
        assert!(!shown.contains("\\\\x1b"), "{shown}");
    }
    // What is UTF-8 stays readable in errors, too.
    let outcome = scene.fsimage("cat", &image).arg("/names/käse/x").finish();
    outcome.assert_failure("/names/käse/x");
}

#[test]
fn help_fits_a_screen_and_has_examples() {
    let scene = Scene::new();
    let help = |words: &[&str]| scene.stage.fsimage().args(words).finish().assert_success().text();
    let page = help(&["-h"]);
    let verbs: Vec<&str> = page
        .lines()
        .skip_while(|line| *line != "Verbs:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .filter(|verb| *verb != "help")
        .collect();
    assert!(verbs.len() >= 13, "{verbs:?}");
    for verb in verbs {
        let short = help(&[verb, "-h"]);
        assert!(short.contains("\nExamples:\n  fsimage "), "{verb}: {short}");
        assert!(short.lines().count() <= 50, "{verb}: {} lines", short.lines().count());
        let long = help(&["help", verb]);
        assert!(long.contains("Limits and jail:") && long.contains("--max-symlinks"), "{verb}");
        assert!(!short.contains("--max-symlinks"), "{verb}");
    }
    assert!(help(&["--help"]).contains("Exit status: 0 done, 1 failed"));
    assert_eq!(help(&["--version"]).split(' ').next(), Some("fsimage"));
}

/// The examples that can be tried without somebody else's files are true.
#[test]
fn examples_hold() {
    let scene = Scene::new();
    let guest = Tree::bootable().guest();
    let work = scene.folder("work");
    std::os::unix::fs::symlink(&guest.image, work.join("disk.img")).unwrap();
    std::fs::set_permissions(&work, PermissionsExt::from_mode(0o755)).unwrap();
    let mut tried = 0;
    let help = scene.stage.fsimage().arg("-h").finish().assert_success().text();
    for line in help.lines().skip_while(|line| *line != "Examples:").skip(1) {
        let command = line.trim().split("   ").next().unwrap();
        // This guest has no second partition, and no /etc.
        let command = command.replace("#2:/etc/fstab", ":/boot/grub/grub.cfg").replace(":/etc", ":/boot");
        let line = format!(
            "cd '{}'; PATH='{}':/usr/bin:/bin; {command}",
            work.display(),
            scene.stage.path("").display()
        );
        Run::new(&need("bash", "bash")).args(["-ec", &line]).finish().assert_success();
        tried += 1;
    }
    assert_eq!(tried, 6);
}
