//! `fsimage get` out of every filesystem, and onto targets of every kind: without nameless files, laid over another, read-only,
//! another's, full; with a person watching, and with one who changes their mind.
// What makes a parser dangerous makes a test fail, which is what a test is for.
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use fsimage_tests::folder::{Item, assert_same, contents, items};
use fsimage_tests::guest::{USER, noise};
use fsimage_tests::mount::{LoopMount, Overlay, Tmpfs};
use fsimage_tests::processes::{self, Process};
use fsimage_tests::{Scene, Tmux, poll_until};
use rustix::process::Signal;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::time::Duration;

#[test]
fn a_tree_comes_out_of_every_filesystem_as_it_went_in() {
    let scene = Scene::new();
    scene.varied();
    let in_seconds = |folder: &Path| -> BTreeMap<PathBuf, (char, u32, i64, Vec<u8>)> {
        let seconds = |item: Item| (item.kind, item.mode, item.modified.0, item.content);
        items(folder).into_iter().map(|(path, item)| (path, seconds(item))).collect()
    };
    let tree = in_seconds(&scene.tree());
    for image in scene.images(32) {
        let out = scene.folder("out");
        let outcome = scene.get(&image, &["-rp"]).arg("-o").arg(&out).finish();
        assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""), "{}", image.display());
        assert_same(&in_seconds(&out), &tree);
        std::fs::remove_dir_all(&out).unwrap();
    }
}

/// Names that no filesystem has, written by hand into images of every kind.
#[test]
fn names_that_are_paths_reach_nothing_outside_of_any_filesystem() {
    let scene = Scene::new();
    for hostile in ["../x", "..//", "a/b/", "/etc/", "x\0yz", "../../"] {
        // Of the same length, and what Joliet and plain ISO9660 make of it is still that name.
        let honest = "Q".repeat(hostile.len());
        let _ = std::fs::remove_dir_all(scene.tree());
        scene.file(format!("tree/{honest}"), b"guest").file("tree/good", b"guest");
        for image in
            [scene.ufs(1, "le"), scene.ufs(1, "be"), scene.ufs(2, "le"), scene.ufs(2, "be"), scene.iso9660()]
        {
            let mut bytes = std::fs::read(&image).unwrap();
            let places: Vec<usize> = (0..bytes.len() - honest.len())
                .filter(|place| bytes[*place..].starts_with(honest.as_bytes()))
                .collect();
            assert!(!places.is_empty(), "{}", image.display());
            for place in places {
                bytes[place..place + honest.len()].copy_from_slice(hostile.as_bytes());
            }
            std::fs::write(&image, bytes).unwrap();
            let out = scene.folder("cage/out");
            let outcome = scene.get(&image, &["-r"]).arg("/tree").arg("-o").arg(&out).finish();
            let found = contents(&scene.path("cage"));
            let outside: Vec<&PathBuf> = found.keys().filter(|path| !path.starts_with("out")).collect();
            assert!(outside.is_empty(), "{hostile:?}: {outside:?}");
            assert!(!scene.path("x").exists() && !scene.path("cage/x").exists());
            assert_eq!(outcome.code, Some(1), "{hostile:?} {}: {outcome:#?}", image.display());
            std::fs::remove_dir_all(scene.path("cage")).unwrap();
        }
    }
}

/// A target without nameless files: what is not whole has a hidden name.
fn hidden(folder: &Path) -> Vec<PathBuf> {
    contents(folder).into_keys().filter(|path| path.to_str().unwrap().contains(".partial.")).collect()
}

fn wait_for_hidden(folder: &Path) {
    poll_until("a file that is not whole", fsimage_tests::HANG, || {
        (!hidden_names(folder).is_empty()).then_some(())
    });
}

/// The same without reading any file.
fn hidden_names(folder: &Path) -> Vec<PathBuf> {
    let names = std::fs::read_dir(folder).unwrap().map(|entry| PathBuf::from(entry.unwrap().file_name()));
    names.filter(|name| name.to_str().unwrap().starts_with(".fsimage.partial.")).collect()
}

