//! systemd-boot. Expectations are stated by hand from the Boot Loader Specification (UAPI.1), loader.conf(5) and
//! systemd-boot(7), and from systemd's source where those are silent; entry files are as kernel-install and the Arch wiki
//! write them.

mod common;

use bootcfg::{Error, LimitName, Limits, Loader, TimeoutStyle, VolumeId, discover};
use common::{MapGuest, arguments, default, kernel, ramdisks};

const ESP: &str = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b";
const XBOOTLDR: &str = "bc13c2ff-59e6-4262-a352-b275fd6f7172";
const MACHINE: &str = "6a9857a393724b7a981ebb5b8495b9ea";

fn esp() -> MapGuest {
    MapGuest::default().volume("hd0,gpt1", "AAAA-BBBB", "ESP").of_type(ESP)
}

/// The kernels and ramdisks that entries name: what is not there is not shown.
fn with_files(guest: MapGuest, files: &[&str]) -> MapGuest {
    files.iter().fold(guest, |guest, file| guest.file(file, "x"))
}

fn titles(menu: &bootcfg::BootMenu) -> Vec<String> {
    menu.entries.iter().map(|entry| String::from_utf8_lossy(&entry.title).into_owned()).collect()
}

#[test]
fn arch_as_its_wiki_has_it() {
    let guest = esp()
        .file("/loader/loader.conf", "default  arch.conf\ntimeout  4\nconsole-mode max\neditor   no\n")
        .file(
            "/loader/entries/arch.conf",
            "title   Arch Linux\nlinux   /vmlinuz-linux\ninitrd  /intel-ucode.img\ninitrd  /initramfs-linux.img\n\
             options root=UUID=b9b5 rw\noptions quiet\n",
        )
        .file(
            "/loader/entries/arch-fallback.conf",
            "title   Arch Linux (fallback initramfs)\nlinux   /vmlinuz-linux\ninitrd  /initramfs-linux-fallback.img\n\
             options root=UUID=b9b5 rw\n",
        );
    let menu = with_files(guest, &["/vmlinuz-linux"]).menu();
    assert_eq!((menu.loader, menu.timeout), (Loader::SystemdBoot, Some(4)));
    assert_eq!(menu.config.path, b"/loader/loader.conf");
    let first = default(&menu);
    assert_eq!(first.title, b"Arch Linux");
    assert_eq!(kernel(first), "0:/vmlinuz-linux");
    assert_eq!(ramdisks(first), ["0:/intel-ucode.img", "0:/initramfs-linux.img"]);
    // Several `options` are joined by blanks.
    assert_eq!(arguments(first), "root=UUID=b9b5 rw quiet");
    // `editor no`: nobody edits, and everybody boots.
    assert_eq!(menu.security.superusers, Some(Vec::new()));
    assert!(!first.restricted);
}

#[test]
fn kernel_install_on_xbootldr() {
    let entry = |version: &str| {
        format!(
            "# Boot Loader Specification type#1 entry\ntitle      Fedora Linux 40\nversion    {version}\nmachine-id {MACHINE}\n\
             sort-key   fedora\noptions    root=UUID=1 ro\nlinux      /{MACHINE}/{version}/linux\n\
             initrd     /{MACHINE}/{version}/initrd\n"
        )
    };
    let (old, new) = ("6.9.12-200.fc40.x86_64", "6.10.3-200.fc40.x86_64");
    let boot = |guest: MapGuest| {
        let guest = guest
            .file(&format!("/loader/entries/{MACHINE}-{old}.conf"), entry(old))
            .file(&format!("/loader/entries/{MACHINE}-{new}+3.conf"), entry(new));
        with_files(guest, &[&format!("/{MACHINE}/{old}/linux"), &format!("/{MACHINE}/{new}/linux")])
    };
    let guest = esp().file("/loader/loader.conf", "timeout menu-force\n").volume("hd0,gpt2", "2", "boot");
    let guest = boot(guest.of_type(XBOOTLDR));
    // From either side: the loader reads its own partition's loader.conf, and both partitions' entries.
    for volume in [0, 1] {
        let menu = guest.menu_of(volume);
        assert_eq!(menu.timeout, None);
        assert_eq!(kernel(default(&menu)), format!("1:/{MACHINE}/{new}/linux"));
        // The counter is no part of the name; two of the same title are told apart by their version.
        assert_eq!(menu.entries[0].id, Some(format!("{MACHINE}-{new}.conf").into_bytes()));
        assert_eq!(titles(&menu), [format!("Fedora Linux 40 ({new})"), format!("Fedora Linux 40 ({old})")]);
    }
    // A volume that is neither stands alone; without loader.conf the menu is not shown.
    let menu = boot(MapGuest::default().volume("hd0", "1", "all")).menu();
    assert_eq!((menu.timeout, menu.timeout_style, menu.entries.len()), (Some(0), TimeoutStyle::Hidden, 2));
}

