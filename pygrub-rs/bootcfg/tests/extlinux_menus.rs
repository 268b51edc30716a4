//! Syslinux' menus inside menus, its programs and its inclusions. Expectations are the wiki's ("Menu", "Config", "Directives/…",
//! "Linux.c32", "Ifcpu64.c32") and, where it is silent, com32/menu/readconfig.c and menumain.c, com32/modules/whichsys.c.

#![allow(clippy::panic, reason = "a test fails by panicking")]

mod common;

use bootcfg::{BootMenu, Hotkey, Limits, Loader, TimeoutStyle, edited};
use common::{MapGuest, arguments, default, entry, kernel, ramdisks};

const PATH: &str = "/boot/extlinux/extlinux.conf";

fn menu(text: &str) -> BootMenu {
    MapGuest::with_config(PATH, text).menu()
}

/// What boots, of labels whose kernels are called as they are.
fn boots(text: &str) -> String {
    kernel(default(&menu(&format!("ui menu.c32\n{text}"))))
}

#[test]
fn what_is_under_the_cursor() {
    let inner = "menu begin x\nlabel s\nkernel /s\nlabel t\nkernel /t\nmenu end\n";
    let labels = "label a\nkernel /a\nlabel b\nkernel /b\n";
    for (text, expected) in [
        // A menu's first item, which may be another menu; that one's first, in turn.
        (format!("{labels}{inner}"), "0:/a"),
        (format!("{inner}{labels}"), "0:/s"),
        (format!("menu begin empty\nmenu end\n{labels}"), "0:/a"),
        (format!("label no\nmenu disable\nkernel /no\n{labels}"), "0:/a"),
        (format!("label no\nmenu hide\nkernel /no\nmenu separator\n{labels}"), "0:/a"),
        // MENU DEFAULT: of several the last; one in a submenu is that menu's.
        (format!("label d\nmenu default\nkernel /d\nlabel e\nmenu default\nkernel /e\n{labels}"), "0:/e"),
        (format!("{labels}{}", inner.replace("/t", "/t\nmenu default")), "0:/a"),
        (format!("{}{labels}", inner.replace("/t", "/t\nmenu default")), "0:/t"),
        // Without a label it makes the menu itself its outer menu's default.
        (format!("{labels}{}", inner.replace(" x\n", " x\nmenu default\n")), "0:/s"),
        (format!("{labels}label h\nmenu hide\nmenu default\nkernel /h\n"), "0:/a"),
        // MENU START: this menu is shown first.
        (format!("{labels}{}", inner.replace(" x\n", " x\nmenu start\n")), "0:/s"),
        // DEFAULT names a label wherever it stands.
        (format!("default t\n{labels}{inner}"), "0:/t"),
        // Labels that lead elsewhere are followed.
        (format!("label g\nmenu goto x\n{labels}{inner}"), "0:/s"),
        (format!("label g\nmenu default\nmenu goto x\n{labels}{inner}"), "0:/s"),
        (format!("{labels}menu begin y\nmenu start\nlabel back\nmenu exit\nmenu end\n"), "0:/a"),
        (format!("label g\nmenu goto .top\n{labels}"), "0:/a"),
        (format!("label q\nmenu quit\n{labels}"), "0:/a"),
    ] {
        assert_eq!(boots(&text), expected, "{text}");
    }
}

#[test]
fn labels_that_boot_nothing() {
    let menu = menu(
        "label a\nkernel /a\nlabel gone\nmenu goto nowhere\nlabel to\nmenu goto x\nlabel top\nkernel /top\nmenu exit\n\
         label quit\nmenu quit\nmenu begin x\nlabel back\nmenu exit\nlabel over\nmenu exit x\nmenu end\n",
    );
    let told: Vec<_> =
        menu.entries.iter().map(|entry| (entry.title.as_slice(), entry.problems.join(""))).collect();
    let leads = || "not bootable because it leads to another menu".to_owned();
    let expected = [
        (&b"a"[..], String::new()),
        (b"to", leads()),
        // MENU EXIT outside submenus is nothing; one that leads to no menu there is cannot be chosen.
        (b"top", String::new()),
        (b"quit", "not bootable because it leaves the menu".to_owned()),
        (b"back", leads()),
        (b"over", leads()),
    ];
    assert_eq!(told, expected);
}

