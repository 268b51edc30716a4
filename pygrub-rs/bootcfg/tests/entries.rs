//! What becomes of entries: isolation, the last kernel wins, problems, passwords, timeouts.

mod common;

use bootcfg::{Candidate, CommandEnd, Limits, Loader, command_line};
use common::{MapGuest, arguments, default, kernel, ramdisks};

fn menu(text: &str) -> bootcfg::BootMenu {
    MapGuest::with_config("/boot/grub/grub.cfg", text).menu()
}

#[test]
fn entries_do_not_see_each_other() {
    let menu = menu(
        "set v=0\nfunction f { echo; }\n\
         menuentry A { set v=1\nset root=other\nunset w\nlinux /a v=$v }\n\
         menuentry B { linux /b v=$v w=$w root=$root }\nset w=2\n",
    );
    assert_eq!(arguments(&menu.entries[0]), "v=1");
    assert_eq!(arguments(&menu.entries[1]), "v=0 w=2 root=hd0,msdos1");
    assert_eq!(menu.entries[0].root, b"other");
}

#[test]
fn an_entry_sees_its_title_and_arguments() {
    let menu = menu("menuentry 'A b' x 'y z' { linux /a $1 \"$2\" \"$3\" $# $chosen }\n");
    assert_eq!(arguments(&menu.entries[0]), "A b x \"y z\" 3 A b");
}

#[test]
fn the_last_kernel_and_the_last_ramdisks_win() {
    let menu = menu("menuentry A { linux /a x\ninitrd /i\nlinux /b y\ninitrd /j\ninitrd /k /l }\n");
    assert_eq!(kernel(default(&menu)), "0:/b");
    assert_eq!(ramdisks(default(&menu)), ["0:/k", "0:/l"]);
    assert_eq!(arguments(default(&menu)), "y");
}

#[test]
fn a_new_kernel_forgets_the_ramdisks() {
    assert!(menu("menuentry A { linux /a\ninitrd /i\nlinux /b }\n").entries[0].ramdisks.is_empty());
}

#[test]
fn boot_ends_the_body() {
    assert_eq!(kernel(default(&menu("menuentry A { linux /a\nboot\nlinux /b }\n"))), "0:/a");
}

#[test]
fn boot_without_a_menu() {
    let menu = menu("set root=hd0,1\nlinux /vmlinuz quiet\ninitrd /initrd\nboot\nmenuentry A { linux /a }\n");
    assert_eq!(menu.entries.len(), 1);
    assert_eq!((kernel(default(&menu)), arguments(default(&menu))), ("0:/vmlinuz".into(), "quiet".into()));
}

#[test]
fn what_cannot_boot_says_why() {
    let menu = menu(
        "menuentry a { echo }\nmenuentry b { halt }\nmenuentry c { reboot }\nmenuentry d { fwsetup }\n\
         menuentry e { chainloader +1 }\nmenuentry f { linux vmlinuz }\nmenuentry g { initrd /i }\nmenuentry h { linux }\n",
    );
    let problems: Vec<_> = menu.entries.iter().map(|entry| entry.problems.join("|")).collect();
    assert_eq!(
        problems,
        [
            "not bootable because it loads no kernel",
            "not bootable because it runs `halt`",
            "not bootable because it runs `reboot`",
            "not bootable because it runs `fwsetup`",
            "not bootable because it chain-loads `+1`, another boot loader",
            "not bootable because the kernel vmlinuz: that is no path",
            "not bootable because it loads no kernel",
            "not bootable because it loads no kernel",
        ]
    );
    assert_eq!(menu.default, None);
}

#[test]
fn fallback_names_what_is_tried_next() {
    let entries = "menuentry A { chainloader +1 }\nmenuentry B { linux /b }\nmenuentry C { linux /c }\n";
    assert_eq!(menu(&format!("set default=0\nset fallback='2 1'\n{entries}")).default, Some(2));
    assert_eq!(menu(&format!("set default=0\n{entries}")).default, Some(1));
}

