//! The namespaces that are asked for.

/// All of them, as clone's flags: user, mount, process, network, IPC, host name, control group.
pub(crate) const ALL: i32 = libc::CLONE_NEWUSER | ALL_BUT_USER;

/// What root can have on a host that offers no user namespaces.
pub(crate) const ALL_BUT_USER: i32 = libc::CLONE_NEWNS
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWCGROUP;
