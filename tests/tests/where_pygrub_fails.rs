//! Guests that Xen's pygrub cannot boot or boots wrongly, and guests in the shape of its own examples (tools/pygrub/examples), from real
//! disks through the real program. The expectation is what GRUB, extlinux or the Boot Loader Specification make of each; every file holds
//! its own name, so that what was taken says where it came from.
//!
//! Of pygrub's other faults: the menu's (line edit, `c`, passwords) are in menu.rs, Solaris' and the BSDs' disks in solaris.rs, bsd.rs and
//! layouts.rs. XFS, ZFS and btrfs come with their plugins.
// What makes a parser dangerous makes a test fail, which is what a test is for.
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use fsimage_tests::layout::{Disk, SECTOR, ext4};
use fsimage_tests::ufs::ufs;
use fsimage_tests::{Outcome, Output, Stage, toolstack};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

const BOOT: &str = "b0070000-0000-4000-8000-00000000b007";
const ROOT: &str = "70796772-7562-4d72-8a72-73000064656d";
/// Sectors of a partition.
const ROOM: u64 = 4096;

/// A filesystem: label, UUID, configuration files, and the names of the files that may be booted.
struct Volume<'a> {
    label: &'a str,
    uuid: &'a str,
    texts: &'a [(&'a str, &'a [u8])],
    files: &'a [&'a str],
}

impl Volume<'_> {
    fn image(&self, features: &[&str]) -> Vec<u8> {
        self.image_of(u32::try_from(ROOM / 2).unwrap(), features)
    }

    fn image_of(&self, kib: u32, features: &[&str]) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, bytes: &[u8]| {
            let path = folder.path().join(path.trim_start_matches('/'));
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        };
        for (path, bytes) in self.texts {
            write(path, bytes);
        }
        for path in self.files {
            write(path, path.as_bytes());
        }
        ext4(folder.path(), self.label, self.uuid, kib, features)
    }
}

/// A disk with a partition for each, under an MBR or a GPT.
fn disk(table: &str, images: &[Vec<u8>]) -> Disk {
    let start = |index: u64| 2048 + index * ROOM;
    let count = u64::try_from(images.len()).unwrap();
    let disk = Disk::new(((start(count) * SECTOR) >> 20) + 2);
    let lines: String = (0..count).map(|index| format!("start={}, size={ROOM}\n", start(index))).collect();
    disk.sfdisk(&format!("label: {table}\n{lines}"));
    for (index, image) in (0..).zip(images) {
        disk.write(start(index) * SECTOR, image);
    }
    disk
}

struct Bench(Stage);

/// What the domain builder is handed: the files' bytes, the last one's padding included.
#[derive(Debug, PartialEq)]
struct Boot {
    kernel: String,
    ramdisk: Option<String>,
    args: String,
}

fn boot(kernel: &str, ramdisk: &str, args: &str) -> Boot {
    let ramdisk = Some(ramdisk).filter(|name| !name.is_empty()).map(str::to_owned);
    Boot { kernel: kernel.to_owned(), ramdisk, args: args.to_owned() }
}

impl Bench {
    fn new() -> Self {
        Self(Stage::new())
    }

    fn run(&self, disk: &Path, arguments: &[&str], output: &Output) -> Outcome {
        let run = self.0.pygrub().args(["-q", "--output-format=simple"]).args(arguments);
        run.option("--output-directory", output.directory()).arg(disk).finish()
    }

    #[track_caller]
    fn boots(&self, disk: &Path, arguments: &[&str]) -> Boot {
        let output = Output::new();
        let outcome = self.run(disk, arguments, &output);
        outcome.assert_success();
        let boot = toolstack::xapi(&outcome.stdout, output.directory().as_os_str().as_bytes()).unwrap();
        let read =
            |path: Vec<u8>| String::from_utf8(std::fs::read(OsStr::from_bytes(&path)).unwrap()).unwrap();
        Boot {
            kernel: read(boot.kernel.unwrap()),
            ramdisk: boot.ramdisk.map(read),
            args: String::from_utf8(boot.args.unwrap_or_default()).unwrap(),
        }
    }
}

/// A guest of one partition with this configuration and every file that a case names.
fn one(config: &str, text: &[u8], files: &[&str]) -> Disk {
    let volume = Volume { label: "root", uuid: ROOT, texts: &[(config, text)], files };
    disk("dos", &[volume.image(&[])])
}

const CFG: &str = "/boot/grub/grub.cfg";

