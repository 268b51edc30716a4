//! Serving the trusted side, from inside the jail.

mod disk;
mod files;
mod images;
mod interact;
mod listing;
mod menu;
mod unpack;
mod volumes;

pub(crate) use disk::{Counters, DiskFile};
pub(crate) use menu::disk_steps;
pub(crate) use volumes::Volumes;

use crate::registry::MountOptions;
use crate::sandbox::{self, INMATE_RULES, SharedMemory};
use bootcfg::{BootMenu, DiskSteps};
use fsimage_protocol::{
    Bytes, Channel, ChannelError, FilterRule, Layout, List, Reply, Request, Section, WorkerLimits,
};
use fsimage_sdk::{Error, ErrorKind, Result, Volume};
use std::sync::Arc;
use vmlinux::Unpacked;

/// Everything that requests are answered from.
pub(crate) struct Server {
    /// The first disk, or the text of a configuration.
    pub(crate) disk: Option<Volume>,
    /// What the disk is.
    pub(crate) layout: Layout,
    /// Where data goes that is not plain on the disk.
    pub(crate) shared: SharedMemory,
    /// What was read.
    pub(crate) counters: Arc<Counters>,
    /// What not to exceed.
    pub(crate) limits: WorkerLimits,
    /// What is left to all its boot configurations when a menu is looked for.
    pub(crate) search_steps: DiskSteps,
    /// The same when one after the other is asked for: what the search found out is told all the same.
    pub(crate) listing_steps: DiskSteps,
    /// What filesystems are opened with, until they are.
    pub(crate) mount_options: Vec<(Option<String>, Vec<u8>)>,
    /// The disk's volumes: read when first asked for, because the table is the guest's and the jail must be closed.
    pub(crate) volumes: Lazy,
    /// The menu found last.
    pub(crate) menu: Option<BootMenu>,
    /// The kernel that is being unpacked.
    pub(crate) unpacking: Option<Unpacked>,
}

/// Volumes that are not read yet, read, or not readable.
pub(crate) enum Lazy {
    /// The plugins wait.
    Waiting(crate::registry::Registry),
    /// Read.
    Read(Box<Volumes>),
    /// The disk's table could not be read.
    Failed(ErrorKind, String),
}

impl Server {
    /// Answers until the channel closes.
    pub(crate) fn serve(&mut self, channel: &mut Channel) -> Result<(), ChannelError> {
        loop {
            let Some(request) = channel.receive_or_end::<Request>()? else { return Ok(()) };
            let reply = self.answer(request).unwrap_or_else(|why| failed(&why));
            match channel.send(&reply) {
                Ok(()) => {}
                Err(ChannelError::Closed) => return Ok(()),
                Err(ChannelError::Unsendable(why)) => {
                    channel.send(&failed(&Error::limit(format!("the answer does not fit: {why}"))))?;
                }
                Err(why) => return Err(why),
            }
        }
    }

    fn answer(&mut self, request: Request) -> Result<Reply> {
        match request {
            Request::Begin { .. } => Err(Error::new(ErrorKind::Protocol, "Begin comes once")),
            Request::Volumes {} => {
                let volumes = self.volumes()?;
                Ok(Reply::Volumes {
                    scheme: Bytes::cut(volumes.scheme().as_bytes()),
                    count: volumes.count(),
                    remarks: volumes.remarks(),
                })
            }
            Request::Volume { volume } => Ok(Reply::Volume { volume: self.volumes()?.report(volume)? }),
            Request::Remarks { volume } => {
                Ok(Reply::Remarks { remarks: self.volumes()?.filesystem_remarks(volume)? })
            }
            Request::Stat { volume, path, follow } => files::stat(self.volumes()?, volume, &path.0, follow),
            Request::Metadata { volume, node } => files::node(self.volumes()?, volume, node),
            Request::ReadDir { volume, node, cursor, detail } => {
                listing::read_dir(self.volumes()?, volume, node, cursor, &detail)
            }
            Request::ReadLink { volume, node } => files::read_link(self.volumes()?, volume, node),
            Request::Extents { volume, node, offset } => {
                files::whereabouts(self.volumes()?, volume, node, offset)
            }
            Request::Read { volume, node, offset, length } => self.read(volume, node, offset, length),
            Request::Menu { volume } => self.find_menu(volume),
            Request::Configs { volume } => menu::configs(self.volumes()?, volume),
            Request::MenuOf { volume, config } => self.menu_of(volume, config),
            Request::EntrySource { index } => interact::source(self.menu()?, index),
            Request::Evaluate { index, commands } => {
                let limits = menu::limits(&self.limits);
                self.volumes()?;
                interact::evaluate(self.read_volumes()?, self.menu()?, index, &commands.0, &limits)
            }
            Request::CommandLine { lines } => {
                let limits = menu::limits(&self.limits);
                self.volumes()?;
                let (reply, opened) =
                    interact::command_line(self.read_volumes()?, self.menu()?, &lines, &limits)?;
                self.menu = opened.or(self.menu.take());
                Ok(reply)
            }
            Request::Complete { lines, line } => {
                let limits = menu::limits(&self.limits);
                self.volumes()?;
                interact::complete(self.read_volumes()?, self.menu()?, &lines, &line.0, &limits)
            }
            Request::MenuEntry { index } => menu::entry(self.menu.as_ref(), index),
            Request::BootString { volume, node } => files::boot_string(self.volumes()?, volume, node),
            Request::Unpack { volume, node, section, max_bytes } => {
                self.unpack(volume, node, section.as_ref(), max_bytes)
            }
            Request::UnpackNext { length } => self.unpack_next(length),
            Request::Statistics {} => {
                Ok(Reply::Statistics { reads: self.counters.reads(), bytes: self.counters.bytes() })
            }
            Request::Filter {} => Ok(Reply::Filter { rules: List::cut(INMATE_RULES.iter().map(rule)) }),
        }
    }

