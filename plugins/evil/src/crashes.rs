//! Ways for a process to end, or not to.
#![allow(unsafe_code)]

use crate::calls::call;
use std::hint::{black_box, spin_loop};
use std::time::{Duration, Instant};

pub(crate) fn spin() {
    loop {
        spin_loop();
    }
}

pub(crate) fn silence() {
    let word = 0_u32;
    loop {
        // FUTEX_WAIT for a change that nobody makes, without an end.
        let _ = call!(SYS_futex, core::ptr::from_ref(&word), 0, 0_u32, core::ptr::null::<u8>());
    }
}

pub(crate) fn segfault() {
    // SAFETY: none whatever: nothing is mapped there, which is the misdeed.
    unsafe { core::ptr::without_provenance_mut::<u8>(8).write_volatile(1) };
}

pub(crate) fn abort() {
    std::process::abort();
}

pub(crate) fn panic() {
    // A panic is what is asked for.
    #[allow(clippy::panic)]
    {
        panic!("evil panics on command");
    }
}

pub(crate) fn stack_overflow() {
    #[allow(unconditional_recursion)]
    fn deeper(above: &[u8; 4096]) -> u8 {
        let here = [above.first().copied().unwrap_or(0); 4096];
        deeper(black_box(&here)).wrapping_add(black_box(1))
    }
    black_box(deeper(&[0; 4096]));
}

pub(crate) fn exit() {
    // SAFETY: ends the process.
    unsafe { libc::_exit(0) };
}

/// Waits for as long as that, by whatever the jail allows.
pub(crate) fn wait(time: Duration) {
    let begin = Instant::now();
    let word = 0_u32;
    // struct timespec: a tenth of a second.
    let moment = [0_i64, 100_000_000];
    while begin.elapsed() < time {
        // A futex nobody wakes sleeps, and malloc's and the standard library's locks need it, so jails allow it.
        let _ = call!(SYS_futex, core::ptr::from_ref(&word), 0, 0_u32, moment.as_ptr());
        spin_loop();
    }
}