#[test]
fn timeouts() {
    for (text, expected) in [
        ("", None),
        ("set timeout=0", Some(0)),
        ("set timeout=5", Some(5)),
        ("set timeout=-1", None),
        ("set timeout=", None),
        ("set timeout=x", None),
        ("set timeout=99999999999", Some(u32::MAX)),
        ("set timeout_style=hidden\nset timeout=3", Some(3)),
    ] {
        assert_eq!(menu(&format!("{text}\nmenuentry A {{ linux /a }}\n")).timeout, expected, "{text}");
    }
}

#[test]
fn superusers_restrict_entries() {
    let entries = "menuentry A { linux /a }\nmenuentry B --unrestricted { linux /b }\nmenuentry C --users '' { linux /c }\n";
    let restricted =
        |text: &str| -> Vec<bool> { menu(text).entries.iter().map(|entry| entry.restricted).collect() };
    assert_eq!(restricted(entries), [false, false, false]);
    let text =
        format!("set superusers=\"root\"\npassword_pbkdf2 root grub.pbkdf2.sha512.10000.AB.CD\n{entries}");
    assert_eq!(restricted(&text), [true, false, true]);
    // A submenu's entries are asked for on their own; `superusers` is known there only when it is exported.
    let text = format!(
        "set superusers=root\nexport superusers\nsubmenu S --unrestricted {{ {} }}\n",
        "menuentry D { linux /d }"
    );
    assert_eq!(restricted(&text), [true]);
}

#[test]
fn entries_made_in_loops_and_by_functions() {
    let menu = menu(
        "function entry {\n  menuentry \"Linux $1\" --id \"id-$1\" $1 { linux /vmlinuz-$2 root=/dev/xvda1 }\n}\n\
         for version in 6.1 5.10; do entry $version; done\nset default=id-5.10\n",
    );
    assert_eq!(menu.entries.len(), 2);
    assert_eq!(kernel(default(&menu)), "0:/vmlinuz-5.10");
    assert_eq!(default(&menu).title, b"Linux 5.10");
}

#[test]
fn configfile_in_an_entry_is_a_menu_of_its_own() {
    let guest = MapGuest::with_config(
        "/boot/grub/grub.cfg",
        "set default=\"1>1\"\nmenuentry A { linux /a }\nmenuentry More { configfile /more.cfg }\n",
    )
    .file("/more.cfg", "menuentry B { linux /b }\nmenuentry C { linux /c }\nset default=C\n");
    let menu = guest.menu();
    assert_eq!(menu.entries.len(), 3);
    assert_eq!(menu.entries[1].parents, [b"More".to_vec()]);
    assert_eq!(kernel(default(&menu)), "0:/c");
}

#[test]
fn nested_submenus_keep_their_path() {
    let menu = menu("submenu A { submenu B { menuentry C { linux /c }\n}\nmenuentry D { linux /d }\n}\n");
    assert_eq!(menu.entries[0].parents, [b"A".to_vec(), b"B".to_vec()]);
    assert_eq!(menu.entries[1].parents, [b"A".to_vec()]);
    assert_eq!(menu.default, Some(0));
}

#[test]
fn submenus_of_one_title_are_two() {
    let menu = menu(
        "submenu M --hotkey=m { menuentry A { linux /a }\nsubmenu N { menuentry B { linux /b } } }\n\
         submenu M { menuentry C { linux /c }\nmenuentry D { linux /d } }\nmenuentry E { linux /e }\n",
    );
    let told = |entry: &bootcfg::BootEntry| entry.submenus.iter().map(|menu| menu.first).collect::<Vec<_>>();
    let told: Vec<_> = menu.entries.iter().map(told).collect();
    assert_eq!(told, [vec![0], vec![0, 1], vec![2], vec![2], vec![]]);
    let keys: Vec<_> = menu.entries[1].submenus.iter().map(|menu| menu.hotkey).collect();
    assert_eq!(keys, [Some(bootcfg::Hotkey::Character(b'm')), None]);
    assert_eq!(menu.entries[2].submenus[0].hotkey, None);
}

