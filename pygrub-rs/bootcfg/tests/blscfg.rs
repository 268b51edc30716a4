//! GRUB's `blscfg`. Debian's GRUB has none, so the expectations are stated by hand: from the Boot Loader Specification
//! (UAPI.1), from Fedora's documentation of it ("Changes/BootLoaderSpecByDefault", grubby(8)), and from what Fedora's and
//! GRUB 2.14's sources do where both are silent; each test says which.

mod common;

use bootcfg::{Error, LimitName, Limits, VolumeId, discover};
use common::{MapGuest, arguments, default, entry, grubenv, kernel, ramdisks};

const MACHINE: &str = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";

/// What Fedora's grub2-mkconfig writes: 00_header, 10_linux, 30_uefi-firmware, shortened to what runs.
const FEDORA: &str = r#"
set pager=1
if [ -f ${config_directory}/grubenv ]; then
  load_env -f ${config_directory}/grubenv
elif [ -s $prefix/grubenv ]; then
  load_env
fi
if [ "${next_entry}" ] ; then
   set default="${next_entry}"
   set next_entry=
   save_env next_entry
   set boot_once=true
else
   set default="${saved_entry}"
fi
if [ x"${feature_menuentry_id}" = xy ]; then
  menuentry_id_option="--id"
else
  menuentry_id_option=""
fi
export menuentry_id_option
if [ x$feature_timeout_style = xy ] ; then
  set timeout_style=menu
  set timeout=5
else
  set timeout=5
fi
insmod part_gpt
insmod ext2
search --no-floppy --fs-uuid --set=root 99999999-8888-7777-6666-555555555555
search --no-floppy --fs-uuid --set=boot 99999999-8888-7777-6666-555555555555
if [ -z "${kernelopts}" ]; then
  set kernelopts="root=UUID=11111111-2222-3333-4444-555555555555 ro rootflags=subvol=root rhgb quiet "
fi
insmod blscfg
blscfg
if [ "$grub_platform" = "efi" ]; then
	menuentry 'UEFI Firmware Settings' $menuentry_id_option 'uefi-firmware' { fwsetup }
fi
"#;

fn fedora_entry(version: &str, options: &str) -> String {
    format!(
        "title Fedora Linux ({version}) 40 (Cloud Edition)\nversion {version}\nlinux /vmlinuz-{version}\n\
         initrd /initramfs-{version}.img $tuned_initrd\noptions {options}\ngrub_users $grub_users\n\
         grub_arg --unrestricted\ngrub_class fedora\n"
    )
}

/// A disk with /boot on a filesystem of its own.
fn fedora() -> MapGuest {
    let newer = "6.10.3-200.fc40.x86_64";
    let older = "6.9.12-200.fc40.x86_64";
    let rescue = format!(
        "title Fedora Linux (0-rescue-{MACHINE}) 40 (Cloud Edition)\nversion 0-rescue-{MACHINE}\n\
         linux /vmlinuz-0-rescue-{MACHINE}\ninitrd /initramfs-0-rescue-{MACHINE}.img\noptions $kernelopts\n\
         grub_users $grub_users\ngrub_arg --unrestricted\ngrub_class kernel\n"
    );
    MapGuest::default()
        .volume("hd0,gpt1", "99999999-8888-7777-6666-555555555555", "boot")
        .file("/grub2/grub.cfg", FEDORA)
        .file(&format!("/loader/entries/{MACHINE}-0-rescue.conf"), rescue)
        .file(
            &format!("/loader/entries/{MACHINE}-{older}.conf"),
            fedora_entry(older, "$kernelopts $tuned_params"),
        )
        .file(
            &format!("/loader/entries/{MACHINE}-{newer}.conf"),
            fedora_entry(newer, "$kernelopts $tuned_params"),
        )
        .file("/loader/entries/README", "not an entry")
        .file("/loader/entries/.hidden.conf", "title hidden\nlinux /x\n")
}

const OPTIONS: &str = "root=UUID=11111111-2222-3333-4444-555555555555 ro rootflags=subvol=root rhgb quiet";

