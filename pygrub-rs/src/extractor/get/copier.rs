//! One file or link onto the host, and what is remembered from one to the next.

use super::preserve::Looks;
use super::{Conflict, How};
use crate::console::say;
use crate::exit::{Failure, Result};
use crate::extractor::args::Common;
use crate::extractor::file::described;
use crate::extractor::output::Output;
use crate::extractor::progress::Progress;
use crate::extractor::several::concerns_one_file;
use crate::extractor::volume;
use fsimage::copy::Part;
use fsimage::output::{Attributes, Existing, OutputDirectory};
use fsimage::{ErrorKind, FileType, Node, Session, escape};
use rustix::io::Errno;
use serde::Serialize;
use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

/// What the copies' names begin with while they are not whole, where the filesystem has no nameless files.
const UNFINISHED: &str = "fsimage";
/// What a new file's permissions are before the caller's mask.
const FILE: u32 = 0o666;
/// And a new directory's.
const DIRECTORY: u32 = 0o777;

/// A directory on the host, and what was in it before anything was copied there, once that had to be known.
pub(super) struct Held<'a> {
    pub directory: Shared<'a>,
    before: Option<HashSet<OsString>>,
}

/// A directory of ours, or one that the caller keeps.
pub(super) enum Shared<'a> {
    Own(OutputDirectory),
    Borrowed(&'a OutputDirectory),
}

impl std::ops::Deref for Shared<'_> {
    type Target = OutputDirectory;

    fn deref(&self) -> &OutputDirectory {
        match self {
            Self::Own(directory) => directory,
            Self::Borrowed(directory) => directory,
        }
    }
}

impl<'a> From<&'a OutputDirectory> for Held<'a> {
    fn from(directory: &'a OutputDirectory) -> Self {
        Self { directory: Shared::Borrowed(directory), before: None }
    }
}

impl Held<'_> {
    /// A directory of ours; when it `is_new`, nothing was in it.
    pub(super) fn new(directory: OutputDirectory, is_new: bool) -> Self {
        Self { directory: Shared::Own(directory), before: is_new.then(HashSet::new) }
    }

    /// The same directory, held once more.
    pub(super) fn again(&mut self, conflict: Conflict) -> Result<Held<'static>> {
        self.look(conflict)?;
        Ok(Held { directory: Shared::Own(self.directory.try_clone()?), before: self.before.clone() })
    }

    /// Remembers what is in it, before the first copy goes there. Only of that may something be replaced or entered: not a
    /// copy of this run, which another file of the same name would undo, and not what a filesystem that does not regard case
    /// takes for it.
    pub(super) fn look(&mut self, conflict: Conflict) -> Result<()> {
        if self.before.is_none() && conflict != Conflict::Refuse {
            self.before = Some(self.directory.names()?);
        }
        Ok(())
    }

    fn exists(&self, name: &OsStr, next: &str) -> Failure {
        Failure::Failed(format!("{}: it exists; {next}", shown(&self.directory.path().join(name))))
    }

    /// What has the name that something is to be copied to; an error when it may not be touched.
    pub(super) fn existing(&mut self, name: &OsStr, conflict: Conflict) -> Result<Existing> {
        self.look(conflict)?;
        let was_there = self.before.as_mut().is_some_and(|before| match conflict {
            // Once: from then on this run's copy has the name.
            Conflict::Replace => before.remove(name),
            _ => before.contains(name),
        });
        match self.directory.existing(name)? {
            Existing::Free => Ok(Existing::Free),
            _ if conflict == Conflict::Refuse => {
                Err(self.exists(name, "--force replaces it, --skip-existing leaves it"))
            }
            _ if !was_there => {
                let next =
                    "another of this run's copies has this name, or one that the filesystem takes for it";
                Err(self.exists(name, next))
            }
            Existing::Special => Err(self.exists(name, "and is no file; not replaced")),
            existing => Ok(existing),
        }
    }
}

/// A path of the host's for a message; its names may be the guest's.
fn shown(path: &Path) -> String {
    use std::os::unix::ffi::OsStrExt;
    escape(path.as_os_str().as_bytes())
}

/// What is done, as `--json` tells it.
#[derive(Serialize)]
struct Object {
    path: String,
    r#type: &'static str,
    size: u64,
    to: String,
}

