//! Discs through the programs: live discs boot, also when they are a disk or lie on one; mount options, boot images, remarks.
// What makes a parser dangerous makes a test fail, which is what a test is for.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use fsimage_tests::{Guest, Output, Run, Stage, need, toolstack};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

const CONFIG: &str = "set default=0\nmenuentry 'Debian GNU/Linux Live' {\n linux /live/vmlinuz boot=live quiet\n \
                      initrd /live/initrd.img\n}\n";

/// A disc as live-build makes it.
fn tree(guest: &Guest, folder: &Path) -> PathBuf {
    let tree = folder.join("tree");
    for directory in ["isolinux", "boot/grub", "live"] {
        std::fs::create_dir_all(tree.join(directory)).unwrap();
    }
    let _ = guest.dump(&guest.kernel, &tree.join("live/vmlinuz"));
    let _ = guest.dump(&guest.ramdisk, &tree.join("live/initrd.img"));
    std::fs::write(tree.join("boot/grub/grub.cfg"), CONFIG).unwrap();
    let loader = need("/usr/lib/ISOLINUX/isolinux.bin", "isolinux");
    std::fs::copy(loader, tree.join("isolinux/isolinux.bin")).unwrap();
    std::fs::write(tree.join("isolinux/isolinux.cfg"), "default live\nlabel live\n kernel /live/vmlinuz\n")
        .unwrap();
    tree
}

fn disc(folder: &Path, tree: &Path, options: &[&str]) -> PathBuf {
    let image = folder.join("live.iso");
    let boot =
        ["-b", "isolinux/isolinux.bin", "-c", "isolinux/boot.cat", "-no-emul-boot", "-boot-load-size", "4"];
    Run::new(&need("xorriso", "xorriso"))
        .args(["-as", "mkisofs", "-quiet", "-V", "LIVE"])
        .args(boot)
        .arg("-boot-info-table")
        .args(options)
        .arg("-o")
        .arg(&image)
        .arg(tree)
        .finish()
        .assert_success();
    image
}

/// Boots it, and holds what comes out against what went in.
#[track_caller]
fn assert_boots(stage: &Stage, image: &Path, tree: &Path, options: &[&str], args: &[u8]) {
    let output = Output::new();
    let outcome = stage
        .pygrub()
        .args(["-q", "--output-format=simple"])
        .option("--output-directory", output.directory())
        .args(options)
        .arg(image)
        .finish();
    outcome.assert_success();
    let boot = toolstack::xapi(&outcome.stdout, output.directory().as_os_str().as_bytes()).unwrap();
    let read = |path: Option<Vec<u8>>| std::fs::read(OsStr::from_bytes(&path.unwrap())).unwrap();
    assert!(read(boot.kernel) == std::fs::read(tree.join("live/vmlinuz")).unwrap(), "the kernel");
    assert!(read(boot.ramdisk) == std::fs::read(tree.join("live/initrd.img")).unwrap(), "the ramdisk");
    assert_eq!(boot.args.unwrap(), args);
}

#[test]
fn a_live_disc_boots() {
    let (stage, guest, folder) = (Stage::new(), Guest::demo(), tempfile::tempdir().unwrap());
    let tree = tree(&guest, folder.path());
    let hybrid = need("/usr/lib/ISOLINUX/isohdpfx.bin", "isolinux");
    let hybrid = hybrid.to_str().unwrap();
    for options in [
        &["-r", "-J"][..],
        &["--norock", "-J"],
        &["--norock"],
        &["-r", "-isohybrid-mbr", hybrid],
        &["-r", "-isohybrid-mbr", hybrid, "-partition_offset", "16"],
    ] {
        let image = disc(folder.path(), &tree, options);
        assert_boots(&stage, &image, &tree, &[], b"boot=live quiet");
        std::fs::remove_file(image).unwrap();
    }
}

