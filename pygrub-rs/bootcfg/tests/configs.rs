//! Configurations as distributions write them. The expected entries are stated by hand from the GRUB manual: what
//! the variables, the functions and `default` come to.

mod common;

use common::{MapGuest, arguments, default, entry, grubenv, kernel, ramdisks};

const DEBIAN: &str = include_str!("grub2/configs/debian12.cfg");
const UBUNTU: &str = include_str!("grub2/configs/ubuntu2404.cfg");
const UUID: &str = "11111111-2222-3333-4444-555555555555";

fn debian() -> MapGuest {
    MapGuest::with_config("/boot/grub/grub.cfg", DEBIAN)
}

#[test]
fn debian_12_as_installed() {
    let menu = debian().menu();
    let titles: Vec<_> = menu.entries.iter().map(|entry| String::from_utf8_lossy(&entry.title)).collect();
    assert_eq!(
        titles,
        [
            "Debian GNU/Linux",
            "Debian GNU/Linux, with Linux 6.1.0-18-amd64",
            "Debian GNU/Linux, with Linux 6.1.0-18-amd64 (recovery mode)"
        ]
    );
    assert_eq!(menu.default, Some(0));
    assert_eq!(menu.timeout, Some(5));
    let first = default(&menu);
    assert_eq!(kernel(first), "0:/boot/vmlinuz-6.1.0-18-amd64");
    assert_eq!(ramdisks(first), ["0:/boot/initrd.img-6.1.0-18-amd64"]);
    assert_eq!(arguments(first), format!("root=UUID={UUID} ro quiet"));
    assert_eq!(first.root, b"hd0,msdos1");
    assert_eq!(first.id.as_deref(), Some(format!("gnulinux-simple-{UUID}").as_bytes()));
    assert!(first.parents.is_empty() && !first.restricted && first.problems.is_empty());
    let recovery = &menu.entries[2];
    assert_eq!(recovery.parents, [b"Advanced options for Debian GNU/Linux".to_vec()]);
    assert_eq!(arguments(recovery), format!("root=UUID={UUID} ro single"));
}

#[test]
fn debian_12_with_a_saved_entry() {
    let path = format!("gnulinux-advanced-{UUID}>gnulinux-6.1.0-18-amd64-recovery-{UUID}");
    let guest = debian().file("/boot/grub/grubenv", grubenv(&format!("saved_entry={path}\n")));
    assert_eq!(guest.menu().default, Some(2));
    // By titles, and by number.
    let path =
        "Advanced options for Debian GNU/Linux>Debian GNU/Linux, with Linux 6.1.0-18-amd64 (recovery mode)";
    let guest = debian().file("/boot/grub/grubenv", grubenv(&format!("saved_entry={path}\n")));
    assert_eq!(guest.menu().default, Some(2));
    let guest = debian().file("/boot/grub/grubenv", grubenv("saved_entry=1>1\n"));
    assert_eq!(guest.menu().default, Some(2));
}

#[test]
fn debian_12_with_a_next_entry() {
    let guest = debian().file("/boot/grub/grubenv", grubenv("saved_entry=0\nnext_entry=1>1\n"));
    assert_eq!(guest.menu().default, Some(2));
}

#[test]
fn debian_12_with_a_custom_entry() {
    let custom = "menuentry mine { linux /mine a=b }\nset default=mine\n";
    let menu = debian().file("/boot/grub/custom.cfg", custom).menu();
    assert_eq!(kernel(default(&menu)), "0:/mine");
}

#[test]
fn debian_12_on_a_disk_without_partitions() {
    // The names in the file are those of another disk; the UUID finds it.
    let guest = MapGuest::default().volume("hd0", UUID, "root").file("/boot/grub/grub.cfg", DEBIAN);
    let menu = guest.menu();
    assert_eq!(default(&menu).root, b"hd0");
    assert_eq!(kernel(default(&menu)), "0:/boot/vmlinuz-6.1.0-18-amd64");
    // And where nothing is found, the configuration's own volume is meant.
    let guest = MapGuest::default().volume("hd0", "other", "root").file("/boot/grub/grub.cfg", DEBIAN);
    let menu = guest.menu();
    assert_eq!(kernel(default(&menu)), "0:/boot/vmlinuz-6.1.0-18-amd64");
    assert!(
        menu.notes.iter().any(|note| note.contains("no volume is called `hd0,msdos1`")),
        "{:?}",
        menu.notes
    );
}

fn ubuntu() -> MapGuest {
    // The ESP comes first, /boot is a filesystem of its own.
    MapGuest::default()
        .volume("hd0,gpt1", "AAAA-BBBB", "ESP")
        .file("/EFI/ubuntu/shimx64.efi", "")
        .volume("hd0,gpt2", "99999999-8888-7777-6666-555555555555", "boot")
        .file("/grub/grub.cfg", UBUNTU)
        .volume("hd0,gpt3", "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", "root")
}

