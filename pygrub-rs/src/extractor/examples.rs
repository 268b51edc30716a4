//! What each verb's help ends with, and its manual page: how it is used.
//!
//! A line is a command and, behind two blanks or on the next line, what it does.

pub(super) const PROGRAM: &str = "\
Examples:
  fsimage partitions disk.img               what is on the disk
  fsimage info disk.img                     the same, and what boots
  fsimage ls disk.img:/boot                 what is in the guest's /boot
  fsimage cat disk.img#2:/etc/fstab         a file on partition 2
  fsimage get disk.img:/boot/vmlinuz        a copy of a file, here
  fsimage get -r disk.img:/etc -o copies    a copy of a directory";

pub(super) const PARTITIONS: &str = "\
Examples:
  fsimage partitions disk.img
  fsimage partitions /dev/vg0/guest-disk
  fsimage partitions --json disk.img | jq -r '.[] | .address'";

pub(super) const INFO: &str = "\
Examples:
  fsimage info disk.img                     filesystems, and what boots
  fsimage info --sandbox                    the jail of this host";

pub(super) const BOOTCFG: &str = "\
Examples:
  fsimage bootcfg disk.img
  fsimage bootcfg disk.img#2                only what partition 2 has
  fsimage bootcfg --json disk.img | jq .chosen";

pub(super) const BOOT_ABOUT: &str = "\
Put the guest's kernel, ramdisk and kernel arguments into a directory, all of them or none

What is booted is what `pygrub-rs -q` boots: the default entry of the guest's own configuration. The files are named \
kernel, ramdisk (where there is one) and cmdline (the arguments and a line's end, as /proc/cmdline has them). They belong \
to the caller alone, since a ramdisk may hold keys. A directory that does not exist appears with all files in it; in one \
that does, the kernel appears last.

On a terminal it is told what was done, and how to boot it; else nothing is printed but what --json, --print or -v ask for.";

pub(super) const BOOT: &str = "\
Examples:
  fsimage boot disk.img -o vm               kernel, ramdisk, cmdline in vm
  sh -c \"$(fsimage boot disk.img -o vm --print=qemu)\"
                                            and boots them
  fsimage boot disk.img -o vm --print=firecracker > vm.json
  fsimage boot disk.img -o vm --print=cloud-hypervisor > vm.sh
  fsimage boot disk.img -o vm --print=libvirt > vm.xml
  fsimage boot disk.img -o vm --vmlinux --print=xl > vm.cfg
  fsimage boot disk.img#2 --entry=1 --append=single --force --json
  fsimage boot disk.img --kernel=/boot/vmlinuz --cmdline=root=/dev/vda1";

pub(super) const LS: &str = "\
Examples:
  fsimage ls disk.img                       the guest's root directory
  fsimage ls -l disk.img:/boot              with mode, owner, size and time
  fsimage ls -lR disk.img#2                 all that is on partition 2
  fsimage ls -R --json disk.img | jq -r 'select(.size > 1e6).path'";

pub(super) const TREE: &str = "\
Examples:
  fsimage tree disk.img:/boot
  fsimage tree -d -L 2 disk.img             directories only, two levels";

pub(super) const STAT: &str = "\
Examples:
  fsimage stat disk.img:/boot/vmlinuz
  fsimage stat -e disk.img:/boot/vmlinuz    and where its data lies";

pub(super) const CAT: &str = "\
Examples:
  fsimage cat disk.img:/etc/fstab
  fsimage cat disk.img:/etc/passwd /etc/group
  fsimage cat disk.img:/boot/initrd.img | lsinitramfs /dev/stdin
  fsimage cat --vmlinux disk.img:/boot/vmlinuz > vmlinux";

pub(super) const GET: &str = "\
Examples:
  fsimage get disk.img:/boot/vmlinuz        ./vmlinuz
  fsimage get disk.img:/boot/vmlinuz -o k   the same as ./k
  fsimage get disk.img /boot/vmlinuz /boot/initrd.img -o boot
  fsimage get -r disk.img:/etc -o etc       a directory and all below it
  fsimage get -rp disk.img#2 -o root        all of partition 2, with modes
  fsimage get -r --skip-existing disk.img:/home -o home
                                            goes on after an interruption
  fsimage get --vmlinux disk.img:/boot/vmlinuz -o vmlinux
                                            the ELF file in a kernel";

pub(super) const FIND: &str = "\
Examples:
  fsimage find disk.img:/boot --name 'vmlinuz*'
  fsimage find disk.img --type f --size +100M
  fsimage find disk.img:/etc -0 | xargs -0 -n1 echo";

pub(super) const SUM: &str = "\
Examples:
  fsimage sum disk.img:/boot/vmlinuz
  fsimage sum -R disk.img:/boot > before    sha256sum's own format";

pub(super) const PLUGINS: &str = "\
Examples:
  fsimage plugins
  fsimage plugins --json | jq -r '.plugins[].name'";

pub(super) const COMPLETIONS: &str = "\
Examples:
  fsimage completions bash > /usr/share/bash-completion/completions/fsimage
  fsimage completions zsh > /usr/local/share/zsh/site-functions/_fsimage
  fsimage completions fish > ~/.config/fish/completions/fsimage.fish
  fsimage completions bash pygrub-rs        the same for the boot loader";

pub(super) const MAN: &str = "\
Examples:
  fsimage man get | man -l -                read the page of `fsimage get`
  fsimage man pygrub-rs | man -l -          and of the boot loader
  fsimage man -o /usr/local/share/man/man1  install all of them";