    fn volumes(&mut self) -> Result<&Volumes> {
        if let Lazy::Waiting(registry) = &mut self.volumes {
            let limits = fsimage_sdk::Limits {
                max_symlinks: self.limits.max_symlinks,
                max_directory_entries: self.limits.max_directory_entries,
                max_memory: self.limits.memory / 2,
            };
            let options = MountOptions { limits, words: std::mem::take(&mut self.mount_options) };
            let registry = std::mem::take(registry);
            self.volumes = match Volumes::read(self.disk.as_ref(), &self.layout, registry, options) {
                Ok(volumes) => Lazy::Read(Box::new(volumes)),
                Err(why) => Lazy::Failed(why.kind(), why.message()),
            };
        }
        match &self.volumes {
            Lazy::Read(volumes) => Ok(volumes),
            Lazy::Failed(kind, why) => Err(Error::new(*kind, why.clone())),
            Lazy::Waiting(_) => Err(Error::new(ErrorKind::Internal, "the volumes are still waiting")),
        }
    }

    fn read_volumes(&self) -> Result<&Volumes> {
        match &self.volumes {
            Lazy::Read(volumes) => Ok(volumes),
            _ => Err(Error::new(ErrorKind::Internal, "the volumes are gone")),
        }
    }

    /// The menu found last.
    fn menu(&self) -> Result<&BootMenu> {
        self.menu.as_ref().ok_or_else(|| Error::new(ErrorKind::InvalidArgument, "no menu was asked for"))
    }

    fn read(&mut self, volume: u32, node: u64, offset: u64, length: u32) -> Result<Reply> {
        self.volumes()?;
        let Lazy::Read(volumes) = &self.volumes else {
            return Err(Error::new(ErrorKind::Internal, "the volumes are gone"));
        };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let space = self.shared.data();
        let length = length.min(space.len());
        files::read(volumes, volume, node, offset, space.get_mut(..length).unwrap_or_default())
    }

    fn unpack(&mut self, volume: u32, node: u64, section: Option<&Section>, max_bytes: u64) -> Result<Reply> {
        // What one begun before holds is free before the next takes its own.
        self.unpacking = None;
        let limits = vmlinux::Limits { max_bytes, max_window: self.limits.memory / 2 };
        let unpacked = unpack::begin(self.volumes()?, volume, node, section, limits)?;
        let reply = unpack::report(&unpacked);
        self.unpacking = Some(unpacked);
        Ok(reply)
    }

    fn unpack_next(&mut self, length: u32) -> Result<Reply> {
        let space = self.shared.data();
        let length = usize::try_from(length).unwrap_or(usize::MAX).min(space.len());
        unpack::next(&mut self.unpacking, space.get_mut(..length).unwrap_or_default())
    }

    /// The limits of configurations that share steps.
    fn limits_with(&self, disk_steps: &DiskSteps) -> bootcfg::Limits {
        bootcfg::Limits { disk_steps: disk_steps.clone(), ..menu::limits(&self.limits) }
    }

    fn find_menu(&mut self, volume: Option<u32>) -> Result<Reply> {
        let limits = self.limits_with(&self.search_steps);
        let (found, passed_over) = match (&self.layout, &self.disk) {
            (Layout::Text {}, Some(text)) => (Some(menu::from_text(text, &limits)?), Vec::new()),
            _ => menu::find(self.volumes()?, volume, &limits)?,
        };
        let menu = found.as_ref().map(menu::report);
        self.menu = found;
        Ok(Reply::Menu { menu, passed_over: List::cut(passed_over) })
    }

    fn menu_of(&mut self, volume: u32, config: u32) -> Result<Reply> {
        let limits = self.limits_with(&self.listing_steps);
        let found = menu::of_config(self.volumes()?, volume, config, &limits)?;
        let menu = Some(menu::report(&found));
        self.menu = Some(found);
        Ok(Reply::Menu { menu, passed_over: List(Vec::new()) })
    }
}

fn rule(rule: &sandbox::Rule) -> FilterRule {
    FilterRule {
        call: Bytes::cut(rule.call().as_bytes()),
        condition: Bytes::cut(rule.conditions().as_bytes()),
        reason: Bytes::cut(rule.reason().as_bytes()),
    }
}

/// An error as a reply.
pub(crate) fn failed(why: &Error) -> Reply {
    Reply::Failed { kind: why.kind().code(), message: Bytes::sentence(&why.message()), offset: why.offset() }
}
