//! The fork, and the parent that remains behind it.

use super::{
    CHANNEL, Failure, Inmate, LAST_WORDS, Plan, close_all_but, credentials, identity_map, names, seccomp,
};
use rustix::fd::OwnedFd;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{
    DumpableBehavior, Pid, Signal, WaitOptions, kill_process, set_dumpable_behavior,
    set_parent_process_death_signal, waitpid,
};
use std::os::fd::AsRawFd;
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicBool, Ordering};

/// Remembered across the fork: inside its user namespace the inmate cannot see any more who started it.
static BY_ROOT: AtomicBool = AtomicBool::new(false);

/// Whether the worker was started by root.
pub(crate) fn started_by_root() -> bool {
    BY_ROOT.load(Ordering::Relaxed)
}

/// Forks into the namespaces that the host allows. The parent becomes the warden and does not return, unless the jail
/// cannot be built.
pub(crate) fn enter(plan: Plan) -> Result<Inmate, Failure> {
    let failed = |why| Failure::new("fork", why);
    BY_ROOT.store(rustix::process::geteuid().is_root(), Ordering::Relaxed);
    let (released, release) = pipe_with(PipeFlags::CLOEXEC).map_err(failed)?;
    signals_ready().map_err(|why| Failure::new("fork", why))?;
    let (child, flags, refusal) = fork(&plan).map_err(failed)?;
    match child {
        Some(child) => Err(watch(child, flags, &plan, &release)),
        None => {
            drop(release);
            wait_for_release(&released)?;
            let namespaces = match (flags, refusal) {
                (0, Some(why)) => Err(format!("refused by the host: {why}")),
                (names::ALL_BUT_USER, _) => Ok("all but the user namespace, which the host refused"),
                _ => Ok(""),
            };
            Ok(Inmate { plan, namespaces, user_namespace: flags & libc::CLONE_NEWUSER != 0 })
        }
    }
}

/// The inmate's own tie to its warden. Changing the user has cut an earlier one, so it is tied here, behind that.
pub(crate) fn die_with_it() -> rustix::io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // Nobody of the same user may trace it or read its memory.
    set_dumpable_behavior(DumpableBehavior::NotDumpable)
}

type Forked = (Option<Pid>, i32, Option<rustix::io::Errno>);

/// Forks with as many namespaces as the host gives: all, all but the user's for root, none.
fn fork(plan: &Plan) -> rustix::io::Result<Forked> {
    let mut refusal = None;
    let ladder: &[i32] = match (plan.sandbox, started_by_root()) {
        (false, _) => &[0],
        (true, true) => &[names::ALL, names::ALL_BUT_USER, 0],
        (true, false) => &[names::ALL, 0],
    };
    for &flags in ladder {
        match clone(flags) {
            Ok(child) => return Ok((child, flags, refusal)),
            Err(why) => refusal = Some(refusal.unwrap_or(why)),
        }
    }
    Err(refusal.unwrap_or(rustix::io::Errno::INVAL))
}

/// fork(2) with namespaces.
#[allow(unsafe_code)]
fn clone(flags: i32) -> rustix::io::Result<Option<Pid>> {
    let flags = i64::from(flags) | i64::from(libc::SIGCHLD);
    // SAFETY: without CLONE_VM and with a null stack this is fork: the child goes on here with a copy of everything.
    // The process has one thread, so no lock is held by a thread that the child lacks.
    let child = unsafe {
        libc::syscall(libc::SYS_clone, flags, null::<u8>(), null::<u8>(), null::<u8>(), null::<u8>())
    };
    if child < 0 {
        let errno = std::io::Error::last_os_error().raw_os_error().unwrap_or(libc::EINVAL);
        return Err(rustix::io::Errno::from_raw_os_error(errno));
    }
    Ok(i32::try_from(child).ok().and_then(Pid::from_raw))
}

/// The inmate waits until its identity is mapped; the end of the pipe without a byte means that the warden failed.
fn wait_for_release(released: &OwnedFd) -> Result<(), Failure> {
    let mut byte = [0];
    match rustix::io::retry_on_intr(|| rustix::io::read(released, &mut byte)) {
        Ok(1) => Ok(()),
        // Not told to anybody: the warden tells why, and has killed us by then.
        Ok(_) => Err(Failure::new("fork", "the warden gave up")),
        Err(why) => Err(Failure::new("namespaces", why)),
    }
}

