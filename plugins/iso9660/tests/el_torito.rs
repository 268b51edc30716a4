//! Boot catalogues and images, compared with xorriso's reading.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics fails, as it should"
)]

mod common;

use common::{Patched, find, image, list, need, noise, open, read, run, scratch, tool, try_open, walk};
use fsimage_sdk::{ErrorKind, NodeId};
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

const BIOS: &str = "-c boot.cat -b isolinux/isolinux.bin -no-emul-boot -boot-load-size 4";

fn options(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

/// A loader, an EFI image, a floppy, a hard disk of one partition.
fn make_tree(tree: &Path) {
    fs::create_dir_all(tree.join("isolinux")).unwrap();
    let loader = Path::new("/usr/lib/ISOLINUX/isolinux.bin");
    assert!(loader.exists(), "isolinux.bin is missing: apt-get install isolinux");
    fs::copy(loader, tree.join("isolinux/isolinux.bin")).unwrap();
    fs::write(tree.join("efi.img"), noise(1, 70_000)).unwrap();
    fs::write(tree.join("floppy.img"), noise(2, 1_474_560)).unwrap();
    fs::write(tree.join("disk.img"), noise(3, 512 * 4063)).unwrap();
    let mut sfdisk = Command::new(need("sfdisk", "fdisk"));
    sfdisk.args(["-q", "--wipe=never"]).arg(tree.join("disk.img")).stdin(Stdio::piped());
    let mut child = sfdisk.spawn().unwrap();
    std::io::Write::write_all(child.stdin.as_mut().unwrap(), b"start=63,size=4000,type=83,bootable\n")
        .unwrap();
    assert!(child.wait().unwrap().success());
}

#[test]
fn images_are_listed_and_read_as_xorriso_does() {
    let folder = scratch();
    let tree = folder.path().join("tree");
    make_tree(&tree);
    let text = format!(
        "-R {BIOS} -boot-info-table -eltorito-alt-boot -e efi.img -no-emul-boot \
         -eltorito-alt-boot -b floppy.img -eltorito-alt-boot -b disk.img -hard-disk-boot"
    );
    let image = image(folder.path(), "xorriso", &options(&text), &tree);
    let plain = open(&image, "");
    let features = plain.info().unwrap().features;
    for (start, end) in [
        ("el-torito:bios:no-emulation:sector-", ":38912-bytes"),
        ("el-torito:efi:no-emulation:sector-", ":71680-bytes"),
        ("el-torito:bios:floppy-1440:sector-", ":1474560-bytes"),
        ("el-torito:bios:hard-disk:sector-", ":2080256-bytes"),
    ] {
        assert!(features.iter().any(|f| f.starts_with(start) && f.ends_with(end)), "{start}: {features:?}");
    }
    assert!(features.iter().all(|feature| !feature.contains(' ')));
    assert!(!walk(&*plain).contains_key("[BOOT]"), "they are shown unasked");
    assert_eq!(plain.metadata(find(&*plain, "/[BOOT]/2-efi.img")).unwrap().size, 71_680);

    let out = folder.path().join("out");
    let extract =
        ["-osirrox", "on", "-indev", image.to_str().unwrap(), "-extract_boot_images"].map(OsStr::new);
    tool("xorriso", &[&extract[..], &[out.as_os_str()]].concat());
    let fs = open(&image, "boot");
    for (ours, theirs) in [
        ("1-bios.img", "eltorito_img1_bios.img"),
        ("2-efi.img", "eltorito_img2_uefi.img"),
        ("3-bios.img", "eltorito_img3_bios.img"),
        ("4-bios.img", "eltorito_img4_bios.img"),
    ] {
        let (ours, theirs) =
            (read(&*fs, find(&*fs, &format!("/[BOOT]/{ours}"))), fs::read(out.join(theirs)).unwrap());
        // Theirs are whole sectors.
        assert_eq!(ours.len().next_multiple_of(2048), theirs.len());
        assert!(theirs.starts_with(&ours));
    }
    assert_eq!(common::assert_extents(&*fs, &*common::Image::open(&image)), 0);
    for node in [(1 << 63) + 5, u64::MAX] {
        assert_eq!(fs.metadata(NodeId(node)).unwrap_err().kind(), ErrorKind::Corrupt);
    }
}

#[test]
fn as_many_images_as_xorriso_writes() {
    let folder = scratch();
    let tree = folder.path().join("tree");
    make_tree(&tree);
    let more = "-eltorito-alt-boot -e efi.img -no-emul-boot ".repeat(30);
    let image = image(folder.path(), "xorriso", &options(&format!("-R {BIOS} {more}")), &tree);
    let report = tool(
        "xorriso",
        &[OsStr::new("-indev"), image.as_os_str(), "-report_el_torito".as_ref(), "plain".as_ref()],
    );
    let theirs = report.lines().filter(|line| line.starts_with("El Torito boot img")).count();
    let fs = open(&image, "boot");
    assert_eq!(list(&*fs, find(&*fs, "/[BOOT]")).len(), theirs);
    assert_eq!(theirs, 31);
    let features = fs.info().unwrap().features;
    assert_eq!(features.last().unwrap(), "el-torito:19-more");
    assert!(features.join(" ").len() < 1024);
}

/// mkisofs' own lengths: without a boot information table only what is loaded is known.
#[test]
fn images_of_genisoimage() {
    let folder = scratch();
    let tree = folder.path().join("tree");
    make_tree(&tree);
    let all = fs::read(tree.join("isolinux/isolinux.bin")).unwrap();
    for (table, length) in [("", 2048), ("-boot-info-table", all.len())] {
        let folder = scratch();
        let image = image(folder.path(), "genisoimage", &options(&format!("-R {BIOS} {table}")), &tree);
        let fs = open(&image, "boot");
        let bytes = read(&*fs, find(&*fs, "/[BOOT]/1-bios.img"));
        assert_eq!(bytes.len(), length);
        // The table is written into the loader.
        assert!(bytes[64..] == all[64..length]);
        let said = run(Command::new(need("isoinfo", "genisoimage")).args(["-d", "-i"]).arg(&image)).text();
        assert!(said.contains("Nsect 4"), "{said}");
    }
}

#[test]
fn broken_catalogues_break_no_file() {
    let folder = scratch();
    let tree = folder.path().join("tree");
    make_tree(&tree);
    let image = image(folder.path(), "xorriso", &options(&format!("-R {BIOS}")), &tree);
    let base = Arc::new(fs::read(&image).unwrap());
    let record = base.windows(23).position(|w| w == b"EL TORITO SPECIFICATION").unwrap() - 7;
    let sector = u32::from_le_bytes(base[record + 0x47..][..4].try_into().unwrap());
    let catalogue = u64::from(sector) * 2048;
    let pointer = |sector: u32| (u64::try_from(record).unwrap() + 0x47, sector.to_le_bytes().to_vec());
    for (patch, feature, message) in [
        ((catalogue, vec![2]), "el-torito:corrupt", "boot catalogue: no validation entry: id 2, sum 0x1"),
        ((catalogue + 0x1e, vec![0]), "el-torito:corrupt", "key [00, aa]"),
        (pointer(u32::MAX), "el-torito:input/output-error", "past the end of"),
    ] {
        let volume = Patched::new(&base, vec![patch]);
        let fs = try_open(volume.clone(), "").unwrap();
        assert!(
            fs.info().unwrap().features.contains(&feature.to_owned()),
            "{:?}",
            fs.info().unwrap().features
        );
        let remarks = fs.info().unwrap().remarks;
        assert!(remarks.iter().any(|r| r.starts_with("El Torito: ") && r.contains(message)), "{remarks:?}");
        assert_eq!(read(&*fs, find(&*fs, "/efi.img")), noise(1, 70_000));
        let error = try_open(volume, "boot").err().unwrap();
        assert!(error.to_string().contains(message), "{error}");
    }
    // An image that lies past the end has no bytes.
    let volume = Patched::new(&base, vec![(catalogue + 0x28, vec![0xff; 4])]);
    let fs = try_open(volume, "boot").unwrap();
    assert_eq!(read(&*fs, find(&*fs, "/[BOOT]/1-bios.img")), b"");
}