#[test]
fn submenus_of_another_loaders_menu_are_where_they_came_to_stand() {
    let menu = MapGuest::with_config(
        "/boot/grub/grub.cfg",
        "menuentry A { linux /a }\nsubmenu S { menuentry B { linux /b }\nlegacy_source /l.lst }\n",
    )
    .file("/l.lst", "title x\nkernel /x\ntitle y\nconfigfile /m.lst\ntitle y\nconfigfile /n.lst\n")
    .file("/m.lst", "title p\nkernel /p\ntitle q\nkernel /q\n")
    .file("/n.lst", "title r\nkernel /r\n")
    .menu();
    let told = |entry: &bootcfg::BootEntry| entry.submenus.iter().map(|menu| menu.first).collect::<Vec<_>>();
    let told: Vec<_> = menu.entries.iter().map(told).collect();
    assert_eq!(told, [vec![], vec![1], vec![1], vec![1, 3], vec![1, 3], vec![1, 5]]);
}

#[test]
fn a_menu_is_opened_from_the_command_line() {
    let guest = MapGuest::with_config("/boot/grub/grub.cfg", "menuentry A { linux /a }\n")
        .file("/more.cfg", "menuentry B { linux /b }\n")
        .complete();
    let menu = guest.menu();
    let typed = |line: &str| command_line(&guest, &menu, &[line.as_bytes()], &Limits::default());
    for (line, loader) in [
        ("configfile /more.cfg", Loader::Grub2),
        ("legacy_configfile (hd0,1)/more.cfg", Loader::GrubLegacy),
        ("syslinux_configfile -s /more.cfg", Loader::Extlinux),
    ] {
        let CommandEnd::Opens(Candidate { loader: opened, config }) = typed(line).end else {
            panic!("{line}")
        };
        assert_eq!((opened, config.path.as_slice()), (loader, &b"/more.cfg"[..]));
    }
    let missing = typed("configfile /gone.cfg");
    assert_eq!(missing.end, CommandEnd::Waits);
    assert_eq!(missing.output, b"error: the configuration /gone.cfg does not exist in the guest.\n");
    assert_eq!(typed("configfile").end, CommandEnd::Waits);
}

#[test]
fn an_empty_submenu_has_no_entries() {
    let menu = menu("submenu A { echo }\nmenuentry B { linux /b }\n");
    assert_eq!((menu.entries.len(), menu.default), (1, Some(0)));
}

#[test]
fn exit_outside_entries_ends_the_configuration() {
    let menu = menu("menuentry A { linux /a }\nexit\nmenuentry B { linux /b }\n");
    assert_eq!(menu.entries.len(), 1);
    assert!(menu.notes.iter().any(|note| note.contains("`exit` outside any entry")), "{:?}", menu.notes);
}

#[test]
fn mistakes_cost_no_more_than_their_lines() {
    let menu =
        menu("menuentry A { linux /a }\nfi\nmenuentry B { linux /b\n)fi | }\nmenuentry C { linux /c }\n");
    let titles: Vec<_> = menu.entries.iter().map(|entry| entry.title.as_slice()).collect();
    assert_eq!(titles, [b"A", b"C"]);
    assert!(menu.notes.iter().any(|note| note.contains("grub.cfg:2: syntax error")), "{:?}", menu.notes);
}

#[test]
fn arguments_keep_what_the_kernel_needs() {
    let menu = menu("menuentry A { linux /a dyndbg=\"file x.c +p\" a='b\"c' LABEL=Cent\\x207 \"\" e }\n");
    assert_eq!(arguments(default(&menu)), "\"dyndbg=file x.c +p\" a=b\\\"c LABEL=Cent\\x207  e");
}

