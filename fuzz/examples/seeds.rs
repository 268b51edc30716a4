//! Writes the fuzz targets' first inputs into corpus/: the tables that the tests of `partitions` build, ext2 images by mke2fs, UFS images by
//! makefs, the configurations of bootcfg's table of guests, and the first 64 KiB of any image that is given:
//! `cargo run --example seeds -- [IMAGE…]`.

#[path = "../../partitions/tests/common/mod.rs"]
mod common;
#[path = "../../pygrub-rs/bootcfg/tests/common/mod.rs"]
mod guests;

use common::*;
use std::io::{Read, Result};
use std::path::Path;

/// One buffer of these pieces.
fn disk(pieces: &[(usize, Vec<u8>)]) -> Vec<u8> {
    let end = pieces.iter().map(|(start, bytes)| start + bytes.len()).max().unwrap_or(0);
    let mut disk = vec![0; end];
    for (start, bytes) in pieces {
        put(&mut disk, *start, bytes);
    }
    disk
}

fn write(target: &str, name: &str, bytes: &[u8]) -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join(name), bytes)
}

/// Layouts of which the smallest filesystem is an input: each way to map a file, to hold a directory, to sum.
const EXT2: &[(&str, &[&str])] = &[
    ("indirect", &["-O", "none,filetype,dir_index"]),
    ("extents", &["-O", "none,filetype,dir_index,extent,64bit,metadata_csum", "-I", "256"]),
    ("inline", &["-O", "none,filetype,extent,inline_data", "-I", "256"]),
    ("meta_bg", &["-O", "none,filetype,extent,meta_bg", "-g", "256"]),
    ("casefold", &["-O", "none,filetype,dir_index,extent,casefold,large_dir", "-E", "encoding=utf8"]),
    ("revision-0", &["-r", "0"]),
];

/// Images by mke2fs without their trailing zeros.
fn ext2() -> Result<()> {
    let folder = std::env::temp_dir().join(format!("fuzz-seeds.{}", std::process::id()));
    let tree = folder.join("tree");
    std::fs::create_dir_all(tree.join("boot"))?;
    for number in 0..40 {
        std::fs::write(tree.join(format!("boot/entry-{number}-{}", "x".repeat(40))), format!("{number}"))?;
    }
    std::fs::write(tree.join("boot/grub.cfg"), "menuentry ".repeat(1500))?;
    std::os::unix::fs::symlink("boot/grub.cfg", tree.join("short"))?;
    std::os::unix::fs::symlink("l".repeat(100), tree.join("long"))?;
    for (name, arguments) in EXT2 {
        let image = folder.join("image");
        let mut mke2fs = std::process::Command::new("mke2fs");
        mke2fs.args(["-q", "-F", "-m", "0", "-b", "1024", "-N", "64"]).args(*arguments).arg("-d").arg(&tree);
        // Hashed names are e2fsck's work, and it says 1 where it has done something.
        let made = mke2fs.arg(&image).arg("256k").status()?.success();
        let sorted = std::process::Command::new("e2fsck").args(["-fyD"]).arg(&image).output()?;
        assert!(made && sorted.status.code().is_some_and(|code| code <= 1), "{name}: {sorted:?}");
        let mut bytes = std::fs::read(&image)?;
        bytes.truncate(bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1));
        write("ext2_image", name, &bytes)?;
        std::fs::remove_file(&image)?;
    }
    std::fs::remove_dir_all(&folder)
}

/// How kernels are packed, each by its tool.
const PACKERS: [&[&str]; 8] = [
    &["gzip", "-9"],
    &["xz", "--check=crc32", "--x86", "--lzma2=dict=1MiB"],
    &["xz", "--format=lzma", "-0"],
    &["bzip2", "-9"],
    &["lzop", "-9"],
    &["lz4", "-l", "-9", "-q"],
    &["zstd", "-19", "-q"],
    &["zstd", "-1", "-q", "--no-check"],
];

