//! `fsi_open`: the image, one of its partitions, limits.

use crate::guard::{Failure, guarded};
use crate::handles::Filesystem;
use crate::raw;
use fsimage::{ErrorKind, Options, Session, escape};
use std::ffi::c_char;
use std::ptr::null_mut;

/// See fsimage.h.
///
/// # Safety
/// `path` is null or a string; `options` is null, or a list of strings with a null pointer at its end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fsi_open(path: *const c_char, options: *const *const c_char) -> *mut Filesystem {
    guarded(null_mut(), || {
        // SAFETY: as the caller says.
        let (path, words) = unsafe { (raw::host_path(path)?, raw::words(options)?) };
        let mut options = Options::default();
        let mut partition = None;
        for word in words {
            match word.strip_prefix(b"partition=") {
                Some(address) => partition = Some(address),
                None => options.set(word)?,
            }
        }
        let filesystem = Filesystem::open(path, &options, |session| choose(session, partition))?;
        Ok(Box::into_raw(Box::new(filesystem)))
    })
}

fn choose(session: &mut Session, partition: Option<&[u8]>) -> Result<u32, Failure> {
    let Some(address) = partition else { return Ok(session.default_volume()?) };
    session.find_volume(address).map_err(|why| match why.kind() {
        // ENOENT would be the image's.
        ErrorKind::NotFound => {
            Failure::new(libc::ENXIO, format!("partition={}: {}", escape(address), why.message()))
        }
        _ => why.into(),
    })
}
