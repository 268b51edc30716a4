//! Executable memory, and too much memory.
#![allow(unsafe_code)]

use crate::calls::call;
use std::alloc::{Layout, alloc};
use std::io;

const PAGE: u64 = 4096;

pub(crate) fn memfd_create() -> io::Result<()> {
    call!(SYS_memfd_create, c"evil".as_ptr(), 0).map(drop)
}

pub(crate) fn memfd_exec() -> io::Result<()> {
    let program = b"#!/bin/sh\necho 'EVIL SUCCEEDED: memfd-exec' >&2\n";
    let memfd = call!(SYS_memfd_create, c"evil".as_ptr(), 0)?;
    call!(SYS_write, memfd, program.as_ptr(), program.len())?;
    let arguments = [c"evil".as_ptr(), core::ptr::null()];
    let environment = [core::ptr::null::<libc::c_char>()];
    let (arguments, environment) = (arguments.as_ptr(), environment.as_ptr());
    call!(SYS_execveat, memfd, c"".as_ptr(), arguments, environment, libc::AT_EMPTY_PATH).map(drop)
}

fn map(protection: libc::c_int) -> io::Result<libc::c_long> {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    call!(SYS_mmap, 0_u64, PAGE, protection, flags, -1, 0_u64)
}

pub(crate) fn mprotect_exec() -> io::Result<()> {
    let page = map(libc::PROT_READ | libc::PROT_WRITE)?;
    call!(SYS_mprotect, page, PAGE, libc::PROT_READ | libc::PROT_EXEC).map(drop)
}

pub(crate) fn mmap_exec() -> io::Result<()> {
    map(libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC).map(drop)
}

pub(crate) fn bomb() -> io::Result<()> {
    const CHUNK: usize = 16 << 20;
    const CHUNKS: usize = 512;
    let layout = Layout::from_size_align(CHUNK, 4096).map_err(io::Error::other)?;
    for taken in 0..CHUNKS {
        // SAFETY: the layout is not empty; never freed, which is the misdeed.
        let chunk = unsafe { alloc(layout) };
        if chunk.is_null() {
            let taken = taken.saturating_mul(CHUNK >> 20);
            return Err(io::Error::other(format!("out of memory after {taken} MiB")));
        }
        for page in (0..CHUNK).step_by(4096) {
            // SAFETY: inside the chunk.
            unsafe { chunk.add(page).write_volatile(1) };
        }
    }
    Ok(())
}
