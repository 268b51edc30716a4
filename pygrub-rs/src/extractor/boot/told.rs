//! What was done, for scripts and for people.

use super::Paths;
use crate::boot::{BootFiles, Choice, volumes};
use crate::exit::Result;
use fsimage::protocol::MenuReport;
use fsimage::{PackedKernel, Session, escape};
use indicatif::HumanBytes;
use serde::Serialize;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// One object; guest text and paths are escaped.
#[derive(Debug, Serialize)]
pub(super) struct Told {
    kernel: String,
    kernel_size: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    ramdisk: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ramdisk_size: Option<u64>,
    cmdline: String,
    args: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    loader: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    config: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    guess: bool,
    volume: String,
    guest_kernel: String,
    guest_ramdisks: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unpacked: Option<Kernel>,
    notes: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Kernel {
    container: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    compression: Option<String>,
    kernel: String,
    packed_size: u64,
}

fn shown(path: &Path) -> String {
    escape(path.as_os_str().as_bytes())
}

impl Told {
    /// All but what comes out of a packed kernel.
    pub(super) fn new(
        session: &mut Session,
        choice: &Choice,
        menu: Option<&MenuReport>,
        files: &BootFiles<'_>,
        paths: &Paths,
    ) -> Result<Self> {
        let config = menu.and_then(|menu| menu.config.as_ref());
        let mut notes = choice.problems.clone();
        notes.extend(menu.iter().flat_map(|menu| &menu.notes.0).map(|note| escape(&note.0)));
        notes.extend(session.remarks(choice.kernel.file.volume)?);
        Ok(Self {
            kernel: shown(&paths.kernel),
            kernel_size: files.kernel_size(),
            ramdisk: paths.ramdisk.as_deref().map(shown),
            ramdisk_size: files.has_ramdisk().then(|| files.ramdisk_size()),
            cmdline: shown(&paths.cmdline),
            args: escape(&choice.args),
            loader: menu.map(|menu| escape(&menu.loader.0)),
            config: config.map(|config| escape(&config.path.0)),
            entry: choice.entry,
            title: choice.title.as_deref().map(escape),
            guess: choice.guess,
            volume: escape(&volumes::address(session, choice.kernel.file.volume)?),
            guest_kernel: escape(&choice.kernel.file.path.0),
            guest_ramdisks: choice.ramdisks.iter().map(|image| escape(&image.file.path.0)).collect(),
            unpacked: None,
            notes,
        })
    }

    /// What the kernel turned out to be.
    pub(super) fn unpacked(&mut self, unpacked: Option<PackedKernel>) {
        let Some(PackedKernel { container, compression, kernel, size, .. }) = unpacked else { return };
        let packed_size = self.kernel_size;
        self.kernel_size = size.unwrap_or(packed_size);
        self.unpacked = Some(Kernel { container, compression, kernel, packed_size });
    }

    /// For a person, who is told what to do next.
    pub(super) fn text(&self, command: &str) -> String {
        let mut text = match (&self.title, &self.config) {
            (Some(title), Some(config)) => {
                let loader = self.loader.as_deref().unwrap_or_default();
                let entry = self.entry.map(|entry| format!("entry {entry} of ")).unwrap_or_default();
                let guess = if self.guess { ", a guess" } else { "" };
                format!("{title}\n  {entry}{loader} {config} on volume {}{guess}\n", self.volume)
            }
            _ => format!("volume {}\n", self.volume),
        };
        let unpacked = self.unpacked.as_ref().map(|kernel| {
            let how = kernel.compression.as_deref().unwrap_or("plain");
            format!(", {}, unpacked from a {} ({how})", kernel.kernel, kernel.container)
        });
        let size = HumanBytes(self.kernel_size);
        let unpacked = unpacked.unwrap_or_default();
        text.push_str(&format!("{}  {}, {size}{unpacked}\n", self.kernel, self.guest_kernel));
        if let (Some(ramdisk), Some(size)) = (&self.ramdisk, self.ramdisk_size) {
            let sources = self.guest_ramdisks.join(" + ");
            text.push_str(&format!("{ramdisk}  {sources}, {}\n", HumanBytes(size)));
        }
        text.push_str(&format!("{}  {}\n", self.cmdline, self.args));
        match command.is_empty() {
            true => text.push_str("\nThe arguments or a path cannot be printed as a command.\n"),
            false => {
                text.push_str("\nBoot it with QEMU, or see --print for other monitors:\n\n");
                text.push_str(command);
            }
        }
        text
    }
}
