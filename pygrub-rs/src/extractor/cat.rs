//! `fsimage cat`.

use super::args::{Common, Unpacking};
use super::file::{at, check_is_regular};
use super::output::Output;
use super::several::each;
use super::volume;
use crate::exit::Result;
use fsimage::copy::Part;
use fsimage::{Session, escape};
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

/// Copies the files to standard output, one behind the other.
pub(super) fn cat(session: &mut Session, paths: &[OsString], how: &Unpacking, common: &Common) -> Result<()> {
    let volume = volume::choose(session, common, paths)?;
    let mut output = Output::new();
    let outcome = each(paths, |path| {
        let path = path.as_bytes();
        let node = at(session, volume, path, true)?;
        check_is_regular(&node)
            .and_then(|()| volume::check_size(&node, common))
            .map_err(|failure| failure.within(escape(path)))?;
        let part = Part::whole(volume, &node);
        let copied = match how.vmlinux {
            true => session
                .packed_kernel(&part, common.max_file_size)
                .and_then(|kernel| session.unpack_to_stream(&kernel, &mut output))
                .map(drop),
            false => session.copy_to_stream(&part, &mut output),
        };
        copied.map_err(|why| output.explain(why).within(escape(path)))?;
        // Before the next one's error, if it has one.
        output.flush_now()
    });
    outcome.and(output.finish())
}