/// What all copies have in common.
pub(super) struct Copier<'a> {
    pub session: &'a mut Session,
    pub volume: u32,
    pub how: &'a How,
    pub common: &'a Common,
    pub progress: Progress,
    /// Files and directories that may still be visited.
    pub left: u64,
    /// Files that are whole.
    pub whole: u64,
    failed: u64,
    looks: Looks,
    /// Whether the target has nameless files: one with a hidden name has to be taken back when a signal comes.
    nameless: Option<bool>,
    output: Output,
}

impl<'a> Copier<'a> {
    pub(super) fn new(
        session: &'a mut Session,
        volume: u32,
        how: &'a How,
        common: &'a Common,
        progress: Progress,
    ) -> Self {
        progress.watch(session, how.max_total_size);
        Self {
            session,
            volume,
            how,
            common,
            progress,
            left: common.max_entries,
            whole: 0,
            failed: 0,
            looks: Looks::new(how.preserve),
            nameless: None,
            output: Output::new(),
        }
    }

    /// Copies a file's data, or what a link of the user's own path leads to.
    pub(super) fn file(&mut self, to: &mut Held<'_>, name: &OsStr, path: &[u8], node: &Node) -> Result<()> {
        let replace = match self.how.conflict {
            // Whether the name is free is then found out where the copy gets it, all at once.
            Conflict::Refuse => false,
            conflict => match (to.existing(name, conflict)?, conflict) {
                (Existing::Free, _) => false,
                (Existing::Directory, _) => return Err(to.exists(name, "and is a directory")),
                (_, Conflict::Keep) => return Ok(()),
                _ => true,
            },
        };
        volume::check_size(node, self.common)?;
        let size = match self.has_nameless(to)? {
            true => self.fill(to, name, node, replace)?,
            false => self.progress.clone().uninterrupted(|| self.fill(to, name, node, replace))?,
        };
        let mut copied = node.clone();
        copied.metadata.size = size;
        self.done(to, name, path, &copied)
    }

    /// Whether a signal leaves nothing behind: tried with a file that nobody wants, before the first one.
    fn has_nameless(&mut self, to: &Held<'_>) -> Result<bool> {
        if self.nameless.is_none() {
            let progress = self.progress.clone();
            let tried = progress.uninterrupted(|| Ok(!to.directory.draft(UNFINISHED)?.is_visible()))?;
            self.nameless = Some(tried);
        }
        Ok(self.nameless == Some(true))
    }

    /// Fills a file and gives it its looks and its name. Returns its length.
    fn fill(&mut self, to: &Held<'_>, name: &OsStr, node: &Node, replace: bool) -> Result<u64> {
        let draft = to.directory.draft(UNFINISHED)?;
        // Directories that were there before may be other filesystems'.
        self.nameless = Some(!draft.is_visible());
        let size = self.data(node, draft.as_fd())?;
        self.looks.of(node, FILE).apply(draft.as_fd())?;
        draft.publish_as(name, replace).map_err(|why| match why.kind() {
            ErrorKind::InvalidArgument => to.exists(name, "--force replaces it, --skip-existing leaves it"),
            _ => why.into(),
        })?;
        Ok(size)
    }

    /// Copies what is in a file, or what is packed in it. Returns how many bytes that are.
    fn data(&mut self, node: &Node, to: BorrowedFd<'_>) -> Result<u64> {
        let part = Part::whole(self.volume, node);
        if self.how.unpack {
            let kernel = self.session.packed_kernel(&part, self.common.max_file_size)?;
            return Ok(self.session.unpack_to_file(&kernel, to)?);
        }
        Ok(self.session.copy_to_file(&part, to, 0)?)
    }

    /// Makes a symbolic link.
    pub(super) fn link(&mut self, to: &mut Held<'_>, name: &OsStr, path: &[u8], node: &Node) -> Result<()> {
        let replace = match (to.existing(name, self.how.conflict)?, self.how.conflict) {
            (Existing::Free, _) => false,
            (Existing::Directory, _) => return Err(to.exists(name, "and is a directory")),
            (_, Conflict::Keep) => return Ok(()),
            _ => true,
        };
        let target = self.session.read_link(self.volume, node)?;
        let looks = self.looks.of(node, DIRECTORY);
        to.directory.symlink(name, &target, &looks, replace)?;
        self.done(to, name, path, node)
    }