/// Each line of the list, GRUB's language: configuration, and what it boots.
#[test]
fn the_language_of_grub() {
    let bench = Bench::new();
    let entry = "linux /a\ninitrd /i\n";
    for (text, expected) in [
        ("menuentry 'A'{\nlinux /a x\ninitrd /i\n}\n".to_owned(), boot("/a", "/i", "x")),
        (format!("menuentry A {{\n{entry}}}\n"), boot("/a", "/i", "")),
        (format!("menuentry 'A'\n{{\n{entry}}}\n"), boot("/a", "/i", "")),
        // One branch runs, not both.
        (
            "if [ $grub_platform = pc ]; then set k=/b; elif true; then set k=/a; else set k=/b; fi\n\
             menuentry A { linux $k\ninitrd /i }\n"
                .to_owned(),
            boot("/a", "/i", ""),
        ),
        ("set v=6.1\nmenuentry A { linux /vmlinuz-${v} root=${v}x\n}\n".to_owned(), boot("/vmlinuz-6.1", "", "root=6.1x")),
        ("menuentry A {\nlinux /a one \\\n  two\ninitrd /i\n}\n".to_owned(), boot("/a", "/i", "one two")),
        ("set root=($root)\nmenuentry A { linux /a\n}\n".to_owned(), boot("/a", "", "")),
        ("menuentry A { linux /a\ninitrd /i /j }\n".to_owned(), boot("/a", "/i\0\0/j", "")),
        ("menuentry A { linuxefi /a x\ninitrdefi /i }\n".to_owned(), boot("/a", "/i", "x")),
        ("menuentry A { linux16 /a x\ninitrd16 /i }\n".to_owned(), boot("/a", "/i", "x")),
        (
            "menuentry A { multiboot2 /xen placeholder dom0_mem=1G\nmodule2 /a placeholder ro\nmodule2 --nounzip /i }\n".to_owned(),
            boot("/a", "/i", "ro"),
        ),
    ] {
        let guest = one(CFG, text.as_bytes(), &["/a", "/b", "/i", "/j", "/xen", "/vmlinuz-6.1"]);
        assert_eq!(bench.boots(guest.path(), &[]), expected, "{text}");
    }
}

#[test]
fn the_default() {
    let bench = Bench::new();
    let entries = "menuentry Zero { linux /a }\nsubmenu Older --id=s { menuentry One --id=one { linux /b }\n\
                   menuentry 'Two words' --id=two { linux /c } }\nmenuentry Three --id=three { linux /d }\n";
    for (default, expected) in [
        ("set default=\"1>0\"", "/b"),
        ("set default='Older>Two words'", "/c"),
        ("set default=s\\>two", "/c"),
        ("set default=three", "/d"),
        ("set default=Three", "/d"),
        ("set default=2", "/d"),
        ("load_env\nset default=\"${saved_entry}\"", "/d"),
    ] {
        let text = format!("{default}\n{entries}");
        let env = format!("{:#<1024}", "# GRUB Environment Block\nsaved_entry=three\n");
        let volume = Volume {
            label: "root",
            uuid: ROOT,
            texts: &[(CFG, text.as_bytes()), ("/boot/grub/grubenv", env.as_bytes())],
            files: &["/a", "/b", "/c", "/d"],
        };
        let guest = disk("dos", &[volume.image(&[])]);
        assert_eq!(bench.boots(guest.path(), &[]), boot(expected, "", ""), "{default}");
    }
}

#[test]
fn files_and_volumes_that_a_configuration_leads_to() {
    let bench = Bench::new();
    let search = format!("search --no-floppy --fs-uuid --set=root {BOOT}\n");
    for (text, more) in [
        // The kernel is on the other partition.
        (format!("{search}menuentry A {{ linux /vmlinuz ro\ninitrd /initrd }}\n"), &b""[..]),
        ("menuentry A { search.fs_label boot root; linux /vmlinuz ro\ninitrd /initrd }\n".to_owned(), b""),
        // So is the configuration that this one leads to, as Debian's on an EFI system partition does.
        (
            format!("{search}set prefix=($root)/grub\nconfigfile $prefix/more.cfg\n"),
            b"menuentry B { linux /vmlinuz ro\ninitrd /initrd }\n",
        ),
        (
            format!("{search}source ($root)/grub/more.cfg\n"),
            b"menuentry B { linux /vmlinuz ro\ninitrd /initrd }\n",
        ),
    ] {
        let first = Volume { label: "root", uuid: ROOT, texts: &[(CFG, text.as_bytes())], files: &["/a"] };
        let second = Volume {
            label: "boot",
            uuid: BOOT,
            texts: &[("/grub/more.cfg", more)],
            files: &["/vmlinuz", "/initrd"],
        };
        let guest = disk("dos", &[first.image(&[]), second.image(&[])]);
        assert_eq!(bench.boots(guest.path(), &[]), boot("/vmlinuz", "/initrd", "ro"), "{text}");
    }
}

