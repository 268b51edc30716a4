//! Guests without a configuration. What Solaris and NetWare boot is what Xen's pygrub boots (its rules are in its source: the
//! 64-bit pair before the 32-bit one, before any configuration). What a Linux is guessed to boot follows the names that each
//! distribution's own packages give, and its fstab(5).

mod common;

use bootcfg::{BootMenu, Limits, Loader, VolumeId, candidates, discover, guess};
use common::{MapGuest, arguments, default, kernel, ramdisks};

const UUID: &str = "11111111-2222-3333-4444-555555555555";
const XPV: &str = "/platform/i86xpv/kernel/amd64/unix";
const ARCHIVE: &str = "/platform/i86pc/amd64/boot_archive";

fn guest(files: &[&str]) -> MapGuest {
    let empty = MapGuest::default().volume("hd0,msdos1", UUID, "root");
    files.iter().fold(empty, |guest, file| guest.file(file, "x"))
}

#[expect(clippy::unwrap_used, reason = "a test that fails by panicking")]
fn guessed(guest: &MapGuest) -> BootMenu {
    assert_eq!(discover(guest, VolumeId(0), &Limits::default()), Ok(None));
    guess(guest, VolumeId(0), &Limits::default()).unwrap().unwrap()
}

#[test]
fn solaris_comes_before_any_configuration() {
    let files = [XPV, ARCHIVE, "/platform/i86xpv/kernel/unix", "/platform/i86pc/boot_archive"];
    let guest = guest(&files).file("/boot/grub/menu.lst", "title A\nkernel /a\n");
    let menu = guest.menu();
    assert_eq!((menu.loader, menu.timeout), (Loader::Solaris, Some(0)));
    assert_eq!(kernel(default(&menu)), format!("0:{XPV}"));
    assert_eq!(ramdisks(default(&menu)), [format!("0:{ARCHIVE}")]);
    assert_eq!(arguments(default(&menu)), XPV);
    let all: Vec<_> = candidates(&guest, VolumeId(0)).iter().map(|candidate| candidate.loader).collect();
    assert_eq!(all, [Loader::Solaris, Loader::Solaris, Loader::GrubLegacy]);
}

#[test]
fn solaris_of_32_bits() {
    let files = ["/platform/i86xpv/kernel/unix", "/platform/i86pc/boot_archive"];
    let menu = guest(&files).menu();
    assert_eq!(kernel(default(&menu)), "0:/platform/i86xpv/kernel/unix");
    assert_eq!(ramdisks(default(&menu)), ["0:/platform/i86pc/boot_archive"]);
    // A 64-bit kernel whose archive is missing boots nothing.
    let menu = guest(&files).file(XPV, "x").menu();
    assert_eq!(kernel(default(&menu)), "0:/platform/i86xpv/kernel/unix");
    assert!(menu.notes[0].contains("/platform/i86pc/amd64/boot_archive is missing"), "{:?}", menu.notes);
}

#[test]
fn netware() {
    let menu = guest(&["/nwserver/xnloader.sys"]).menu();
    assert_eq!(menu.loader, Loader::NetWare);
    assert_eq!(kernel(default(&menu)), "0:/nwserver/xnloader.sys");
    assert_eq!((ramdisks(default(&menu)).len(), arguments(default(&menu))), (0, String::new()));
}

