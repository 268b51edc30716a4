//! System calls the jail must refuse. Each does no harm where it succeeds: tests also run them unjailed.
#![allow(unsafe_code)]

use std::io;
use std::sync::atomic::{AtomicI32, Ordering};

/// The result of a raw system call.
pub(crate) fn result(returned: libc::c_long) -> io::Result<libc::c_long> {
    if returned < 0 { Err(io::Error::last_os_error()) } else { Ok(returned) }
}

/// Success is also that the kernel looked and found this.
fn or_errno(result: io::Result<libc::c_long>, errno: i32) -> io::Result<()> {
    match result {
        Err(e) if e.raw_os_error() != Some(errno) => Err(e),
        _ => Ok(()),
    }
}

macro_rules! call {
    ($number:ident $(, $argument:expr)* $(,)?) => {
        // SAFETY: the kernel checks its arguments; pointers among them are to constants or locals that live through
        // the call, and of the size the call reads or writes.
        crate::calls::result(unsafe { libc::syscall(libc::$number $(, $argument)*) })
    };
}
pub(crate) use call;

const PASSWD: *const libc::c_char = c"/etc/passwd".as_ptr();
const LITTER: *const libc::c_char = c"/tmp/fsimage-evil-was-here".as_ptr();

pub(crate) fn open() -> io::Result<()> {
    #[cfg(target_arch = "x86_64")]
    return call!(SYS_open, PASSWD, libc::O_RDONLY).map(drop);
    #[cfg(not(target_arch = "x86_64"))]
    call!(SYS_openat, libc::AT_FDCWD, PASSWD, libc::O_RDONLY).map(drop)
}

pub(crate) fn openat2() -> io::Result<()> {
    // struct open_how: flags, mode, resolve.
    let how = [0_u64; 3];
    call!(SYS_openat2, libc::AT_FDCWD, PASSWD, how.as_ptr(), size_of_val(&how)).map(drop)
}

pub(crate) fn creat() -> io::Result<()> {
    call!(SYS_openat, libc::AT_FDCWD, LITTER, libc::O_CREAT | libc::O_WRONLY, 0o600).map(drop)
}

pub(crate) fn unlink() -> io::Result<()> {
    or_errno(call!(SYS_unlinkat, libc::AT_FDCWD, LITTER, 0), libc::ENOENT)
}

pub(crate) fn read_proc() -> io::Result<()> {
    let maps = call!(SYS_openat, libc::AT_FDCWD, c"/proc/self/maps".as_ptr(), libc::O_RDONLY);
    let environ = call!(SYS_openat, libc::AT_FDCWD, c"/proc/1/environ".as_ptr(), libc::O_RDONLY);
    maps.or(environ).map(drop)
}

pub(crate) fn mount() -> io::Result<()> {
    let (what, place) = (c"tmpfs".as_ptr(), c"/mnt".as_ptr());
    call!(SYS_mount, what, place, what, 0_u64, core::ptr::null::<u8>())?;
    call!(SYS_umount2, place, libc::MNT_DETACH).map(drop)
}

pub(crate) fn socket() -> io::Result<()> {
    call!(SYS_socket, libc::AF_INET, libc::SOCK_STREAM, 0).map(drop)
}

pub(crate) fn connect() -> io::Result<()> {
    // struct sockaddr_in: family (host order), port, address, zeros.
    let [low, high] = 2_u16.to_ne_bytes();
    let address: [u8; 16] = [low, high, 0, 9, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0];
    let connect = |socket: libc::c_long| call!(SYS_connect, socket, address.as_ptr(), address.len());
    // The channel first: it is the one socket there is where none can be made.
    if connect(0).is_ok() {
        return Ok(());
    }
    let socket = call!(SYS_socket, libc::AF_INET, libc::SOCK_STREAM, 0)?;
    or_errno(connect(socket), libc::ECONNREFUSED)
}

pub(crate) fn execve() -> io::Result<()> {
    let script = c"echo 'EVIL SUCCEEDED: execve' >&2".as_ptr();
    let arguments = [c"sh".as_ptr(), c"-c".as_ptr(), script, core::ptr::null()];
    let environment = [core::ptr::null::<libc::c_char>()];
    call!(SYS_execve, c"/bin/sh".as_ptr(), arguments.as_ptr(), environment.as_ptr()).map(drop)
}

