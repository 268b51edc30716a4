//! GRUB's other ways to load a kernel: multiboot with Xen inside, the BSDs', a unified kernel image by `chainloader`.
//! Expectations are from the GRUB manual and from Xen's documentation of what its first two modules are.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test's own numbers; it fails by panicking"
)]

mod common;

use bootcfg::BootMenu;
use common::{MapGuest, arguments, default, entry, kernel, ramdisks};

fn menu(text: &str) -> BootMenu {
    MapGuest::with_config("/boot/grub/grub.cfg", text).menu()
}

/// As Debian's 20_linux_xen writes it.
#[test]
fn xen_and_its_dom0() {
    for (multiboot, module) in
        [("multiboot", "module"), ("multiboot2", "module2"), ("xen_hypervisor", "xen_module")]
    {
        let menu = menu(&format!(
            "submenu 'Xen' {{\nmenuentry 'Debian GNU/Linux, with Xen 4.17-amd64 and Linux 6.1.0-18-amd64' --class xen {{\n\
             if [ \"$grub_platform\" = \"pc\" -o \"$grub_platform\" = \"\" ]; then xen_rm_opts=\n\
             else xen_rm_opts=\"no-real-mode edd=off\"\nfi\n\
             {multiboot} /boot/xen-4.17-amd64.gz placeholder dom0_mem=4096M ${{xen_rm_opts}}\n\
             echo 'Loading Linux 6.1.0-18-amd64 ...'\n\
             {module} /boot/vmlinuz-6.1.0-18-amd64 placeholder root=UUID=1 ro quiet\n\
             echo 'Loading initial ramdisk ...'\n\
             {module} --nounzip /boot/initrd.img-6.1.0-18-amd64\n}}\n}}\n"
        ));
        let only = default(&menu);
        assert_eq!(kernel(only), "0:/boot/vmlinuz-6.1.0-18-amd64", "{multiboot}");
        assert_eq!(ramdisks(only), ["0:/boot/initrd.img-6.1.0-18-amd64"]);
        assert_eq!(arguments(only), "root=UUID=1 ro quiet");
    }
}

#[test]
fn multiboot_that_is_no_guest() {
    let menu = menu(
        "menuentry none { multiboot /xen.gz }\nmenuentry mem { multiboot --quirk-bad-kludge /memtest }\n\
         menuentry loose { module /x\nlinux /k }\nmenuentry empty { multiboot }\n\
         menuentry more { multiboot2 /xen\nmodule2 /k a 'b c'\nmodule2 /i\nmodule2 /policy }\n",
    );
    assert_eq!(entry(&menu, "none").problems, ["not bootable because Xen has no kernel to boot"]);
    assert!(entry(&menu, "mem").problems[0].contains("neither Xen nor Solaris"));
    assert_eq!(kernel(entry(&menu, "loose")), "0:/k");
    assert_eq!(entry(&menu, "empty").problems, ["not bootable because it loads no kernel"]);
    assert_eq!(arguments(entry(&menu, "more")), "a \"b c\"");
    assert!(
        menu.notes.iter().any(|note| note.contains("the module `/policy` is left out")),
        "{:?}",
        menu.notes
    );
}

#[test]
fn bsd_kernels() {
    let text = "menuentry f { kfreebsd /boot/kernel/kernel -s\nkfreebsd_loadenv /boot/device.hints\n\
                kfreebsd_module /boot/kernel/zfs.ko\nset kFreeBSD.vfs.root.mountfrom=ufs:/dev/ada0p2\nset kFreeBSD.x='a b' }\n\
                menuentry n { knetbsd /netbsd -r wd0a }\nmenuentry o { kopenbsd -h (hd0,msdos1)/bsd }\n\
                menuentry m { kfreebsd_module /x }\n";
    let guest = MapGuest::with_config("/boot/grub/grub.cfg", text)
        .file("/boot/device.hints", "# comment\nhint.uart.0.at=\"isa\"\nodd line\n");
    let menu = guest.menu();
    assert_eq!(kernel(entry(&menu, "f")), "0:/boot/kernel/kernel");
    assert_eq!(arguments(entry(&menu, "f")), "-s,hint.uart.0.at=isa,vfs.root.mountfrom=ufs:/dev/ada0p2");
    assert!(menu.notes.iter().any(|note| note.contains("zfs.ko` is left out")), "{:?}", menu.notes);
    assert!(menu.notes.iter().any(|note| note.contains("`kFreeBSD.x` is left out")), "{:?}", menu.notes);
    assert_eq!(
        (kernel(entry(&menu, "n")), arguments(entry(&menu, "n"))),
        ("0:/netbsd".into(), "-r wd0a".into())
    );
    assert_eq!((kernel(entry(&menu, "o")), arguments(entry(&menu, "o"))), ("0:/bsd".into(), "-h".into()));
    assert!(entry(&menu, "m").kernel.is_none());
}

