//! FreeBSD, NetBSD, OpenBSD and illumos, by their own loaders' files: one test per behaviour, after the manual pages that the
//! modules name and the loaders' own sources.

mod common;

use bootcfg::{BootEntry, BootMenu, Limits, Loader, VolumeId, discover, parse_config};
use common::{MapGuest, arguments, default, entry, kernel, ramdisks};

const UUID: &str = "5f0e4a3b";

fn guest(files: &[(&str, &str)]) -> MapGuest {
    let empty = MapGuest::default().volume("hd0,msdos1", UUID, "root");
    files.iter().fold(empty, |guest, (path, text)| guest.file(path, text))
}

fn titles(menu: &BootMenu) -> Vec<String> {
    menu.entries.iter().map(|entry| String::from_utf8_lossy(&entry.title).into_owned()).collect()
}

/// What bsdinstall leaves.
const FSTAB: &str = "# Device\t\tMountpoint\tFStype\tOptions\tDump\tPass#\n\
    /dev/ada0p2\t/\t\tufs\trw\t1\t1\n/dev/ada0p3\tnone\t\tswap\tsw\t0\t0\n";

#[test]
fn freebsd_without_a_word() {
    let menu = guest(&[("/boot/kernel/kernel", "x"), ("/etc/fstab", FSTAB)]).menu();
    assert_eq!((menu.loader, menu.timeout), (Loader::FreeBsd, Some(10)));
    assert_eq!(kernel(default(&menu)), "0:/boot/kernel/kernel");
    assert_eq!(arguments(default(&menu)), "vfs.root.mountfrom=ufs:/dev/ada0p2,vfs.root.mountfrom.options=rw");
}

#[test]
fn freebsds_loader_conf() {
    // Comments, quotes, words and numbers as loader.conf(5) has them; each file overrides those before it.
    let guest = guest(&[
        (
            "/boot/defaults/loader.conf",
            "kernel=\"kernel\"\t\t# /boot sub-directory\nautoboot_delay=\"10\"\n\
          loader_conf_files=\"/boot/device.hints /boot/loader.conf\"\nmodule_path=\"/boot/kernel;/boot/modules\"\n",
        ),
        ("/boot/device.hints", "hint.fdc.0.at=\"isa\"\n"),
        (
            "/boot/loader.conf",
            "# mine\nkernel=\"GENERIC-NODEBUG\"\nzfs_load=\"YES\"\nif_bridge_load=\"NO\"\n\
          kern.geom.label.gptid.enable=0\nboot_serial=\"YES\"\nautoboot_delay=3\nkern.hz = \"100\"\n\
          beastie_disable=\"YES\"\nnot an assignment\nhw.broken=\"1,2\"\n",
        ),
        ("/boot/loader.conf.d/20-b.conf", "kern.hz=\"200\"\n"),
        ("/boot/loader.conf.d/10-a.conf", "kern.hz=\"300\"\nvm.x=\"1\"\n"),
        ("/boot/loader.conf.d/README", "kern.hz=\"999\"\n"),
        ("/boot/loader.conf.local", "init_path=\"/rescue/init\"\n"),
        ("/boot/GENERIC-NODEBUG/kernel", "x"),
        ("/boot/kernel/kernel", "x"),
        ("/boot/kernel.old/kernel", "x"),
        ("/boot/modules/x.ko", "x"),
        ("/etc/fstab", FSTAB),
    ]);
    let menu = guest.menu();
    assert_eq!(menu.timeout, Some(3));
    assert_eq!(titles(&menu), ["FreeBSD, GENERIC-NODEBUG", "FreeBSD, kernel", "FreeBSD, kernel.old"]);
    assert_eq!(kernel(default(&menu)), "0:/boot/GENERIC-NODEBUG/kernel");
    assert_eq!(
        arguments(default(&menu)),
        "vfs.root.mountfrom=ufs:/dev/ada0p2,vfs.root.mountfrom.options=rw,boot_serial=YES,init_path=/rescue/init,\
         kern.geom.label.gptid.enable=0,kern.hz=200,vm.x=1"
    );
    let notes = menu.notes.join("\n");
    for note in ["module zfs", "`hw.broken=1,2` is left out", "/boot/loader.conf:10: `not an assignment`"] {
        assert!(notes.contains(note), "{note} in {notes}");
    }
    assert!(!notes.contains("if_bridge"), "{notes}");
}