/// As `dd` writes it into the first partition of a disk whose second one is empty.
#[test]
fn a_live_disc_in_a_partition_boots() {
    let (stage, guest, folder) = (Stage::new(), Guest::demo(), tempfile::tempdir().unwrap());
    let tree = tree(&guest, folder.path());
    let bytes = std::fs::read(disc(folder.path(), &tree, &["-r", "-J"])).unwrap();
    for label in ["dos", "gpt"] {
        let image = folder.path().join(label);
        let disk = std::fs::File::create(&image).unwrap();
        disk.set_len(64 << 20).unwrap();
        let script = format!("label: {label}\nstart=2048, size=65536\nstart=67584, size=32768\n");
        let script_file = folder.path().join("script");
        std::fs::write(&script_file, script).unwrap();
        Run::new(&need("sfdisk", "fdisk"))
            .args(["--quiet"])
            .arg(&image)
            .stdin_from(std::fs::File::open(&script_file).unwrap())
            .finish()
            .assert_success();
        disk.write_all_at(&bytes, 1 << 20).unwrap();
        assert_boots(&stage, &image, &tree, &[], b"boot=live quiet");
        assert_boots(&stage, &image, &tree, &["--offset=1048576"], b"boot=live quiet");
    }
}

/// Kernel and ramdisk compressed on the disc: they have no extents, and are decompressed in the worker.
#[test]
fn a_zisofs_disc_boots() {
    let (stage, guest, folder) = (Stage::new(), Guest::demo(), tempfile::tempdir().unwrap());
    let tree = tree(&guest, folder.path());
    // Something to compress: the demo kernel is little.
    for (name, size) in [("vmlinuz", 3_000_001), ("initrd.img", 5_000_000)] {
        let text = "a kernel that says the same ".bytes().cycle().take(size).collect::<Vec<u8>>();
        std::fs::write(tree.join("live").join(name), text).unwrap();
    }
    for version in ["version_2=off", "version_2=on:block_size_v2=1m"] {
        let image = folder.path().join("zisofs.iso");
        let _ = std::fs::remove_file(&image);
        Run::new(&need("xorriso", "xorriso"))
            .args(["-zisofs", version, "-outdev"])
            .arg(&image)
            .arg("-map")
            .arg(&tree)
            .args(["/", "-set_filter_r", "--zisofs", "/", "--"])
            .finish()
            .assert_success();
        assert!(image.metadata().unwrap().len() < 2_000_000, "{version}: it is not compressed");
        assert_boots(&stage, &image, &tree, &[], b"boot=live quiet");
    }
}

