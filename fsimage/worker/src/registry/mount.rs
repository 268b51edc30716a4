//! Which plugin has a volume.

use super::{LoadedPlugin, Registry};
use fsimage_sdk::{Error, FileSystem, Info, Limits, OpenOptions, Probe, Result, Volume};
use std::rc::Rc;

/// How to open whatever a volume holds: which plugin it will be is not known beforehand.
#[derive(Debug, Clone, Default)]
pub struct MountOptions {
    /// What not to exceed.
    pub limits: Limits,
    /// Mount options: for this plugin, or without a name for any.
    pub words: Vec<(Option<String>, Vec<u8>)>,
}

impl MountOptions {
    /// What this plugin is opened with: all that is for it, joined by commas.
    fn for_plugin(&self, name: &str) -> OpenOptions {
        let meant = |plugin: &Option<String>| plugin.as_deref().is_none_or(|plugin| plugin == name);
        let words: Vec<&[u8]> = self
            .words
            .iter()
            .filter(|(plugin, _)| meant(plugin))
            .map(|(_, words)| words.as_slice())
            .collect();
        OpenOptions { options: words.join(&b','), limits: self.limits }
    }
}

/// An open filesystem and where it came from.
pub struct Mounted {
    /// The plugin's name.
    pub plugin: String,
    /// The filesystem.
    pub fs: Rc<dyn FileSystem>,
    /// What it says of itself.
    pub info: Info,
}

/// Why a volume has no filesystem for us.
#[derive(Debug)]
pub enum Unmounted {
    /// No plugin knows it.
    Unrecognised,
    /// This plugin's, but it does not open.
    Broken(String, Error),
    /// The disk could not be read.
    Unreadable(Error),
}

impl Registry {
    /// Asks each plugin in order. The first that knows the volume and opens it has it; else the first that knew it
    /// but could not open it tells why; else the first whose probe failed.
    ///
    /// # Errors
    /// [`Unmounted`].
    pub fn mount(&self, volume: &Volume, options: &MountOptions) -> Result<Mounted, Unmounted> {
        self.first(volume, options, |plugin, fs| {
            Ok(Mounted { plugin: plugin.name().to_owned(), info: fs.info()?, fs: fs.into() })
        })
    }

    /// The filesystem alone, for whoever takes it elsewhere.
    ///
    /// # Errors
    /// [`Unmounted`].
    pub(crate) fn open(
        &self,
        volume: &Volume,
        options: &MountOptions,
    ) -> Result<Box<dyn FileSystem>, Unmounted> {
        self.first(volume, options, |_, fs| Ok(fs))
    }

    fn first<T>(
        &self,
        volume: &Volume,
        options: &MountOptions,
        take: impl Fn(&LoadedPlugin, Box<dyn FileSystem>) -> Result<T>,
    ) -> Result<T, Unmounted> {
        let mut broken = None;
        let mut unreadable = None;
        for plugin in self.plugins() {
            match plugin.format.probe(volume, &options.limits) {
                Ok(Probe::NotMine) => {}
                Ok(Probe::Mine) => match open(plugin, volume, options).and_then(|fs| take(plugin, fs)) {
                    Ok(taken) => return Ok(taken),
                    Err(why) => broken = broken.or(Some((plugin, why))),
                },
                Ok(Probe::MineButBroken(why)) => broken = broken.or(Some((plugin, why))),
                Err(why) => unreadable = unreadable.or(Some(why)),
            }
        }
        Err(match (broken, unreadable) {
            (Some((plugin, why)), _) => Unmounted::Broken(plugin.name().to_owned(), why),
            (None, Some(why)) => Unmounted::Unreadable(why),
            (None, None) => Unmounted::Unrecognised,
        })
    }

    /// A kept reason as an error, which can be told any number of times.
    #[must_use]
    pub fn explain(&self, why: &Unmounted) -> Error {
        match why {
            Unmounted::Unrecognised => self.not_recognised(),
            Unmounted::Broken(plugin, why) => again(why, &format!("{plugin} filesystem")),
            Unmounted::Unreadable(why) => again(why, "volume"),
        }
    }
}

fn open(plugin: &LoadedPlugin, volume: &Volume, options: &MountOptions) -> Result<Box<dyn FileSystem>> {
    plugin.format.open(std::slice::from_ref(volume), &options.for_plugin(plugin.name()))
}

fn again(error: &Error, context: &str) -> Error {
    let copy = Error::new(error.kind(), format!("{context}: {}", error.message()));
    match error.offset() {
        Some(offset) => copy.at(offset),
        None => copy,
    }
}