#[test]
fn freebsds_kernel_by_other_names() {
    let with = |conf: &str, file: &str| guest(&[("/boot/loader.conf", conf), (file, "x")]).menu();
    // gzipfs and bzipfs stand behind the loader's open; libxc unpacks gzip alone.
    assert_eq!(kernel(default(&with("", "/boot/kernel/kernel.gz"))), "0:/boot/kernel/kernel.gz");
    assert_eq!(kernel(default(&with("kernel=\"/boot/k/kernel\"", "/boot/k/kernel"))), "0:/boot/k/kernel");
    assert_eq!(kernel(default(&with("kernel=\"/k\"", "/k/kernel"))), "0:/k/kernel");
    assert_eq!(kernel(default(&with("bootfile=\"a;b\"", "/boot/kernel/b"))), "0:/boot/kernel/b");
    let path = "kernel=none\nmodule_path=\"/boot/none;/boot/extra\"";
    assert_eq!(kernel(default(&with(path, "/boot/extra/kernel"))), "0:/boot/extra/kernel");
    let menu = with("", "/boot/kernel/kernel.bz2");
    assert_eq!(menu.entries[0].problems, ["not bootable because no domain builder unpacks bzip2"]);
}

#[test]
fn freebsds_own_root_comes_before_fstab() {
    let conf = "vfs.root.mountfrom=\"zfs:zroot/ROOT/default\"\n";
    let menu =
        guest(&[("/boot/loader.conf", conf), ("/boot/kernel/kernel", "x"), ("/etc/fstab", FSTAB)]).menu();
    assert_eq!(arguments(default(&menu)), "vfs.root.mountfrom=zfs:zroot/ROOT/default");
}

/// What sysinst writes.
const BOOT_CFG: &str = "menu=Boot normally:rndseed /var/db/entropy-file;boot\n\
    menu=Boot single user:rndseed /var/db/entropy-file;boot -s\n\
    menu=Disable ACPI:rndseed /var/db/entropy-file;boot -2\n\
    menu=Drop to boot prompt:prompt\ndefault=1\ntimeout=5\nclear=1\n";

#[test]
fn netbsds_menu() {
    let menu = guest(&[("/boot.cfg", BOOT_CFG), ("/netbsd", "x")]).menu();
    assert_eq!((menu.loader, menu.timeout, menu.default), (Loader::NetBsd, Some(5), Some(0)));
    assert_eq!(titles(&menu), ["Boot normally", "Boot single user", "Disable ACPI", "Drop to boot prompt"]);
    assert_eq!((kernel(default(&menu)), arguments(default(&menu))), ("0:/netbsd".into(), String::new()));
    assert_eq!(arguments(entry(&menu, "Boot single user")), "-s");
    assert_eq!(menu.entries[3].problems, ["not bootable because it runs `prompt`"]);
    assert_eq!(menu.notes, [""; 0]);
}

#[test]
fn netbsds_xen_kernel() {
    // Behind the menu where there is one; before the others where there is none.
    let menu = guest(&[("/boot.cfg", BOOT_CFG), ("/netbsd", "x"), ("/netbsd-XEN3_DOMU.gz", "x")]).menu();
    assert_eq!(kernel(default(&menu)), "0:/netbsd");
    assert_eq!(kernel(&menu.entries[4]), "0:/netbsd-XEN3_DOMU.gz");
    let menu = guest(&[("/netbsd", "x"), ("/netbsd-XEN3_DOMU", "x")]).menu();
    assert_eq!(kernel(default(&menu)), "0:/netbsd-XEN3_DOMU");
    assert_eq!(kernel(&menu.entries[1]), "0:/netbsd");
    let menu = guest(&[("/boot.cfg", BOOT_CFG), ("/netbsd-XEN3_DOMU", "x")]).menu();
    assert_eq!(kernel(default(&menu)), "0:/netbsd-XEN3_DOMU");
}

#[test]
fn netbsds_commands() {
    let text = "banner=hi\nmenu=A:boot netbsd.old -a\nmenu=:boot hd0b:netbsd -cs\nmenu=boot NAME=second:/kern\n\
        menu=D:dev hd0b:;boot\nmenu=E:load /netbsd-XEN3_DOM0.gz console=pc;multiboot /xen.gz dom0_mem=1\n\
        menu=F:fs /ramdisk;frob;boot\ndefault=9\ntimeout=x\nload=zfs\n";
    let menu =
        guest(&[("/boot.cfg", text), ("/netbsd", "x"), ("/netbsd.old", "x"), ("/netbsd-XEN3_DOM0.gz", "x")])
            .volume("hd0,msdos2", "u", "second")
            .file("/netbsd", "y")
            .file("/kern", "y")
            .menu();
    assert_eq!(titles(&menu), ["A", "boot hd0b:netbsd -cs", "boot NAME=second", "D", "E", "F"]);
    let told = |entry: &BootEntry| (kernel(entry), arguments(entry));
    assert_eq!(told(&menu.entries[0]), ("0:/netbsd.old".into(), "-a".into()));
    // The letter is a BSD label's, which this guest does not have: the configuration's own volume.
    assert_eq!(told(&menu.entries[1]), ("0:/netbsd".into(), "-cs".into()));
    assert_eq!(told(&menu.entries[3]), ("0:/netbsd".into(), String::new()));
    assert_eq!(told(&menu.entries[4]), ("0:/netbsd-XEN3_DOM0.gz".into(), "console=pc".into()));
    assert_eq!((menu.timeout, menu.default), (None, Some(0)));
    let notes = menu.notes.join("\n");
    for note in
        ["module `zfs`", "`fs /ramdisk` is left out", "unknown command `frob`", "no volume is called `hd0b`"]
    {
        assert!(notes.contains(note), "{note} in {notes}");
    }
}

