//! OpenBSD: `/etc/boot.conf`, or `/bsd` without one (boot.conf(8), amd64's boot(8)).

use crate::bsd_device;
use crate::error::Error;
use crate::guest::{FileRef, Guest, VolumeId};
use crate::limits::{LimitName, Limits};
use crate::menu::{BootEntry, BootMenu, Loader};
use crate::reader::{Outcome, Reader, first_word, menu_without_text};
use crate::text::shown;

const CONFIG: &str = "/etc/boot.conf";
const KERNEL: &str = "/bsd";
/// One of these is there on every OpenBSD.
pub(crate) const PATHS: &[&str] = &[CONFIG, KERNEL];
/// Kernels beside the one that boots: for several processors, one, the last one, the installer's.
const OTHERS: [&str; 5] = [KERNEL, "/bsd.mp", "/bsd.sp", "/obsd", "/bsd.rd"];
/// Seconds, when `set timeout` does not say.
const TIMEOUT: u32 = 5;

/// What the loader's variables and commands come to.
struct Settings<'a> {
    image: &'a [u8],
    device: Option<&'a [u8]>,
    howto: &'a [u8],
    timeout: Option<u32>,
    problem: Option<String>,
}

/// The menu of an OpenBSD root filesystem: what boots by itself, then its other kernels.
pub(crate) fn menu_of_volume(guest: &dyn Guest, found: FileRef, limits: &Limits) -> Result<BootMenu, Error> {
    let volume = found.volume;
    menu_without_text(Loader::OpenBsd, guest, found, limits, |reader, entries| {
        let config = FileRef { volume, path: CONFIG.into() };
        let text = reader.read_if_there(&config)?.unwrap_or_default();
        let settings = settings(reader, &text)?;
        let file = bsd_device::file(reader, settings.image, settings.device, volume)?;
        let mut problems: Vec<String> = settings.problem.into_iter().collect();
        if !reader.is_file(&file)? && problems.is_empty() {
            problems.push(format!("not bootable because {} is missing", shown(&file.path)));
        }
        let entry = BootEntry { arguments: settings.howto.to_vec(), problems, ..entry(file.clone()) };
        reader.push(entry, entries)?;
        others(reader, volume, &file, entries)?;
        Ok(Outcome::in_order(entries, settings.timeout))
    })
}

fn others(
    reader: &mut Reader<'_>,
    volume: VolumeId,
    first: &FileRef,
    entries: &mut Vec<BootEntry>,
) -> Result<(), LimitName> {
    for path in OTHERS {
        let file = FileRef { volume, path: path.into() };
        if file != *first && reader.is_file(&file)? {
            reader.push(entry(file), entries)?;
        }
    }
    Ok(())
}

fn entry(file: FileRef) -> BootEntry {
    BootEntry {
        title: [b"OpenBSD, ", file.path.as_slice()].concat(),
        kernel: Some(file.into()),
        ..BootEntry::default()
    }
}

fn settings<'a>(reader: &mut Reader<'_>, text: &'a [u8]) -> Result<Settings<'a>, LimitName> {
    let mut settings = Settings {
        image: KERNEL.as_bytes(),
        device: None,
        howto: b"",
        timeout: Some(TIMEOUT),
        problem: None,
    };
    for line in text.split(|&byte| byte == b'\n') {
        reader.line = reader.line.saturating_add(1);
        reader.budget.step()?;
        reader.budget.check_value(line.len())?;
        let (command, rest) = first_word(line);
        match command {
            b"" => {}
            _ if command.starts_with(b"#") => {}
            b"set" => settings.set(reader, rest),
            b"boot" | b"b" => {
                let (file, flags) = first_word(rest);
                match (file.is_empty(), file.starts_with(b"-")) {
                    (true, _) => {}
                    (_, true) => settings.howto = rest,
                    _ => (settings.image, settings.howto) = (file, flags),
                }
                settings.timeout = Some(0);
                break;
            }
            b"reboot" | b"halt" => {
                settings.problem = Some(format!("not bootable because it runs `{}`", shown(command)));
                break;
            }
            b"echo" | b"stty" | b"machine" | b"clear" | b"env" | b"ls" | b"time" | b"help" | b"hexdump" => {}
            _ => reader.note(&format!("unknown command `{}`", shown(command))),
        }
    }
    Ok(settings)
}

impl<'a> Settings<'a> {
    fn set(&mut self, reader: &mut Reader<'_>, text: &'a [u8]) {
        let (name, value) = first_word(text);
        match name {
            b"image" => self.image = value,
            b"device" => self.device = Some(value),
            b"howto" => self.howto = value,
            // 0 disables it; so does what is no number.
            b"timeout" => {
                let seconds = std::str::from_utf8(value).ok().and_then(|value| value.parse().ok());
                self.timeout = seconds.filter(|seconds| *seconds > 0);
            }
            b"tty" | b"addr" | b"debug" | b"db_console" => {}
            _ => reader.note(&format!("`set {}` changes nothing here", shown(name))),
        }
    }
}
