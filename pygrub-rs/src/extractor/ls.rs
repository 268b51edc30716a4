//! `fsimage ls`.

use super::args::{Common, Listing};
use super::file::{Columns, Object, at, at_or_link, long, target};
use super::output::Output;
use super::several::each;
use super::volume;
use super::walk::{Then, entries, join, walk};
use crate::exit::Result;
use fsimage::protocol::Detail;
use fsimage::{FileType, Node, Session, escape};
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

/// How files are listed, and where.
struct Lister<'a> {
    volume: u32,
    how: &'a Listing,
    common: &'a Common,
    output: Output,
    /// Several directories are listed, each under its name.
    is_headed: bool,
    /// What was listed last.
    last: Option<Last>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    File,
    Directory,
}

/// Lists files and directories.
pub(super) fn ls(session: &mut Session, paths: &[OsString], how: &Listing, common: &Common) -> Result<()> {
    let volume = volume::choose(session, common, paths)?;
    let is_headed = paths.len() > 1 && !common.json;
    let mut lister = Lister { volume, how, common, output: Output::new(), is_headed, last: None };
    let outcome = each(paths, |path| match how.depth.recursive {
        true => lister.all_below(session, path.as_bytes()),
        false => lister.one_level(session, path.as_bytes()),
    });
    outcome.and(lister.output.finish())
}

impl Lister<'_> {
    /// More than a name is told of each file.
    fn is_long(&self) -> bool {
        self.how.long || self.common.json
    }

    /// What the listings have to tell.
    fn detail(&self) -> Detail {
        match (self.is_long(), self.how.depth.recursive) {
            (true, _) => Detail::Content {},
            (false, true) => Detail::Metadata {},
            (false, false) => Detail::Names {},
        }
    }

    fn all_below(&mut self, session: &mut Session, path: &[u8]) -> Result<()> {
        let (volume, common, detail) = (self.volume, self.common, self.detail());
        walk(session, volume, path, common, detail, &mut |session, visit| {
            // The directory itself is no news.
            if visit.path != b"/" {
                self.print(session, visit.path, visit.path, visit.node, &Columns::default())?;
            }
            Ok(Then::Enter)
        })
    }

    fn one_level(&mut self, session: &mut Session, path: &[u8]) -> Result<()> {
        // As ls has it: a link is told of as a link where there is something to tell.
        let node = match self.how.long {
            true => at(session, self.volume, path, false)?,
            false => at_or_link(session, self.volume, path)?,
        };
        if node.file_type != FileType::Directory {
            self.set_apart(Last::File, path)?;
            return self.print(session, path, path, &node, &Columns::of([&node.metadata].into_iter()));
        }
        let entries = entries(session, self.volume, &node, &self.detail())?;
        self.set_apart(Last::Directory, path)?;
        let told = entries.iter().filter_map(|entry| entry.details.as_deref());
        let columns = Columns::of(told.map(|details| &details.metadata));
        each(&entries, |entry| {
            let name = &entry.name.0;
            if !self.is_long() {
                return self.output.line(&escape(name));
            }
            let path = join(path, name);
            session
                .entry(self.volume, entry)
                .map_err(Into::into)
                .and_then(|node| self.print(session, &path, name, &node, &columns))
                .map_err(|failure| failure.within(escape(&path)))
        })
    }

    /// Puts the directory's name above its files, and an empty line between one directory and what comes next.
    fn set_apart(&mut self, next: Last, path: &[u8]) -> Result<()> {
        let last = self.last.replace(next);
        if !self.is_headed {
            return Ok(());
        }
        match (last, next) {
            (None, _) | (Some(Last::File), Last::File) => {}
            _ => self.output.line("")?,
        }
        match next {
            Last::Directory => self.output.line(&format!("{}:", escape(path))),
            Last::File => Ok(()),
        }
    }

    fn print(
        &mut self,
        session: &mut Session,
        path: &[u8],
        shown: &[u8],
        node: &Node,
        columns: &Columns,
    ) -> Result<()> {
        if !self.is_long() {
            return self.output.line(&escape(shown));
        }
        let target = target(session, self.volume, node)?;
        match self.common.json {
            true => self.output.json(&Object::new(path, node, target)),
            false => self.output.line(&long(node, &escape(shown), target.as_deref(), columns)),
        }
    }
}