#[test]
fn inclusions() {
    // With a tag the file is a submenu; without, as if its lines stood here.
    let text = "label a\nkernel /a\ninclude more.cfg Mo^re kernels\nmenu include /more.cfg\ninclude none.cfg tag\nlabel z\nkernel /z\n";
    let guest = MapGuest::with_config(PATH, text)
        .file("/boot/extlinux/more.cfg", "append w\nlabel b\nmenu default\nkernel b\nmenu title Tit^le\n")
        .file("/more.cfg", "append q\nlabel c\nkernel c");
    let menu = guest.menu();
    assert_eq!(kernel(default(&menu)), "0:/a");
    assert_eq!(entry(&menu, "b").parents, [b"Title"]);
    assert_eq!(kernel(entry(&menu, "b")), "0:/boot/extlinux/b");
    // It goes on in the menu around; a file's APPEND is everybody's who comes after; names stay relative to the working directory.
    assert!(entry(&menu, "c").parents.is_empty() && entry(&menu, "z").parents.is_empty());
    assert_eq!(
        (kernel(entry(&menu, "c")), arguments(entry(&menu, "c"))),
        ("0:/boot/extlinux/c".into(), "q".into())
    );
    assert_eq!(arguments(entry(&menu, "a")), "q");
    assert!(menu.notes.iter().any(|note| note.contains("/boot/extlinux/none.cfg")), "{:?}", menu.notes);
}

#[test]
fn the_menu_programs_own_files() {
    let main = |ui: &str| format!("{ui}\ntimeout 70\nlabel a\nkernel /a\n");
    let other = "timeout 30\ndefault c\nmenu hidden\nlabel b\nkernel /b\nlabel c\nkernel c\n";
    for (ui, expected, titles, timeout) in [
        ("ui menu.c32 other.cfg", "0:/boot/extlinux/c", "b c", Some(3)),
        ("default vesamenu.c32 other.cfg", "0:/boot/extlinux/c", "b c", Some(3)),
        ("ui menu.c32 other.cfg ~", "0:/boot/extlinux/c", "b c a", Some(7)),
        // A file without labels, and other programs' arguments, change nothing.
        ("ui menu.c32 none.cfg", "0:/a", "a", Some(7)),
        ("ui gfxboot.c32 bootlogo", "0:/a", "a", Some(7)),
    ] {
        let menu = MapGuest::with_config(PATH, main(ui)).file("/boot/extlinux/other.cfg", other).menu();
        let all: Vec<_> =
            menu.entries.iter().map(|entry| String::from_utf8_lossy(&entry.title).into_owned()).collect();
        assert_eq!(
            (kernel(default(&menu)).as_str(), all.join(" ").as_str(), menu.timeout),
            (expected, titles, timeout),
            "{ui}"
        );
        assert_eq!(menu.timeout_style == TimeoutStyle::Countdown, titles.starts_with('b'), "{ui}");
    }
}

#[test]
fn archiso() {
    // As archiso writes it: a first configuration that only leads to the real one, with a working directory of its own, and a program
    // that tells a disc from the network.
    let guest = MapGuest::default()
        .volume("hd0", "2024-05-01-16-35-40-00", "ARCH_202405")
        .file("/isolinux/isolinux.cfg", "PATH /arch/boot/syslinux/\nDEFAULT loadconfig\n\nLABEL loadconfig\n  CONFIG /arch/boot/syslinux/archiso.cfg\n  APPEND /arch/\n")
        .file(
            "/arch/boot/syslinux/archiso.cfg",
            "DEFAULT select\n\nLABEL select\nCOM32 boot/syslinux/whichsys.c32\nAPPEND -pxe- pxe -sys- sys -iso- sys\n\n\
             LABEL pxe\nCONFIG boot/syslinux/archiso_pxe.cfg\n\nLABEL sys\nCONFIG boot/syslinux/archiso_sys.cfg\n",
        )
        .file("/arch/boot/syslinux/archiso_pxe.cfg", "LABEL net\nLINUX boot/x86_64/vmlinuz-net\n")
        .file(
            "/arch/boot/syslinux/archiso_sys.cfg",
            "INCLUDE boot/syslinux/archiso_head.cfg\n\nDEFAULT arch64\nTIMEOUT 150\n\nINCLUDE boot/syslinux/archiso_sys-linux.cfg\n",
        )
        .file("/arch/boot/syslinux/archiso_head.cfg", "SERIAL 0 115200\nUI boot/syslinux/vesamenu.c32\nMENU TITLE Arch Linux\n")
        .file(
            "/arch/boot/syslinux/archiso_sys-linux.cfg",
            "LABEL arch64\nTEXT HELP\nBoot the Arch Linux install medium on BIOS.\nENDTEXT\nMENU LABEL Arch Linux install medium (x86_64, BIOS)\n\
             LINUX boot/x86_64/vmlinuz-linux\nINITRD boot/intel-ucode.img,boot/x86_64/initramfs-linux.img\n\
             APPEND archisobasedir=arch archisolabel=ARCH_202405\n",
        );
    let menu = guest.menu();
    let chosen = default(&menu);
    assert_eq!(chosen.title, b"Arch Linux install medium (x86_64, BIOS)");
    assert_eq!(kernel(chosen), "0:/arch/boot/x86_64/vmlinuz-linux");
    assert_eq!(ramdisks(chosen), ["0:/arch/boot/intel-ucode.img", "0:/arch/boot/x86_64/initramfs-linux.img"]);
    assert_eq!(arguments(chosen), "archisobasedir=arch archisolabel=ARCH_202405");
}

