//! What was extracted boots.
// What makes a parser dangerous makes a test fail, which is what a test is for.
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use fsimage_tests::{Guest, Run, Stage, need, toolstack};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

/// Emulated by a busy host, a kernel takes its time. No measure: a boot takes 10 to 20 seconds.
const BOOT: Duration = Duration::from_secs(240);

/// What the guest says on its serial console.
fn serial_console(guest: &Guest, more_args: &str) -> (String, String) {
    let qemu = need("qemu-system-x86_64", "qemu-system-x86");
    let (stage, folder) = (Stage::new(), tempfile::tempdir().unwrap());
    let outcome = stage
        .pygrub()
        .args(["-q", "--output-format=simple"])
        .option("--output-directory", folder.path())
        .option("--args", more_args)
        .arg(&guest.image)
        .finish();
    outcome.assert_success();
    let boot = toolstack::xapi(&outcome.stdout, folder.path().as_os_str().as_bytes()).unwrap();
    let (kernel, ramdisk, args) = (boot.kernel.unwrap(), boot.ramdisk.unwrap(), boot.args.unwrap());
    let console = Run::new(&qemu)
        .args([
            "-machine",
            "pc",
            "-accel",
            "tcg",
            "-m",
            "256",
            "-nodefaults",
            "-no-user-config",
            "-no-reboot",
        ])
        .args(["-display", "none", "-serial", "stdio"])
        .args([OsStr::new("-kernel"), OsStr::from_bytes(&kernel)])
        .args([OsStr::new("-initrd"), OsStr::from_bytes(&ramdisk)])
        .args([OsStr::new("-append"), OsStr::from_bytes(&args)])
        .limit(BOOT)
        .finish();
    assert_eq!(console.code, Some(0), "{console:#?}");
    (String::from_utf8_lossy(&console.stdout).replace('\r', ""), String::from_utf8(args).unwrap())
}

#[test]
fn a_real_debian_kernel_reaches_its_ramdisk() {
    let guest = Guest::debian();
    let (console, args) = serial_console(&guest, "pygrub-rs.test=\"a b\"");
    assert_eq!(args, format!("{} pygrub-rs.test=\"a b\"", guest.args));
    assert!(console.contains("PYGRUB-RS-GUEST-UP\n"), "{console}");
    assert!(console.contains(&format!("cmdline: {args}\n")), "{console}");
}

#[test]
fn the_demo_kernel_prints_its_arguments_and_finds_its_ramdisk() {
    let guest = Guest::demo();
    let (console, args) = serial_console(&guest, "one=1");
    assert!(console.contains(&args), "{console}");
    let folder = tempfile::tempdir().unwrap();
    let ramdisk = std::fs::read(guest.dump(&guest.ramdisk, &folder.path().join("ramdisk"))).unwrap();
    let checksum =
        ramdisk.iter().fold(0x811c_9dc5_u32, |sum, byte| (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
    assert!(
        console.to_lowercase().contains(&format!("{checksum:08x}")),
        "no checksum {checksum:08x} in {console}"
    );
}