#[test]
fn probe_and_its_variable() {
    let menu = menu(
        "probe --set=id -u ($root)\nprobe --set l --label $root\nmenuentry A { linux /a root=UUID=$id l=$l }\n",
    );
    assert_eq!(arguments(default(&menu)), "root=UUID=11111111-2222-3333-4444-555555555555 l=root");
}

#[test]
fn nothing_is_written() {
    let menu = menu("save_env saved_entry\nmenuentry A { save_env x\nlinux /a st=$? }\n");
    assert_eq!(arguments(default(&menu)), "st=0");
}

#[test]
fn what_a_person_at_the_menu_needs() {
    let menu = menu(
        "set superusers=\"root, admin\"\npassword root secret\npassword_pbkdf2 bob grub.pbkdf2.sha512.10.AA.BB\n\
         password bob other\nset timeout_style=hidden\n\
         menuentry A --users 'bob;eve' --hotkey=a {\n\n\tlinux /a\n\tinitrd /b\n}\n\
         submenu S --users bob { menuentry B --users 'bob eve' { linux /b }\n menuentry C --unrestricted {linux /c} }\n\
         menuentry D --unrestricted --hotkey f2 --source 'linux /d'\n",
    );
    assert_eq!(menu.timeout_style, bootcfg::TimeoutStyle::Hidden);
    assert_eq!(menu.security.superusers, Some(vec![b"root".to_vec(), b"admin".to_vec()]));
    let accounts: Vec<_> = menu.security.accounts.iter().map(|account| account.user.as_slice()).collect();
    assert_eq!(accounts, [&b"root"[..], b"bob"].map(<[u8]>::to_vec));
    assert_eq!(menu.security.accounts[1].secret, bootcfg::Secret::Plain(b"other".to_vec()));
    let [a, b, c, d] = &menu.entries[..] else { panic!("{menu:#?}") };
    let users = |entry: &bootcfg::BootEntry| entry.users.join(&b' ');
    assert!(a.restricted && users(a) == b"bob eve" && a.hotkey == Some(bootcfg::Hotkey::Character(b'a')));
    assert_eq!(a.source.as_deref(), Some(&b"\tlinux /a\n\tinitrd /b"[..]));
    // The submenu's variables are its own, but who got there has passed its lock.
    assert!(b.restricted && users(b) == b"bob");
    assert!(c.restricted && users(c) == b"bob" && c.source.as_deref() == Some(b"linux /c"));
    assert!(!d.restricted && d.hotkey == Some(bootcfg::Hotkey::Function(2)));
    assert_eq!(d.source.as_deref(), Some(&b"linux /d"[..]));
}

#[test]
fn superusers_that_name_nobody_lock_for_good() {
    let menu = menu("set superusers=\nmenuentry A { unset superusers; linux /a }\n");
    assert_eq!(menu.security.superusers, Some(vec![]));
    assert!(menu.entries[0].restricted);
}

fn edited(commands: &str) -> Result<bootcfg::BootEntry, String> {
    let guest =
        MapGuest::with_config("/boot/grub/grub.cfg", "menuentry A { linux /a }\n").file("/other", "echo )");
    bootcfg::edited(&guest, &guest.menu(), 0, commands.as_bytes(), &bootcfg::Limits::default())
}

#[test]
fn whoever_edits_an_entry_is_told_of_mistakes() {
    // A kernel that is loaded all the same is not booted: the rest of the entry is not what was meant.
    let entry = edited("linux /a ro\nif true; thne\n").unwrap();
    assert_eq!(kernel(&entry), "0:/a");
    assert!(entry.problems[0].starts_with("line 4: syntax error: "), "{:?}", entry.problems);
    assert_eq!(
        edited("lniux /a\n").unwrap().problems,
        ["not bootable because it loads no kernel", "line 1: unknown command `lniux` ignored"]
    );
    // What GRUB passes over does not keep it from booting.
    assert!(edited("gfxmoed x\nlinux /a\nsource /other\n").unwrap().is_bootable());
}