#[test]
fn programs_that_choose() {
    let labels = "label a\nkernel /a\nappend x\nlabel b\nkernel /b\n";
    let first = |text: &str, path: &str| {
        let menu = MapGuest::with_config(path, format!("label p\n{text}\n{labels}")).menu();
        let entry = menu.entries.first().cloned().unwrap_or_default();
        match entry.problems.first() {
            Some(problem) => problem.clone(),
            None => format!("{} {}", kernel(&entry), arguments(&entry)),
        }
    };
    for (text, expected) in [
        ("com32 ifcpu64.c32\nappend a y -- b", "0:/a x y"),
        ("com32 ifcpu64.c32\nappend b", "0:/b "),
        ("com32 ifcpu64.c32", "not bootable because `ifcpu64.c32` has nothing to choose here"),
        ("kernel whichsys.c32\nappend -iso- a -sys- b", "0:/b "),
        ("kernel whichsys.c32\nappend -sys- a single -pxe- b", "0:/a x single"),
        (
            "kernel whichsys.c32\nappend -iso- a",
            "not bootable because `whichsys.c32` has nothing to choose here",
        ),
        (
            "kernel whichsys.c32\nappend -sys- chain.c32 hd0",
            "not bootable because `chain.c32` is no Linux kernel",
        ),
        (
            "kernel whichsys.c32\nappend -sys- p",
            "not bootable because `whichsys.c32` chooses among others of its kind",
        ),
        ("kernel linux.c32\nappend /v initrd=/i quiet", "0:/v quiet"),
        ("kernel linux.c32\nappend -", "not bootable because `linux.c32` is no Linux kernel"),
        ("kernel vesamenu.c32\nappend -", "not bootable because `vesamenu.c32` is no Linux kernel"),
    ] {
        assert_eq!(first(text, PATH), expected, "{text}");
    }
    let disc = "kernel whichsys.c32\nappend -iso- a -sys- b";
    assert_eq!(first(disc, "/isolinux/isolinux.cfg"), "0:/a x");
}

