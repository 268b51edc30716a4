//! The filesystem plugins of this worker: found, checked and loaded before the jail is locked.
//!
//! What counts as a plugin, what is checked and in which order plugins are asked is in `docs/plugin-abi.md`. A
//! plugin that does not pass is reported and left out; the others are loaded. Afterwards every answer of a plugin
//! is checked here before the rest of the worker sees it: a breach is [`ErrorKind::PluginFault`], naming the plugin
//! and the callback.

mod answer;
mod entry;
mod filesystem;
mod format;
mod host;
mod mount;
mod sinks;
mod trust;

pub use mount::{MountOptions, Mounted, Unmounted};

use fsimage_sdk::{Error, ErrorKind, Format, Result};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The order in which plugins are asked whether a volume is theirs; all others follow, by name. Formats with a
/// checked or unmistakable superblock come first, those known by few bytes (fat) late.
const ORDER: &[&str] = &["ext2", "ufs", "iso9660", "zfs", "xfs", "reiserfs", "fat", "btrfs"];

/// A plugin ready for use.
pub struct LoadedPlugin {
    /// The format, with every answer checked.
    pub format: Arc<dyn Format>,
    /// The plugin's own version.
    pub version: String,
    /// One line for people; may be empty.
    pub description: String,
    /// Where it was loaded from; nothing when it is built in.
    pub path: Option<PathBuf>,
}

impl LoadedPlugin {
    /// The format's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.format.name()
    }
}

/// A file that looks like a plugin and is not used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// The file.
    pub file: PathBuf,
    /// Why, and what to do about it where something can be done.
    pub reason: String,
}

/// All plugins.
#[derive(Default)]
pub struct Registry {
    plugins: Vec<LoadedPlugin>,
    rejected: Vec<Rejected>,
}

/// Files that may be loaded: every `libfsimage_plugin_*.so` of a directory, checked. Found before the worker enters
/// its namespaces, in which nobody's files but its own have a recognisable owner.
#[derive(Debug, Default)]
pub struct Candidates {
    files: Vec<PathBuf>,
    rejected: Vec<Rejected>,
}

impl Candidates {
    /// The plugin files of a directory that `trust` approves.
    ///
    /// # Errors
    /// When the directory is missing, unreadable, or could be written to by somebody else.
    pub fn find(directory: &Path) -> Result<Self> {
        let mut candidates = Self::default();
        for file in plugin_files(&trust::directory(directory)?)? {
            match trust::file(&file) {
                Ok(()) => candidates.files.push(file),
                Err(reason) => candidates.rejected.push(Rejected { file, reason }),
            }
        }
        Ok(candidates)
    }
}

impl Registry {
    /// Finds and loads the plugins of a directory.
    ///
    /// # Errors
    /// As [`Candidates::find`].
    pub fn load(directory: &Path) -> Result<Self> {
        Ok(Self::load_found(Candidates::find(directory)?))
    }

    /// Loads the plugins found. Runs their initialisers, so: only before the jail is locked.
    #[must_use]
    pub fn load_found(candidates: Candidates) -> Self {
        let mut registry = Self { plugins: Vec::new(), rejected: candidates.rejected };
        for file in candidates.files {
            match entry::load(&file) {
                Ok(plugin) => registry.add(plugin, file),
                Err(reason) => registry.rejected.push(Rejected { file, reason }),
            }
        }
        registry.sort();
        registry
    }

    /// Formats that are linked in: for tests and fuzzers.
    #[must_use]
    pub fn from_formats(formats: Vec<Arc<dyn Format>>) -> Self {
        let plugins = formats.into_iter().map(|format| LoadedPlugin {
            format,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            description: String::new(),
            path: None,
        });
        let mut registry = Self { plugins: plugins.collect(), rejected: Vec::new() };
        registry.sort();
        registry
    }

    /// The plugins, in the order in which they are asked.
    #[must_use]
    pub fn plugins(&self) -> &[LoadedPlugin] {
        &self.plugins
    }

    /// The files left out, by name.
    #[must_use]
    pub fn rejected(&self) -> &[Rejected] {
        &self.rejected
    }

    /// The plugin of this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&LoadedPlugin> {
        self.plugins.iter().find(|plugin| plugin.name() == name)
    }

    /// That no plugin knows a volume, with the plugins that could not be asked.
    fn not_recognised(&self) -> Error {
        let names: Vec<&str> = self.plugins.iter().map(LoadedPlugin::name).collect();
        let mut text = if names.is_empty() {
            "no filesystem plugin is loaded".to_owned()
        } else {
            format!("no filesystem known to {}", names.join(", "))
        };
        for Rejected { file, reason } in &self.rejected {
            let name = file.file_name().unwrap_or_default().display();
            text.push_str(&format!("; not loaded: {name}: {reason}"));
        }
        Error::new(ErrorKind::NotRecognised, text)
    }

    fn add(&mut self, plugin: LoadedPlugin, file: PathBuf) {
        let other = self.find(plugin.name()).and_then(|other| other.path.clone());
        match other {
            Some(other) => self.rejected.push(Rejected {
                file,
                reason: format!("its name \"{}\" is taken by {}", plugin.name(), other.display()),
            }),
            None => self.plugins.push(plugin),
        }
    }

    fn sort(&mut self) {
        self.rejected.sort_by(|a, b| a.file.cmp(&b.file));
        self.plugins.sort_by(|a, b| rank(a.name()).cmp(&rank(b.name())));
    }
}

fn rank(name: &str) -> (usize, &str) {
    (ORDER.iter().position(|known| *known == name).unwrap_or(ORDER.len()), name)
}

/// The files that look like plugins, by name: readdir's order means nothing.
fn plugin_files(directory: &Path) -> Result<Vec<PathBuf>> {
    let unreadable = |e: std::io::Error| {
        Error::new(ErrorKind::Io, format!("plugin directory {}: {e}", directory.display()))
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        if is_plugin_name(&entry.file_name()) {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

fn is_plugin_name(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| name.starts_with("libfsimage_plugin_") && name.ends_with(".so"))
}

#[cfg(test)]
mod tests;