#[test]
fn netbsds_label_and_another_volume() {
    // An EFI system partition's boot.cfg speaks of the root's.
    let guest =
        guest(&[("/EFI/NetBSD/boot.cfg", "menu=A:boot NAME=second:kern -v\nmenu=B:boot hd1a:netbsd\n")])
            .volume("hd0,msdos2", "u", "second")
            .file("/netbsd", "y")
            .file("/kern", "y");
    let menu = guest.menu();
    assert_eq!(kernel(&menu.entries[0]), "1:/kern");
    assert_eq!(kernel(&menu.entries[1]), "1:/netbsd");
}

#[test]
fn netbsds_boot_cfg_alone() {
    let menu = parse_config(BOOT_CFG.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(menu.loader, Loader::NetBsd);
    assert_eq!(default(&menu).kernel.as_ref().unwrap().file.path, b"/netbsd");
}

#[test]
fn openbsd() {
    let menu = guest(&[("/bsd", "x"), ("/bsd.rd", "x"), ("/bsd.sp", "x")]).menu();
    assert_eq!((menu.loader, menu.timeout), (Loader::OpenBsd, Some(5)));
    assert_eq!(titles(&menu), ["OpenBSD, /bsd", "OpenBSD, /bsd.sp", "OpenBSD, /bsd.rd"]);
    let with = |conf: &str| guest(&[("/etc/boot.conf", conf), ("/bsd", "x"), ("/bsd.sp", "x")]).menu();
    let told = |menu: &BootMenu| (kernel(default(menu)), arguments(default(menu)), menu.timeout);
    assert_eq!(told(&with("set tty com0\nstty com0 115200\n")), ("0:/bsd".into(), String::new(), Some(5)));
    assert_eq!(
        told(&with("set image /bsd.sp\nset howto -s\nset timeout 30\n")),
        ("0:/bsd.sp".into(), "-s".into(), Some(30))
    );
    assert_eq!(
        told(&with("boot hd0a:/bsd.sp -c\nset image /none\n")),
        ("0:/bsd.sp".into(), "-c".into(), Some(0))
    );
    assert_eq!(told(&with("# x\nboot -s\n")), ("0:/bsd".into(), "-s".into(), Some(0)));
    let menu = with("boot /none\n");
    assert_eq!(menu.entries[0].problems, ["not bootable because /none is missing"]);
    assert_eq!(kernel(default(&menu)), "0:/bsd");
}

const UNIX: &str = "/platform/i86pc/kernel/amd64/unix";
const ARCHIVE: &str = "/platform/i86pc/amd64/boot_archive";

#[test]
fn illumos_by_its_own_loader() {
    let menu = guest(&[(UNIX, "x"), (ARCHIVE, "x")]).menu();
    assert_eq!(menu.loader, Loader::Illumos);
    assert_eq!(kernel(default(&menu)), format!("0:{UNIX}"));
    assert_eq!(ramdisks(default(&menu)), [format!("0:{ARCHIVE}")]);
    // usr/src/boot/forth/loader.conf, and what bootadm and beadm write.
    let guest = guest(&[
        (
            "/boot/defaults/loader.conf",
            "kernel=\"i86pc/kernel/${ISADIR}\"\nbootfile=\"unix\"\n\
          boot_archive_load=\"YES\"\nboot_archive_name=\"/platform/i86pc/${ISADIR}/boot_archive\"\n\
          loader_conf_files=\"/boot/loader.conf /boot/loader.conf.local\"\n",
        ),
        ("/boot/loader.conf", "boot-args=\"-v\"\nautoboot_delay=\"5\"\n"),
        ("/boot/conf.d/custom", "boot-args=\"-v -m verbose\"\n"),
        (
            "/boot/menu.lst",
            "title omnios\nbootfs rpool/ROOT/omnios\ntitle omnios-backup\nbootfs rpool/ROOT/omnios-backup\n",
        ),
        (UNIX, "x"),
        (ARCHIVE, "x"),
    ]);
    let menu = guest.menu();
    assert_eq!((titles(&menu), menu.timeout), (vec!["omnios".into(), "omnios-backup".into()], Some(5)));
    assert_eq!(arguments(default(&menu)), "-B zfs-bootfs=rpool/ROOT/omnios -v -m verbose");
}

#[test]
fn nothing_of_theirs() {
    let empty = guest(&[("/etc/fstab", FSTAB), ("/kernel", "x")]);
    assert_eq!(discover(&empty, VolumeId(0), &Limits::default()), Ok(None));
}