/// The warden's life; returns only when it cannot begin. It locks itself in too, and then makes no call but its own
/// filter's.
fn watch(child: Pid, flags: i32, plan: &Plan, release: &OwnedFd) -> Failure {
    // The pipe outlives the kill: its end without a byte would let the inmate speak first.
    if let Err(failure) = lock_warden(child, flags, plan).and_then(|()| settle(plan, release)) {
        let _ = kill_process(child, Signal::KILL);
        let _ = waitpid(Some(child), WaitOptions::empty());
        return failure;
    }
    loop {
        if wait_for_event() {
            // Gone already, at worst.
            let _ = kill_process(child, Signal::KILL);
        }
        match waitpid(Some(child), WaitOptions::NOHANG) {
            Ok(None) | Err(rustix::io::Errno::INTR) => {}
            Ok(Some((_, status))) => {
                let signal = status.terminating_signal().map(|signal| signal.saturating_add(128));
                exit(signal.or(status.exit_status()).unwrap_or(1));
            }
            Err(_) => exit(1),
        }
    }
}

/// Maps the inmate's identity, then gives up what the warden itself does not need.
fn lock_warden(child: Pid, flags: i32, plan: &Plan) -> Result<(), Failure> {
    let by_root = started_by_root();
    if flags & libc::CLONE_NEWUSER != 0 {
        let (uid, gid) = if by_root {
            (plan.uid, plan.gid)
        } else {
            (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw())
        };
        identity_map::write_maps(child, uid, gid, by_root).map_err(|why| {
            Failure::new("namespaces", format_args!("mapping user {uid} and group {gid}: {why}"))
        })?;
    }
    if plan.sandbox {
        rustix::thread::set_no_new_privs(true).map_err(|why| Failure::new("no new privileges", why))?;
        credentials::drop_bounding_set();
        if by_root {
            let (uid, gid) = (plan.uid, plan.gid);
            credentials::become_user(uid, gid).map_err(|why| {
                Failure::new("unprivileged user", format_args!("becoming user {uid}: {why}"))
            })?;
        }
        credentials::drop_capabilities().map_err(|why| Failure::new("no capabilities", why))?;
    }
    Ok(())
}

/// Lets the inmate go on, and keeps nothing but what the watch needs.
fn settle(plan: &Plan, release: &OwnedFd) -> Result<(), Failure> {
    rustix::io::write(release, &[1]).map_err(|why| Failure::new("fork", why))?;
    close_all_but(&[CHANNEL, LAST_WORDS, release.as_raw_fd()])
        .map_err(|why| Failure::new("close descriptors", why))?;
    if !plan.sandbox {
        return Ok(());
    }
    seccomp::enforce(seccomp::WARDEN_RULES).map_err(|why| Failure::new("seccomp", why))
}

/// SIGCHLD is blocked but while we wait, so that the inmate's end cannot be missed between a look and the wait.
#[allow(unsafe_code)]
fn signals_ready() -> std::io::Result<()> {
    let handler: extern "C" fn(i32) = child_ended;
    // OK to cast: this is how C spells a handler, an address in an integer of its size.
    #[allow(clippy::as_conversions)]
    let handler = handler as usize;
    // SAFETY: all-zero values of these C structures are valid; the handler does nothing, which is what it is for.
    let result = unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler;
        let mut blocked: libc::sigset_t = std::mem::zeroed();
        libc::sigaddset(&raw mut blocked, libc::SIGCHLD);
        libc::sigaction(libc::SIGCHLD, &raw const action, null_mut())
            | libc::sigprocmask(libc::SIG_BLOCK, &raw const blocked, null_mut())
    };
    if result == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
}

extern "C" fn child_ended(_signal: i32) {}

/// Waits until the inmate ends (false) or the trusted side has closed the channel (true).
#[allow(unsafe_code)]
fn wait_for_event() -> bool {
    let mut polled = libc::pollfd { fd: CHANNEL, events: libc::POLLRDHUP, revents: 0 };
    // SAFETY: one pollfd, no time limit, and an empty signal mask that lets SIGCHLD in.
    let ready = unsafe {
        let nothing_blocked: libc::sigset_t = std::mem::zeroed();
        libc::ppoll(&raw mut polled, 1, null(), &raw const nothing_blocked)
    };
    ready > 0
}

#[allow(unsafe_code)]
fn exit(status: i32) -> ! {
    // SAFETY: ends the process without running what the seccomp filter would not allow.
    unsafe { libc::_exit(status) }
}