/// The head of an ELF file and some text, packed: the whole file, and a bzImage's payload with its length.
fn vmlinux() -> Result<()> {
    let mut kernel = b"\x7fELF\x02\x01\x01".to_vec();
    kernel.resize(0x200, 0);
    (kernel[0x10], kernel[0x12]) = (2, 62);
    kernel.extend(
        (0..3000_u32).flat_map(|number| (number.wrapping_mul(0x9e37_79b9) >> (number % 31)).to_le_bytes()),
    );
    let plain = std::env::temp_dir().join(format!("fuzz-seeds-kernel.{}", std::process::id()));
    std::fs::write(&plain, &kernel)?;
    for (number, packer) in PACKERS.iter().enumerate() {
        let mut command = std::process::Command::new(packer[0]);
        let output = command.args(&packer[1..]).arg("-c").stdin(std::fs::File::open(&plain)?).output()?;
        assert!(output.status.success(), "{packer:?}");
        let size: &[u8] = if number == 0 { &[] } else { &(kernel.len() as u32).to_le_bytes() };
        write("vmlinux", &format!("file-{number}"), &[&[0x20], &output.stdout[..]].concat())?;
        write("vmlinux", &format!("payload-{number}"), &[&[0x21], &output.stdout[..], size].concat())?;
    }
    std::fs::remove_file(&plain)
}

