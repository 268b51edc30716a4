//! `fsi_open`: the image, one of its partitions, limits.

use crate::guard::{Failure, guarded};
use crate::handles::{Filesystem, MAX_FILE_SIZE};
use crate::raw;
use fsimage::units::parse_size;
use fsimage::{Disk, ErrorKind, Options, Session, escape};
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
        let (mut partition, mut max_file_size) = (None, MAX_FILE_SIZE);
        for word in words {
            if let Some(address) = word.strip_prefix(b"partition=") {
                partition = Some(address);
            } else if let Some(size) = word.strip_prefix(b"max-file-size=") {
                let invalid = |why| Failure::argument(format!("{}: {why}", escape(word)));
                max_file_size = parse_size(&String::from_utf8_lossy(size)).map_err(invalid)?;
            } else {
                options.set(word)?;
            }
        }
        let choose = |session: &mut Session| choose(session, partition);
        let filesystem = Filesystem::open(Disk::open(path)?, &options, max_file_size, choose)?;
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
