//! A file to boot: there, of a size that is allowed, and with its place on the disk.

use super::volumes;
use crate::exit::{Failure, Result};
use fsimage::copy::{Part, Plan};
use fsimage::output::Draft;
use fsimage::protocol::BootFile;
use fsimage::{ErrorKind, FileType, Node, Session, escape};
use std::os::fd::AsFd;

/// A file of the guest's that is there, with what it is.
#[derive(Debug)]
pub(super) struct Found<'a> {
    pub(super) image: &'a BootFile,
    node: Node,
}

impl<'a> Found<'a> {
    /// Looks the file up; `what` it is for goes into the error.
    pub(super) fn find(session: &mut Session, image: &'a BootFile, what: &str) -> Result<Self> {
        let file = &image.file;
        let shown = format!("the {what} {}", escape(&file.path.0));
        let volume = escape(&volumes::address(session, file.volume)?);
        let node = session.stat(file.volume, &file.path.0, true).map_err(|why| match why.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => {
                Failure::Failed(format!("{shown} does not exist in the guest; `fsimage ls` shows what does"))
            }
            _ => Failure::Fsimage(why).within(format!("{shown} on volume {volume}")),
        })?;
        let found = Self { image, node };
        match found.node.file_type {
            FileType::Regular => {
                found.part().map_err(|why| of(&found, why))?;
                Ok(found)
            }
            FileType::Directory => {
                Err(Failure::Failed(format!("{shown}: a directory, where a file is wanted")))
            }
            other => Err(Failure::Failed(format!("{shown}: a {}, where a file is wanted", other.text()))),
        }
    }

    /// How many bytes of it are booted.
    pub(super) fn size(&self) -> u64 {
        self.image.section.as_ref().map_or(self.node.metadata.size, |section| section.length)
    }

    /// The bytes of it that are booted.
    pub(super) fn part(&self) -> fsimage::Result<Part<'_>> {
        match &self.image.section {
            Some(section) => Part::new(self.image.file.volume, &self.node, section.offset, section.length),
            None => Ok(Part::whole(self.image.file.volume, &self.node)),
        }
    }

    /// Where its bytes lie, if that can be said beforehand.
    pub(super) fn locate(&'a self, session: &mut Session) -> Result<Located<'a>> {
        let plan = self.part().and_then(|part| session.plan(&part)).map_err(|why| of(self, why))?;
        Ok(Located { found: self, plan })
    }
}

/// A file, and where its bytes lie if that can be said beforehand.
#[derive(Debug)]
pub(super) struct Located<'a> {
    pub(super) found: &'a Found<'a>,
    plan: Option<Plan>,
}

impl Located<'_> {
    /// Whether it can be copied without the worker.
    pub(super) fn is_plain(&self) -> bool {
        self.plan.is_some()
    }

    /// Copies it to the draft's byte `to` and on; returns where it ends there.
    pub(super) fn copy(&self, session: &mut Session, draft: &Draft<'_>, to: u64) -> fsimage::Result<u64> {
        match &self.plan {
            Some(plan) => session.copy_plan(plan, draft.as_fd(), to),
            None => session.copy_to_file(&self.found.part()?, draft.as_fd(), to),
        }
    }
}

/// An error about a file of the guest's.
pub(super) fn of(found: &Found<'_>, why: fsimage::Error) -> Failure {
    Failure::Fsimage(why).within(escape(&found.image.file.path.0))
}