#[test]
fn ubuntu_24_04_as_installed() {
    let menu = ubuntu().menu_of(1);
    assert_eq!(menu.entries.len(), 3);
    assert_eq!(menu.timeout, Some(0));
    let first = default(&menu);
    assert_eq!(kernel(first), "1:/vmlinuz-6.8.0-31-generic");
    assert_eq!(ramdisks(first), ["1:/initrd.img-6.8.0-31-generic"]);
    let root = "root=UUID=aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";
    assert_eq!(arguments(first), format!("{root} ro quiet splash vt.handoff=7"));
    assert_eq!(first.root, b"hd0,gpt2");
    // The submenu sees linux_gfx_mode because it is exported; the boot without a ramdisk is tried first.
    let second = entry(&menu, "Ubuntu, with Linux 6.8.0-31-generic");
    assert_eq!(arguments(second), "root=PARTUUID=12345678-01 ro quiet splash vt.handoff=7 panic=-1");
    assert!(second.ramdisks.is_empty());
}

#[test]
fn ubuntu_24_04_after_a_failure() {
    let block = grubenv("recordfail=1\ninitrdfail=1\nprev_entry=1>0\n");
    // The files of the last volume: a new one with the same configuration.
    let guest = MapGuest::with_config("/boot/grub/grub.cfg", UBUNTU).file("/boot/grub/grubenv", block);
    let menu = guest.menu();
    assert_eq!(menu.timeout, Some(30));
    assert_eq!(menu.default, Some(1));
    // `vt_handoff` stays empty in text mode, and the word with it.
    assert!(arguments(&menu.entries[0]).ends_with("quiet splash"));
}

#[test]
fn ubuntu_24_04_with_a_blacklist() {
    let guest = MapGuest::with_config("/boot/grub/grub.cfg", UBUNTU).file("/boot/grub/gfxblacklist.txt", "x");
    // Only a PC's firmware has PCI devices to match.
    assert!(arguments(&guest.menu().entries[0]).ends_with("vt.handoff=7"));
}

#[test]
fn opensuse_on_btrfs() {
    let text = "
if [ -f ${config_directory}/grubenv ]; then load_env -f ${config_directory}/grubenv
elif [ -s $prefix/grubenv ]; then load_env
fi
set btrfs_relative_path=\"y\"
export btrfs_relative_path
if [ \"${env_block}\" ] ; then
  set env_block=\"(${root})${env_block}\"
  export env_block
  load_env -f \"${env_block}\"
fi
menuentry 'openSUSE Leap 15.6' --class opensuse $menuentry_id_option 'gnulinux-simple' {
	set root='hd0,gpt2'
	search --no-floppy --fs-uuid --set=root 77777777-2222-3333-4444-555555555555
	linux /boot/vmlinuz-6.4.0-150600.21-default root=UUID=77777777-2222-3333-4444-555555555555  ${extra_cmdline} splash=silent quiet security=apparmor mitigations=auto
	initrd /boot/initrd-6.4.0-150600.21-default
}
menuentry 'Arch on btrfs' { linux /@/boot/vmlinuz-linux root=UUID=x rw rootflags=subvol=@
initrd /@/boot/intel-ucode.img /@/boot/initramfs-linux.img
}
";
    let guest = MapGuest::default()
        .volume("hd0,gpt2", "77777777-2222-3333-4444-555555555555", "root")
        .file("/boot/grub2/grub.cfg", text);
    let menu = guest.menu();
    let first = default(&menu);
    assert_eq!(kernel(first), "0:/boot/vmlinuz-6.4.0-150600.21-default");
    let root = "root=UUID=77777777-2222-3333-4444-555555555555";
    assert_eq!(arguments(first), format!("{root} splash=silent quiet security=apparmor mitigations=auto"));
    assert_eq!(kernel(&menu.entries[1]), "0:/@/boot/vmlinuz-linux");
    assert_eq!(ramdisks(&menu.entries[1]), ["0:/@/boot/intel-ucode.img", "0:/@/boot/initramfs-linux.img"]);
}

#[test]
fn an_efi_stub_leads_to_the_real_configuration() {
    let stub = format!(
        "search.fs_uuid {UUID} root hd0,msdos1\nset prefix=($root)'/boot/grub'\nconfigfile $prefix/grub.cfg\n"
    );
    let guest = MapGuest::default()
        .volume("hd0,gpt1", "AAAA-BBBB", "ESP")
        .file("/grub/grub.cfg", stub)
        .volume("hd0,gpt2", UUID, "root")
        .file("/boot/grub/grub.cfg", DEBIAN)
        .file("/boot/grub/grubenv", grubenv("saved_entry=1>1\n"));
    let menu = guest.menu();
    assert_eq!(menu.config.path, b"/grub/grub.cfg");
    assert_eq!(menu.default, Some(2));
    assert_eq!(kernel(default(&menu)), "1:/boot/vmlinuz-6.1.0-18-amd64");
    assert_eq!(menu.timeout, Some(5));
}
