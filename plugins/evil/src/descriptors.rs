//! What can be done with descriptors the process already holds.
#![allow(unsafe_code)]

use crate::calls::call;
use std::io;

/// Tries something on each file or disk among the descriptors, until it succeeds.
fn on_each_disk(attempt: impl Fn(libc::c_int, u8) -> io::Result<libc::c_long>) -> io::Result<()> {
    let mut outcome = Err(io::Error::other("no disk among descriptors 0 to 32"));
    // Not stderr: a caller may have sent it to a file, and may keep it.
    for descriptor in (0..=32).filter(|d| *d != 2) {
        let mut byte = 0_u8;
        // Only a file or a disk can be read by position.
        let read = call!(SYS_pread64, descriptor, core::ptr::from_mut(&mut byte), 1_u64, 0_u64);
        if read.ok() == Some(1) && outcome.is_err() {
            outcome = attempt(descriptor, byte).map(drop);
        }
    }
    outcome
}

pub(crate) fn write_disk() -> io::Result<()> {
    // The byte goes back where it was: an image is not spoilt.
    on_each_disk(|disk, byte| call!(SYS_pwrite64, disk, core::ptr::from_ref(&byte), 1_u64, 0_u64))
}

pub(crate) fn map_disk() -> io::Result<()> {
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    on_each_disk(|disk, _| call!(SYS_mmap, 0_u64, 4096_u64, protection, libc::MAP_SHARED, disk, 0_u64))
}

pub(crate) fn write_stray() -> io::Result<()> {
    let line = b"EVIL SUCCEEDED: write-stray-descriptors\n";
    let mut outcome = Err(io::Error::other("no such descriptor"));
    for descriptor in 3..=64 {
        match call!(SYS_write, descriptor, line.as_ptr(), line.len()) {
            Ok(_) => outcome = Ok(()),
            Err(e) if outcome.is_err() => outcome = Err(e),
            Err(_) => {}
        }
    }
    outcome
}

pub(crate) fn duplicate() -> io::Result<()> {
    call!(SYS_dup, 0).map(drop)
}