#[test]
fn whoever_interrupts_a_copy_finds_nothing_of_it() {
    let scene = Scene::new();
    scene.file("large", &noise(1 << 20).repeat(100));
    let image = scene.ext4(160);
    let target = LoopMount::ntfs_of(192, "");
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let running = scene.get(&image, &[]).arg("/large").arg("-o").arg(target.path()).spawn();
        wait_for_hidden(&target.path());
        running.signal(signal);
        let outcome = running.finish();
        assert_eq!(outcome.signal, Some(signal.as_raw()), "{outcome:#?}");
        assert_eq!(contents(&target.path()).into_keys().collect::<Vec<_>>(), Vec::<PathBuf>::new());
    }
    // Killed, it leaves what it could not take back, and that is in nobody's way.
    let running = scene.get(&image, &[]).arg("/large").arg("-o").arg(target.path()).spawn();
    wait_for_hidden(&target.path());
    running.signal(Signal::KILL);
    assert_eq!(running.finish().signal, Some(Signal::KILL.as_raw()));
    let left = hidden_names(&target.path());
    assert_eq!(left.len(), 1);
    std::fs::remove_file(target.path().join(&left[0])).unwrap();
    scene.get(&image, &[]).arg("/large").arg("-o").arg(target.path()).finish().assert_success();
    assert!(fsimage_tests::output::same_bytes(&target.path().join("large"), &scene.path("tree/large")));
    scene.stage.assert_nothing_runs();
}

#[test]
fn a_full_target_without_nameless_files_is_left_clean() {
    let scene = Scene::new();
    scene
        .file("tree/1", &noise(1 << 20).repeat(10))
        .file("tree/2", &noise(1 << 20).repeat(40))
        .file("tree/3", &noise(100));
    let image = scene.ext4(96);
    let target = LoopMount::ntfs("");
    let outcome = scene.get(&image, &["-r"]).arg("/tree").arg("-o").arg(target.path()).finish();
    outcome.assert_failure("No space left on device");
    assert_eq!(hidden(&target.path()), Vec::<PathBuf>::new());
    let copies = contents(&target.path());
    assert!(copies.iter().all(
        |(path, (kind, bytes))| *kind == 'd' || *bytes == std::fs::read(scene.tree().join(path)).unwrap()
    ));
}

#[test]
fn a_folder_laid_over_another_is_a_target() {
    let scene = Scene::new();
    scene.varied();
    let image = scene.ext4(32);
    let target = Overlay::new(&[("below", "host"), ("sizes", "host")]);
    let get = |option: &str| {
        scene.get(&image, &["-r", option]).args(["/sizes", "/names"]).arg("-o").arg(target.path()).finish()
    };
    // What is in the lower folder exists.
    get("--force").assert_failure("sizes: it exists and is no directory");
    std::fs::remove_file(target.path().join("sizes")).unwrap();
    get("--skip-existing").assert_success();
    let copies = contents(&target.path());
    assert_eq!(copies[Path::new("below")].1, b"host");
    let wanted: BTreeMap<_, _> = contents(&scene.tree())
        .into_iter()
        .filter(|(path, _)| path.starts_with("sizes") || path.starts_with("names"))
        .collect();
    let copies: BTreeMap<_, _> = copies.into_iter().filter(|(path, _)| path != Path::new("below")).collect();
    assert_same(&copies, &wanted);
}

#[test]
fn a_target_that_takes_nothing_is_named() {
    let scene = Scene::new();
    scene.file("tree/1", b"1").file("tree/2", b"2");
    let image = scene.ext4(8);
    std::fs::set_permissions(&image, PermissionsExt::from_mode(0o644)).unwrap();
    std::fs::set_permissions(scene.path(""), PermissionsExt::from_mode(0o755)).unwrap();
    let read_only = Tmpfs::new(1 << 20);
    let inside = read_only.folder("inside");
    read_only.read_only();
    let get = |arguments: &[&str], to: &Path| scene.get(&image, arguments).arg("-o").arg(to);
    for (arguments, to) in
        [(&["-r", "/tree"][..], &inside), (&["/tree/1"], &inside), (&["-r", "/tree/1", "/tree/2"], &inside)]
    {
        let paths: Vec<&str> = arguments.iter().copied().filter(|word| word.starts_with('/')).collect();
        let options: Vec<&str> = arguments.iter().copied().filter(|word| !word.starts_with('/')).collect();
        let outcome = scene.get(&image, &options).args(paths).arg("-o").arg(to).finish();
        outcome.assert_failure("Read-only file system");
        // Once: no other file would fare better.
        assert_eq!(outcome.stderr.matches("Read-only file system").count(), 1, "{}", outcome.stderr);
    }
    // Of an ordinary user: another's folder, and their own.
    let others = scene.folder("others");
    get(&[], &others).arg("/tree/1").user(USER).finish().assert_failure("others");
    let own = scene.folder("own");
    chown(&own, Some(USER), Some(USER)).unwrap();
    get(&["-rp"], &own).arg("/tree").user(USER).finish().assert_success();
    assert_eq!(contents(&own).len(), 3);
    // What is no folder, or is not there.
    for (to, said) in [
        (scene.path("missing/below"), "missing: No such file or directory"),
        (image.join("below"), "not a directory"),
        (scene.path("missing/"), "no such directory"),
    ] {
        get(&[], &to).arg("/tree/1").finish().assert_failure(said);
    }
    // The host chooses no file by a name that the guest gives.
    let outcome = get(&["-r"], &own).arg("/tree/1/../../tree").finish();
    outcome.assert_failure("not a directory: /tree/1/../../tree");
}