#[test]
fn fedora_as_installed() {
    let menu = fedora().menu();
    let titles: Vec<_> = menu.entries.iter().map(|entry| String::from_utf8_lossy(&entry.title)).collect();
    // Newest first; the rescue entry's version is 0.
    assert_eq!(
        titles,
        [
            "Fedora Linux (6.10.3-200.fc40.x86_64) 40 (Cloud Edition)",
            "Fedora Linux (6.9.12-200.fc40.x86_64) 40 (Cloud Edition)",
            &format!("Fedora Linux (0-rescue-{MACHINE}) 40 (Cloud Edition)"),
        ]
    );
    assert_eq!((menu.default, menu.timeout), (Some(0), Some(5)));
    let first = default(&menu);
    assert_eq!(kernel(first), "0:/vmlinuz-6.10.3-200.fc40.x86_64");
    assert_eq!(ramdisks(first), ["0:/initramfs-6.10.3-200.fc40.x86_64.img"]);
    assert_eq!(arguments(first), OPTIONS);
    assert_eq!(first.id, Some(format!("{MACHINE}-6.10.3-200.fc40.x86_64").into_bytes()));
    assert!(menu.entries.iter().all(|entry| entry.problems.is_empty() && !entry.restricted), "{menu:#?}");
}

#[test]
fn saved_and_next_entries_by_id() {
    // grub2-set-default and grubby write the entry's id, the file's name without `.conf`.
    let saved = format!("saved_entry={MACHINE}-6.9.12-200.fc40.x86_64\n");
    let menu = fedora().file("/grub2/grubenv", grubenv(&saved)).menu();
    assert_eq!(menu.default, Some(1));
    let both = format!("{saved}next_entry={MACHINE}-0-rescue\n");
    assert_eq!(fedora().file("/grub2/grubenv", grubenv(&both)).menu().default, Some(2));
    // A machine id that begins with a digit is no number: Fedora's GRUB, and so any with `blscfg`, looks for an id, then a
    // title, then a whole number (its patch for bug 1640979; Debian's takes `0a1b…` for 0, as grub-emu shows).
    assert_eq!(fedora().file("/grub2/grubenv", grubenv("saved_entry=1\n")).menu().default, Some(1));
    let title = "saved_entry=Fedora Linux (6.9.12-200.fc40.x86_64) 40 (Cloud Edition)\n";
    assert_eq!(fedora().file("/grub2/grubenv", grubenv(title)).menu().default, Some(1));
}

#[test]
fn variables_of_the_environment_block() {
    let block = "kernelopts=root=/dev/mapper/rhel-root ro crashkernel=auto\ntuned_params=skew_tick=1 isolcpus=2\n\
                 tuned_initrd=/tuned-initrd.img\n";
    let menu = fedora().file("/grub2/grubenv", grubenv(block)).menu();
    let first = default(&menu);
    assert_eq!(arguments(first), "root=/dev/mapper/rhel-root ro crashkernel=auto skew_tick=1 isolcpus=2");
    // The second word of an `initrd` line is a file on $root too.
    assert_eq!(ramdisks(first), ["0:/initramfs-6.10.3-200.fc40.x86_64.img", "0:/tuned-initrd.img"]);
}

#[test]
fn entries_beside_the_root_filesystem() {
    // No /boot of its own: /loader/entries is not there, /boot/loader/entries is.
    let guest = MapGuest::with_config("/boot/grub2/grub.cfg", "blscfg\n").file(
        "/boot/loader/entries/x-5.14.0-1.el9.conf",
        "title Rocky\nlinux /boot/vmlinuz\ninitrd /boot/initrd\n",
    );
    assert_eq!(kernel(default(&guest.menu())), "0:/boot/vmlinuz");
    // `$blsdir`, as Fedora's sets it for CoreOS.
    let guest = MapGuest::with_config("/grub2/grub.cfg", "set blsdir=/ostree/entries\nblscfg\n")
        .file("/ostree/entries/ostree-1.conf", "title one\nlinux /ostree/1/vmlinuz\noptions a\n")
        .file("/ostree/entries/ostree-2.conf", "title two\nlinux /ostree/2/vmlinuz\noptions b\n");
    assert_eq!(kernel(default(&guest.menu())), "0:/ostree/2/vmlinuz");
    // A directory named in the call; a single file; GRUB 2.14's options for both.
    for call in ["(hd0,msdos1)/e", "-p /e", "--path=(hd0,msdos1)/e", "--path /e/a.conf"] {
        let guest = MapGuest::with_config("/grub2/grub.cfg", format!("blscfg {call}\n"))
            .file("/e/a.conf", "linux /a\n")
            .file("/loader/entries/b.conf", "linux /b\n");
        let menu = guest.menu();
        assert_eq!((menu.entries.len(), kernel(default(&menu))), (1, "0:/a".to_owned()), "{call}");
        // Without a title the kernel's name is the title (both sources).
        assert_eq!(menu.entries[0].title, b"/a");
    }
}