/// Fedora since 30, RHEL since 8: no menu entry stands in grub.cfg.
#[test]
fn the_boot_loader_specification() {
    let bench = Bench::new();
    let id = "6f1c8a52d0e94d5e8a3b0c4d7e9f1a2b";
    let entry = |version: &str| {
        format!(
            "title Fedora ({version})\nversion {version}\nlinux /vmlinuz-{version}\ninitrd /initramfs-{version}.img\noptions $kernelopts\n"
        )
    };
    let paths =
        ["6.9.9-200", "6.10.1-200"].map(|version| format!("/loader/entries/{id}-{version}.fc40.conf"));
    let texts = ["6.9.9-200.fc40", "6.10.1-200.fc40"].map(entry);
    let cfg = "load_env\nset default=\"${saved_entry}\"\nset kernelopts=\"root=UUID=1 ro\"\ninsmod blscfg\nblscfg\n";
    let files = [
        "/vmlinuz-6.9.9-200.fc40",
        "/initramfs-6.9.9-200.fc40.img",
        "/vmlinuz-6.10.1-200.fc40",
        "/initramfs-6.10.1-200.fc40.img",
    ];
    for (saved, version) in [
        ("", "6.10.1-200.fc40"),
        ("saved_entry=6f1c8a52d0e94d5e8a3b0c4d7e9f1a2b-6.9.9-200.fc40\n", "6.9.9-200.fc40"),
    ] {
        let env = format!("{:#<1024}", format!("# GRUB Environment Block\n{saved}"));
        let volume = Volume {
            label: "boot",
            uuid: BOOT,
            texts: &[
                ("/grub2/grub.cfg", cfg.as_bytes()),
                ("/grub2/grubenv", env.as_bytes()),
                (&paths[0], texts[0].as_bytes()),
                (&paths[1], texts[1].as_bytes()),
            ],
            files: &files,
        };
        let expected =
            boot(&format!("/vmlinuz-{version}"), &format!("/initramfs-{version}.img"), "root=UUID=1 ro");
        assert_eq!(bench.boots(disk("gpt", &[volume.image(&[])]).path(), &[]), expected, "{saved}");
    }
}

#[test]
fn extlinux() {
    let bench = Bench::new();
    let labels = "LABEL old\n  LINUX /old\nLABEL lts\n  MENU DEFAULT\n  MENU LABEL Linux lts\n  LINUX vmlinuz-lts\n  INITRD ucode,initramfs-lts\n  FDTDIR dtbs-lts\n  APPEND ro quiet\n";
    for (head, included) in
        [(format!("UI menu.c32\n{labels}"), ""), ("DEFAULT menu.c32\nINCLUDE more.conf\n".to_owned(), labels)]
    {
        let volume = Volume {
            label: "root",
            uuid: ROOT,
            texts: &[("/boot/extlinux.conf", head.as_bytes()), ("/boot/more.conf", included.as_bytes())],
            files: &["/old", "/boot/vmlinuz-lts", "/boot/ucode", "/boot/initramfs-lts"],
        };
        let guest = disk("dos", &[volume.image(&[])]);
        let expected = boot("/boot/vmlinuz-lts", "/boot/ucode\0/boot/initramfs-lts", "ro quiet");
        assert_eq!(bench.boots(guest.path(), &[]), expected, "{head}");
    }
}

#[test]
fn bytes_that_are_not_utf_8() {
    let bench = Bench::new();
    let guest = one(CFG, b"# \xe9\nmenuentry 'Syst\xe8me' {\nlinux /a x\n}\n", &["/a"]);
    assert_eq!(bench.boots(guest.path(), &[]), boot("/a", "", "x"));
    // Names are bytes, too; arguments that the format cannot carry are an error and no other argument.
    let guest = one("/boot/grub/menu.lst", b"title \xff\nkernel /a \xe9\n", &["/a"]);
    let output = Output::new();
    let outcome = bench.run(guest.path(), &[], &output);
    assert!(outcome.assert_success().stdout.windows(7).any(|bytes| bytes == b"args \xe9\n"), "{outcome:?}");
}