#[test]
fn mount_options_choose_what_is_read() {
    let (stage, folder) = (Stage::new(), tempfile::tempdir().unwrap());
    let trees = ["one", "two"].map(|name| folder.path().join(name));
    for (number, tree) in trees.iter().enumerate() {
        std::fs::create_dir(tree).unwrap();
        std::fs::write(tree.join("Session.Text"), format!("session {}", number + 1)).unwrap();
    }
    std::fs::write(trees[0].join("Hidden.In.Joliet"), "x").unwrap();
    let genisoimage = || Run::new(&need("genisoimage", "genisoimage"));
    let image = folder.path().join("disc.iso");
    genisoimage()
        .args(["-quiet", "-R", "-J", "-hide-joliet", "Hidden.In.Joliet", "-iso-level", "4", "-o"])
        .args([&image, &trees[0]])
        .finish()
        .assert_success();
    let next = (image.metadata().unwrap().len() / 2048).next_multiple_of(32);
    let added = folder.path().join("added.iso");
    genisoimage()
        .args(["-quiet", "-R", "-C", &format!("0,{next}"), "-o"])
        .args([&added, &trees[1]])
        .finish()
        .assert_success();
    let disc = std::fs::File::options().write(true).open(&image).unwrap();
    disc.write_all_at(&std::fs::read(&added).unwrap(), next * 2048).unwrap();

    let ask = |words: &str, verb: &[&str], path: &str| {
        let options = if words.is_empty() { vec![] } else { vec![format!("--mount-option={words}")] };
        let run = stage.fsimage().args(verb).args(options).arg(&image);
        if path.is_empty() { run.finish() } else { run.arg(path).finish() }
    };
    for (words, listing) in [
        ("", "Hidden.In.Joliet\nSession.Text\n"),
        ("iso9660:view=rockridge", "Hidden.In.Joliet\nSession.Text\n"),
        ("iso9660:view=joliet", "Session.Text\n"),
        ("view=joliet", "Session.Text\n"),
        ("norock", "Session.Text\n"),
        ("iso9660:view=plain", "hidden.in.joliet\nsession.text\n"),
        ("norock,nojoliet", "hidden.in.joliet\nsession.text\n"),
        ("iso9660:view=enhanced", "Hidden.In.Joliet\nSession.Text\n"),
        ("iso9660:session=last", "Session.Text\n"),
        ("ext2:checksums=strict", "Hidden.In.Joliet\nSession.Text\n"),
    ] {
        let outcome = ask(words, &["ls"], "/");
        outcome.assert_success();
        assert_eq!(outcome.text(), listing, "{words}");
    }
    for (words, text) in [
        ("", "session 1"),
        ("session=last", "session 2"),
        ("session=2", "session 2"),
        ("session=1", "session 1"),
    ] {
        assert_eq!(ask(words, &["cat"], "/Session.Text").assert_success().text(), text, "{words}");
    }
    let sector = format!("sbsector={next}");
    assert_eq!(ask(&sector, &["cat"], "/Session.Text").assert_success().text(), "session 2");
    ask("iso9660:view=udf", &["ls"], "/").assert_failure("iso9660 has no mount option \"view=udf\"");
    ask("iso9660:session=3", &["ls"], "/").assert_failure("session 3: the disc has 2");
    // What is read, and that there is more, is told.
    let info = ask("", &["info"], "").assert_success().text();
    assert!(info.contains("; rockridge has-joliet has-enhanced\n"), "{info}");
    let remark = format!(
        "remark: the first session is read: of 2, the last one at sector {next}; session=last reads that"
    );
    assert!(info.contains(&remark), "{info}");
    assert!(!ask("session=last", &["info"], "").assert_success().text().contains("remark"));
    let json = ask("", &["info", "--json"], "").assert_success().text();
    assert!(json.contains("\"remarks\":[\"the first session is read"), "{json}");
}

#[test]
fn the_session_asked_for_boots() {
    let (stage, guest, folder) = (Stage::new(), Guest::demo(), tempfile::tempdir().unwrap());
    let tree = tree(&guest, folder.path());
    let image = disc(folder.path(), &tree, &["-r", "-J"]);
    // The second session has another configuration, its kernel and ramdisk are the first one's.
    let config = folder.path().join("grub.cfg");
    std::fs::write(&config, CONFIG.replace("quiet", "session=2")).unwrap();
    let next = (image.metadata().unwrap().len() / 2048).next_multiple_of(32);
    let added = folder.path().join("added.iso");
    Run::new(&need("genisoimage", "genisoimage"))
        .args(["-quiet", "-R", "-C", &format!("0,{next}"), "-graft-points", "-M"])
        .arg(&image)
        .arg("-o")
        .arg(&added)
        .arg(format!("boot/grub/grub.cfg={}", config.display()))
        .finish()
        .assert_success();
    let disc = std::fs::File::options().write(true).open(&image).unwrap();
    disc.write_all_at(&std::fs::read(&added).unwrap(), next * 2048).unwrap();
    assert_boots(&stage, &image, &tree, &[], b"boot=live quiet");
    assert_boots(&stage, &image, &tree, &["--mount-option=iso9660:session=last"], b"boot=live session=2");
}

