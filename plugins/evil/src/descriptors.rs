//! What can be done with descriptors the process already holds.
#![allow(unsafe_code)]

use crate::calls::call;
use std::io;

pub(crate) fn write_disk() -> io::Result<()> {
    let mut refused = io::Error::other("no disk among descriptors 0 to 32");
    // Not stderr: a caller may have sent it to a file, and may keep it.
    for descriptor in (0..=32).filter(|d| *d != 2) {
        let mut byte = [0_u8];
        // Only a file or a disk can be read by position. The byte goes back where it was: an image is not spoilt.
        if call!(SYS_pread64, descriptor, byte.as_mut_ptr(), byte.len(), 0_u64).ok() != Some(1) {
            continue;
        }
        if call!(SYS_pwrite64, descriptor, byte.as_ptr(), byte.len(), 0_u64).is_ok() {
            return Ok(());
        }
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        match call!(SYS_mmap, 0_u64, 4096_u64, protection, libc::MAP_SHARED, descriptor, 0_u64) {
            Ok(_) => return Ok(()),
            Err(e) => refused = e,
        }
    }
    Err(refused)
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
