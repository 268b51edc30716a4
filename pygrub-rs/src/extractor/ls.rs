//! `fsimage ls`.

use super::args::{Common, Listing};
use super::file::{Object, long, target};
use super::output::Output;
use super::volume;
use super::walk::{Then, entries, join, walk};
use crate::exit::{Failure, Result};
use fsimage::protocol::Detail;
use fsimage::{FileType, Node, Session, escape};
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

impl Listing {
    /// What is printed of each file, and so what the listing has to tell.
    fn detail(&self, common: &Common) -> Detail {
        match (self.long || common.json, self.depth.recursive) {
            (true, _) => Detail::Content {},
            (false, true) => Detail::Metadata {},
            (false, false) => Detail::Names {},
        }
    }
}

/// Lists files and directories.
pub(super) fn ls(session: &mut Session, paths: &[OsString], how: &Listing, common: &Common) -> Result<()> {
    let volume = volume::choose(session, common, paths)?;
    let mut output = Output::new();
    let mut outcome = Ok(());
    for path in paths {
        let path = path.as_bytes();
        let listed = match how.depth.recursive {
            true => walk(session, volume, path, common, how.detail(common), &mut |session, visit| {
                // The directory itself is no news.
                if visit.path != b"/" {
                    print(session, volume, visit.path, visit.path, visit.node, how, common, &mut output)?;
                }
                Ok(Then::Enter)
            }),
            false => one_level(session, volume, path, how, common, &mut output),
        };
        match listed {
            Err(Failure::AlreadySaid) => outcome = Err(Failure::AlreadySaid),
            other => other?,
        }
    }
    output.finish().and(outcome)
}

fn one_level(
    session: &mut Session,
    volume: u32,
    path: &[u8],
    how: &Listing,
    common: &Common,
    output: &mut Output,
) -> Result<()> {
    let node = match session.stat(volume, path, true) {
        Ok(node) => node,
        // A link that leads nowhere is a file, too.
        Err(why) => session.stat(volume, path, false).map_err(|_| why)?,
    };
    if node.file_type != FileType::Directory {
        return print(session, volume, path, path, &node, how, common, output);
    }
    for entry in entries(session, volume, &node, &how.detail(common))? {
        let name = &entry.name.0;
        if how.long || common.json {
            let node = session.entry(volume, &entry).map_err(|why| why.within(escape(name)))?;
            print(session, volume, &join(path, name), name, &node, how, common, output)?;
        } else {
            output.line(&escape(name))?;
        }
    }
    Ok(())
}

#[expect(clippy::too_many_arguments, reason = "one line's worth of facts, each from somewhere else")]
fn print(
    session: &mut Session,
    volume: u32,
    path: &[u8],
    shown: &[u8],
    node: &Node,
    how: &Listing,
    common: &Common,
    output: &mut Output,
) -> Result<()> {
    let target = match how.long || common.json {
        true => target(session, volume, node)?,
        false => None,
    };
    if common.json {
        return output.json(&Object::new(path, node, target));
    }
    let name = escape(shown);
    match how.long {
        true => output.line(&long(node, &name, target.as_deref())),
        false => output.line(&name),
    }
}
