//! `fsimage boot`: kernel, ramdisk and arguments in a directory, all of them or none, and what boots them.
// What makes a parser dangerous makes a test fail, which is what a test is for.
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use fsimage_tests::folder::contents;
use fsimage_tests::guest::{Random, USER, noise};
use fsimage_tests::mount::{LoopMount, Tmpfs};
use fsimage_tests::output::same_bytes;
use fsimage_tests::{Guest, Outcome, Output, Run, Stage, Tmux, Tree, need};
use rustix::process::Signal;
use serde_json::Value;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// How often it is killed.
const KILLS: usize = 40;
/// Emulated by a busy host, a kernel takes its time. No measure.
const BOOT: Duration = Duration::from_secs(240);

/// Three entries, one of them with two ramdisks, and a submenu.
const CONFIG: &str = "set default=1\nset timeout=5\n\
    menuentry 'First' --id one {\nlinux /boot/vmlinuz root=/dev/xvda1 ro\n}\n\
    menuentry 'Second' --id two {\nlinux /boot/vmlinuz2 quiet \"it's\"\ninitrd /boot/initrd.img\n}\n\
    submenu 'More' {\nmenuentry 'Third' --id three {\nlinux /boot/vmlinuz a=\"b c\"\n\
    initrd /boot/initrd.img /boot/second.img\n}\n}\n";

struct Scene {
    stage: Stage,
    folder: TempDir,
}