#[test]
fn errors_are_told_and_the_next_volume_is_tried() {
    let bench = Bench::new();
    let good =
        Volume { label: "root", uuid: ROOT, texts: &[(CFG, b"menuentry A { linux /a }\n")], files: &["/a"] };
    let endless =
        Volume { label: "boot", uuid: BOOT, texts: &[(CFG, b"while true; do true; done\n")], files: &[] };
    let both = disk("dos", &[endless.image(&[]), good.image(&[])]);
    assert_eq!(bench.boots(both.path(), &[]), boot("/a", "", ""));
    let (alone, output) = (disk("dos", &[endless.image(&[])]), Output::new());
    bench.run(alone.path(), &[], &output).assert_failure("the limit max_steps (1000000) is exceeded");
    // A child that fails is a failure, whoever it runs as.
    let output = Output::of_user(65_534);
    bench.run(alone.path(), &["--runas=65534"], &output).assert_failure("max_steps");
    output.assert_untouched();
}

#[test]
fn filesystems_that_its_library_refuses() {
    let bench = Bench::new();
    let text = b"menuentry A { linux /a x }\n";
    let volume = Volume { label: "root", uuid: ROOT, texts: &[(CFG, text)], files: &["/a"] };
    for features in [
        &["-O", "metadata_csum_seed,inline_data,large_dir,ea_inode"][..],
        &["-O", "bigalloc,quota"],
        &["-b", "4096", "-O", "64bit,metadata_csum,flex_bg,sparse_super2"],
    ] {
        let guest = disk("gpt", &[volume.image(features)]);
        assert_eq!(bench.boots(guest.path(), &[]), boot("/a", "", "x"), "{features:?}");
    }
    let journal = Disk::new(8);
    journal.write(0, &volume.image_of(8192, &["-O", "has_journal,orphan_file,casefold"]));
    assert_eq!(bench.boots(journal.path(), &[]), boot("/a", "", "x"));
    let bare = Disk::new(8);
    bare.write(0, &ufs(2, &[("boot/grub/grub.cfg", text), ("a", b"/a")]));
    assert_eq!(bench.boots(bare.path(), &[]), boot("/a", "", "x"));
}

