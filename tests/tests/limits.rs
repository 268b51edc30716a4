//! What a guest can make large has a limit (CVE-2012-2625, CVE-2012-4544).
// What makes a parser dangerous makes a test fail, which is what a test is for.
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use fsimage_tests::guest::{CONFIG, noise};
use fsimage_tests::layout::{Disk, SECTOR, ext4};
use fsimage_tests::{Guest, Outcome, Output, Run, Stage, Tree};

const TERABYTE: u64 = 1 << 40;

fn boot(stage: &Stage, guest: &Guest, output: &Output, change: impl FnOnce(Run) -> Run) -> Outcome {
    let run = stage
        .pygrub()
        .args(["-q", "--output-format=simple0"])
        .option("--output", output.file())
        .option("--output-directory", output.directory());
    change(run).arg(&guest.image).finish()
}

fn assert_refused(guest: &Guest, text: &str, change: impl FnOnce(Run) -> Run) {
    let (stage, output) = (Stage::new(), Output::new());
    boot(&stage, guest, &output, change).assert_failure(text);
    output.assert_untouched();
    stage.assert_nothing_runs();
}

#[test]
fn a_sparse_kernel_of_a_terabyte() {
    let tree = Tree::new()
        .sparse("boot/vmlinuz", TERABYTE)
        .file("boot/initrd.img", noise(1000))
        .file("boot/grub/grub.cfg", CONFIG);
    let text =
        "the kernel has 1099511627776 bytes and may have 1073741824; --max-kernel-size raises the limit";
    assert_refused(&tree.guest(), text, |run| run);
}

#[test]
fn a_sparse_ramdisk_of_a_terabyte() {
    let tree = Tree::new()
        .file("boot/vmlinuz", noise(1000))
        .sparse("boot/initrd.img", TERABYTE)
        .file("boot/grub/grub.cfg", CONFIG);
    let text =
        "the ramdisk has 1099511627776 bytes and may have 1073741824; --max-ramdisk-size raises the limit";
    assert_refused(&tree.guest(), text, |run| run);
}

#[test]
fn a_sparse_configuration_of_a_terabyte() {
    let tree = Tree::new().file("boot/vmlinuz", noise(1000)).sparse("boot/grub/grub.cfg", TERABYTE);
    let text = "limit reached: a configuration of 1099511627776 bytes (at most 4194304)";
    assert_refused(&tree.guest(), text, |run| run);
}

#[test]
fn a_real_configuration_beyond_the_limit() {
    let mut config = CONFIG.as_bytes().to_vec();
    config.resize(5 << 20, b'\n');
    let tree = Tree::configured(config).size_mib(16);
    let text = "limit reached: a configuration of 5242880 bytes (at most 4194304)";
    assert_refused(&tree.guest(), text, |run| run);
}

#[test]
fn a_configuration_that_never_ends() {
    let tree = Tree::configured("function f { f; f; }\nf\nmenuentry x { linux /boot/vmlinuz }\n");
    let (stage, output) = (Stage::new(), Output::new());
    let outcome = boot(&stage, &tree.guest(), &output, |run| run);
    assert_eq!(outcome.code, Some(1), "{outcome:#?}");
    output.assert_untouched();
}

#[test]
fn a_configuration_that_grows_without_end() {
    let doubling = "set a=\"$a$a\"\n".repeat(200);
    let tree = Tree::configured(format!(
        "set a=xxxxxxxxxxxxxxxx\n{doubling}menuentry x {{ linux /boot/vmlinuz $a }}\n"
    ));
    let (stage, output) = (Stage::new(), Output::new());
    let outcome = boot(&stage, &tree.guest(), &output, |run| run);
    assert_eq!(outcome.code, Some(1), "{outcome:#?}");
    output.assert_untouched();
}

#[test]
fn pygrubs_own_variable_is_honoured() {
    let tree = Tree::new()
        .file("boot/vmlinuz", noise((1 << 20) + 1))
        .file("boot/initrd.img", noise(1000))
        .file("boot/grub/grub.cfg", CONFIG);
    let guest = tree.guest();
    let text = "the kernel has 1048577 bytes and may have 1048576";
    assert_refused(&guest, text, |run| run.env("PYGRUB_MAX_FILE_SIZE_MB", "1"));
    // The option says it more exactly, and louder.
    let (stage, output) = (Stage::new(), Output::new());
    boot(&stage, &guest, &output, |run| {
        run.env("PYGRUB_MAX_FILE_SIZE_MB", "1").arg("--max-kernel-size=1048577")
    })
    .assert_success();
    let output = Output::new();
    boot(&stage, &guest, &output, |run| run.env("PYGRUB_MAX_FILE_SIZE_MB", "2")).assert_success();
    let text = "the environment variable PYGRUB_MAX_FILE_SIZE_MB must be a number of MiB";
    assert_refused(&guest, text, |run| run.env("PYGRUB_MAX_FILE_SIZE_MB", "many"));
}

#[test]
fn a_limit_that_is_raised_lets_a_sparse_file_through_without_its_zeros() {
    use std::os::unix::fs::MetadataExt;
    let tree = Tree::new()
        .sparse("boot/vmlinuz", 8 << 30)
        .file("boot/initrd.img", noise(1000))
        .file("boot/grub/grub.cfg", CONFIG);
    let (stage, output) = (Stage::new(), Output::new());
    boot(&stage, &tree.guest(), &output, |run| run.arg("--max-kernel-size=8G")).assert_success();
    let (kernel, size) = output.files().remove(0);
    assert_eq!(size, 8 << 30);
    let blocks = std::fs::metadata(&kernel).unwrap().blocks();
    assert!(blocks * 512 <= 1 << 20, "{blocks} blocks: holes were filled");
}

#[test]
fn a_loop_of_symbolic_links() {
    let tree = Tree::new().link("boot/vmlinuz", "vmlinuz").file("boot/grub/grub.cfg", CONFIG);
    assert_refused(&tree.guest(), "symbolic link", |run| run);
}

/// Each configuration has steps of its own, and a disk may hold very many: together they have an end, and what comes after it is told.
#[test]
fn very_many_hostile_configurations() {
    let (stage, folder) = (Stage::new(), tempfile::tempdir().unwrap());
    for path in ["boot/grub", "grub", "boot/grub2", "grub2"] {
        std::fs::create_dir_all(folder.path().join(path)).unwrap();
        std::fs::write(folder.path().join(path).join("grub.cfg"), "while true; do true; done\n").unwrap();
    }
    let image = ext4(folder.path(), "hostile", "00000000-0000-4000-8000-000000000bad", 512, &[]);
    let disk = Disk::new(64);
    let table: String =
        (0..40).map(|number| format!("start={}, size=1024, type=L\n", 2048 + number * 2048)).collect();
    disk.sfdisk(&format!("label: gpt\n{table}"));
    for number in 0..40 {
        disk.write((2048 + number * 2048) * SECTOR, &image);
    }
    let limited = ["--max-script-steps=10000"];
    let told = stage.fsimage().args(["bootcfg", "--json"]).args(limited).arg(disk.path()).finish();
    let limit = "the limit max_disk_steps (200000) is exceeded";
    // 20 of the 160 had their steps.
    assert_eq!(told.text().matches("the limit max_steps (10000) is exceeded").count(), 20, "{}", told.text());
    assert!(told.text().contains(limit), "{}", told.text());
    let output = Output::new();
    let run = stage.pygrub().arg("-q").args(limited).option("--output-directory", output.directory());
    run.arg(disk.path()).finish().assert_failure("nothing that boots was found");
    output.assert_untouched();
}