#[test]
fn other_configurations_and_their_directories() {
    let guest = |label: &str| {
        MapGuest::with_config(PATH, format!("default o\nlabel o\n{label}\n"))
            .file("/sub/x.cfg", "label a\nlinux vmlinuz\ninclude more.cfg\n")
            .file("/sub/more.cfg", "label m\nlinux m\n")
    };
    for (label, expected) in [
        // The working directory stays, unless APPEND says another.
        ("config /sub/x.cfg", "0:/boot/extlinux/vmlinuz"),
        ("config /sub/x.cfg\nappend /sub/", "0:/sub/vmlinuz"),
        ("config ../../sub/x.cfg\nappend ../../sub", "0:/boot/extlinux/../../sub/vmlinuz"),
        ("kernel config.c32\nappend /sub/x.cfg /sub", "0:/sub/vmlinuz"),
        ("config /sub/x.cfg\nappend /", "0:/vmlinuz"),
        ("kernel menu.c32\nappend /sub/x.cfg", "0:/boot/extlinux/vmlinuz"),
    ] {
        let label = label.replace("../../sub/x.cfg", "/sub/x.cfg");
        let menu = guest(&label).menu();
        assert_eq!(kernel(default(&menu)), expected, "{label}");
        assert_eq!(
            menu.entries.len(),
            if expected.ends_with("sub/vmlinuz") && !label.contains("..") { 2 } else { 1 }
        );
    }
    // Its working directory ends with it; an APPEND of all labels is arguments and no directory.
    let text = "append quiet\ndefault b\nlabel o\nconfig /sub/x.cfg\nlabel b\nlinux b\n";
    let menu = MapGuest::with_config(PATH, text).file("/sub/x.cfg", "label a\nlinux a\n").menu();
    assert_eq!(kernel(default(&menu)), "0:/boot/extlinux/b");
    assert_eq!(kernel(entry(&menu, "a")), "0:/boot/extlinux/a");
    let back =
        MapGuest::with_config(PATH, "default b\nlabel b\nlinux /b\nlabel again\nkernel menu.c32\nappend ~\n")
            .menu();
    assert_eq!(entry(&back, "again").problems, ["it leads back to `/boot/extlinux/extlinux.conf`"]);
}

#[test]
fn onerror() {
    let text =
        "default a\nonerror rescue why\nlabel a\nkernel /a\nappend x\nlabel rescue\nkernel /r\nappend y\n";
    let missing = MapGuest::with_config(PATH, text).file("/r", "").menu();
    assert_eq!((kernel(default(&missing)), arguments(default(&missing))), ("0:/r".into(), "y why a".into()));
    assert!(missing.notes.iter().any(|note| note.contains("ONERROR")), "{:?}", missing.notes);
    let there = MapGuest::with_config(PATH, text).file("/r", "").file("/a", "").menu();
    assert_eq!((kernel(default(&there)), there.entries.len()), ("0:/a".into(), 2));
    let neither = text.replace("onerror rescue", "onerror nosuch");
    assert_eq!(kernel(default(&menu(&neither))), "0:/a");
}

#[test]
fn passwords_of_menus() {
    let menu = menu(
        "menu begin x\nmenu passwd outer\nlabel a\nkernel /a\nmenu begin y\nlabel b\nmenu passwd own\nkernel /b\nlabel c\nkernel /c\n\
         menu end\nmenu end\nlabel d\nkernel /d\n",
    );
    let of = |title| entry(&menu, title).password.clone();
    assert!(
        of("a").is_some()
            && of("a") == of("c")
            && of("b").is_some()
            && of("b") != of("a")
            && of("d").is_none()
    );
    let restricted: Vec<_> = menu.entries.iter().map(|entry| entry.restricted).collect();
    assert_eq!(restricted, [true, true, true, false]);
    assert!(menu.security.superusers.is_none());
}

#[test]
fn allowoptions() {
    // Nobody may type arguments: nobody is who might.
    let none = menu("allowoptions 0\nlabel a\nkernel /a\n");
    assert_eq!(none.security.superusers, Some(Vec::new()));
    assert!(!none.entries.iter().any(|entry| entry.restricted));
    assert!(menu("allowoptions 1\nlabel a\nkernel /a\n").security.superusers.is_none());
}

#[test]
fn keywords_that_change_nothing() {
    let quiet = "say hello kernel /no\ndisplay f1.txt\nf1 help.txt\nF10 help.txt 07\nf12 x\nfont x.psf\nkbdmap de.ktl\nserial 0 115200\nconsole 0\n\
                 noescape 1\nnocomplete 1\nnohalt 1\npath /a:/b\nipappend 0\nsysappend 0\nsendcookies 0\npxeretry 3\n\
                 menu color title 1;36;44 #ff8950fc #00000000 std\nmenu msgcolor x\nmenu resolution 640 480\nmenu width 78\nmenu tabmsg Press\n\
                 menu background splash.png\nmenu autoboot in # seconds\nmenu vshift 4\nmenu clear\nmenu helpmsgrow 3\nmenu help x.txt\n\
                 text help\nlabel no\nkernel /no\nendtext\nmenu indent 3\nmenu noimmediate\nmenu nosave\n";
    let menu = menu(&format!("label a\nkernel /a\nappend x\n{quiet}label b\nkernel /b\n"));
    assert_eq!(menu.loader, Loader::Extlinux);
    assert_eq!(
        (menu.entries.len(), kernel(default(&menu)), menu.notes.len()),
        (2, "0:/a".into(), 0),
        "{:?}",
        menu.notes
    );
}

