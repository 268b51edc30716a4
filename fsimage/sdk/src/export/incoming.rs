//! What the host hands in, as the SDK's types.

use super::outgoing::{null, read_sized};
use crate::read_at::check_range;
use crate::{Error, ErrorKind, Limits, ReadAt, Result};
use core::ffi::c_void;
use fsimage_abi as abi;
use std::sync::{Arc, PoisonError, RwLock};

/// The host's limits.
///
/// # Safety
/// `host` is null or a host as the ABI describes it.
pub(super) unsafe fn limits(host: *const abi::Host) -> Result<Limits> {
    if host.is_null() {
        return Err(null("host"));
    }
    // SAFETY: not null; `abi_version` and `limits` have been part of the structure since version 1.
    let (version, limits) = unsafe { ((*host).abi_version, (*host).limits) };
    if version != abi::ABI_VERSION {
        return Err(Error::new(
            ErrorKind::InvalidArgument,
            format!("the host speaks ABI {version}, this plugin {}", abi::ABI_VERSION),
        ));
    }
    // SAFETY: the host's promise: null (which is an error) or limits of their struct_size.
    let limits = unsafe { read_sized(limits) }?;
    Ok(Limits {
        max_symlinks: limits.max_symlinks,
        max_directory_entries: limits.max_directory_entries,
        max_memory: limits.max_memory,
    })
}

/// The host's volumes.
///
/// # Safety
/// `first` is null or begins an array of `count` volumes, each as large as the first one's `struct_size` says.
pub(super) unsafe fn volumes(first: *const abi::Volume, count: usize) -> Result<Vec<Arc<HostVolume>>> {
    // SAFETY: the caller's promise; null is refused.
    let head = unsafe { read_sized(first) }?;
    if count == 0 {
        return Err(Error::new(ErrorKind::InvalidArgument, "no volume"));
    }
    let stride = usize::try_from(head.struct_size).unwrap_or(usize::MAX);
    let mut volumes = Vec::new();
    for index in 0..count {
        let place = index.checked_mul(stride).ok_or_else(|| null("volumes"))?;
        // SAFETY: inside the array by the caller's promise.
        let volume = unsafe { read_sized(first.cast::<u8>().add(place).cast::<abi::Volume>()) }?;
        volumes.push(Arc::new(HostVolume::new(&volume)?));
    }
    Ok(volumes)
}

/// `length` bytes of the host's.
///
/// # Safety
/// `first` is null or begins `length` readable bytes that do not change during `'a`.
pub(super) unsafe fn bytes<'a>(first: *const u8, length: usize, name: &str) -> Result<&'a [u8]> {
    if length == 0 {
        return Ok(&[]);
    }
    if first.is_null() {
        return Err(null(name));
    }
    if isize::try_from(length).is_err() {
        return Err(Error::new(ErrorKind::InvalidArgument, format!("{name} of {length} bytes")));
    }
    // SAFETY: not null, at most isize::MAX bytes, and the caller's promise.
    Ok(unsafe { core::slice::from_raw_parts(first, length) })
}

/// The host's buffer of `capacity` bytes.
///
/// # Safety
/// `first` is null or begins `capacity` bytes that nobody else touches during `'a`.
pub(super) unsafe fn buffer<'a>(first: *mut u8, capacity: usize) -> Result<&'a mut [u8]> {
    if capacity == 0 {
        return Ok(&mut []);
    }
    if first.is_null() {
        return Err(null("buffer"));
    }
    if isize::try_from(capacity).is_err() {
        return Err(Error::new(ErrorKind::InvalidArgument, format!("a buffer of {capacity} bytes")));
    }
    // SAFETY: not null, at most isize::MAX bytes, and the caller's promise.
    Ok(unsafe { core::slice::from_raw_parts_mut(first, capacity) })
}

/// A volume of the host's, until [`HostVolume::end`].
///
/// A plugin in safe Rust may keep its `Arc` for as long as it likes, the host's context lives only until the probe
/// or the close returns: from then on reads fail. The lock makes `end` wait for reads under way elsewhere.
pub(super) struct HostVolume {
    size: u64,
    sector_size: u32,
    callback: RwLock<Option<Callback>>,
}

struct Callback {
    read_at: abi::VolumeReadFn,
    context: *mut c_void,
}

// SAFETY: the ABI says a volume's `read_at` is callable from any thread.
unsafe impl Send for Callback {}
// SAFETY: as above, also from several threads at once.
unsafe impl Sync for Callback {}

impl HostVolume {
    fn new(volume: &abi::Volume) -> Result<Self> {
        let read_at = volume.read_at.ok_or_else(|| null("volume.read_at"))?;
        let sector_size = volume.sector_size;
        if !sector_size.is_power_of_two() || !(512..=65536).contains(&sector_size) {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!("a volume with sectors of {sector_size} bytes"),
            ));
        }
        Ok(Self {
            size: volume.size,
            sector_size,
            callback: RwLock::new(Some(Callback { read_at, context: volume.context })),
        })
    }

    pub(super) fn end(&self) {
        *self.callback.write().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl ReadAt for HostVolume {
    fn size(&self) -> u64 {
        self.size
    }

    fn sector_size(&self) -> u32 {
        self.sector_size
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        check_range(offset, buffer.len(), self.size)?;
        let callback = self.callback.read().unwrap_or_else(PoisonError::into_inner);
        let Some(Callback { read_at, context }) = callback.as_ref() else {
            return Err(Error::new(ErrorKind::Internal, "a volume was kept beyond its close").at(offset));
        };
        let mut error = abi::Error::new();
        // SAFETY: the volume has not ended, so its context is valid; buffer and error are ours and of the sizes told.
        let code = unsafe { read_at(*context, offset, buffer.as_mut_ptr(), buffer.len(), &raw mut error) };
        if code == 0 { Ok(()) } else { Err(read_error(code, &error, offset)) }
    }
}

fn read_error(code: i32, error: &abi::Error, offset: u64) -> Error {
    let kind = abi::ErrorKind::from_code(code).unwrap_or(ErrorKind::Io);
    let length = usize::try_from(error.message_length).unwrap_or(usize::MAX);
    let message = error.message.get(..length).unwrap_or_default();
    let place = if error.offset == abi::NO_OFFSET { offset } else { error.offset };
    Error::new(kind, String::from_utf8_lossy(message)).at(place)
}
