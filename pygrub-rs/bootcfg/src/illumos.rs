//! illumos with its own loader(7): `loader.conf`, the boot environments of `/boot/menu.lst`, and the kernel and boot archive in
//! their usual places (illumos loader.conf(5), menu.lst(5), loader(7); usr/src/boot/forth/loader.conf).
//!
//! Where the kernel for Xen guests is there, too, [`crate::solaris`] comes first.

use crate::error::Error;
use crate::guest::{FileRef, Guest, VolumeId};
use crate::limits::{LimitName, Limits};
use crate::loader_conf::Variables;
use crate::menu::{BootEntry, BootMenu, Loader};
use crate::reader::{Outcome, Reader, first_word, menu_without_text};
use crate::text::shown;

/// One of these is there on every illumos, or on its pool's own dataset.
pub(crate) const PATHS: &[&str] = &["/platform/i86pc/kernel/amd64/unix", "/platform/i86pc/kernel/unix", MENU];
const MENU: &str = "/boot/menu.lst";
/// What `/boot/defaults/loader.conf` says of what matters here.
const SETTINGS: [(&str, &str); 7] = [
    ("ISADIR", "amd64"),
    ("kernel", "i86pc/kernel/amd64"),
    ("bootfile", "unix"),
    ("boot_archive_load", "YES"),
    ("boot_archive_name", "/platform/i86pc/amd64/boot_archive"),
    ("loader_conf_files", "/boot/loader.conf /boot/loader.conf.local"),
    ("autoboot_delay", "10"),
];

/// The menu of an illumos root filesystem.
pub(crate) fn menu_of_volume(guest: &dyn Guest, found: FileRef, limits: &Limits) -> Result<BootMenu, Error> {
    let volume = found.volume;
    menu_without_text(Loader::Illumos, guest, found, limits, |reader, entries| {
        let mut variables = Variables::new(&SETTINGS);
        variables.read(reader, volume, b"/boot/defaults/loader.conf")?;
        for file in variables.words("loader_conf_files") {
            variables.read(reader, volume, &file)?;
        }
        variables.read_directory(reader, (guest, volume), b"/boot/conf.d", |_| true)?;
        variables.read(reader, volume, b"/boot/transient.conf")?;
        let plain = entry(reader, &variables, volume)?;
        let environments = environments(reader, volume)?;
        for environment in &environments {
            let mut entry = BootEntry { title: environment.title.clone(), ..plain.clone() };
            if !environment.dataset.is_empty() {
                let property = [b"-B zfs-bootfs=", environment.dataset.as_slice()].concat();
                let parts = [property.as_slice(), entry.arguments.as_slice()];
                let parts: Vec<&[u8]> = parts.into_iter().filter(|part| !part.is_empty()).collect();
                entry.arguments = parts.join(&b' ');
            }
            reader.push(entry, entries)?;
        }
        if environments.is_empty() {
            reader.push(plain, entries)?;
        }
        Ok(Outcome::in_order(entries, variables.timeout()))
    })
}

/// Kernel, boot archive and `boot-args`.
fn entry(reader: &mut Reader<'_>, variables: &Variables, volume: VolumeId) -> Result<BootEntry, LimitName> {
    let bootfile = variables.get("bootfile");
    let path = match bootfile.starts_with(b"/") {
        true => bootfile.to_vec(),
        false => [b"/platform/", variables.get("kernel"), b"/", bootfile].concat(),
    };
    let kernel = FileRef { volume, path };
    let mut problems = Vec::new();
    if !reader.is_file(&kernel)? {
        problems.push(format!("not bootable because {} is missing", shown(&kernel.path)));
    }
    let mut ramdisks = Vec::new();
    if variables.is_yes("boot_archive_load") {
        let archive = FileRef { volume, path: variables.get("boot_archive_name").to_vec() };
        match reader.is_file(&archive)? {
            true => ramdisks.push(archive.into()),
            false => reader.notes.add(|| format!("the boot archive {} is missing", shown(&archive.path))),
        }
    }
    Ok(BootEntry {
        title: b"illumos".to_vec(),
        kernel: Some(kernel.into()),
        ramdisks,
        arguments: variables.get("boot-args").to_vec(),
        problems,
        ..BootEntry::default()
    })
}

/// `title` and `bootfs` of a boot environment (menu.lst(5)).
#[derive(Default)]
struct Environment {
    title: Vec<u8>,
    dataset: Vec<u8>,
}

fn environments(reader: &mut Reader<'_>, volume: VolumeId) -> Result<Vec<Environment>, LimitName> {
    let file = FileRef { volume, path: MENU.into() };
    let text = reader.read_if_there(&file)?.unwrap_or_default();
    let mut found: Vec<Environment> = Vec::new();
    for line in text.split(|&byte| byte == b'\n') {
        reader.budget.step()?;
        reader.budget.check_value(line.len())?;
        let (name, value) = first_word(line);
        match (name, found.last_mut()) {
            (b"title", _) => {
                if found.len() >= reader.limits.max_entries {
                    return Err(LimitName::MaxEntries);
                }
                found.push(Environment { title: value.to_vec(), ..Environment::default() });
            }
            (b"bootfs", Some(last)) => last.dataset = value.to_vec(),
            _ => {}
        }
    }
    Ok(found)
}
