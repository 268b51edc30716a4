//! A root directory without anything in it.

use rustix::mount::{MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_change, unmount};
use rustix::process::{chdir, chroot, pivot_root};

/// Directories that exist on every Linux; the first that can be mounted on serves as the new root.
const MOUNT_POINTS: [&str; 3] = ["/tmp", "/dev", "/proc"];

/// Makes an empty, read-only tmpfs the root of this mount namespace and lets go of the old one.
pub(crate) fn enter() -> rustix::io::Result<()> {
    // Without this a mount of ours could appear on the host. In a chroot it fails, and with it this step.
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)?;
    let flags = MountFlags::RDONLY | MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    let mut last = Ok(());
    for point in MOUNT_POINTS {
        last = mount("none", point, "tmpfs", flags, Some(c"size=4k,mode=0555"));
        if last.is_ok() {
            chdir(point)?;
            // The old root lands on top of the new one, and is taken away. An initramfs cannot be pivoted: there the old
            // tree stays mounted, out of reach of a process that cannot change its root any more.
            if pivot_root(".", ".").is_ok() {
                unmount(".", UnmountFlags::DETACH)?;
            } else {
                chroot(".")?;
            }
            return chdir("/");
        }
    }
    last
}
