//! FreeBSD, as its loader(8) with the Lua menu boots it: `loader.conf`, and the kernels of `/boot` (loader.conf(5),
//! loader.efi(8), stand/lua/config.lua and core.lua).
//!
//! A domain builder starts the kernel without the loader. What the loader would hand over, and a kernel under Xen's PVH can
//! take from its command line (sys/x86/xen/pv.c: words parted by commas become the kernel's environment), is handed
//! over there ([`environment`]); modules cannot be, and are noted.

mod environment;
mod kernels;

use crate::error::Error;
use crate::guest::{FileRef, Guest, VolumeId};
use crate::limits::{LimitName, Limits};
use crate::loader_conf::{Variables, is_yes};
use crate::menu::{BootEntry, BootMenu, Loader};
use crate::reader::{Outcome, Reader, menu_without_text};
use crate::text::shown;

/// One of these is there on every FreeBSD.
pub(crate) const PATHS: &[&str] =
    &["/boot/loader.conf", "/boot/defaults/loader.conf", "/boot/kernel/kernel", "/boot/kernel/kernel.gz"];
const DEFAULTS: &[u8] = b"/boot/defaults/loader.conf";
/// For hardware that no such guest has.
const DEVICE_HINTS: &[u8] = b"/boot/device.hints";
/// What `/boot/defaults/loader.conf` says of what matters here.
const SETTINGS: [(&str, &str); 8] = [
    ("kernel", "kernel"),
    ("bootfile", "kernel"),
    ("kernels_autodetect", "YES"),
    ("module_path", "/boot/kernel;/boot/modules"),
    ("loader_conf_files", "/boot/loader.conf"),
    ("loader_conf_dirs", "/boot/loader.conf.d"),
    ("local_loader_conf_files", "/boot/loader.conf.local"),
    ("autoboot_delay", "10"),
];

/// The menu of a FreeBSD root filesystem, an entry for each kernel.
pub(crate) fn menu_of_volume(guest: &dyn Guest, found: FileRef, limits: &Limits) -> Result<BootMenu, Error> {
    let volume = found.volume;
    menu_without_text(Loader::FreeBsd, guest, found, limits, |reader, entries| {
        let variables = variables(reader, guest, volume)?;
        let arguments = environment::arguments(reader, &variables, volume)?;
        for (name, kernel) in kernels::find(reader, guest, volume, &variables)? {
            let problems = match kernel.path.ends_with(b".bz2") {
                true => vec!["not bootable because no domain builder unpacks bzip2".to_owned()],
                false => Vec::new(),
            };
            let entry = BootEntry {
                title: [b"FreeBSD, ", name.as_slice()].concat(),
                id: Some(name),
                kernel: Some(kernel.into()),
                arguments: arguments.clone(),
                problems,
                ..BootEntry::default()
            };
            reader.push(entry, entries)?;
        }
        Ok(Outcome::in_order(entries, variables.timeout()))
    })
}

/// What all files together set, in the loader's order.
fn variables(reader: &mut Reader<'_>, guest: &dyn Guest, volume: VolumeId) -> Result<Variables, LimitName> {
    let mut variables = Variables::new(&SETTINGS);
    variables.read(reader, volume, DEFAULTS)?;
    for file in variables.words("loader_conf_files").iter().filter(|file| *file != DEVICE_HINTS) {
        variables.read(reader, volume, file)?;
    }
    for directory in variables.words("loader_conf_dirs") {
        variables.read_directory(reader, (guest, volume), &directory, |name| name.ends_with(b".conf"))?;
    }
    if variables.is_yes("nextboot_enable") {
        variables.read(reader, volume, b"/boot/nextboot.conf")?;
    }
    for file in variables.words("local_loader_conf_files") {
        variables.read(reader, volume, &file)?;
    }
    for (name, _) in variables.iter().filter(|(_, value)| is_yes(value)) {
        if let Some(module) = name.strip_suffix(b"_load") {
            let module = shown(module);
            reader
                .notes
                .add(|| format!("the module {module} is left out: a kernel without its loader gets none"));
        }
    }
    Ok(variables)
}