/// In the shape of Xen's tools/pygrub/examples: alpine-linux-2.3.2, debian-wheezy-hvm, fedora-16-with-xen, fedora-19, rhel-7-beta,
/// ubuntu-14.04-lts. /boot is a partition of its own in all but Debian's.
#[test]
fn guests_like_its_examples() {
    let bench = Bench::new();
    let find = format!(
        "set root='hd0,msdos1'\nif [ x$feature_platform_search_hint = xy ]; then\n  search --no-floppy --fs-uuid --set=root --hint='hd0,msdos1' {BOOT}\nelse\n  search --no-floppy --fs-uuid --set=root {BOOT}\nfi\n"
    );
    let header = "if [ -s $prefix/grubenv ]; then\n  load_env\nfi\nset default=\"${saved_entry}\"\n\
                  function load_video {\n  insmod vbe\n}\nterminal_output console\nset timeout=5\n";
    let menuentry = |title: &str, version: &str, args: &str| {
        format!(
            "menuentry '{title}' --class gnu-linux --class gnu --class os $menuentry_id_option 'gnulinux-{version}-advanced' {{\n\tload_video\n\tset gfxpayload=keep\n\tinsmod gzio\n\t{find}\tlinux\t/vmlinuz-{version} {args}\n\tinitrd\t/initramfs-{version}.img\n}}\n"
        )
    };
    let alpine = "DEFAULT menu.c32\nPROMPT 0\nMENU TITLE Alpine/Linux Boot Menu\nMENU HIDDEN\nTIMEOUT 30\nLABEL grsec\n  MENU DEFAULT\n  MENU LABEL Linux\n  KERNEL vmlinuz-1\n  APPEND initrd=initramfs-1.img root=UUID=2 modules=ext4 quiet\n".to_owned();
    let debian =
        format!("set default=\"0\"\n{}", menuentry("Debian GNU/Linux, with Linux 1", "1", "root=UUID=2 ro "));
    let fedora16 = format!(
        "{header}{}submenu \"Xen 4.1\" {{\nmenuentry 'Fedora Linux, with Xen 4.1' --class xen {{\n\tset root='(hd0,gpt2)'\n\tsearch --no-floppy --fs-uuid --set=root {BOOT}\n\tmultiboot\t/xen-4.1.gz placeholder  \n\tmodule\t/vmlinuz-2 placeholder root=/dev/mapper/VolGroup-lv_root ro rd.md=0 \n\tmodule\t/initramfs-2.img\n}}\n}}\n",
        menuentry(
            "Fedora Linux, with Linux 1",
            "1",
            "root=/dev/mapper/VolGroup-lv_root ro rd.md=0  KEYTABLE=uk"
        )
    );
    let fedora19 = format!(
        "{header}{}",
        menuentry("Fedora, with Linux 1", "1", "root=/dev/mapper/fedora-root ro rd.lvm.lv=fedora/root ")
    );
    let rhel7 = format!(
        "{header}{}{}",
        menuentry(
            "Red Hat Enterprise Linux, with Linux 2",
            "2",
            "root=/dev/mapper/rhel-root ro crashkernel=auto"
        ),
        menuentry("Red Hat Enterprise Linux, with Linux 1", "1", "root=/dev/mapper/rhel-root ro")
    );
    let ubuntu = format!(
        "set default=\"0\"\nfunction recordfail {{\n  set recordfail=1\n}}\nfunction gfxmode {{\n\tset gfxpayload=\"${{1}}\"\n\tif [ \"${{1}}\" = \"keep\" ]; then\n\t\tset vt_handoff=vt.handoff=7\n\telse\n\t\tset vt_handoff=\n\tfi\n}}\n\
         if [ \"${{recordfail}}\" != 1 ]; then\n  set linux_gfx_mode=text\nfi\nexport linux_gfx_mode\n{}submenu 'Advanced options for Ubuntu' {{\n{}}}\n\
         menuentry 'Memory test (memtest86+)' {{\n\t{find}\tknetbsd\t/memtest86+.elf\n}}\n",
        menuentry("Ubuntu", "1", "root=/dev/mapper/Sys00-root ro biosdevname=0 quiet $vt_handoff"),
        menuentry("Ubuntu, with Linux 2", "2", "root=/dev/mapper/Sys00-root ro")
    );
    let saved = "saved_entry=Red Hat Enterprise Linux, with Linux 1\n";
    for (table, config, text, saved, entry, expected) in [
        (
            "dos",
            "/extlinux.conf",
            &alpine,
            "",
            "",
            boot("/vmlinuz-1", "/initramfs-1.img", "root=UUID=2 modules=ext4 quiet"),
        ),
        (
            "dos",
            "/boot/grub/grub.cfg",
            &debian,
            "",
            "",
            boot("/vmlinuz-1", "/initramfs-1.img", "root=UUID=2 ro"),
        ),
        (
            "gpt",
            "/grub2/grub.cfg",
            &fedora16,
            "",
            "",
            boot(
                "/vmlinuz-1",
                "/initramfs-1.img",
                "root=/dev/mapper/VolGroup-lv_root ro rd.md=0 KEYTABLE=uk",
            ),
        ),
        (
            "gpt",
            "/grub2/grub.cfg",
            &fedora16,
            "",
            "--entry=Fedora Linux, with Xen 4.1",
            boot("/vmlinuz-2", "/initramfs-2.img", "root=/dev/mapper/VolGroup-lv_root ro rd.md=0"),
        ),
        (
            "dos",
            "/grub2/grub.cfg",
            &fedora19,
            "",
            "",
            boot("/vmlinuz-1", "/initramfs-1.img", "root=/dev/mapper/fedora-root ro rd.lvm.lv=fedora/root"),
        ),
        (
            "dos",
            "/grub2/grub.cfg",
            &rhel7,
            saved,
            "",
            boot("/vmlinuz-1", "/initramfs-1.img", "root=/dev/mapper/rhel-root ro"),
        ),
        (
            "dos",
            "/grub/grub.cfg",
            &ubuntu,
            "",
            "",
            boot("/vmlinuz-1", "/initramfs-1.img", "root=/dev/mapper/Sys00-root ro biosdevname=0 quiet"),
        ),
    ] {
        let env = format!("{:#<1024}", format!("# GRUB Environment Block\n{saved}"));
        let env_path = Path::new(config).with_file_name("grubenv");
        let volume = Volume {
            label: "boot",
            uuid: BOOT,
            texts: &[(config, text.as_bytes()), (env_path.to_str().unwrap(), env.as_bytes())],
            files: &["/vmlinuz-1", "/initramfs-1.img", "/vmlinuz-2", "/initramfs-2.img", "/xen-4.1.gz"],
        };
        let guest = disk(
            table,
            &[
                volume.image(&[]),
                Volume { label: "root", uuid: ROOT, texts: &[], files: &["/etc/fstab"] }.image(&[]),
            ],
        );
        let arguments: Vec<&str> = [entry].into_iter().filter(|argument| !argument.is_empty()).collect();
        assert_eq!(bench.boots(guest.path(), &arguments), expected, "{config}\n{text}");
    }
}