#[test]
fn boot_counting_puts_what_failed_last() {
    let guest = esp()
        .file("/loader/entries/new+0-3.conf", "title new\nsort-key a\nversion 2\nlinux /k\n")
        .file("/loader/entries/old.conf", "title old\nsort-key a\nversion 1\nlinux /k\n");
    let menu = with_files(guest, &["/k"]).menu();
    assert_eq!(titles(&menu), ["old", "new"]);
    assert_eq!(menu.default, Some(0));
}

#[test]
fn defaults_are_patterns() {
    let guest = |conf: &str| {
        let guest = esp().file("/loader/loader.conf", conf);
        let guest = ["one", "Two", "three"].iter().fold(guest, |guest, name| {
            guest.file(&format!("/loader/entries/{name}.conf"), format!("title {name}\nlinux /k\n"))
        });
        with_files(guest, &["/k"])
    };
    let chosen = |conf: &str| String::from_utf8(default(&guest(conf).menu()).title.clone()).unwrap();
    // Without a sort key by name, the greatest first; names are compared in lower case.
    assert_eq!(titles(&guest("").menu()), ["Two", "three", "one"]);
    assert_eq!(chosen("default o*\n"), "one");
    assert_eq!(chosen("default TWO.CONF\n"), "Two");
    // As systemd before 246 had it.
    assert_eq!(chosen("default three\n"), "three");
    let menu = guest("default @saved\n").menu();
    assert_eq!(menu.default, Some(0));
    assert!(
        menu.notes.iter().any(|note| note.contains("@saved is kept in an EFI variable")),
        "{:?}",
        menu.notes
    );
    let menu = guest("default nothing\n").menu();
    assert!(menu.notes.iter().any(|note| note.contains("`nothing` fits no entry")), "{:?}", menu.notes);
}

#[test]
fn what_is_not_shown_is_noted() {
    let guest = esp()
        .file("/loader/entries/good.conf", "title good\nlinux k\narchitecture X64\n")
        .file("/loader/entries/gone.conf", "title gone\nlinux /gone\n")
        .file("/loader/entries/arm.conf", "linux /k\narchitecture aa64\n")
        .file("/loader/entries/two.conf", "linux /k\nefi /k\n")
        .file("/loader/entries/none.conf", "title none\noptions x\n")
        .file("/loader/entries/net.conf", "uki-url http://example/x.efi\n")
        .file("/loader/entries/auto-x.conf", "linux /k\n")
        .file("/loader/entries/.x.conf", "linux /k\n")
        .file("/loader/entries/x.txt", "linux /k\n")
        .file("/EFI/Linux/text.efi", "no program\n");
    let menu = with_files(guest, &["/k"]).menu();
    assert_eq!(titles(&menu), ["good"]);
    let notes = menu.notes.join("\n");
    for expected in [
        "gone.conf: left out, `/gone` is not there",
        "arm.conf: left out, it is for the architecture `aa64`",
        "two.conf: left out, it names two things to start",
        "none.conf: left out, it has no `linux`, `efi` or `uki`",
        "net.conf: left out, its image is on the network",
        "text.efi: left out, it is no unified kernel image",
    ] {
        assert!(notes.contains(expected), "{expected}: {notes}");
    }
}

#[test]
fn efi_programs_and_kernels() {
    let mut bzimage = vec![0; 0x300];
    bzimage[..2].copy_from_slice(b"MZ");
    bzimage[0x202..0x206].copy_from_slice(b"HdrS");
    let guest = esp()
        .file("/vmlinuz", bzimage)
        .file("/EFI/shell.efi", "a program")
        .file(
            "/loader/entries/stub.conf",
            "title stub\nefi \\vmlinuz\noptions initrd=\\a.img root=x initrd=b.img  ro\n",
        )
        .file("/loader/entries/shell.conf", "title shell\nefi /EFI/shell.efi\n")
        .file("/loader/entries/uki.conf", "title uki\nuki /EFI/shell.efi\n");
    let menu = guest.menu();
    let by = |title: &str| common::entry(&menu, title);
    // A kernel that the firmware starts loads its ramdisks by itself, which nobody does here.
    assert_eq!(kernel(by("stub")), "0:/vmlinuz");
    assert_eq!(ramdisks(by("stub")), ["0:/a.img", "0:/b.img"]);
    assert_eq!(arguments(by("stub")), "root=x ro");
    assert_eq!(
        by("shell").problems,
        ["not bootable because `/EFI/shell.efi` is an EFI program and no kernel"]
    );
    assert_eq!(by("uki").problems, ["not bootable because `/EFI/shell.efi` is no unified kernel image"]);
    assert_eq!(default(&menu).title, b"stub");
}

