//! `fsimage cat`.

use super::args::Common;
use super::output::Output;
use super::volume;
use crate::exit::{Failure, Result};
use fsimage::copy::Part;
use fsimage::{Session, escape};
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

/// Copies the files to standard output, one behind the other.
pub(super) fn cat(session: &mut Session, paths: &[OsString], common: &Common) -> Result<()> {
    let volume = volume::choose(session, common, paths)?;
    let mut output = Output::new();
    for path in paths {
        let path = path.as_bytes();
        let node = session.stat(volume, path, true)?;
        volume::check_size(&node, common).map_err(|failure| failure.within(escape(path)))?;
        session
            .copy_to_stream(&Part::whole(volume, &node), &mut output)
            .map_err(|why| Failure::within(output.explain(why), escape(path)))?;
    }
    output.finish()
}
