//! GRUB's names of files, and the files (manual: "File name syntax").

use super::eval::{Flow, Machine};
use super::loaded::Failed;
use super::source::Source;
use super::status;
use crate::budget::Stop;
use crate::guest::{FileRef, FileStatus, GuestError, VolumeId, VolumeName, folder};
use crate::limits::LimitName;
use crate::text::shown;
use std::rc::Rc;

/// A file that cannot be loaded.
#[derive(Debug)]
pub(crate) struct Missing {
    /// Why, for people.
    pub(crate) why: String,
    /// What `$?` becomes.
    pub(crate) status: u32,
    /// Where it should be, when its name is one.
    pub(crate) file: Option<FileRef>,
}

/// GRUB's preferred name of a volume.
fn name_of(volume: &VolumeName) -> Vec<u8> {
    volume.grub_names.first().map(|name| name.clone().into_bytes()).unwrap_or_default()
}

/// The disk of a device: `hd0,gpt3` is on `hd0`.
pub(crate) fn disk_of(device: &[u8]) -> &[u8] {
    device.split(|&byte| byte == b',').next().unwrap_or_default()
}

impl Machine<'_> {
    /// The volume GRUB calls so; those of `loopback` hide others of the same name.
    pub(crate) fn volume_named(&self, device: &[u8]) -> Option<&VolumeName> {
        let volumes = self.guest?.volumes();
        self.loops.volume_named(device).or_else(|| {
            volumes.iter().find(|volume| volume.grub_names.iter().any(|name| name.as_bytes() == device))
        })
    }

    /// Every volume with GRUB's name for it, as GRUB goes through them: first those of `loopback`, the newest first
    /// (tests/grub2/linux/linux.txt).
    pub(crate) fn volumes(&self) -> impl Iterator<Item = (Vec<u8>, &VolumeName)> {
        let volumes = self.guest.map(|guest| guest.volumes()).unwrap_or_default();
        self.loops.volumes().chain(volumes.iter().map(|volume| (name_of(volume), volume)))
    }

    /// Every disk, and its partitions behind it, each once.
    pub(crate) fn devices(&self) -> Vec<Vec<u8>> {
        let mut names: Vec<Vec<u8>> = Vec::new();
        for (name, _) in self.volumes() {
            for name in [disk_of(&name).to_vec(), name] {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        names
    }

    /// GRUB's name of a volume, empty when there is none.
    pub(crate) fn device_of(&self, volume: VolumeId) -> Vec<u8> {
        self.volumes().find(|(_, other)| other.id == volume).map(|(name, _)| name).unwrap_or_default()
    }

    /// The file of a name: `(device)/path`, or `/path` on `$root`. A device this guest does not have is taken for the
    /// volume of the configuration: its names are those of the machine it was written on, and disks move.
    pub(crate) fn locate(&mut self, name: &[u8]) -> Result<FileRef, u32> {
        let (device, path) = match name.strip_prefix(b"(") {
            Some(rest) => {
                let end = rest.iter().position(|&byte| byte == b')').ok_or(status::BAD_FILENAME)?;
                let (device, path) = rest.split_at(end);
                (device.to_vec(), path.get(1..).unwrap_or_default())
            }
            None => (self.environment.get(b"root").unwrap_or_default().to_vec(), name),
        };
        if path.first() != Some(&b'/') {
            return Err(status::BAD_FILENAME);
        }
        let volume = match (self.guest, self.volume_named(&device).map(|volume| volume.id)) {
            (None, _) => VolumeId::NONE,
            (Some(_), Some(volume)) => volume,
            (Some(_), None) if self.loops.mean(&device) => return Err(status::BAD_DEVICE),
            (Some(_), None) => {
                self.note(&format!(
                    "no volume is called `{}`; the configuration's own is meant",
                    shown(&device)
                ));
                self.home
            }
        };
        Ok(FileRef { volume, path: path.to_vec() })
    }

    /// The file of a name that is to be loaded as what it is called here; why it cannot be had is noted. Without a guest every
    /// file counts as there.
    pub(crate) fn loadable(
        &mut self,
        what: &str,
        name: &[u8],
    ) -> Result<Result<FileRef, Missing>, LimitName> {
        self.budget.look()?;
        let what = format!("the {what} {}", shown(name));
        let missing = match self.locate(name) {
            Err(status::BAD_DEVICE) => Missing {
                why: format!("{what}: no such loopback device"),
                status: status::BAD_DEVICE,
                file: None,
            },
            Err(status) => Missing { why: format!("{what}: that is no path"), status, file: None },
            Ok(file) => match self.guest.map(|guest| guest.loadable(file.volume, &file.path)) {
                None | Some(Ok(())) => return Ok(Ok(file)),
                Some(Err(GuestError { not_found: true, .. })) => Missing {
                    why: format!("{what} does not exist in the guest"),
                    status: status::FILE_NOT_FOUND,
                    file: Some(file),
                },
                Some(Err(error)) => Missing {
                    why: format!("{what}: {}", shown(error.message.as_bytes())),
                    status: status::BAD_FILE_TYPE,
                    file: Some(file),
                },
            },
        };
        self.note(&missing.why);
        Ok(Err(missing))
    }

    /// Keeps why something was not loaded, for an entry that comes to nothing; what `$?` becomes.
    pub(crate) fn failed(&mut self, Missing { why, status, .. }: Missing) -> u32 {
        self.failed.get_or_insert(Failed { why, kernel: None, arguments: Vec::new() });
        status
    }

    /// What stands at a name; a device alone, or nothing at all, is a filesystem's root.
    pub(crate) fn file_status(&mut self, name: &[u8]) -> Option<FileStatus> {
        let trimmed = name.iter().rposition(|&byte| byte != b'/').map_or(0, |last| last.saturating_add(1));
        let mut name = name.get(..trimmed)?.to_vec();
        if name.is_empty() || name.ends_with(b")") {
            name.push(b'/');
        }
        let file = self.locate(&name).ok()?;
        self.guest?.status(file.volume, &file.path)
    }

    /// A file's content, or what `$?` becomes without it.
    pub(crate) fn read_file(&mut self, name: &[u8]) -> Result<Result<Vec<u8>, u32>, Stop> {
        let file = match self.locate(name) {
            Ok(file) => file,
            Err(status) => return Ok(Err(status)),
        };
        let Some(guest) = self.guest else {
            return Ok(Err(status::FILE_NOT_FOUND));
        };
        self.budget.read_file()?;
        let max = self.limits.max_config_bytes;
        match guest.read(file.volume, &file.path, max) {
            Ok(content) => {
                if u64::try_from(content.len()).is_ok_and(|length| length <= max) {
                    self.budget.moved(content.len())?;
                    return Ok(Ok(content));
                }
                Err(crate::limits::LimitName::MaxConfigBytes.into())
            }
            Err(error) => {
                self.note(&format!("{}: {}", shown(name), shown(error.message.as_bytes())));
                Ok(Err(status::FILE_NOT_FOUND))
            }
        }
    }

    /// Carries out a file; one that cannot be read is noted and passed over.
    pub(crate) fn run_file(&mut self, name: &[u8]) -> Result<(), Stop> {
        let content = match self.read_file(name)? {
            Ok(content) => content,
            Err(_) => {
                self.status = 0;
                return Ok(());
            }
        };
        self.budget.enter_include()?;
        self.budget.enter()?;
        self.budget.keep(content.len())?;
        let outer = (std::mem::replace(&mut self.file, Rc::from(shown(name))), self.line);
        let flow = self.run_source(&Source::new(&content))?;
        (self.file, self.line) = outer;
        self.budget.release(content.len());
        self.budget.leave();
        self.budget.leave_include();
        if flow == Flow::Return {
            self.flow = flow;
        }
        Ok(())
    }

    /// `$config_file` and `$config_directory`, which a context inherits.
    pub(crate) fn set_config_file(&mut self, name: &[u8]) -> Result<(), Stop> {
        for (variable, value) in [(&b"config_file"[..], name), (b"config_directory", folder(name))] {
            self.environment.set(variable, value, &mut self.budget)?;
            self.environment.export(variable, &mut self.budget)?;
        }
        Ok(())
    }
}
