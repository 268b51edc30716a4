//! The memory shared with the trusted side.

use rustix::fd::AsFd;
use rustix::mm::{MapFlags, ProtFlags, mmap};
use std::ptr::{NonNull, null_mut};
use std::sync::atomic::{AtomicPtr, Ordering};

/// Where the SIGSYS handler leaves the forbidden call's number: a handler can reach nothing but a static.
static STATUS: AtomicPtr<u32> = AtomicPtr::new(null_mut());

/// Memory that we write and the trusted side copies from without looking.
#[derive(Debug)]
pub(crate) struct SharedMemory {
    start: NonNull<u8>,
    data: usize,
}

impl SharedMemory {
    /// Maps `data` bytes and, behind them, the page of the status. Stays mapped until the process ends.
    #[allow(unsafe_code)]
    pub(crate) fn map(descriptor: impl AsFd, data: usize) -> rustix::io::Result<Self> {
        let length = data.checked_add(4096).ok_or(rustix::io::Errno::INVAL)?;
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: a fresh mapping at an address of the kernel's choice; the trusted side sealed its size, so no
        // access inside it can fault.
        let start = unsafe { mmap(null_mut(), length, protection, MapFlags::SHARED, descriptor, 0) }?;
        let start = NonNull::new(start.cast::<u8>()).ok_or(rustix::io::Errno::NOMEM)?;
        // SAFETY: `data` bytes into a mapping of `data` + 4096.
        let status = unsafe { start.add(data) };
        STATUS.store(status.cast::<u32>().as_ptr(), Ordering::Release);
        Ok(Self { start, data })
    }

    /// The data part.
    #[allow(unsafe_code)]
    pub(crate) fn data(&mut self) -> &mut [u8] {
        // SAFETY: mapped for the life of the process, written by this thread alone (`&mut self`); the trusted side
        // only lets the kernel copy from it, between our writes.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.data) }
    }
}

/// Leaves the number of the forbidden call for the trusted side. Async-signal-safe.
#[allow(unsafe_code)]
pub(crate) fn leave_status(number: u32) {
    if let Some(status) = NonNull::new(STATUS.load(Ordering::Acquire)) {
        // SAFETY: points into the mapping above, which is never unmapped; `data` is a multiple of the page size, so it
        // is aligned.
        unsafe { status.as_ptr().write_volatile(number.to_le()) };
    }
}