impl Scene {
    fn new() -> Self {
        Self { stage: Stage::new(), folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn boot(&self, guest: &Guest, name: &str) -> Run {
        self.stage.fsimage().arg("boot").arg(&guest.image).arg("-o").arg(self.path(name))
    }

    /// All that is in the scene's folder, hidden or not.
    fn names(&self) -> Vec<String> {
        names(self.folder.path())
    }
}

fn tree() -> Tree {
    Tree::configured(CONFIG).file("boot/vmlinuz2", noise(90_001)).file("boot/second.img", noise(70_003))
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn json(outcome: &Outcome) -> Value {
    serde_json::from_slice(&outcome.assert_success().stdout).unwrap()
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn the_default_entry_in_a_new_directory() {
    let (scene, guest) = (Scene::new(), Guest::demo());
    let outcome = scene.boot(&guest, "vm").finish();
    assert_eq!((outcome.assert_success().text(), outcome.stderr.as_str()), (String::new(), ""));
    assert_eq!(names(&scene.path("vm")), ["cmdline", "kernel", "ramdisk"]);
    assert_eq!(scene.names(), ["vm"]);
    let dump = |path: &str| guest.dump(path, &scene.path("dump"));
    assert!(same_bytes(&scene.path("vm/kernel"), &dump(&guest.kernel)));
    assert!(same_bytes(&scene.path("vm/ramdisk"), &dump(&guest.ramdisk)));
    assert_eq!(text(&scene.path("vm/cmdline")), format!("{}\n", guest.args));
    for name in ["cmdline", "kernel", "ramdisk"] {
        assert_eq!(scene.path("vm").join(name).metadata().unwrap().mode() & 0o7777, 0o600, "{name}");
    }
    scene.stage.assert_nothing_runs();
}

/// What pygrub-rs boots, by every way to name an entry.
#[test]
fn it_boots_what_the_boot_loader_boots() {
    let (scene, guest) = (Scene::new(), tree().guest());
    let ways: [&[&str]; 7] = [
        &[],
        &["--entry=0"],
        &["--entry=Third"],
        &["--entry=three"],
        &["--entry=2"],
        &["--kernel=/boot/vmlinuz"],
        &["--entry=0", "--ramdisk=/boot/second.img"],
    ];
    for (number, options) in ways.into_iter().enumerate() {
        let output = Output::new();
        let told = json(
            &scene.boot(&guest, &number.to_string()).args(options).args(["--json", "--args=x y"]).finish(),
        );
        let expected = json(
            &scene
                .stage
                .pygrub()
                .args(["-q", "--output-format=json", "--args=x y"])
                .args(options)
                .option("--output-directory", output.directory())
                .arg(&guest.image)
                .finish(),
        );
        for key in ["args", "title", "volume", "guest_kernel", "guest_ramdisks"] {
            assert_eq!(told[key], expected[key], "{options:?}: {key}");
        }
        // GRUB escapes quotes, and JSON tells of guest text as it is escaped.
        let args = told["args"].as_str().unwrap().replace("\\\\", "\\");
        assert_eq!(text(Path::new(told["cmdline"].as_str().unwrap())), format!("{args}\n"));
        for (key, size) in [("kernel", "kernel_size"), ("ramdisk", "ramdisk_size")] {
            let path = |value: &Value| value[key].as_str().map(PathBuf::from);
            match (path(&told), path(&expected)) {
                (Some(here), Some(there)) => {
                    assert!(same_bytes(&here, &there), "{options:?}: {key}");
                    assert_eq!(told[size].as_u64(), Some(here.metadata().unwrap().len()));
                }
                (None, None) => assert!(!scene.path(&number.to_string()).join(key).exists()),
                other => panic!("{options:?}: {key}: {other:?}"),
            }
        }
    }
}

#[test]
fn what_is_told_of_an_entry() {
    let (scene, guest) = (Scene::new(), tree().guest());
    let told = json(&scene.boot(&guest, "vm").args(["--json", "--entry=three"]).finish());
    let expected = serde_json::json!({
        "kernel": scene.path("vm/kernel"), "kernel_size": 300_000,
        "ramdisk": scene.path("vm/ramdisk"), "ramdisk_size": 500_001_u64.next_multiple_of(4) + 70_003,
        "cmdline": scene.path("vm/cmdline"), "args": "a=b c",
        "loader": "grub2", "config": "/boot/grub/grub.cfg", "entry": 2, "title": "Third", "guess": false,
        "volume": "whole", "guest_kernel": "/boot/vmlinuz",
        "guest_ramdisks": ["/boot/initrd.img", "/boot/second.img"], "notes": [],
    });
    let mut expected = expected;
    // GRUB quotes what has a blank in it.
    expected["args"] = told["args"].clone();
    expected["volume"] = told["volume"].clone();
    assert_eq!(told, expected);
    assert!(told["args"].as_str().unwrap().contains("b c"), "{told}");

    let outcome = scene.boot(&guest, "vm").args(["-v", "--force"]).finish();
    let said = outcome.assert_success().text();
    for expected in [
        "Second\n",
        "entry 1 of grub2 /boot/grub/grub.cfg",
        "qemu-system-x86_64 -accel",
        "/boot/vmlinuz2, 87.89 KiB",
    ] {
        assert!(said.contains(expected), "no {expected} in {said}");
    }
}

/// Whoever sits at a terminal is told without asking.
#[test]
fn a_person_is_told_what_to_do_next() {
    let (scene, guest) = (Scene::new(), tree().guest());
    let (program, vm) = (scene.stage.path("fsimage"), scene.path("vm"));
    let shown = format!("{} boot {} -o {}; sleep 60", program.display(), guest.image.display(), vm.display());
    let tmux = Tmux::new(120, 30, &shown);
    tmux.see("entry 1 of grub2 /boot/grub/grub.cfg").see("Boot it with QEMU").see("-append 'quiet it");
}

#[test]
fn arguments_and_ramdisks_of_ones_own() {
    let (scene, guest) = (Scene::new(), tree().guest());
    let cmdline = |options: &[&str]| {
        scene.boot(&guest, "vm").arg("--force").args(options).finish().assert_success();
        text(&scene.path("vm/cmdline"))
    };
    assert_eq!(cmdline(&["--entry=0", "--append=single  x"]), "root=/dev/xvda1 ro single  x\n");
    assert_eq!(cmdline(&["--entry=0", "--cmdline=-k only"]), "-k only\n");
    assert_eq!(cmdline(&["--cmdline="]), "\n");
    assert!(scene.path("vm/ramdisk").exists());
    // An older set's ramdisk must not be taken for this one's.
    cmdline(&["--no-ramdisk"]);
    assert_eq!(names(&scene.path("vm")), ["cmdline", "kernel"]);
    cmdline(&["--ramdisk=/boot/second.img", "--ramdisk=/boot/initrd.img"]);
    let joined = [noise(70_003), vec![0], noise(500_001)].concat();
    assert!(std::fs::read(scene.path("vm/ramdisk")).unwrap() == joined);
}

#[test]
fn what_exists_is_refused_or_replaced_as_a_whole() {
    let (scene, guest) = (Scene::new(), tree().guest());
    std::fs::create_dir(scene.path("vm")).unwrap();
    std::fs::write(scene.path("vm/notes"), "mine").unwrap();
    std::fs::write(scene.path("vm/cmdline"), "old").unwrap();
    let before = contents(&scene.path("vm"));
    scene.boot(&guest, "vm").finish().assert_failure("vm/cmdline: it exists; --force replaces it");
    assert_eq!(contents(&scene.path("vm")), before);
    scene.boot(&guest, "vm").arg("--force").finish().assert_success();
    assert_eq!(names(&scene.path("vm")), ["cmdline", "kernel", "notes", "ramdisk"]);
    assert_eq!(
        (text(&scene.path("vm/notes")), text(&scene.path("vm/cmdline"))),
        ("mine".into(), "quiet it\\'s\n".into())
    );

    // A link is replaced and not followed; a directory is not.
    std::fs::write(scene.path("outside"), "mine").unwrap();
    std::fs::remove_file(scene.path("vm/kernel")).unwrap();
    symlink(scene.path("outside"), scene.path("vm/kernel")).unwrap();
    scene.boot(&guest, "vm").arg("-f").finish().assert_success();
    assert!(!scene.path("vm/kernel").is_symlink() && text(&scene.path("outside")) == "mine");
    std::fs::remove_file(scene.path("vm/ramdisk")).unwrap();
    std::fs::create_dir(scene.path("vm/ramdisk")).unwrap();
    scene.boot(&guest, "vm").arg("-f").finish().assert_failure("ramdisk: it exists and is no file");

    symlink(scene.path("vm"), scene.path("link")).unwrap();
    scene.boot(&guest, "link").finish().assert_failure("a symbolic link is not followed here");
    scene.boot(&guest, "no/vm").finish().assert_failure("No such file or directory");
    std::fs::create_dir(scene.path("open")).unwrap();
    std::fs::set_permissions(scene.path("open"), PermissionsExt::from_mode(0o777)).unwrap();
    scene.boot(&guest, "open").finish().assert_failure("everybody may write there");
}

/// Whatever is wrong is told before anything appears.
#[test]
fn nothing_appears_where_something_fails() {
    let scene = Scene::new();
    let good = tree().guest();
    let escapes = tree().file("boot/grub/grub.cfg", CONFIG.replace("quiet", "\"\x1b[2J\"")).guest();
    let missing =
        tree().file("boot/grub/grub.cfg", CONFIG.replace("/boot/initrd.img", "/boot/missing")).guest();
    for (guest, options, expected) in [
        (
            &missing,
            &["--entry=1"][..],
            "the entry \"Second\" cannot be booted: the ramdisk /boot/missing does not exist in the guest; --entry chooses another, `fsimage bootcfg`",
        ),
        (&good, &["--ramdisk=/boot/missing"][..], "the ramdisk /boot/missing does not exist in the guest"),
        (&good, &["--max-kernel-size=1K"], "the kernel has 90001 bytes and may have 1024"),
        (&good, &["--max-ramdisk-size=1K"], "--max-ramdisk-size raises the limit"),
        (&good, &["--entry=Fourth"], "no such entry; there are 0 \"First\", 1 \"Second\", 2 \"Third\""),
        (&good, &["--kernel=/boot"], "was not found"),
        (&good, &["--ramdisk=/boot/grub"], "/boot/grub: a directory"),
        (&good, &["--partition=7"], "--partition=7"),
        (&good, &["--vmlinux"], "/boot/vmlinuz2: neither a bzImage, nor EFI zboot"),
        (&good, &["--print=firecracker"], "/boot/vmlinuz2: neither a bzImage"),
        (
            &escapes,
            &["--print=qemu"],
            "there is \\x1b in the arguments, which cannot be printed; --cmdline gives others; nothing was",
        ),
    ] {
        scene.boot(guest, "vm").args(options).finish().assert_failure(expected);
        assert_eq!(scene.names(), [""; 0], "{options:?}");
        std::fs::create_dir(scene.path("vm")).unwrap();
        scene.boot(guest, "vm").args(options).finish().assert_failure(expected);
        assert_eq!(names(&scene.path("vm")), [""; 0], "{options:?}");
        std::fs::remove_dir(scene.path("vm")).unwrap();
    }
    // As files they are what they are, and on a terminal they are escaped.
    let outcome = scene.boot(&escapes, "vm").arg("-v").finish();
    assert!(outcome.assert_success().text().contains("\\x1b[2J"), "{outcome:?}");
    assert!(!outcome.stdout.contains(&0x1b) && text(&scene.path("vm/cmdline")).contains("\x1b[2J"));
    scene.stage.assert_nothing_runs();
}

#[test]
fn an_ordinary_user_needs_no_rights() {
    let (stage, guest) = (Stage::new(), Guest::debian().readable());
    let folder = tempfile::tempdir_in("/tmp").unwrap();
    chown(folder.path(), Some(USER), Some(USER)).unwrap();
    let vm = folder.path().join("vm");
    for options in [&[][..], &["--force", "--vmlinux"]] {
        let run = stage.fsimage().arg("boot").arg(&guest.image).arg("-o").arg(&vm).args(options);
        run.user(USER).finish().assert_success();
        for name in names(&vm) {
            let status = vm.join(name).metadata().unwrap();
            assert_eq!((status.uid(), status.mode() & 0o7777), (USER, 0o600));
        }
    }
    assert!(std::fs::read(vm.join("kernel")).unwrap().starts_with(b"\x7fELF"));
}

#[test]
fn wrong_usage_is_status_2() {
    let (scene, guest) = (Scene::new(), tree().guest());
    for options in [
        &["--print=bochs"][..],
        &["--print=qemu", "--json"],
        &["--entry=1", "--kernel=/boot/vmlinuz"],
        &["--append=a", "--cmdline=b"],
        &["--no-ramdisk", "--ramdisk=/x"],
    ] {
        assert_eq!(scene.boot(&guest, "vm").args(options).finish().code, Some(2), "{options:?}");
    }
    let word = format!("{}:/boot", guest.image.display());
    let outcome = scene.stage.fsimage().args(["boot", &word]).finish();
    assert!(outcome.code == Some(2) && outcome.stderr.contains("takes no path"), "{outcome:?}");
}

#[test]
fn a_full_disk_leaves_nothing() {
    let (scene, guest) = (Scene::new(), tree().guest());
    let full = Tmpfs::new(400 << 10);
    for folder in [full.path().join("new"), full.folder("existing")] {
        let outcome = scene.stage.fsimage().arg("boot").arg(&guest.image).arg("-o").arg(&folder).finish();
        outcome.assert_failure("No space left on device");
        assert!(!folder.exists() || names(&folder).is_empty());
    }
    assert_eq!(names(full.path()), ["existing"]);
}

/// A filesystem without nameless files.
#[test]
fn hidden_names_serve_where_there_are_no_nameless_files() {
    let (scene, guest) = (Scene::new(), tree().guest());
    let mounted = LoopMount::ntfs("");
    let folder = mounted.path().join("vm");
    for options in [&[][..], &["--force", "--no-ramdisk"]] {
        let run = scene.stage.fsimage().arg("boot").arg(&guest.image).arg("-o").arg(&folder);
        run.args(options).finish().assert_success();
    }
    assert_eq!(
        (names(&folder), names(&mounted.path())),
        (vec!["cmdline".into(), "kernel".into()], vec!["vm".into()])
    );
    assert!(std::fs::read(folder.join("kernel")).unwrap() == noise(90_001));
}

/// There, a signal has the hidden names taken back before the program ends.
#[test]
fn a_signal_takes_hidden_names_back() {
    let scene = Scene::new();
    let guest = Tree::bootable().file("boot/initrd.img", noise(9_000_000)).size_mib(24).guest();
    let mounted = LoopMount::ntfs("");
    let folder = mounted.path().join("vm");
    let run = || scene.stage.fsimage().arg("boot").arg(&guest.image).arg("-fo").arg(&folder);
    let usual = run().finish();
    usual.assert_success();
    let (mut random, mut deaths) = (Random(7), 0);
    for round in 0..12 {
        if round % 2 == 0 {
            std::fs::remove_dir_all(&folder).unwrap();
        }
        let mut running = run().spawn();
        running.wait(random.part_of(usual.elapsed));
        running.signal([Signal::TERM, Signal::INT, Signal::HUP][round % 3]);
        let outcome = running.finish();
        deaths += usize::from(outcome.signal.is_some());
        let names = names(&mounted.path());
        assert!(names.iter().all(|name| name == "vm"), "{names:?}: {outcome:?}");
        if folder.exists() {
            assert_eq!(self::names(&folder), ["cmdline", "kernel", "ramdisk"], "{outcome:?}");
        } else {
            run().finish().assert_success();
        }
    }
    assert!(deaths > 2, "only {deaths} were ended");
    scene.stage.assert_nothing_runs();
}

/// Killed at any moment, a directory that is new has all files or is not there; in one that exists, where the kernel is, it is
/// that of the same boot as the rest.
#[test]
fn killed_at_any_moment() {
    let scene = Scene::new();
    let versions: Vec<Guest> = (0..2)
        .map(|number| {
            let config = CONFIG.replace("quiet", &format!("version={number}"));
            let file = |path: &str, size: usize| (path.to_owned(), noise(size + number));
            let tree = [file("boot/vmlinuz2", 9_000_000), file("boot/initrd.img", 12_000_000)]
                .into_iter()
                .fold(Tree::configured(&config).size_mib(40), |tree, (path, bytes)| tree.file(path, bytes));
            tree.guest()
        })
        .collect();
    let run = |version: usize| scene.boot(&versions[version], "vm").arg("--force");
    let usual = run(0).finish();
    usual.assert_success();
    let mut random = Random(20);
    let (mut last, mut deaths) = (0, 0);
    for round in 0..KILLS {
        if round % 2 == 0 && scene.path("vm").exists() {
            std::fs::remove_dir_all(scene.path("vm")).unwrap();
        }
        let is_new = !scene.path("vm").exists();
        let version = round / 2 % 2;
        let mut running = run(version).spawn();
        running.wait(random.part_of(usual.elapsed * 11 / 10));
        running.signal([Signal::KILL, Signal::TERM][round % 3 / 2]);
        let outcome = running.finish();
        deaths += usize::from(outcome.signal.is_some());
        if outcome.code == Some(0) {
            last = version;
        }
        let vm = scene.path("vm");
        if !vm.exists() {
            assert!(is_new && outcome.code != Some(0), "{outcome:?}");
            continue;
        }
        let Ok(kernel) = vm.join("kernel").metadata() else {
            assert!(!is_new, "a new directory without a kernel: {:?}", names(&vm));
            continue;
        };
        let number = usize::try_from(kernel.len()).unwrap() - 9_000_000;
        assert!(number == version || number == last, "version {number}");
        assert_eq!(text(&vm.join("cmdline")), format!("version={number} it\\'s\n"));
        assert_eq!(vm.join("ramdisk").metadata().unwrap().len(), 12_000_000 + u64::try_from(number).unwrap());
        last = number;
    }
    assert!(deaths > KILLS / 4, "only {deaths} of {KILLS} were killed");
    scene.stage.assert_nothing_runs();
    // Whatever is left over is hidden.
    assert!(
        scene.names().iter().all(|name| name == "vm" || name.starts_with(".fsimage.partial.")),
        "{:?}",
        scene.names()
    );
}

#[test]
fn each_monitors_text_names_the_files() {
    let (scene, guest) = (Scene::new(), Guest::debian());
    for (monitor, unpacked, expected) in [
        ("qemu", false, "qemu-system-x86_64 -accel kvm -accel tcg -m 1024 -nographic \\\n  -kernel "),
        ("cloud-hypervisor", true, "cloud-hypervisor --cpus boot=1"),
        ("firecracker", true, "{\n  \"boot-source\": {\n    \"kernel_image_path\": "),
        ("xl", false, "name = \"debian-"),
        ("libvirt", false, "<domain type='kvm'>\n  <name>debian-"),
    ] {
        let outcome = scene.boot(&guest, "vm").args(["--force", "--print", monitor]).finish();
        let printed = outcome.assert_success().text();
        assert!(printed.starts_with(expected), "{printed}");
        for path in [scene.path("vm/kernel"), scene.path("vm/ramdisk"), guest.image.clone()] {
            assert!(printed.contains(path.to_str().unwrap()), "{monitor}: {printed}");
        }
        assert!(printed.contains(&guest.args), "{printed}");
        let kernel = std::fs::read(scene.path("vm/kernel")).unwrap();
        assert_eq!(kernel.starts_with(b"\x7fELF"), unpacked, "{monitor}");
    }
}

/// The command that is printed, run by a shell as it stands but for the accelerator, boots the kernel that was unpacked.
#[test]
fn the_printed_command_boots() {
    let (scene, guest) = (Scene::new(), Guest::debian());
    let qemu = need("qemu-system-x86_64", "qemu-system-x86");
    let outcome = scene
        .boot(&guest, "a vm's")
        .args(["--vmlinux", "--print=qemu", "--append=pygrub-rs.test=\"a 'b'\" panic=-1"])
        .finish();
    let command =
        outcome.assert_success().text().replace("-accel kvm ", "").replace("-m 1024", "-m 256 -no-reboot");
    let console = Run::new(&need("sh", "dash"))
        .args(["-c", &command])
        .env("PATH", qemu.parent().unwrap())
        .limit(BOOT)
        .finish();
    let said = String::from_utf8_lossy(&console.stdout).replace('\r', "");
    assert!(console.code == Some(0) && said.contains("PYGRUB-RS-GUEST-UP\n"), "{console:?}");
    assert!(said.contains("pygrub-rs.test=\"a 'b'\" panic=-1\n"), "{said}");
}
