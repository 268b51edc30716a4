//! `fsimage bootcfg`, and guests that boot without a configuration, through the real programs.
// What makes a parser dangerous makes a test fail, which is what a test is for.
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use fsimage_tests::layout::{Disk, SECTOR, filesystem};
use fsimage_tests::{Guest, Output, Stage, Tree, need, toolstack};
use serde_json::Value;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

const UNIX: &str = "platform/i86xpv/kernel/amd64/unix";

fn solaris() -> Guest {
    Tree::bootable()
        .file(UNIX, "64-bit kernel")
        .file("platform/i86pc/amd64/boot_archive", "64-bit archive")
        .guest()
}

/// A disk with one partition for each guest.
fn disk(guests: &[Guest]) -> Disk {
    let count = u64::try_from(guests.len()).unwrap();
    let disk = Disk::new(10 * count + 2);
    let mut script = "label: gpt\n".to_owned();
    let start = |index: u64| 2048 + index * 20_480;
    for index in 0..count {
        script.push_str(&format!("start={}, size=18432\n", start(index)));
    }
    disk.sfdisk(&script);
    for (index, guest) in (0..).zip(guests) {
        disk.write(start(index) * SECTOR, &filesystem(guest));
    }
    disk
}

fn shown(image: &Path, json: bool) -> String {
    let stage = Stage::new();
    let run = stage.fsimage().arg("bootcfg");
    let run = if json { run.arg("--json") } else { run };
    let outcome = run.arg(image).finish();
    outcome.assert_success();
    outcome.text()
}

/// Kernel, ramdisk and arguments that pygrub-rs gives.
#[track_caller]
fn boots(image: &Path, arguments: &[&str]) -> (Vec<u8>, Option<Vec<u8>>, String, String) {
    let (output, stage) = (Output::new(), Stage::new());
    let run = stage.pygrub().args(["-q", "--output-format=simple"]).args(arguments);
    let outcome = run.option("--output-directory", output.directory()).arg(image).finish();
    outcome.assert_success();
    let boot = toolstack::xapi(&outcome.stdout, output.directory().as_os_str().as_bytes()).unwrap();
    let read = |path: Vec<u8>| std::fs::read(OsStr::from_bytes(&path)).unwrap();
    let args = String::from_utf8(boot.args.unwrap_or_default()).unwrap();
    let said = outcome.stderr.clone();
    (read(boot.kernel.unwrap()), boot.ramdisk.map(read), args, said)
}

#[test]
fn solaris_boots_with_only_the_disk_named() {
    let guest = solaris();
    for (arguments, expected) in [
        (&[][..], format!("/{UNIX}")),
        (&["--args=-k root=/dev/dsk/c0d0s0"], format!("root=/dev/dsk/c0d0s0 /{UNIX} -k")),
    ] {
        let (kernel, ramdisk, args, _) = boots(&guest.image, arguments);
        assert_eq!(
            (kernel.as_slice(), ramdisk.as_deref()),
            (&b"64-bit kernel"[..], Some(&b"64-bit archive"[..]))
        );
        assert_eq!(args, expected);
    }
    // With --kernel, too; pygrub looks at the volume.
    let kernel = format!("--kernel=/{UNIX}");
    let (_, ramdisk, args, _) = boots(&guest.image, &[&kernel, "--args=-k ip=1.2.3.4"]);
    assert_eq!((ramdisk, args), (None, format!("ip=1.2.3.4 /{UNIX} -k")));
}

#[test]
fn a_guess_is_made_last_and_told() {
    let files = || {
        Tree::new()
            .file("sbin/init", "x")
            .file("boot/vmlinuz-6.1.0-9", "kernel")
            .file("boot/initrd.img-6.1.0-9", "ramdisk")
    };
    let (kernel, ramdisk, args, said) = boots(&files().guest().image, &[]);
    assert_eq!((kernel.as_slice(), ramdisk.as_deref()), (&b"kernel"[..], Some(&b"ramdisk"[..])));
    assert!(args.starts_with("root=UUID=") && args.ends_with(" rw"), "{args}");
    assert!(
        said.contains("note: no boot configuration was found; the kernel /boot/vmlinuz-6.1.0-9 is a guess"),
        "{said}"
    );
    let stage = Stage::new();
    let json = stage.pygrub().args(["-q", "-n", "--output-format=json"]).arg(&files().guest().image).finish();
    assert_eq!(serde_json::from_str::<Value>(&json.text()).unwrap()["guess"], true);
    // A configuration on a later volume comes before it.
    let both = disk(&[files().guest(), Tree::bootable().guest()]);
    let (kernel, .., said) = boots(both.path(), &[]);
    assert!(kernel.len() > 1000 && !said.contains("guess"), "{said}");
}