#[test]
fn entries_stand_where_blscfg_stands() {
    let text = "menuentry first { linux /first }\nblscfg default\nsubmenu more { blscfg non-default }\nmenuentry last { linux /last }\n";
    let guest = MapGuest::with_config("/grub2/grub.cfg", format!("set default=x-2\n{text}"))
        .file("/loader/entries/x-1.conf", "title one\nlinux /1\n")
        .file("/loader/entries/x-2.conf", "title two\nlinux /2\n")
        .file("/loader/entries/x-3.conf", "title three\nlinux /3\n");
    let menu = guest.menu();
    let titles: Vec<_> = menu.entries.iter().map(|entry| String::from_utf8_lossy(&entry.title)).collect();
    // A submenu sees exported variables only, and `default` is not one: nothing in it is the default.
    assert_eq!(titles, ["first", "two", "three", "one", "last"]);
    assert_eq!(kernel(default(&menu)), "0:/2");
    assert_eq!(menu.entries[2].parents, [b"more".to_vec()]);
    // One entry by its id, in both notations; each is shown once.
    for call in ["blscfg x-1", "blscfg -e x-1.conf", "blscfg --entry=x-1", "blscfg x-1\nblscfg x-1"] {
        let guest = MapGuest::with_config("/grub2/grub.cfg", format!("{call}\n"))
            .file("/loader/entries/x-1.conf", "title one\nlinux /1\n")
            .file("/loader/entries/x-2.conf", "title two\nlinux /2\n");
        let menu = guest.menu();
        assert_eq!((menu.entries.len(), kernel(&menu.entries[0])), (1, "0:/1".to_owned()), "{call}");
    }
}

#[test]
fn users_and_early_ramdisks() {
    let text = "set superusers=root\nset grub_users=alice\nset early_initrd=\"intel-ucode.img amd-ucode.img\"\nblscfg\n";
    let guest = MapGuest::with_config("/grub2/grub.cfg", text)
        .file(
            "/loader/entries/a.conf",
            "title a\nlinux /k/a\ninitrd /i/a\ninitrd /i/b\ngrub_users $grub_users\n",
        )
        .file("/loader/entries/b.conf", "title b\nlinux /k/b\ngrub_users $nobody\n")
        .file("/loader/entries/c.conf", "title c\nlinux /k/c\n");
    let menu = guest.menu();
    // Users that come to nothing are no users: the entry is everyone's, as with `--unrestricted`.
    let restricted: Vec<bool> = ["a", "b", "c"].iter().map(|title| entry(&menu, title).restricted).collect();
    assert_eq!(restricted, [true, false, false]);
    // Beside the first ramdisk, or else beside the kernel; before the others.
    assert_eq!(
        ramdisks(entry(&menu, "a")),
        ["0:/i/intel-ucode.img", "0:/i/amd-ucode.img", "0:/i/a", "0:/i/b"]
    );
    assert_eq!(ramdisks(entry(&menu, "b")), ["0:/k/intel-ucode.img", "0:/k/amd-ucode.img"]);
}

