//! Entries that are text files: `/loader/entries/*.conf` (UAPI.1, "Type #1").

use super::entry::Entry;
use super::{ENTRIES, Search};
use crate::bls::counter;
use crate::bls::lines::key_values;
use crate::guest::{FileKind, FileRef, VolumeId};
use crate::limits::LimitName;
use crate::menu::BootEntry;
use crate::text::shown;
use crate::uki::{self, Image};

/// What the machine's architecture is called in an entry's `architecture`: the one this program was built for, since
/// that is what a guest of this host can be.
const ARCHITECTURE: &str = if cfg!(target_arch = "aarch64") {
    "aa64"
} else if cfg!(target_arch = "x86") {
    "ia32"
} else if cfg!(target_arch = "arm") {
    "arm"
} else if cfg!(target_arch = "riscv64") {
    "riscv64"
} else {
    "x64"
};

/// By which key an entry names what it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Linux,
    Efi,
    Uki,
}

/// An entry file as it is read.
#[derive(Default)]
struct File {
    entry: Entry,
    starts: Option<(Key, Vec<u8>)>,
    options: Vec<u8>,
    ramdisks: Vec<Vec<u8>>,
    profile: usize,
}

impl Search<'_> {
    pub(super) fn add_files(&mut self, volume: VolumeId) -> Result<(), LimitName> {
        for name in self.files(volume, ENTRIES, b".conf")? {
            let path = [ENTRIES.as_bytes(), b"/", &name].concat();
            let file = FileRef { volume, path };
            let Some(text) = self.read(&file)? else { continue };
            match self.parsed(&file, &text) {
                Ok(mut parsed) => {
                    let counted = counter::parse(&name, b".conf");
                    parsed.entry.id = counted.name.to_ascii_lowercase();
                    parsed.entry.file_id.clone_from(&parsed.entry.id);
                    parsed.entry.tries = counted.tries;
                    self.add_file(volume, &file, parsed)?;
                }
                Err(why) => self.note(&file, &format!("left out, {why}")),
            }
        }
        Ok(())
    }

    /// The file's keys; an error for an entry that systemd-boot does not show.
    fn parsed(&mut self, file: &FileRef, text: &[u8]) -> Result<File, String> {
        let mut parsed = File::default();
        for (key, value) in key_values(text, b" \t") {
            let path = || path(value);
            let entry = &mut parsed.entry;
            match key {
                b"title" => entry.title = Some(value.to_vec()),
                b"sort-key" => entry.sort_key = Some(value.to_vec()),
                b"version" => entry.version = Some(value.to_vec()),
                b"machine-id" => entry.machine_id = Some(value.to_vec()),
                b"linux" => parsed.start(Key::Linux, path())?,
                b"efi" => parsed.start(Key::Efi, path())?,
                b"uki" => parsed.start(Key::Uki, path())?,
                b"uki-url" => return Err("its image is on the network".to_owned()),
                b"profile" => {
                    let number = std::str::from_utf8(value).ok().and_then(|number| number.parse().ok());
                    parsed.profile = number.unwrap_or(parsed.profile);
                }
                b"initrd" => parsed.ramdisks.push(path()),
                b"options" => {
                    if !parsed.options.is_empty() {
                        parsed.options.push(b' ');
                    }
                    parsed.options.extend(value);
                }
                b"architecture" if !value.eq_ignore_ascii_case(ARCHITECTURE.as_bytes()) => {
                    return Err(format!("it is for the architecture `{}`", shown(value)));
                }
                b"devicetree" | b"devicetree-overlay" => self.note(file, "`devicetree` ignored"),
                // Unknown keys are ignored, which lets the specification grow.
                _ => {}
            }
        }
        match parsed.starts {
            None => Err("it has no `linux`, `efi` or `uki`".to_owned()),
            Some(_) => Ok(parsed),
        }
    }

    fn add_file(&mut self, volume: VolumeId, file: &FileRef, parsed: File) -> Result<(), LimitName> {
        let File { mut entry, starts, options, ramdisks, profile } = parsed;
        let Some((key, path)) = starts else { return Ok(()) };
        let kernel = FileRef { volume, path };
        let exists =
            self.guest.status(volume, &kernel.path).is_some_and(|status| status.kind == FileKind::File);
        if !exists {
            self.note(file, &format!("left out, `{}` is not there", shown(&kernel.path)));
            return Ok(());
        }
        self.budget.look()?;
        self.budget.check_value(options.len())?;
        let (options, mut stub_ramdisks) = without_initrd(&options);
        stub_ramdisks.splice(0..0, ramdisks);
        entry.boots = BootEntry { id: Some(entry.id.clone()), ..BootEntry::default() };
        let ramdisks =
            stub_ramdisks.into_iter().map(|path| FileRef { volume, path }.into()).collect::<Vec<_>>();
        match Image::open(self.guest, &kernel) {
            Err(why) => entry.boots.problems.push(format!("`{}`: {why}", shown(&kernel.path))),
            Ok(Some(image)) => match image.boots(self.guest, profile, self.limits.max_value_bytes) {
                Err(why) => entry.boots.problems.push(format!("`{}`: {why}", shown(&kernel.path))),
                Ok(boots) => {
                    entry.boots.kernel = Some(boots.kernel);
                    entry.boots.ramdisks = boots.ramdisks;
                    // Options that the loader passes on replace the image's own; no guest of ours has Secure Boot.
                    let given = Some(options).filter(|options| !options.is_empty());
                    entry.boots.arguments = given.or(boots.arguments).unwrap_or_default();
                    if key == Key::Linux {
                        entry.boots.ramdisks.extend(ramdisks);
                    }
                }
            },
            Ok(None) if key == Key::Uki => {
                let path = shown(&kernel.path);
                entry
                    .boots
                    .problems
                    .push(format!("not bootable because `{path}` is no unified kernel image"));
            }
            Ok(None) if key == Key::Efi && !uki::is_bzimage(self.guest, &kernel) => {
                let path = shown(&kernel.path);
                entry
                    .boots
                    .problems
                    .push(format!("not bootable because `{path}` is an EFI program and no kernel"));
            }
            Ok(None) => {
                entry.boots.kernel = Some(kernel.into());
                entry.boots.ramdisks = ramdisks;
                entry.boots.arguments = options;
            }
        }
        self.push(entry)
    }
}

