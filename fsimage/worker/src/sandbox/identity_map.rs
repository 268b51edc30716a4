//! Who the inmate is outside its user namespace.

use rustix::process::Pid;
use std::fs::write;
use std::io::Result;

/// Lets exactly one user and one group exist in the child's user namespace: the ones it is to become, under the same
/// numbers. Written by the warden, which still has the caller's rights; an unprivileged caller can only map itself.
pub(crate) fn write_maps(child: Pid, uid: u32, gid: u32, privileged: bool) -> Result<()> {
    let file = |name: &str| format!("/proc/{}/{name}", child.as_raw_nonzero());
    write(file("uid_map"), format!("{uid} {uid} 1\n"))?;
    if !privileged {
        write(file("setgroups"), "deny")?;
    }
    write(file("gid_map"), format!("{gid} {gid} 1\n"))
}