#[test]
fn a_unified_kernel_image_is_chain_loaded() {
    // Two sections, by hand: `.linux` and `.cmdline` (see tests/uki.rs for the format's own tests).
    let mut image = vec![0; 0x600];
    image[..2].copy_from_slice(b"MZ");
    image[0x3c] = 0x80;
    image[0x80..0x84].copy_from_slice(b"PE\0\0");
    image[0x86] = 2;
    for (header, name, offset) in [(0x98, &b".linux"[..], 0x200_u16), (0xc0, b".cmdline", 0x400)] {
        image[header..header + name.len()].copy_from_slice(name);
        image[header + 8] = 7;
        image[header + 17] = 2;
        image[header + 20..header + 22].copy_from_slice(&offset.to_le_bytes());
    }
    image[0x400..0x407].copy_from_slice(b"root=/x");
    let text = "menuentry a { chainloader /EFI/Linux/a.efi }\nmenuentry b { chainloader /EFI/Linux/a.efi quiet 'a b' }\n\
                menuentry w { chainloader /EFI/Microsoft/Boot/bootmgfw.efi }\nmenuentry d { chainloader +1 }\n\
                menuentry g { chainloader /gone }\n";
    let guest = MapGuest::with_config("/boot/grub/grub.cfg", text)
        .file("/EFI/Linux/a.efi", &image)
        .file("/EFI/Microsoft/Boot/bootmgfw.efi", "MZ and so on")
        .complete();
    let menu = guest.menu();
    let first = default(&menu);
    assert_eq!(kernel(first), "0:/EFI/Linux/a.efi");
    let section = first.kernel.as_ref().unwrap().section.unwrap();
    assert_eq!((section.offset, section.length), (0x200, 7));
    assert_eq!(arguments(first), "root=/x");
    assert_eq!(arguments(entry(&menu, "b")), "quiet \"a b\"");
    let problem = |title: &str| entry(&menu, title).problems.join(";");
    assert_eq!(
        problem("w"),
        "not bootable because it chain-loads `/EFI/Microsoft/Boot/bootmgfw.efi`, another boot loader"
    );
    assert_eq!(problem("d"), "not bootable because it chain-loads `+1`, another boot loader");
    assert_eq!(problem("g"), "not bootable because the boot loader /gone does not exist in the guest");
}

#[test]
fn hostile_expressions_and_wildcards() {
    // Long texts and many directories are a matter of steps, and the other entry does not notice.
    let text = "insmod regexp\nfunction big { s=a; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13; do s=$s$s; done; }\n\
                menuentry slow { big; for i in 1 2 3 4 5 6 7 8 9; do regexp '(a*)*(a|aa)*b' \"$s\"; done\nlinux /k }\n\
                menuentry deep { for f in /*/*/*/*/*/*; do for g in /*/*/*/*/*/*; do true; done; done\nlinux /k }\n\
                menuentry compile { big; while true; do regexp \"[$s]\" x; done; linux /k }\n\
                menuentry stars { big; for f in /$s*a*a*b /*; do true; done; while true; do for f in /*$s*a*a*b; do true; done; done }\n\
                menuentry fine { linux /k }\n";
    let mut guest = MapGuest::with_config("/boot/grub/grub.cfg", text);
    for number in 0..60 {
        guest = guest.file(&format!("/a{number}/b/c/d/e/f{number}"), "");
    }
    let menu = guest.menu();
    assert!(entry(&menu, "slow").problems[0].contains("max_steps"), "{menu:#?}");
    assert!(entry(&menu, "compile").problems[0].contains("max_steps"), "{menu:#?}");
    assert!(entry(&menu, "stars").problems[0].contains("max_steps"), "{menu:#?}");
    assert!(entry(&menu, "deep").problems[0].contains("max_steps"), "{menu:#?}");
    assert_eq!(default(&menu).title, b"fine");
}

#[test]
fn other_loaders_configurations() {
    let legacy = "default 1\ntimeout 7\npassword secret\ntitle old\nroot (hd0,0)\nkernel /old\ntitle new\nroot (hd0,0)\n\
                  kernel /new root=x\ninitrd /i\n";
    let syslinux = "DEFAULT two\nLABEL one\nKERNEL /one\nLABEL two\nKERNEL /two\nAPPEND a=b\n";
    let guest = |text: &str| {
        MapGuest::with_config("/boot/grub/grub.cfg", text)
            .file("/boot/grub/menu.lst", legacy)
            .file("/isolinux/isolinux.cfg", syslinux)
    };
    // In place of the menu, with its default and timeout.
    let menu = guest("menuentry x { linux /x }\nlegacy_configfile /boot/grub/menu.lst\n").menu();
    let first = default(&menu);
    assert_eq!((kernel(first), arguments(first), menu.timeout), ("0:/new".into(), "root=x".into(), Some(7)));
    assert_eq!(ramdisks(first), ["0:/i"]);
    assert_eq!(menu.entries.len(), 2);
    // Its password guards editing still.
    assert!(menu.entries.iter().all(|entry| entry.password.is_some() && !entry.restricted));
    // As a submenu, and among others.
    let menu = guest(
        "menuentry x { linux /x }\nmenuentry disc { syslinux_configfile -i /isolinux/isolinux.cfg }\n\
         syslinux_source /isolinux/isolinux.cfg\nmenuentry gone { legacy_configfile /gone }\n",
    )
    .menu();
    let titles: Vec<_> = menu.entries.iter().map(|entry| String::from_utf8_lossy(&entry.title)).collect();
    assert_eq!(titles, ["x", "one", "two", "one", "two", "gone"]);
    assert_eq!(menu.entries[1].parents, [b"disc".to_vec()]);
    assert!(menu.entries[3].parents.is_empty());
    assert_eq!(arguments(&menu.entries[2]), "a=b");
    assert_eq!(menu.entries[5].problems, ["not bootable because it loads no kernel"]);
}
