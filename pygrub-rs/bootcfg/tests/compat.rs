//! What Xen's pygrub gets wrong with GRUB 2 configurations, one test for each line of its list.

mod common;

use bootcfg::{Limits, parse_config};
use common::{MapGuest, arguments, default, entry, grubenv, kernel, ramdisks};

const PATH: &str = "/boot/grub/grub.cfg";

#[test]
fn a_brace_right_after_the_title() {
    let menu = MapGuest::with_config(PATH, "menuentry 'A'{\nlinux /a\n}\nmenuentry B{\nlinux /b\n}\n").menu();
    assert_eq!((kernel(entry(&menu, "A")), kernel(entry(&menu, "B"))), ("0:/a".into(), "0:/b".into()));
}

#[test]
fn an_unquoted_title() {
    let menu = MapGuest::with_config(PATH, "menuentry Linux\\ 6 --class x {\nlinux /a\n}\n").menu();
    assert_eq!(kernel(entry(&menu, "Linux 6")), "0:/a");
}

#[test]
fn a_brace_on_the_next_line() {
    let menu =
        MapGuest::with_config(PATH, "menuentry 'A' --class x\n\n # a\n{\nlinux /a\n}\nset timeout=3\n")
            .menu();
    assert_eq!(kernel(entry(&menu, "A")), "0:/a");
    assert_eq!(menu.timeout, Some(3));
}

#[test]
fn only_one_branch_runs() {
    let text = "if [ a = b ]; then set v=1; elif [ a = c ]; then set v=2; else set v=3; fi\n\
                menuentry A { if true; then linux /yes; else linux /no; fi }\nset timeout=$v\n";
    let menu = MapGuest::with_config(PATH, text).menu();
    assert_eq!(kernel(default(&menu)), "0:/yes");
    assert_eq!(menu.timeout, Some(3));
}

#[test]
fn variables_in_braces() {
    let text = "set v=6.1\nmenuentry A { linux /vmlinuz-${v} root=${r}x a=\"${v}\" '${v}' }\n";
    let menu = MapGuest::with_config(PATH, text).menu();
    assert_eq!(kernel(default(&menu)), "0:/vmlinuz-6.1");
    assert_eq!(arguments(default(&menu)), "root=x a=6.1 ${v}");
}

#[test]
fn continued_lines() {
    let menu = MapGuest::with_config(PATH, "menuentry A {\nlinux /vmlinuz a \\\n  b \\\n  c\n}\n").menu();
    assert_eq!(arguments(default(&menu)), "a b c");
}

#[test]
fn default_by_path_id_and_title() {
    let entries = "menuentry A --id a { linux /a }\nsubmenu S --id s { menuentry B --id b { linux /b }\n\
                   menuentry 'C > D' --id c { linux /c }\n}\n";
    for (value, expected) in [
        ("0", "0:/a"),
        ("1>0", "0:/b"),
        ("1>1", "0:/c"),
        ("s>c", "0:/c"),
        ("S>B", "0:/b"),
        ("S>C >> D", "0:/c"),
        ("1", "0:/b"),
        ("s", "0:/b"),
        ("c", "0:/a"),
        ("9", "0:/a"),
    ] {
        let menu = MapGuest::with_config(PATH, format!("set default=\"{value}\"\n{entries}")).menu();
        assert_eq!(kernel(default(&menu)), expected, "default={value}");
    }
}

#[test]
fn a_saved_entry() {
    let text =
        "load_env\nset default=\"${saved_entry}\"\nmenuentry A { linux /a }\nmenuentry B { linux /b }\n";
    let guest = MapGuest::with_config(PATH, text).file("/boot/grub/grubenv", grubenv("saved_entry=B\n"));
    assert_eq!(kernel(default(&guest.menu())), "0:/b");
}

#[test]
fn several_ramdisks() {
    let menu = MapGuest::with_config(
        PATH,
        "menuentry A { linux /vmlinuz\ninitrd /boot/intel-ucode.img  /boot/initramfs-linux.img }\n",
    )
    .menu();
    assert_eq!(ramdisks(default(&menu)), ["0:/boot/intel-ucode.img", "0:/boot/initramfs-linux.img"]);
}

#[test]
fn root_set_from_root() {
    let menu = MapGuest::with_config(PATH, "set root=($root)\nmenuentry A { linux ($root)/a }\n").menu();
    assert_eq!(kernel(default(&menu)), "0:/a");
    assert_eq!(default(&menu).root, b"hd0,msdos1");
}

#[test]
fn linuxefi_and_linux16() {
    let text = "menuentry A { linuxefi /a x\ninitrdefi /i }\nmenuentry B { linux16 /b\ninitrd16 /j }\n";
    let menu = MapGuest::with_config(PATH, text).menu();
    assert_eq!((kernel(&menu.entries[0]), ramdisks(&menu.entries[0])), ("0:/a".into(), vec!["0:/i".into()]));
    assert_eq!((kernel(&menu.entries[1]), ramdisks(&menu.entries[1])), ("0:/b".into(), vec!["0:/j".into()]));
}

#[test]
fn xen_inside_boots_its_own_kernel() {
    let text = "set default=0\nmenuentry Xen { multiboot2 /xen.gz\nmodule2 /vmlinuz\nmodule2 /initrd }\n\
                menuentry Linux { linux /vmlinuz }\n";
    let menu = MapGuest::with_config(PATH, text).menu();
    assert_eq!(menu.default, Some(0));
    let xen = default(&menu);
    assert_eq!((kernel(xen), ramdisks(xen)), ("0:/vmlinuz".into(), vec!["0:/initrd".into()]));
}

