//! A clear error, status 1, and nothing left behind.
// What makes a parser dangerous makes a test fail, which is what a test is for.
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use fsimage_tests::guest::USER;
use fsimage_tests::mount::Tmpfs;
use fsimage_tests::output::listing;
use fsimage_tests::{Guest, Output, Run, Stage, Tree, need};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

/// With and without `--runas`: pygrub's deprivileged child could fail and the whole succeed.
const BOTH: [&[&str]; 2] = [&[], &["--runas=65534"]];

fn boot(stage: &Stage, image: &Path, file: &Path, directory: &Path) -> Run {
    stage
        .pygrub()
        .args(["-q", "--output-format=simple0"])
        .option("--output", file)
        .option("--output-directory", directory)
        .arg(image)
}

/// This image fails with this text.
fn assert_image_fails(image: &Path, text: &str) {
    let stage = Stage::new();
    for more in BOTH {
        let output = Output::new();
        boot(&stage, image, &output.file(), output.directory()).args(more).finish().assert_failure(text);
        output.assert_untouched();
    }
    stage.assert_nothing_runs();
}

#[test]
fn the_output_is_full() {
    let (stage, guest) = (Stage::new(), Guest::large(64));
    for more in BOTH {
        // Room for neither, then for the kernel (8 MiB) only, then for half the ramdisk.
        for room in [4_u64, 12, 40] {
            let (tmpfs, output) = (Tmpfs::new(room << 20), Output::new());
            let directory = tmpfs.folder("out");
            let outcome = boot(&stage, &guest.image, &output.file(), &directory).args(more).finish();
            outcome.assert_failure("No space left on device");
            assert_eq!(listing(&directory), []);
            output.assert_untouched();
        }
    }
    stage.assert_nothing_runs();
}

#[test]
fn the_result_does_not_fit() {
    let (stage, guest, output) = (Stage::new(), Guest::demo(), Output::new());
    let full = Path::new("/dev/full");
    boot(&stage, &guest.image, full, output.directory()).finish().assert_failure("No space left on device");
    assert_eq!(output.files(), [], "the files are taken back");
}

#[test]
fn nobody_reads_the_result() {
    let (stage, guest, output) = (Stage::new(), Guest::demo(), Output::new());
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let outcome = stage
        .pygrub()
        .args(["-q", "--output-format=simple"])
        .option("--output-directory", output.directory())
        .arg(&guest.image)
        .stdout_to(writer)
        .spawn()
        .finish();
    outcome.assert_failure("standard output");
    output.assert_untouched();
}