#[test]
fn what_is_left_out_is_said() {
    for (line, note) in [
        ("fdt board.dtb", "the device tree `board.dtb` is left out"),
        ("FDTDIR /dtbs", "the device tree `/dtbs` is left out"),
        ("devicetree x", "the device tree `x` is left out"),
        ("ipappend 2", "what the loader itself would append"),
        ("sysappend 0x40000", "what the loader itself would append"),
        ("menu save", "the choice saved at an earlier boot"),
        ("kernle /x", "`kernle` is no keyword known here"),
    ] {
        let menu = menu(&format!("label a\nkernel /a\n{line}\n"));
        assert!(menu.notes.iter().any(|told| told.contains(note)), "{line}: {:?}", menu.notes);
        assert_eq!(kernel(default(&menu)), "0:/a");
    }
}

#[test]
fn two_menus_of_one_title_are_two() {
    let text = "menu begin x\nmenu label Mo^re\nlabel a\nkernel /a\nmenu begin y\nlabel b\nkernel /b\nmenu end\nmenu end\n\
                menu begin x\nmenu label More\nlabel c\nkernel /c\nlabel o\nconfig /o.cfg\nmenu end\n\
                menu begin none\nlabel n\nconfig /none.cfg\nmenu end\nlabel d\nkernel /d\n";
    let other = "menu begin z\nlabel e\nkernel /e\nmenu end\n";
    let menu = MapGuest::with_config(PATH, text).file("/o.cfg", other).file("/none.cfg", "say\n").menu();
    let told: Vec<_> = menu
        .entries
        .iter()
        .map(|entry| {
            let firsts: Vec<_> = entry.submenus.iter().map(|submenu| submenu.first).collect();
            (entry.title.as_slice(), entry.parents.len(), firsts)
        })
        .collect();
    let expected: [(&[u8], usize, Vec<usize>); 5] = [
        (b"a", 1, vec![0]),
        (b"b", 2, vec![0, 1]),
        (b"c", 1, vec![2]),
        (b"e", 3, vec![2, 3, 3]),
        (b"d", 0, vec![]),
    ];
    assert_eq!(told, expected);
    let keys: Vec<_> =
        menu.entries.iter().map(|entry| entry.submenus.first().and_then(|submenu| submenu.hotkey)).collect();
    let r = Hotkey::named(b"r");
    assert_eq!(keys, [r, r, None, None, None]);
}

#[test]
fn what_a_person_edits_names_files_as_the_first_configuration_does() {
    let guest = MapGuest::with_config(
        PATH,
        "default o\nlabel o\nconfig /sub/x.cfg\nappend /sub\nlabel own\nlinux k\ninitrd i\n",
    )
    .file(
        "/sub/x.cfg",
        "label a\nlinux vmlinuz one\ninitrd i,/j\nappend  x  y\nlabel b\nkernel v\nappend initrd=i,j z\n",
    );
    let menu = guest.menu();
    let source = |title: &str| {
        let source = entry(&menu, title).source.as_deref().unwrap_or_default();
        String::from_utf8_lossy(source).into_owned()
    };
    assert_eq!(source("a"), "linux /sub/vmlinuz one\ninitrd /sub/i,/j\nappend x  y");
    assert_eq!(source("b"), "kernel /sub/v\nappend initrd=/sub/i,/sub/j z");
    let chosen = self::menu("label p\ncom32 ifcpu64.c32\nappend a\nlabel a\nkernel /a\n");
    assert!(entry(&chosen, "p").source.is_none() && entry(&chosen, "p").is_bootable());
    assert_eq!(source("own"), "linux k\ninitrd i\nappend ");
    // Edited and not, it boots the same.
    for (index, entry) in menu.entries.iter().enumerate() {
        let commands = entry.source.as_deref().unwrap_or_default();
        let again = edited(&guest, &menu, index, commands, &Limits::default());
        let again = again.unwrap_or_else(|why| panic!("{why}"));
        assert_eq!(
            (kernel(&again), ramdisks(&again), arguments(&again)),
            (kernel(entry), ramdisks(entry), arguments(entry))
        );
    }
}