#[test]
fn options_are_grub_script() {
    let text = "set x=1\nset default_kernelopts=\"root=$x fallback\"\nblscfg\n";
    let guest = MapGuest::with_config("/grub2/grub.cfg", text)
        .file("/loader/entries/a.conf", "title a\nlinux /a\noptions a=\"b c\" d=$x$y.e f\\ g 'h  i'\n")
        .file("/loader/entries/b.conf", "title b\nlinux /b\n")
        .file("/loader/entries/c.conf", "title c\nlinux /c\noptions one\noptions two\n");
    let menu = guest.menu();
    assert_eq!(arguments(entry(&menu, "a")), r#""a=b c" d=1.e "f g" "h  i""#);
    assert_eq!(arguments(entry(&menu, "b")), "root=1 fallback");
    // Both sources take the first line, whatever the specification says.
    assert_eq!(arguments(entry(&menu, "c")), "one");
    assert!(menu.notes.iter().any(|note| note.contains("c.conf: GRUB takes the first `options`")));
}

#[test]
fn what_is_wrong_is_told() {
    let guest = MapGuest::with_config("/grub2/grub.cfg", "blscfg\nmenuentry m { linux /m }\n")
        .file("/loader/entries/no-linux.conf", "title no\ninitrd /x\n")
        .file("/loader/entries/cut.conf", "title cut\n\nlinux /x\n")
        .file("/loader/entries/same-1.0.conf", "linux /1\n")
        .file("/loader/entries/same-1_0.conf", "linux /2\n")
        .file("/loader/entries/huge.conf", vec![b'#'; 2 << 20]);
    let menu = guest.menu();
    let kernels: Vec<String> = menu.entries.iter().map(kernel).collect();
    assert_eq!(kernels, ["0:/1", "0:/m"]);
    let notes = menu.notes.join("\n");
    for expected in [
        "no-linux.conf: left out, it has no `linux`",
        "cut.conf:2: GRUB stops at a line without a value",
        "same-1_0.conf: left out, another entry has this version",
        "huge.conf: too large",
    ] {
        assert!(notes.contains(expected), "{expected}: {notes}");
    }
    let menu = MapGuest::with_config("/grub2/grub.cfg", "blscfg\nmenuentry m { linux /m }\n").menu();
    assert!(
        menu.notes.iter().any(|note| note.contains("/loader/entries: no such directory")),
        "{:?}",
        menu.notes
    );
}

#[test]
fn budgets_hold() {
    let mut guest = MapGuest::with_config("/grub2/grub.cfg", "blscfg\n");
    for number in 0..1_001 {
        guest = guest.file(&format!("/loader/entries/x-{number}.conf"), "title t\nlinux /k\n");
    }
    let error = discover(&guest, VolumeId(0), &Limits::default()).unwrap_err();
    assert_eq!(
        error,
        Error::Limit { limit: LimitName::MaxEntries, value: 1000, file: "/grub2/grub.cfg".into(), line: 1 }
    );
    for number in 0..9_000 {
        guest = guest.file(&format!("/loader/entries/y-{number}.conf"), "");
    }
    let menu = discover(&guest, VolumeId(0), &Limits::default()).unwrap().unwrap();
    assert!(menu.entries.is_empty());
    assert!(menu.notes.iter().any(|note| note.contains("more than 10000 names")), "{:?}", menu.notes);
}

#[test]
fn everything_is_bytes() {
    let guest = MapGuest::with_config("/grub2/grub.cfg", "blscfg\n")
        .file("/loader/entries/a.conf", b"title \xffx\x1b[2J\nlinux /\xfe\noptions \xfd=\x01\nbad\0 x\n");
    let menu = guest.menu();
    let only = default(&menu);
    assert_eq!(only.title, b"\xffx\x1b[2J");
    assert_eq!(only.kernel.as_ref().unwrap().file.path, b"/\xfe");
    assert_eq!(only.arguments, b"\xfd=\x01");
}

/// GRUB 2.14's `uki`, from its source: the images of the EFI system partition that have a name, the newest first, each chain-loaded.
#[test]
fn unified_kernel_images() {
    const ESP: &str = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b";
    let image = |name: &str, args: &str| {
        let osrel = format!("ID=x\nPRETTY_NAME=\"{name}\"\n");
        common::pe(&[
            (".linux", b"k"),
            (".osrel", osrel.as_bytes()),
            (".cmdline", args.as_bytes()),
            (".initrd", b"i"),
        ])
    };
    let config = "set default=a-6.9.efi\nuki\nuki --path /other --enable-fallback\nuki -p (hd0,gpt2)/boot/x.efi\nuki -x\n";
    let guest = MapGuest::default()
        .volume("hd0,gpt1", "AAAA-BBBB", "ESP")
        .of_type(ESP)
        .file("/EFI/Linux/a-6.9.efi", image("Nine", "root=/nine"))
        .file("/EFI/Linux/a-6.10.efi", image("Ten", "root=/ten"))
        .file("/EFI/Linux/b'c.efi", image("Quote", "root=/quote"))
        .file("/EFI/Linux/noname.efi", common::pe(&[(".linux", b"k")]))
        .file("/EFI/Linux/windows.efi", "MZ")
        .volume("hd0,gpt2", "1", "root")
        .file("/boot/grub/grub.cfg", config)
        .file("/boot/x.efi", image("By name", "root=/x"));
    let menu = guest.menu_of(1);
    let titles: Vec<_> = menu.entries.iter().map(|entry| String::from_utf8_lossy(&entry.title)).collect();
    assert_eq!(titles, ["Quote", "Ten", "Nine", "By name"]);
    assert_eq!(arguments(default(&menu)), "root=/nine");
    assert_eq!(kernel(default(&menu)), "0:/EFI/Linux/a-6.9.efi");
    assert_eq!(menu.entries[0].id.as_deref(), Some(&b"b'c.efi"[..]));
    assert_eq!(
        (kernel(&menu.entries[0]), arguments(&menu.entries[0])),
        ("0:/EFI/Linux/b'c.efi".into(), "root=/quote".into())
    );
    assert_eq!(kernel(&menu.entries[3]), "1:/boot/x.efi");
    let told = |part: &str| menu.notes.iter().any(|note| note.contains(part));
    assert!(
        told("noname.efi: left out, it has no name") && told("windows.efi: left out"),
        "{:?}",
        menu.notes
    );
}