/// A UFS image: its name, makefs' version and byte order, what images/ffs2sun.py is told to make Sun's of it, and the target's first byte.
type Ufs = (&'static str, &'static str, &'static str, Option<&'static [&'static str]>, u8);

const UFS: &[Ufs] = &[
    ("ufs1", "1", "le", None, 0),
    ("ufs1-be", "1", "be", None, 4),
    ("ufs2", "2", "le", None, 1),
    ("ufs2-be", "2", "be", None, 5),
    ("sun", "1", "le", Some(&[]), 0),
    ("sun-log", "1", "le", Some(&[]), 0),
    ("sun-be", "1", "be", Some(&[]), 4),
    ("sun-mtb", "1", "le", Some(&["--mtb"]), 2),
];

/// Writes a log of Solaris' with one transaction into an image's free room, as docs/formats/ufs.md has it: a block of extents, the header
/// twice, a sector of deltas. One delta writes, one zeroes, one cancels, the last commits.
fn write_log(image: &mut [u8]) {
    const SECTORS: u32 = 16;
    let is_free = |at: &usize| image[*at..].iter().take(8192 + 512 * SECTORS as usize).all(|byte| *byte == 0);
    let free = (65_536..image.len() - 16_384).step_by(4096).rfind(is_free).expect("free room");
    let (block, ident) = ((free / 512) as u32, 5);
    let words = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
    let mut extents = [0, 0, 1, SECTORS * 512, 0, 0, block + 8, SECTORS];
    extents[1] = extents.iter().fold(0, |sum, word: &u32| sum.wrapping_add(*word));
    put(image, free, &words(&extents));
    let mut header = vec![0; 512];
    for (offset, value) in
        [(0x00, 1), (0x10, 512), (0x14, 1024), (0x18, SECTORS * 512), (0x24, (SECTORS - 2) * 512)]
    {
        put(&mut header, offset, &words(&[value]));
    }
    put(&mut header, 0x30, &words(&[1024, ident, 1024, ident, ident + ident]));
    put(image, free + 4096, &header);
    put(image, free + 4608, &header);
    // d_mof, d_nb, d_typ: a place in bytes, a length, a kind.
    let delta = |place: u32, length: u32, kind: u32| words(&[place, 0, length, kind]);
    let written = [
        delta(40_960, 16, 1),
        vec![0x41; 16],
        delta(45_056, 512, 5),
        delta(49_152, 512, 11),
        delta(0, 0, 10),
    ];
    put(image, free + 5120, &written.concat());
    put(image, free + 5120 + 504, &words(&[77, ident]));
    image[8192 + 209] = 0xfd;
    put(image, 8192 + 1324, &words(&[block]));
}

/// Images by makefs as the target takes them: a byte that says which magic number, then the image without its first 8 KiB and without
/// trailing zeros. A UFS2's superblock is brought to byte 8192, where the target sets the magic number.
fn ufs() -> Result<()> {
    let folder = std::env::temp_dir().join(format!("fuzz-seeds.{}", std::process::id()));
    let (tree, image, sun) = (folder.join("tree"), folder.join("image"), folder.join("sun"));
    std::fs::create_dir_all(tree.join("boot"))?;
    for number in 0..12 {
        std::fs::write(tree.join(format!("boot/entry-{number}-{}", "x".repeat(40))), format!("{number}"))?;
    }
    // Past the direct blocks.
    std::fs::write(tree.join("boot/grub.cfg"), "menuentry ".repeat(5500))?;
    std::os::unix::fs::symlink("boot/grub.cfg", tree.join("short"))?;
    std::os::unix::fs::symlink("l".repeat(130), tree.join("long"))?;
    for (name, version, endian, as_sun, choice) in UFS {
        let options = format!("version={version},bsize=4096,fsize=512,optimization=space,density=2048");
        let mut makefs = std::process::Command::new("makefs");
        makefs
            .args(["-t", "ffs", "-B", endian, "-M", "256k", "-f", "4", "-o", &options])
            .arg(&image)
            .arg(&tree);
        assert!(makefs.output()?.status.success(), "makefs {name}");
        let mut bytes = std::fs::read(&image)?;
        if let Some(arguments) = as_sun {
            let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../images/ffs2sun.py");
            let mut python = std::process::Command::new("python3");
            let made = python.arg(script).arg(&image).arg(&sun).args(*arguments).output()?;
            assert!(made.status.success(), "{name}: {made:?}");
            bytes = std::fs::read(&sun)?;
        }
        if *version == "2" {
            // fs_sblockloc has to say where it lies.
            let place = if *endian == "le" { 8192_u64.to_le_bytes() } else { 8192_u64.to_be_bytes() };
            bytes.copy_within(65536..65536 + 8192, 8192);
            bytes[65536..65536 + 8192].fill(0);
            put(&mut bytes, 8192 + 0x3e8, &place);
        }
        if *name == "sun-log" {
            write_log(&mut bytes);
        }
        bytes.truncate(bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1));
        write("ufs_image", name, &[&[*choice], &bytes[8192..]].concat())?;
    }
    std::fs::remove_dir_all(&folder)
}

/// Which target reads a file of this name, and what stands around the text there.
fn reader_of(path: &str) -> Option<(&'static str, &'static [u8], &'static [u8])> {
    let name = path.rsplit('/').next().unwrap_or_default();
    Some(match name {
        "grub.cfg" => ("bootcfg_grub2", b"", b""),
        "menu.lst" | "grub.conf" => ("bootcfg_grub_legacy", b"", b""),
        "extlinux.conf" | "isolinux.cfg" | "syslinux.cfg" => ("bootcfg_extlinux", b"", b""),
        "lilo.conf" | "elilo.conf" | "yaboot.conf" => ("bootcfg_lilo", b"", b""),
        "boot.cfg" | "boot.conf" => ("bootcfg_bsd", b"", b""),
        "loader.conf" if path.starts_with("/loader/") => {
            ("bootcfg_systemd_boot", b"", b"\0title A\nlinux /vmlinuz\n\0")
        }
        "loader.conf" => ("bootcfg_freebsd", b"", b""),
        "fstab" => ("bootcfg_linux_guess", b"", b""),
        "grubenv" => ("bootcfg_grubenv", b"", b""),
        _ if path.starts_with("/loader/entries/") => {
            ("bootcfg_systemd_boot", b"timeout 3\n\0", b"\0efi /vmlinuz\n")
        }
        _ if path.contains("/loader/entries/") => {
            ("bootcfg_blscfg", b"", b"\0linux /b\noptions $kernelopts\n\0kernelopts=ro\n")
        }
        _ => return None,
    })
}

/// The files of bootcfg's table of guests, each for the target that reads its like.
fn configurations() -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../pygrub-rs/bootcfg/tests/guests");
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let guest = entry.file_name().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(entry.path())?;
        for (number, section) in text.split("\n== ").enumerate() {
            let Some((path, body)) = section.strip_prefix("file ").and_then(|rest| rest.split_once('\n'))
            else {
                continue;
            };
            let Some((target, before, after)) = reader_of(path) else { continue };
            write(target, &format!("{guest}-{number}"), &[before, body.as_bytes(), b"\n", after].concat())?;
        }
    }
    let release: (&str, &[u8]) = (".osrel", b"ID=arch\nPRETTY_NAME=\"Arch Linux\"\nVERSION_ID=1\n");
    let whole = [release, (".cmdline", b"ro\n"), (".ucode", b"U"), (".linux", b"K"), (".initrd", b"I")];
    write("bootcfg_uki", "whole", &guests::pe(&whole))?;
    let profiles: [(&str, &[u8]); 4] = [
        (".profile", b"ID=main\n"),
        (".cmdline", b"a"),
        (".profile", b"ID=b\nTITLE=B\n"),
        (".cmdline", b"b"),
    ];
    write("bootcfg_uki", "profiles", &guests::pe(&[&[release, (".linux", b"K")], &profiles[..]].concat()))?;
    write("bootcfg_illumos", "one", b"kernel=\"i86pc\"\nboot-args=\"-v -B console=ttya\"\nboot_archive_name=\"/a\"\n\0title rpool/ROOT/a\nbootfs rpool/ROOT/a\n")?;
    // A header of ustar as far as it is read, another member before it, and what follows.
    let header = |name: &str, size: &str| {
        let mut header = vec![0; 512];
        put(&mut header, 0, name.as_bytes());
        put(&mut header, 124, size.as_bytes());
        put(&mut header, 156, b"0");
        header
    };
    let text = b"menuentry A { linux /flatcar/vmlinuz-a }\n";
    let member = [text.as_slice(), &vec![0; 512 - text.len()]].concat();
    let archive =
        [header("x", "00000000777"), member.clone(), header("grub.cfg", "00000000051"), member].concat();
    write("bootcfg_memdisk", "two", &archive)?;
    write("bootcfg_regexp", "one", b"^([a-z]+[0-9]{1,3}|x*(yz)?)[[:alpha:]-]*$\0abc12-def")?;
    write(
        "bootcfg_linux_guess",
        "fstab",
        b"UUID=3b1e-1 / ext4 rw,relatime 0 1\n/dev/sda1 /boot ext2 ro 0 2\n",
    )
}