impl File {
    /// Two different keys contradict each other; of the same one the last counts.
    fn start(&mut self, key: Key, path: Vec<u8>) -> Result<(), String> {
        if self.starts.as_ref().is_some_and(|(other, _)| *other != key) {
            return Err("it names two things to start".to_owned());
        }
        self.starts = Some((key, path));
        Ok(())
    }
}

/// A path as EFI and people write it: with either slash, and relative to the volume's root at any rate.
fn path(value: &[u8]) -> Vec<u8> {
    let slashed = value.iter().map(|&byte| if byte == b'\\' { b'/' } else { byte });
    let slash = (!matches!(value.first(), Some(b'/' | b'\\'))).then_some(b'/');
    slash.into_iter().chain(slashed).collect()
}

/// `initrd=` in a command line is a ramdisk that a kernel's own EFI stub loads, which nobody runs here. Where there is
/// none the command line stays as it is, blanks and all.
fn without_initrd(options: &[u8]) -> (Vec<u8>, Vec<Vec<u8>>) {
    let words = || options.split(|&byte| byte == b' ').filter(|word| !word.is_empty());
    let ramdisk = |word: &[u8]| word.strip_prefix(b"initrd=").map(path);
    let ramdisks: Vec<Vec<u8>> = words().filter_map(ramdisk).collect();
    if ramdisks.is_empty() {
        return (options.to_vec(), ramdisks);
    }
    (words().filter(|word| !word.starts_with(b"initrd=")).collect::<Vec<_>>().join(&b' '), ramdisks)
}