/// In a child: ends it. In its parent: waits for it.
fn after_fork(child: libc::c_long) -> io::Result<()> {
    if child == 0 {
        let _ = call!(SYS_exit_group, 0);
    }
    let nothing = core::ptr::null::<u8>();
    let _ = call!(SYS_wait4, child, nothing, 0, nothing);
    Ok(())
}

pub(crate) fn fork() -> io::Result<()> {
    after_fork(call!(SYS_clone, libc::SIGCHLD, 0_u64, 0_u64, 0_u64, 0_u64)?)
}

pub(crate) fn clone3() -> io::Result<()> {
    // struct clone_args, first version: the fifth member is exit_signal.
    let mut arguments = [0_u64; 8];
    if let (Some(signal), Ok(child)) = (arguments.get_mut(4), u64::try_from(libc::SIGCHLD)) {
        *signal = child;
    }
    after_fork(call!(SYS_clone3, arguments.as_ptr(), size_of_val(&arguments))?)
}

/// The parent, as the initialiser saw it: in the jail, asking would be the first call refused, and the last one made.
static PARENT: AtomicI32 = AtomicI32::new(0);

extern "C" fn remember_parent() {
    // SAFETY: always succeeds and touches nothing.
    PARENT.store(unsafe { libc::getppid() }, Ordering::Relaxed);
}

/// Runs when the plugin is loaded, before the jail is locked.
#[used]
#[unsafe(link_section = ".init_array")]
static REMEMBER_PARENT: extern "C" fn() = remember_parent;

/// The parent; inside a namespace of its own, where that reads 0, the first process.
fn parent() -> libc::pid_t {
    PARENT.load(Ordering::Relaxed).max(1)
}

pub(crate) fn ptrace() -> io::Result<()> {
    // Seizing does not stop the parent, and ends with this process.
    const PTRACE_SEIZE: libc::c_long = 0x4206;
    call!(SYS_ptrace, PTRACE_SEIZE, parent(), 0_u64, 0_u64).map(drop)
}

pub(crate) fn kill_parent() -> io::Result<()> {
    call!(SYS_kill, parent(), libc::SIGWINCH).map(drop)
}

pub(crate) fn process_vm_writev() -> io::Result<()> {
    let byte = 0_u8;
    let local = libc::iovec { iov_base: core::ptr::from_ref(&byte).cast_mut().cast(), iov_len: 1 };
    let remote = libc::iovec { iov_base: core::ptr::without_provenance_mut(8), iov_len: 1 };
    let (local, remote) = (core::ptr::from_ref(&local), core::ptr::from_ref(&remote));
    or_errno(call!(SYS_process_vm_writev, parent(), local, 1_u64, remote, 1_u64, 0_u64), libc::EFAULT)
}

pub(crate) fn unshare() -> io::Result<()> {
    call!(SYS_unshare, libc::CLONE_NEWUSER).or_else(|_| call!(SYS_unshare, libc::CLONE_NEWUTS)).map(drop)
}

pub(crate) fn setuid() -> io::Result<()> {
    call!(SYS_setresuid, 0, 0, 0).map(drop)
}

pub(crate) fn prctl() -> io::Result<()> {
    call!(SYS_prctl, libc::PR_SET_DUMPABLE, 1_u64, 0_u64, 0_u64, 0_u64).map(drop)
}

pub(crate) fn bpf() -> io::Result<()> {
    // union bpf_attr of BPF_MAP_CREATE: an array (2) of one value of four bytes under keys of four bytes.
    let mut attributes = [0_u32; 32];
    for (to, from) in attributes.iter_mut().zip([2, 4, 4, 1]) {
        *to = from;
    }
    call!(SYS_bpf, 0, attributes.as_ptr(), size_of_val(&attributes)).map(drop)
}

pub(crate) fn io_uring_setup() -> io::Result<()> {
    let mut parameters = [0_u8; 120];
    call!(SYS_io_uring_setup, 8, parameters.as_mut_ptr()).map(drop)
}

pub(crate) fn keyctl() -> io::Result<()> {
    // KEYCTL_GET_KEYRING_ID of the process keyring (-2), made when missing.
    call!(SYS_keyctl, 0, -2, 1).map(drop)
}

pub(crate) fn userfaultfd() -> io::Result<()> {
    // UFFD_USER_MODE_ONLY.
    call!(SYS_userfaultfd, 1).map(drop)
}