fn main() -> Result<()> {
    ext2()?;
    ufs()?;
    configurations()?;
    vmlinux()?;
    let mbr = |entries: &[Entry]| boot_sector(entries).to_vec();
    let logical = [
        (0, mbr(&[(0x80, 0x83, 16, 48), (0, 0x05, 64, 30_000)])),
        (64 * 512, mbr(&[(0, 0x83, 8, 100), (0, 0x05, 128, 1000)])),
        (192 * 512, mbr(&[(0, 0x83, 8, 100)])),
    ];
    write("partitions_mbr", "logical", &disk(&logical))?;
    for size in [128, 256] {
        let entries = gpt_entry(size, LINUX_FILESYSTEM, 64, 1000, "root");
        let header = gpt_header(1, 131_071, 2, size as u32, &entries, 131_000);
        let pieces = [(0, mbr(&[(0, 0xee, 1, u32::MAX)])), (512, header), (1024, entries)];
        write("partitions_gpt", &format!("entries-{size}"), &disk(&pieces))?;
    }
    let slices: [Slice; 3] = [(2, 0, 16, 2000), (3, 1, 2016, 500), (5, 1, 0, 4000)];
    let solaris = [(0, mbr(&[(0x80, 0xbf, 16, 4096)])), (17 * 512, vtoc(&slices))];
    write("partitions_vtoc", "three", &disk(&solaris))?;
    write("partitions_sun", "tags", &sun_label(&slices, true))?;
    write("partitions_sun", "none", &sun_label(&slices, false))?;
    write("partitions_sgi", "two", &sgi_label(&[(0x0a, 5000, 900), (6, 0, 9000)]))?;
    for wide in [false, true] {
        let label = bsd_label(&[(7, 16, 2000), (1, 2016, 100), (0, 16, 4096)], wide);
        let pieces = [(0, mbr(&[(0x80, 0xa5, 16, 4096)])), (17 * 512, label)];
        write("partitions_bsdlabel", if wide { "wide" } else { "narrow" }, &disk(&pieces))?;
    }
    for block in [512, 2048] {
        write("partitions_apm", &format!("{block}"), &apple_map(block, &[("Apple_HFS", "one", 64, 100)]))?;
    }
    for (number, image) in std::env::args_os().skip(1).enumerate() {
        let mut head = Vec::new();
        std::fs::File::open(image)?.take(65_536).read_to_end(&mut head)?;
        for scheme in ["mbr", "gpt", "vtoc", "sun", "sgi", "bsdlabel", "apm"] {
            write(&format!("partitions_{scheme}"), &format!("image-{number}"), &head)?;
        }
    }
    Ok(())
}
