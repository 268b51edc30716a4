//! `fsimage sum`.

use super::args::{Common, Depth};
use super::file::{at, check_is_regular};
use super::output::Output;
use super::several::each;
use super::volume;
use super::walk::{Then, walk};
use crate::exit::Result;
use fsimage::copy::Part;
use fsimage::protocol::Detail;
use fsimage::{FileType, Node, Session, escape};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::ffi::OsString;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;

#[derive(Debug, Serialize)]
struct Object {
    path: String,
    sha256: String,
}

/// Prints the SHA-256 of files; with `-R` of every regular file, links not followed.
pub(super) fn sum(session: &mut Session, paths: &[OsString], how: &Depth, common: &Common) -> Result<()> {
    let volume = volume::choose(session, common, paths)?;
    let mut output = Output::new();
    let outcome = each(paths, |path| {
        let path = path.as_bytes();
        if how.recursive {
            return walk(session, volume, path, common, Detail::Content {}, &mut |session, visit| {
                if visit.node.file_type == FileType::Regular {
                    print(session, volume, visit.path, visit.node, common, &mut output)?;
                }
                Ok(Then::Enter)
            });
        }
        let node = at(session, volume, path, true)?;
        check_is_regular(&node)
            .and_then(|()| print(session, volume, path, &node, common, &mut output))
            .map_err(|failure| failure.within(escape(path)))
    });
    outcome.and(output.finish())
}

fn print(
    session: &mut Session,
    number: u32,
    path: &[u8],
    node: &Node,
    common: &Common,
    output: &mut Output,
) -> Result<()> {
    volume::check_size(node, common)?;
    let mut hash = Hash(Sha256::new());
    session.copy_to_stream(&Part::whole(number, node), &mut hash)?;
    let sha256: String = hash.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    let path = escape(path);
    match common.json {
        true => output.json(&Object { path, sha256 }),
        false => output.line(&format!("{sha256}  {path}")),
    }
}

/// A stream into a hash.
struct Hash(Sha256);

impl Write for Hash {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