#[test]
fn the_output_directory_is_a_symbolic_link() {
    let (stage, guest) = (Stage::new(), Guest::demo());
    for more in BOTH {
        for slash in ["", "/"] {
            let output = Output::new();
            let (target, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            let link = folder.path().join("link");
            symlink(target.path(), &link).unwrap();
            let given = format!("{}{slash}", link.display());
            let outcome = boot(&stage, &guest.image, &output.file(), Path::new(&given)).args(more).finish();
            outcome.assert_failure("a symbolic link is not followed here");
            assert_eq!(listing(target.path()), []);
            output.assert_untouched();
        }
    }
}

#[test]
fn the_output_directory_is_missing_or_a_file() {
    let (stage, guest) = (Stage::new(), Guest::demo());
    for more in BOTH {
        let output = Output::new();
        let missing = output.directory().join("missing");
        let outcome = boot(&stage, &guest.image, &output.file(), &missing).args(more).finish();
        outcome.assert_failure("is no directory to write to: ");
        assert!(outcome.stderr.contains("No such file or directory"), "{}", outcome.stderr);
        let outcome = boot(&stage, &guest.image, &output.file(), &output.file()).args(more).finish();
        outcome.assert_failure("is no directory to write to: ");
        output.assert_untouched();
    }
}

#[test]
fn the_output_directory_is_everybodys() {
    let (stage, guest, output) = (Stage::new(), Guest::demo(), Output::new());
    std::fs::set_permissions(output.directory(), PermissionsExt::from_mode(0o777)).unwrap();
    let outcome = boot(&stage, &guest.image, &output.file(), output.directory()).finish();
    outcome.assert_failure("everybody may write there, and so replace what is copied");
    output.assert_untouched();
}

#[test]
fn the_output_directory_is_not_the_users() {
    let (stage, guest) = (Stage::new(), Guest::demo().readable());
    let (users, roots) = (Output::of_user(USER), tempfile::tempdir().unwrap());
    // To be read and entered, but not written.
    std::fs::set_permissions(roots.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let outcome = boot(&stage, &guest.image, &users.file(), roots.path()).user(USER).finish();
    outcome.assert_failure("Permission denied");
    assert_eq!(listing(roots.path()), []);
    users.assert_untouched();
    // As libxl makes it: not even to be entered.
    let outcome = boot(&stage, &guest.image, &users.file(), Output::new().directory()).user(USER).finish();
    assert_eq!(outcome.code, Some(1), "{outcome:#?}");
    users.assert_untouched();
}

#[test]
fn the_output_file_is_missing() {
    let (stage, guest) = (Stage::new(), Guest::demo());
    for more in BOTH {
        let output = Output::new();
        let missing = output.file().with_extension("missing");
        let outcome = boot(&stage, &guest.image, &missing, output.directory()).args(more).finish();
        outcome.assert_failure("No such file or directory (os error 2); the file must exist");
        assert!(!missing.exists());
        output.assert_untouched();
    }
}

#[test]
fn the_image_is_cut_off() {
    // In the partition table's sector, before the partition, in the superblock, in the filesystem's metadata.
    for size in [100, 1 << 20, (1 << 20) + 1500, (1 << 20) + 70_000] {
        let guest = Guest::demo().truncated(size);
        assert_image_fails(&guest.image, "nothing that boots was found");
    }
}

#[test]
fn the_image_ends_inside_the_ramdisk() {
    let guest = Guest::large(64);
    let size = std::fs::metadata(&guest.image).unwrap().len();
    // Wherever the cut is, it is no success: the filesystem says that it is larger.
    for part in [2, 3, 4] {
        let cut = guest.truncated(size / part);
        let (stage, output) = (Stage::new(), Output::new());
        let outcome = boot(&stage, &cut.image, &output.file(), output.directory()).finish();
        assert_eq!(outcome.code, Some(1), "cut to 1/{part}: {outcome:#?}");
        output.assert_untouched();
    }
}

#[test]
fn the_kernel_is_missing() {
    let tree = Tree::configured("menuentry x {\nlinux /boot/other ro\ninitrd /boot/initrd.img\n}\n");
    assert_image_fails(&tree.guest().image, "the kernel /boot/other does not exist in the guest");
}

#[test]
fn the_default_entrys_kernel_is_missing_and_another_boots() {
    let config = "menuentry New { linux /boot/gone }\nmenuentry Old { linux /boot/vmlinuz old }\n";
    let (stage, guest, output) = (Stage::new(), Tree::configured(config).guest(), Output::new());
    let outcome = boot(&stage, &guest.image, &output.file(), output.directory()).finish();
    outcome.assert_success();
    let told = "warning: the default entry \"New\" is not bootable because the kernel /boot/gone does not exist in the guest; \
                \"Old\" is taken";
    assert!(outcome.stderr.contains(told), "{}", outcome.stderr);
}

#[test]
fn the_ramdisk_is_missing() {
    let tree = Tree::configured("menuentry x {\nlinux /boot/vmlinuz ro\ninitrd /boot/other\n}\n");
    assert_image_fails(&tree.guest().image, "the ramdisk /boot/other does not exist in the guest");
}

#[test]
fn the_kernel_is_a_directory() {
    let tree = Tree::configured("menuentry x {\nlinux /boot ro\n}\n");
    assert_image_fails(&tree.guest().image, "the kernel /boot: a directory, where a file is wanted");
}

#[test]
fn there_is_no_entry() {
    assert_image_fails(&Tree::configured("set timeout=5\n").guest().image, "it has no menu entry");
    assert_image_fails(&Tree::configured("").guest().image, "it has no menu entry");
}

#[test]
fn there_is_no_configuration() {
    assert_image_fails(
        &Tree::new().file("etc/hostname", "x\n").guest().image,
        "nothing that boots was found",
    );
}

#[test]
fn the_disk_is_all_zero() {
    assert_image_fails(&Guest::of_bytes(b"", 16 << 20).image, "nothing that boots was found");
}

#[test]
fn the_disk_is_empty() {
    let guest = Guest::of_bytes(b"", 0);
    let stage = Stage::new();
    for more in BOTH {
        let output = Output::new();
        let outcome = boot(&stage, &guest.image, &output.file(), output.directory()).args(more).finish();
        assert_eq!(outcome.code, Some(1), "{outcome:#?}");
        assert!(
            outcome.stderr.contains("nothing that boots was found: volume 0 (whole disk, 0 bytes"),
            "{outcome:#?}"
        );
        output.assert_untouched();
    }
}

#[test]
fn the_disk_is_a_directory() {
    let folder = tempfile::tempdir().unwrap();
    assert_image_fails(folder.path(), "a directory, where a disk image or a block device is wanted");
}

#[test]
fn the_disk_is_a_fifo_or_a_character_device() {
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("fifo");
    Run::new(&need("mkfifo", "coreutils")).arg(&fifo).finish().assert_success();
    assert_image_fails(&fifo, "a named pipe, where a disk image or a block device is wanted");
    assert_image_fails(
        Path::new("/dev/zero"),
        "a character device, where a disk image or a block device is wanted",
    );
}

#[test]
fn the_disk_is_missing() {
    assert_image_fails(Path::new("/no/such/disk"), "/no/such/disk: No such file or directory");
}

#[test]
fn the_disk_is_not_the_users_to_read() {
    let (stage, guest, output) = (Stage::new(), Guest::demo().private(), Output::of_user(USER));
    let outcome = boot(&stage, &guest.image, &output.file(), output.directory()).user(USER).finish();
    outcome.assert_failure("Permission denied");
    output.assert_untouched();
}

#[test]
fn the_output_format_is_unknown() {
    let (stage, guest) = (Stage::new(), Guest::demo());
    for more in BOTH {
        let output = Output::new();
        let outcome = boot(&stage, &guest.image, &output.file(), output.directory())
            .arg("--output-format=xml")
            .args(more)
            .finish();
        outcome.assert_failure("xml");
        assert!(outcome.stderr.contains("simple0"), "it names those that exist: {}", outcome.stderr);
        output.assert_untouched();
    }
}

#[test]
fn the_entry_is_unknown() {
    let (stage, guest, output) = (Stage::new(), Guest::demo(), Output::new());
    let run = boot(&stage, &guest.image, &output.file(), output.directory()).arg("--entry=Plan 9");
    run.finish().assert_failure("--entry=Plan 9: no such entry; there are 0 \"Debian GNU/Linux\"");
    output.assert_untouched();
}

#[test]
fn xapi_is_told_behind_its_own_words() {
    // xapi shows what follows "RuntimeError: " on standard error.
    let (stage, output) = (Stage::new(), Output::new());
    let outcome = boot(&stage, Path::new("/no/such/disk"), &output.file(), output.directory()).finish();
    let last = outcome.stderr.lines().next_back().unwrap();
    assert!(last.strip_prefix("RuntimeError: ").unwrap().contains("/no/such/disk: No such file"), "{last}");
}
