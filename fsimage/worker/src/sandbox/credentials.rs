//! Nobody, with no rights.

use super::{Failure, Plan};
use rustix::process::{Gid, Uid};
use rustix::thread::{
    CapabilitySet, CapabilitySets, clear_ambient_capability_set, remove_capability_from_bounding_set,
    set_capabilities, set_thread_groups, set_thread_res_gid, set_thread_res_uid,
};

/// Becomes the plan's user when privileged, then gives up every capability.
///
/// The process has one thread, so the thread's identity is the process's.
pub(crate) fn drop_all(plan: &Plan, privileged: bool) -> Result<(), Failure> {
    drop_bounding_set();
    if privileged && super::warden::started_by_root() {
        become_user(plan.uid, plan.gid).map_err(|why| Failure::new("unprivileged user", why))?;
    }
    drop_capabilities().map_err(|why| Failure::new("no capabilities", why))
}

/// Becomes another user for good: real, effective and saved.
pub(crate) fn become_user(uid: u32, gid: u32) -> rustix::io::Result<()> {
    let (uid, gid) = (Uid::from_raw(uid), Gid::from_raw(gid));
    set_thread_groups(&[])?;
    set_thread_res_gid(gid, gid, gid)?;
    set_thread_res_uid(uid, uid, uid)
}

/// Gives up the bounding set, where we may: before becoming another user, who may not.
pub(crate) fn drop_bounding_set() {
    for number in 0..64 {
        // Refused without CAP_SETPCAP, and beyond the last capability the kernel knows: with no_new_privs and no exec
        // the bounding set gives nothing back, so this is thoroughness.
        let _ = remove_capability_from_bounding_set(CapabilitySet::from_bits_retain(1 << number));
    }
}

/// Gives up every capability of every other set.
pub(crate) fn drop_capabilities() -> rustix::io::Result<()> {
    // Before Linux 4.3 there is no ambient set.
    let _ = clear_ambient_capability_set();
    let none = CapabilitySet::empty();
    set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })
}