/// What each distribution's packages and installer leave, but for the boot loader's own files.
#[test]
fn linux_by_its_names() {
    let by_uuid = format!("root=UUID={UUID} ro");
    let fstab = format!("# /etc/fstab\nUUID={UUID} / ext4 errors=remount-ro 0 1\n");
    for (system, files, expected_kernel, expected_ramdisk) in [
        (
            // linux-image's postinst (linux-update-symlinks) keeps the links.
            "Debian",
            vec!["/boot/vmlinuz-6.1.0-9-amd64", "/boot/initrd.img-6.1.0-9-amd64", "/vmlinuz", "/initrd.img"],
            "/vmlinuz",
            "/initrd.img",
        ),
        (
            "Debian without links",
            vec![
                "/boot/vmlinuz-6.1.0-9-amd64",
                "/boot/initrd.img-6.1.0-9-amd64",
                "/boot/vmlinuz-6.1.0-25-amd64",
                "/boot/initrd.img-6.1.0-25-amd64",
                "/boot/config-6.1.0-30-amd64",
                "/boot/System.map-6.1.0-30-amd64",
            ],
            "/boot/vmlinuz-6.1.0-25-amd64",
            "/boot/initrd.img-6.1.0-25-amd64",
        ),
        (
            "Fedora",
            vec![
                "/boot/vmlinuz-0-rescue-2ac1",
                "/boot/initramfs-0-rescue-2ac1.img",
                "/boot/.vmlinuz-6.11.4-301.fc41.x86_64.hmac",
                "/boot/vmlinuz-6.11.4-301.fc41.x86_64",
                "/boot/initramfs-6.11.4-301.fc41.x86_64.img",
            ],
            "/boot/vmlinuz-6.11.4-301.fc41.x86_64",
            "/boot/initramfs-6.11.4-301.fc41.x86_64.img",
        ),
        (
            "openSUSE",
            vec![
                "/boot/vmlinuz",
                "/boot/initrd",
                "/boot/vmlinuz-6.4.0-150600.21-default",
                "/boot/initrd-6.4.0-150600.21-default",
                "/boot/vmlinux-6.4.0-150600.21-default.gz",
            ],
            "/boot/vmlinuz",
            "/boot/initrd",
        ),
        (
            "Arch",
            vec![
                "/boot/vmlinuz-linux-lts",
                "/boot/initramfs-linux-lts.img",
                "/boot/vmlinuz-linux",
                "/boot/initramfs-linux.img",
                "/boot/initramfs-linux-fallback.img",
            ],
            "/boot/vmlinuz-linux",
            "/boot/initramfs-linux.img",
        ),
        (
            "Void",
            vec!["/boot/vmlinuz-6.6.63_1", "/boot/initramfs-6.6.63_1.img"],
            "/boot/vmlinuz-6.6.63_1",
            "/boot/initramfs-6.6.63_1.img",
        ),
        (
            "Gentoo, genkernel",
            vec![
                "/boot/kernel-genkernel-x86_64-5.4.38-gentoo",
                "/boot/initramfs-genkernel-x86_64-5.4.38-gentoo",
            ],
            "/boot/kernel-genkernel-x86_64-5.4.38-gentoo",
            "/boot/initramfs-genkernel-x86_64-5.4.38-gentoo",
        ),
    ] {
        let menu = guessed(&guest(&files).file("/etc/fstab", &fstab));
        assert_eq!(menu.loader, Loader::LinuxGuess, "{system}");
        assert_eq!(kernel(default(&menu)), format!("0:{expected_kernel}"), "{system}");
        assert_eq!(ramdisks(default(&menu)), [format!("0:{expected_ramdisk}")], "{system}");
        assert_eq!(arguments(default(&menu)), by_uuid, "{system}");
        assert_eq!(menu.config.path, expected_kernel.as_bytes(), "{system}");
    }
}

#[test]
fn alpines_ramdisk_has_to_be_told_the_type() {
    // mkinitfs' init loads the modules that `modules=` and `rootfstype=` name.
    let files = ["/boot/vmlinuz-lts", "/boot/initramfs-lts", "/boot/vmlinuz-virt", "/boot/initramfs-virt"];
    let guest = guest(&files).file("/etc/fstab", format!("UUID={UUID}\t/\text4\trw,relatime 0 1\n"));
    let menu = guessed(&guest);
    assert_eq!(kernel(default(&menu)), "0:/boot/vmlinuz-virt");
    assert_eq!(arguments(default(&menu)), format!("root=UUID={UUID} rootfstype=ext4 ro"));
}