#[test]
fn budgets_hold() {
    let mut guest = with_files(esp(), &["/k"]);
    for number in 0..1_001 {
        guest = guest.file(&format!("/loader/entries/{number}.conf"), "linux /k\n");
    }
    let error = discover(&guest, VolumeId(0), &Limits::default()).unwrap_err();
    let expected =
        Error::Limit { limit: LimitName::MaxEntries, value: 1000, file: "/loader/entries".into(), line: 0 };
    assert_eq!(error, expected);
    for number in 0..9_000 {
        guest = guest.file(&format!("/loader/entries/y-{number}.conf"), "");
    }
    let menu = discover(&guest, VolumeId(0), &Limits::default()).unwrap().unwrap();
    assert!(menu.entries.is_empty());
    assert!(menu.notes.iter().any(|note| note.contains("more than 10000 names")), "{:?}", menu.notes);
    // A pattern that is none is not tried a million times.
    let conf = format!("default {}b\n", "*a".repeat(500_000));
    let menu = with_files(esp(), &["/k"])
        .file("/loader/loader.conf", conf)
        .file("/loader/entries/a.conf", "linux /k\n")
        .menu();
    assert_eq!(menu.default, Some(0));
    // Huge files: entries beyond a limit are left out, options beyond one end it.
    let guest = with_files(esp(), &["/k"])
        .file("/loader/entries/huge.conf", vec![b'x'; 2 << 20])
        .file("/loader/entries/a.conf", "title a\nlinux /k\n");
    assert_eq!(titles(&guest.menu()), ["a"]);
    let guest = guest.file("/loader/entries/b.conf", format!("linux /k\noptions {}\n", "x".repeat(20_000)));
    let error = discover(&guest, VolumeId(0), &Limits::default()).unwrap_err();
    assert!(error.to_string().contains("max_value_bytes (16384)"), "{error}");
}

#[test]
fn everything_is_bytes() {
    let guest = esp().file(
        "/loader/entries/a.conf",
        b"title \xff\x1b[2J\nlinux /k\noptions \xfe=\x01 'x' \"y\nbad\0linux /z\n",
    );
    let menu = with_files(guest, &["/k"]).menu();
    let only = default(&menu);
    assert_eq!(only.title, b"\xff\x1b[2J");
    // The loader passes options on as they are.
    assert_eq!(only.arguments, b"\xfe=\x01 'x' \"y");
}

#[test]
fn the_reason_when_every_entry_is_left_out() {
    let guest = esp()
        .file("/loader/loader.conf", "default a.conf\n")
        .file("/loader/entries/a.conf", "title A\nlinux /vmlinuz-6.1\n")
        .file("/loader/entries/b.conf", "title B\nlinux /arm\narchitecture aa64\n");
    let menu = guest.menu();
    assert_eq!((menu.entries.len(), menu.default), (0, None));
    assert_eq!(
        menu.why_nothing_boots(),
        "it has no menu entry (/loader/entries/a.conf: left out, `/vmlinuz-6.1` is not there; \
         /loader/entries/b.conf: left out, it is for the architecture `aa64`)"
    );
    // Another configuration of the volume's boots; the note on this one is the whole reason.
    let more = guest.file("/boot.cfg", "menu=A:boot netbsd\n");
    let many = (0..9).fold(esp(), |guest, number| {
        guest.file(&format!("/loader/entries/{number}.conf"), format!("linux /k{number}\n"))
    });
    assert!(
        many.menu().why_nothing_boots().ends_with("; and 6 more notes)"),
        "{}",
        many.menu().why_nothing_boots()
    );
    assert_eq!(more.menu().loader, Loader::NetBsd);
    assert_eq!(esp().file("/loader/loader.conf", "").menu().why_nothing_boots(), "it has no menu entry");
}