#[test]
fn boot_images_are_listed_and_extracted() {
    let (stage, guest, folder) = (Stage::new(), Guest::demo(), tempfile::tempdir().unwrap());
    let tree = tree(&guest, folder.path());
    std::fs::write(tree.join("efi.img"), vec![0x5a; 70_000]).unwrap();
    let image = disc(folder.path(), &tree, &["-r", "-eltorito-alt-boot", "-e", "efi.img", "-no-emul-boot"]);
    let info = stage.fsimage().arg("info").arg(&image).finish();
    let text = info.assert_success().text();
    assert!(text.contains(" el-torito:bios:no-emulation:sector-"), "{text}");
    assert!(text.contains(" el-torito:efi:no-emulation:sector-"), "{text}");
    let got = folder.path().join("got");
    std::fs::create_dir(&got).unwrap();
    let paths = ["/[BOOT]/1-bios.img", "/[BOOT]/2-efi.img"];
    stage.fsimage().args(["get", "-o"]).args([&got, &image]).args(paths).finish().assert_success();
    let bios = std::fs::read(got.join("1-bios.img")).unwrap();
    let file = std::fs::read(tree.join("isolinux/isolinux.bin")).unwrap();
    // But for the table that the maker writes into it.
    assert!(bios.len() == file.len() && bios[64..] == file[64..]);
    let efi = std::fs::read(got.join("2-efi.img")).unwrap();
    assert!(efi[..70_000] == vec![0x5a; 70_000] && efi[70_000..].iter().all(|&b| b == 0));
    let listing = |options: &[&str]| {
        let outcome = stage.fsimage().arg("ls").args(options).arg(&image).arg("/").finish();
        outcome.assert_success();
        outcome.text()
    };
    assert!(!listing(&[]).contains("[BOOT]"));
    assert!(listing(&["--mount-option=iso9660:boot"]).contains("[BOOT]"));
}

/// `bootadm` makes it so: mkisofs -dlrDJN -relaxed-filenames. It is a ramdisk, and may be looked into.
#[test]
fn a_solaris_boot_archive_is_taken_out_and_looked_into() {
    let (stage, folder) = (Stage::new(), tempfile::tempdir().unwrap());
    let root = folder.path().join("root");
    for directory in ["kernel/amd64", "etc/devices", "boot/solaris", "platform/i86pc/kernel/amd64"] {
        std::fs::create_dir_all(root.join(directory)).unwrap();
    }
    let files = [
        ("etc/path_to_inst", "#path_to_inst_bootstrap_1\n".repeat(50)),
        ("etc/devices/devid_cache", "\u{1}".repeat(5000)),
        ("platform/i86pc/kernel/amd64/unix", "unix".repeat(100_000)),
        ("boot/solaris/bootenv.rc", "setprop console 'text'\n".to_owned()),
    ];
    for (path, text) in &files {
        std::fs::write(root.join(path), text).unwrap();
    }
    let archive = folder.path().join("boot_archive");
    Run::new(&need("genisoimage", "genisoimage"))
        .args(["-quiet", "-graft-points", "-dlrDJN", "-relaxed-filenames", "-o"])
        .args([&archive, &root])
        .finish()
        .assert_success();
    let guest = fsimage_tests::Tree::new()
        .file("platform/i86xpv/kernel/amd64/unix", vec![7; 100_000])
        .file("platform/i86pc/amd64/boot_archive", std::fs::read(&archive).unwrap())
        .guest();
    let got = folder.path().join("got");
    stage
        .fsimage()
        .args(["get", "-o"])
        .args([&got, &guest.image])
        .arg("/platform/i86pc/amd64/boot_archive")
        .finish()
        .assert_success();
    assert!(std::fs::read(&got).unwrap() == std::fs::read(&archive).unwrap());
    let listing = stage.fsimage().args(["ls", "-R"]).arg(&got).finish();
    let text = listing.assert_success().text();
    for (path, content) in &files {
        assert!(text.contains(path), "{path} is not in {text}");
        let outcome = stage.fsimage().arg("cat").arg(&got).arg(format!("/{path}")).finish();
        assert_eq!(outcome.assert_success().text(), *content);
    }
}