#[test]
fn every_menu_is_shown_and_why_it_is_passed_over() {
    let old = Tree::new().file("boot/grub/menu.lst", "title Windows\nchainloader +1\n").file("vmlinuz", "x");
    let two = Tree::bootable().file("etc/lilo.conf", "image=/boot/vmlinuz\nlabel=by-lilo\n");
    let disk = disk(&[
        old.guest(),
        two.guest(),
        Tree::new().file("etc/motd", "x").guest(),
        Tree::bootable().guest(),
    ]);
    let report: Value = serde_json::from_str(&shown(disk.path(), true)).unwrap();
    let why = |volume: usize, config: usize| {
        report["volumes"][volume]["configs"][config]["passed_over"].as_str().unwrap_or("chosen").to_owned()
    };
    assert_eq!(why(0, 0), "nothing in it boots: not bootable because it runs `chainloader`");
    assert_eq!(why(0, 1), "a guess, made only where there is no configuration");
    assert_eq!(why(1, 0), "chosen");
    assert_eq!(why(1, 1), "/boot/grub/grub.cfg comes first");
    assert_eq!(report["volumes"][2]["passed_over"], "no boot configuration");
    assert_eq!(why(3, 0), "volume 2's /boot/grub/grub.cfg comes first");
    assert_eq!(report["volumes"][1]["configs"][1]["entries"][0]["title"], "by-lilo");
    let chosen = &report["chosen"];
    assert_eq!((&chosen["volume"], &chosen["loader"]), (&Value::from("2"), &Value::from("grub2")));
    assert_eq!((&chosen["entry"], &chosen["guess"]), (&Value::from(0), &Value::from(false)));
    let text = shown(disk.path(), false);
    for line in [
        "volume 1: ext4",
        "  > grub2: /boot/grub/grub.cfg: ",
        "    passed over: no boot configuration",
        "chosen: entry 0 of grub2",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn nothing_to_boot_is_no_failure() {
    let text = shown(&Tree::new().file("etc/motd", "x").guest().image, false);
    assert!(text.contains("chosen: nothing; pygrub-rs --kernel=PATH"), "{text}");
    let text = shown(&Guest::of_bytes(b"", 1 << 20).image, false);
    assert!(text.contains("no filesystem known here"), "{text}");
}

#[test]
fn a_disk_with_a_hundred_guests() {
    // Every volume is opened, every configuration evaluated: within the jail's memory and the deadlines.
    let _ = need("sfdisk", "fdisk");
    let image =
        filesystem(&Tree::new().file("boot/grub/menu.lst", "title W\nchainloader +1\n").size_mib(1).guest());
    let sectors = u64::try_from(image.len()).unwrap() / SECTOR;
    let disk = Disk::new(((100 * sectors * SECTOR) >> 20) + 4);
    let mut script = "label: gpt\n".to_owned();
    for index in 0..100 {
        script.push_str(&format!("start={}, size={sectors}\n", 2048 + index * sectors));
    }
    disk.tool("sfdisk", "fdisk", &["-q"], &script);
    for index in 0..100 {
        disk.write((2048 + index * sectors) * SECTOR, &image);
    }
    let begun = std::time::Instant::now();
    let text = shown(disk.path(), false);
    assert_eq!(text.matches("nothing in it boots").count(), 100);
    assert!(begun.elapsed() < Duration::from_secs(60));
}

#[test]
fn of_two_copies_the_one_that_the_gpt_says() {
    // Flatcar's partitions, as sgdisk and update_engine leave their attributes.
    let usr = "type=5dfbf5f4-2848-4bac-aa5e-0d9a20b745a6";
    let (a, b) = ("7130c94a-213a-4e5a-8e26-6cce9662f132", "e03dd35c-7c2d-4a47-b3fe-27f15780a57c");
    let config = "search --no-floppy --set oem --part-label OEM --hint \"$root\"\nsource \"($oem)/grub.cfg\"\n\
                  menuentry Flatcar {\ngptprio.next -d usr_device -u usr_uuid\n\
                  if [ \"$usr_uuid\" = \"7130c94a-213a-4e5a-8e26-6cce9662f132\" ]; then slot=a; else slot=b; fi\n\
                  linux /flatcar/vmlinuz-$slot mount.usr=PARTUUID=$usr_uuid $linux_append\n}\n";
    let boot = Tree::new()
        .file("boot/grub/grub.cfg", config)
        .file("flatcar/vmlinuz-a", "kernel a")
        .file("flatcar/vmlinuz-b", "kernel b");
    let (boot, oem) = (boot.guest(), Tree::new().file("grub.cfg", "set linux_append=oem\n").guest());
    for (of_a, of_b, kernel, uuid) in [
        // Bit 48 is a priority of 1, bit 49 of 2, bit 52 an attempt, bit 56 success.
        ("GUID:48,56", "", "kernel a", a),
        ("GUID:48,56", "GUID:49,52", "kernel b", b),
        ("GUID:48,56", "GUID:49", "kernel a", a),
    ] {
        let disk = Disk::new(32);
        disk.sfdisk(&format!(
            "label: gpt\nstart=2048, size=18432, name=EFI-SYSTEM\nstart=20480, size=2048, {usr}, uuid={a}, name=USR-A, attrs=\"{of_a}\"\n\
             start=22528, size=2048, {usr}, uuid={b}, name=USR-B, attrs=\"{of_b}\"\nstart=24576, size=18432, name=OEM\n"
        ));
        disk.write(2048 * SECTOR, &filesystem(&boot)).write(24576 * SECTOR, &filesystem(&oem));
        let (booted, _, args, said) = boots(disk.path(), &[]);
        assert_eq!(
            (String::from_utf8(booted).unwrap().as_str(), args),
            (kernel, format!("mount.usr=PARTUUID={uuid} oem")),
            "{of_b}: {said}"
        );
    }
}

#[test]
fn what_was_left_out_is_the_reason() {
    let entry = "title A\nlinux /vmlinuz-6.1\n";
    let guest = Tree::new().file("loader/entries/a.conf", entry).guest();
    let text = shown(&guest.image, false).replace("\n", " ").split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        text.contains("it has no menu entry (/loader/entries/a.conf: left out, `/vmlinuz-6.1` is not there)"),
        "{text}"
    );
    let (stage, output) = (Stage::new(), Output::new());
    let outcome =
        stage.pygrub().arg("-q").option("--output-directory", output.directory()).arg(&guest.image).finish();
    outcome.assert_failure("left out, `/vmlinuz-6.1` is not there");
}
