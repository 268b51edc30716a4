//! What remains to be said when the filter or an abort stops us.

use super::{Failure, LAST_WORDS, memory};
use std::ptr::null_mut;

/// Exit status after a forbidden system call: 128 + SIGSYS. The trusted side knows it.
const FORBIDDEN: i32 = 159;
/// Exit status after an abort: 128 + SIGABRT.
const ABORTED: i32 = 134;

/// Exit status when the processor time is used up: 128 + SIGXCPU.
const OUT_OF_TIME: i32 = 152;

/// Installs the handlers of SIGSYS, by which the seccomp filter stops us, and of SIGABRT and SIGXCPU, whose default action
/// the kernel ignores in the first process of a process namespace. The standard library's handlers of memory faults are
/// taken away: they make system calls that the filter forbids, and hide the fault behind that.
pub(crate) fn report_ends() -> Result<(), Failure> {
    install(libc::SIGSYS, forbidden)
        .and_then(|()| install(libc::SIGABRT, aborted))
        .and_then(|()| install(libc::SIGXCPU, out_of_time))
        .and_then(|()| default_action(libc::SIGSEGV))
        .and_then(|()| default_action(libc::SIGBUS))
        .map_err(|why| Failure::new("seccomp", why))
}

/// A handler as SA_SIGINFO asks for.
type Handler = extern "C" fn(i32, *const libc::siginfo_t, *const libc::c_void);

#[allow(unsafe_code)]
fn install(signal: i32, handler: Handler) -> std::io::Result<()> {
    // SAFETY: an all-zero sigaction is a valid value of that C structure.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    // OK to cast: this is how C spells a handler, an address in an integer of its size.
    #[allow(clippy::as_conversions)]
    {
        action.sa_sigaction = handler as usize;
    }
    action.sa_flags = libc::SA_SIGINFO;
    // SAFETY: both handlers have the signature that SA_SIGINFO asks for and do only async-signal-safe things.
    match unsafe { libc::sigaction(signal, &raw const action, null_mut()) } {
        0 => Ok(()),
        _ => Err(std::io::Error::last_os_error()),
    }
}

#[allow(unsafe_code)]
fn default_action(signal: i32) -> std::io::Result<()> {
    // SAFETY: the default action is no code of ours.
    match unsafe { libc::signal(signal, libc::SIG_DFL) } {
        libc::SIG_ERR => Err(std::io::Error::last_os_error()),
        _ => Ok(()),
    }
}

#[allow(unsafe_code)]
extern "C" fn forbidden(_signal: i32, info: *const libc::siginfo_t, _context: *const libc::c_void) {
    // SAFETY: the kernel hands a whole siginfo_t. Of SIGSYS, bytes 24 to 27 are si_syscall (include/uapi/asm-generic/
    // siginfo.h: signo, errno, code, padding to 16; si_call_addr of 8 bytes; si_syscall).
    let number = unsafe { info.cast::<u8>().add(24).cast::<i32>().read_unaligned() };
    let number = u32::try_from(number).unwrap_or(u32::MAX);
    memory::leave_status(number);
    let mut line = *b"seccomp: forbidden system call ..........\n";
    let mut rest = number;
    for place in line.iter_mut().rev().skip(1).take(10) {
        *place = b'0'.saturating_add(u8::try_from(rest % 10).unwrap_or(0));
        rest /= 10;
    }
    // SAFETY: writes a buffer of this function's; write and _exit are async-signal-safe.
    unsafe {
        libc::write(LAST_WORDS, line.as_ptr().cast(), line.len());
        libc::_exit(FORBIDDEN);
    }
}

#[allow(unsafe_code)]
extern "C" fn aborted(_signal: i32, _info: *const libc::siginfo_t, _context: *const libc::c_void) {
    // SAFETY: async-signal-safe; whoever aborts has said why already.
    unsafe { libc::_exit(ABORTED) }
}

#[allow(unsafe_code)]
extern "C" fn out_of_time(_signal: i32, _info: *const libc::siginfo_t, _context: *const libc::c_void) {
    // SAFETY: async-signal-safe.
    unsafe { libc::_exit(OUT_OF_TIME) }
}