fn the_program(scene: &Scene) -> Process {
    let program = processes::identity(&scene.stage.path("fsimage"));
    poll_until("the program", fsimage_tests::HANG, || {
        scene.stage.processes().into_iter().find(|process| process.program() == program)
    })
}

/// Holds a program that has begun to copy into this folder for so long that a person would wonder, then lets it run for a moment
/// only, again and again, until what is waited for is there or the program has gone.
fn slow_down(process: &Process, folder: &Path, is_there: impl Fn() -> bool) {
    // Descriptors come and go while they are listed.
    let has_begun = || {
        let descriptors = std::fs::read_dir(process.proc("fd")).into_iter().flatten().flatten();
        let mut places = descriptors.filter_map(|descriptor| std::fs::read_link(descriptor.path()).ok());
        places.any(|path| path.starts_with(folder) && path != folder)
    };
    poll_until("a copy", fsimage_tests::HANG, || has_begun().then_some(()));
    process.signal(Signal::STOP);
    std::thread::sleep(Duration::from_millis(600));
    poll_until("the bar of progress", fsimage_tests::HANG, || {
        process.signal(Signal::CONT);
        std::thread::sleep(Duration::from_millis(1));
        let runs = process.signal(Signal::STOP);
        std::thread::sleep(Duration::from_millis(15));
        // A look takes longer than the moment: it is taken while the program stands still.
        (is_there() || !runs).then_some(())
    });
    process.signal(Signal::CONT);
}

#[test]
fn a_person_sees_how_far_it_is_and_a_program_does_not() {
    let scene = Scene::new();
    scene.file("large", &noise(1 << 20).repeat(256));
    for number in 0..3000 {
        scene.file(format!("many/{}/{number}", number % 10), &noise(1000));
    }
    let image = scene.ext4(400);
    let program = scene.stage.path("fsimage");
    for (arguments, seen) in [
        (format!("{0}:/large", image.display()), &["/large", " of 256.00 MiB", "MiB/s", "["][..]),
        (format!("-r {0}:/many", image.display()), &["/many/", " files", "iB/s"]),
    ] {
        // Memory, onto which nothing is copied by reference.
        let target = Tmpfs::new(300 << 20);
        let out = target.path();
        let command = format!(
            "cd {}; {} get {arguments} -o {}; echo ended $?; read line",
            out.display(),
            program.display(),
            out.display()
        );
        let tmux = Tmux::new(80, 24, &command);
        let process = the_program(&scene);
        let was_seen = Cell::new(false);
        slow_down(&process, out, || {
            let screen = tmux.screen();
            was_seen.set(seen.iter().all(|text| screen.contains(text)));
            was_seen.get()
        });
        tmux.see("ended 0");
        // Gone, with nothing left of it.
        assert_eq!(tmux.screen().trim(), "ended 0");
        assert!(was_seen.get(), "{seen:?}");
    }
    // Nobody watches: not a byte, however long it takes.
    let target = Tmpfs::new(300 << 20);
    let running = scene.get(&image, &[]).arg("/large").arg("-o").arg(target.path()).spawn();
    let looks = Cell::new(0);
    slow_down(&the_program(&scene), target.path(), || looks.replace(looks.get() + 1) > 20);
    let outcome = running.finish();
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
}