    /// What a directory is to look like once all is in it.
    pub(super) fn looks_of_directory(&self, node: &Node) -> Attributes {
        self.looks.of(node, DIRECTORY)
    }

    /// A copy more is whole.
    pub(super) fn done(&mut self, to: &Held<'_>, name: &OsStr, path: &[u8], node: &Node) -> Result<()> {
        self.whole = self.whole.saturating_add(1);
        match self.how.verbose || self.common.json {
            true => self.tell(path, node, &to.directory.path().join(name)),
            false => Ok(()),
        }
    }

    /// Tells of a copy, where that is wanted. That nobody reads it is no reason to copy no more.
    pub(super) fn tell(&mut self, path: &[u8], node: &Node, to: &Path) -> Result<()> {
        let (r#type, size) = (node.file_type.text(), node.metadata.size);
        let told = match (self.common.json, self.how.verbose) {
            (true, _) => self.output.json(&Object { path: escape(path), r#type, size, to: shown(to) }),
            (false, true) => self.output.line(&format!("{} -> {}", escape(path), shown(to))),
            (false, false) => Ok(()),
        };
        match told {
            Err(Failure::NobodyReads) => Ok(()),
            other => other,
        }
    }

    /// Says why a file is left out on purpose.
    pub(super) fn skip(&self, path: &[u8], file_type: FileType) {
        let what = described(file_type);
        self.progress.say(&format!("fsimage: note: {}: a {what}: not copied", escape(path)));
    }

    /// Says what failed at this path and goes on, unless nothing can come after it.
    pub(super) fn forgive(&mut self, path: &[u8], outcome: Result<()>) -> Result<()> {
        outcome.or_else(|failure| match &failure {
            Failure::Fsimage(why) if why.ends_session() => Err(failure.within(escape(path))),
            Failure::Fsimage(why) if self.ends_run(why) => {
                Err(Failure::Stopped(failure.within(escape(path)).to_string()))
            }
            failure if concerns_one_file(failure) => {
                self.miss(&format!("{}: {failure}", escape(path)));
                Ok(())
            }
            _ => Err(failure),
        })
    }

    /// The same for one of the user's own paths, which the failure names.
    pub(super) fn forgive_named(&mut self, outcome: Result<()>) -> Result<()> {
        outcome.or_else(|failure| match &failure {
            Failure::Fsimage(why) if self.ends_run(why) => Err(Failure::Stopped(failure.to_string())),
            failure if concerns_one_file(failure) => {
                self.miss(&failure.to_string());
                Ok(())
            }
            _ => Err(failure),
        })
    }

    /// No other file would fare better.
    fn ends_run(&self, why: &fsimage::Error) -> bool {
        self.progress.is_spent() || is_full(why)
    }

    fn miss(&mut self, why: &str) {
        self.progress.say(&format!("fsimage: error: {why}"));
        self.failed = self.failed.saturating_add(1);
    }

    /// Tells what there is and what is missing.
    pub(super) fn finish(self, outcome: Result<()>) -> Result<()> {
        self.progress.finish();
        let outcome = match self.output.finish() {
            Ok(()) | Err(Failure::NobodyReads) => outcome,
            Err(other) => Err(other),
        };
        let whole = match self.whole {
            1 => "1 copy is whole".to_owned(),
            many => format!("{many} copies are whole"),
        };
        match outcome {
            Err(failure @ (Failure::Stopped(_) | Failure::Fsimage(_)))
                if self.how.recursive || self.whole > 0 =>
            {
                say(&format!(
                    "fsimage: {whole}, the one named below and all that would have followed is missing; \
                     --skip-existing goes on from there"
                ));
                Err(failure)
            }
            Ok(()) if self.failed > 0 => {
                say(&format!("fsimage: {whole}, {} missing: named above", self.failed));
                Err(Failure::AlreadySaid)
            }
            other => other,
        }
    }
}

/// Whether the host can take nothing more.
fn is_full(why: &fsimage::Error) -> bool {
    let full = [Errno::NOSPC, Errno::DQUOT, Errno::ROFS, Errno::MFILE, Errno::NFILE, Errno::NOMEM];
    why.os_code().is_some_and(|code| full.iter().any(|errno| errno.raw_os_error() == code))
}