#[test]
fn a_separate_boot_volume() {
    let boot = guest(&["/vmlinuz-5.14.0", "/initramfs-5.14.0.img"]);
    let fstab = "/dev/mapper/rl-root / xfs defaults 0 0\nUUID=b /boot xfs defaults 0 0\n";
    let one = boot.volume("hd0,msdos2", "aaaa", "").file("/etc/fstab", fstab);
    assert_eq!(arguments(default(&guessed(&one))), "root=/dev/mapper/rl-root ro");
    // Two systems on one disk: the one whose /boot it is.
    let other = format!("UUID=cccc / ext4 defaults 0 1\nUUID={UUID} /boot ext4 defaults 0 2\n");
    let two = one.volume("hd0,msdos3", "cccc", "").file("/etc/fstab", other);
    assert_eq!(arguments(default(&guessed(&two))), "root=UUID=cccc ro");
    let three = two
        .volume("hd0,msdos4", "dddd", "")
        .file("/etc/fstab", format!("UUID=dddd / ext4 defaults 0 1\nUUID={UUID} /boot ext4 defaults 0 2\n"));
    let menu = guessed(&three);
    assert_eq!(arguments(default(&menu)), "");
    assert!(menu.notes.iter().any(|note| note.contains("not known")), "{:?}", menu.notes);
}

#[test]
fn the_root_filesystem() {
    let files = ["/vmlinuz", "/initrd.img"];
    let with = |fstab: &str| arguments(default(&guessed(&guest(&files).file("/etc/fstab", fstab))));
    for (fstab, expected) in [
        ("LABEL=root / ext4 defaults 0 1", "root=LABEL=root ro"),
        ("UUID=\"11-22\" / ext4 defaults 0 1", "root=UUID=11-22 ro"),
        // A disk's name is one machine's.
        ("/dev/sda1 / ext4 defaults 0 1", "root=UUID=11111111-2222-3333-4444-555555555555 ro"),
        ("/dev/mapper/vg-root / ext4 defaults 0 1", "root=/dev/mapper/vg-root ro"),
        ("UUID=1 / btrfs rw,subvol=@,compress=zstd 0 0", "root=UUID=1 rootflags=subvol=@ ro"),
        ("rpool/ROOT/ubuntu / zfs defaults 0 0", "root=ZFS=rpool/ROOT/ubuntu ro"),
        (
            "#UUID=1 / ext4 defaults 0 1\ntmpfs /tmp tmpfs",
            "root=UUID=11111111-2222-3333-4444-555555555555 rw",
        ),
    ] {
        assert_eq!(with(fstab), expected, "{fstab}");
    }
    // kernel-install's own file is the whole line.
    let guest = guest(&files)
        .file("/etc/fstab", "LABEL=root / ext4 defaults 0 1")
        .file("/etc/kernel/cmdline", "root=UUID=2 rw\nquiet\n");
    assert_eq!(arguments(default(&guessed(&guest))), "root=UUID=2 rw quiet");
}

#[test]
fn without_a_ramdisk_only_the_kernels_own_names_help() {
    let with = |fstab: &str| guessed(&guest(&["/boot/vmlinuz"]).file("/etc/fstab", fstab));
    assert_eq!(arguments(default(&with("/dev/sda1 / ext4 defaults 0 1"))), "root=/dev/sda1 ro");
    assert_eq!(arguments(default(&with("PARTUUID=1-01 / ext4 defaults 0 1"))), "root=PARTUUID=1-01 ro");
    let menu = with("UUID=1 / ext4 defaults 0 1");
    assert_eq!(arguments(default(&menu)), "");
    assert!(menu.notes.iter().any(|note| note.contains("means nothing")), "{:?}", menu.notes);
}

#[test]
fn what_has_no_kernel_is_not_guessed_at() {
    for files in [&["/etc/fstab", "/boot/config-6.1"][..], &["/boot/initrd.img-6.1"], &["/home/vmlinuz"]] {
        assert_eq!(guess(&guest(files), VolumeId(0), &Limits::default()), Ok(None), "{files:?}");
    }
}