#[test]
fn search_finds_other_volumes() {
    let text = "menuentry U { search --no-floppy --fs-uuid --set=root ABCD-0001\nlinux /u }\n\
                menuentry L { search --label --set boot\nlinux /l }\n\
                menuentry F { search --file --set=root /marker\nlinux /f }\n\
                menuentry V { search -u -s dev abcd-0001\nlinux ($dev)/v }\n\
                menuentry O { search.fs_uuid abcd-0001 root hd9,msdos1\nlinux /o }\n\
                menuentry N { search --fs-uuid --set=root nosuch\nlinux /n }\n\
                menuentry D { linux (hd0,2)/d\ninitrd (hd0,msdos1)/i }\n";
    let guest =
        MapGuest::with_config(PATH, text).volume("hd0,msdos2", "abcd-0001", "boot").file("/marker", "");
    let menu = guest.menu();
    let kernels: Vec<_> = menu.entries.iter().map(kernel).collect();
    assert_eq!(kernels, ["1:/u", "1:/l", "1:/f", "1:/v", "1:/o", "0:/n", "1:/d"]);
    assert_eq!(ramdisks(entry(&menu, "D")), ["0:/i"]);
    assert_eq!(entry(&menu, "U").root, b"hd0,msdos2");
}

#[test]
fn source_and_configfile() {
    let text = "source $prefix/a.cfg\n. /boot/grub/b.cfg\nsource $prefix/nosuch.cfg\n";
    let guest = MapGuest::with_config(PATH, text)
        .file("/boot/grub/a.cfg", "set x=1\nmenuentry A { linux /a x=$x }\n")
        .file("/boot/grub/b.cfg", "set x=2\n");
    assert_eq!(arguments(default(&guest.menu())), "x=2");
    let guest = MapGuest::with_config(PATH, "menuentry A { linux /a }\nconfigfile /other.cfg\n")
        .file("/other.cfg", "set timeout=7\nmenuentry B { linux /b }\n");
    let menu = guest.menu();
    assert_eq!((menu.entries.len(), menu.timeout), (1, Some(7)));
    assert_eq!(kernel(default(&menu)), "0:/b");
}

#[test]
fn bytes_that_are_not_utf_8() {
    let text = b"menuentry \"caf\xe9 \xff\" --id \xe9 { linux /vmlinuz-\xe9 x=\xff }\n";
    let menu = MapGuest::with_config(PATH, text).menu();
    assert_eq!(menu.entries[0].title, b"caf\xe9 \xff");
    assert_eq!(menu.entries[0].id.as_deref(), Some(&b"\xe9"[..]));
    assert_eq!(menu.entries[0].kernel.as_ref().unwrap().file.path, b"/vmlinuz-\xe9");
    assert_eq!(menu.entries[0].arguments, b"x=\xff");
}

#[test]
fn isconfig_needs_no_guest() {
    let text = b"set default=1\nmenuentry A { linux /a }\nmenuentry B { set root='hd0,msdos1'\n\
                 search --fs-uuid --set=root x\nlinux (hd0,1)/b y\ninitrd /i }\n";
    let menu = parse_config(text, &Limits::default()).unwrap();
    let entry = &menu.entries[menu.default.unwrap()];
    assert_eq!(entry.kernel.as_ref().unwrap().file.path, b"/b");
    assert_eq!(entry.kernel.as_ref().unwrap().file.volume, bootcfg::VolumeId::NONE);
    assert_eq!(entry.ramdisks[0].file.path, b"/i");
    assert_eq!(entry.arguments, b"y");
}

#[test]
fn the_order_of_looking() {
    let config = |name: &str| format!("menuentry A {{ linux /{name} }}\n");
    let guest = MapGuest::default()
        .volume("hd0", "u", "l")
        .file("/grub2/grub.cfg", config("d"))
        .file("/boot/grub2/grub.cfg", config("c"))
        .file("/grub/grub.cfg", config("b"));
    assert_eq!(kernel(default(&guest.menu())), "0:/b");
    let guest = guest.file(PATH, config("a"));
    assert_eq!(kernel(default(&guest.menu())), "0:/a");
    let empty = MapGuest::default().volume("hd0", "u", "l");
    assert_eq!(bootcfg::discover(&empty, bootcfg::VolumeId(0), &Limits::default()), Ok(None));
}

#[test]
fn grub_on_an_efi_system_partition() {
    // Debian's stub there leads to the root's; Red Hat's before BLS was the whole configuration.
    let stub = "search.fs_uuid abcd-1 root\nset prefix=($root)'/boot/grub'\nconfigfile $prefix/grub.cfg\n";
    let guest = MapGuest::with_config("/EFI/debian/grub.cfg", stub)
        .volume("hd0,gpt2", "abcd-1", "root")
        .file("/boot/grub/grub.cfg", "menuentry A { linux /a }\n");
    assert_eq!(kernel(default(&guest.menu())), "1:/a");
    let whole =
        "search --no-floppy --fs-uuid --set=root abcd-1\nmenuentry A { linuxefi /vmlinuz\ninitrdefi /i }\n";
    let guest = MapGuest::with_config("/EFI/centos/grub.cfg", whole).volume("hd0,gpt2", "abcd-1", "boot");
    assert_eq!(kernel(default(&guest.menu())), "1:/vmlinuz");
}
