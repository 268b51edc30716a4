//! Commands as a person at the command line means them: they print.

use super::{Call, Handler};
use crate::budget::Stop;
use crate::discover::Candidate;
use crate::grub2::eval::Machine;
use crate::grub2::status;
use crate::guest::{FileKind, VolumeName};
use crate::menu::Loader;
use crate::text::shown;

/// Commands that say something, with what `help` says of them.
const TYPED: &[(&str, &str)] = &[
    ("boot", "boot what is loaded"),
    ("cat", "FILE: show a file"),
    ("configfile", "FILE: the menu of another configuration"),
    ("echo", "[-n] [-e] WORD...: print words"),
    ("exit", "go back to the menu"),
    ("export", "NAME...: keep a variable in submenus"),
    ("find", "FILE: the volumes that have it"),
    ("help", "this list"),
    ("initrd", "FILE...: load ramdisks"),
    ("kernel", "FILE ARGUMENT...: the same as linux"),
    ("linux", "FILE ARGUMENT...: load a kernel"),
    ("load_env", "[-f FILE] [NAME...]: variables of an environment block"),
    ("loopback", "[-d] NAME [FILE]: a file as a disk"),
    ("ls", "[-l] [-h] [-a] [DEVICE | FILE]...: devices, one of them, or a directory"),
    ("normal", "go back to the menu"),
    ("probe", "[--set NAME] --fs|--fs-uuid|--label|--partmap|--part-uuid|--driver DEVICE: what a volume is"),
    ("root", "[DEVICE]: the volume of paths without one"),
    ("search", "--file|--label|--fs-uuid [--set NAME] WHAT: find a volume"),
    ("set", "[NAME=VALUE]: set a variable, or list them"),
    ("source", "FILE: carry out a file"),
    ("test", "EXPRESSION"),
    ("unset", "NAME: forget a variable"),
];

pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    TYPED.iter().map(|(name, _)| *name)
}

pub(crate) fn find_typed(name: &[u8]) -> Option<Handler> {
    Some(match name {
        b"ls" => super::list::ls,
        b"cat" => super::list::cat,
        b"set" => set,
        b"help" => help,
        b"root" => root,
        b"kernel" => super::boot::linux,
        b"find" => find,
        b"normal" => leave,
        b"configfile" | b"legacy_configfile" | b"syslinux_configfile" => configfile,
        b"boot" => boot,
        b"search" => search,
        _ => return None,
    })
}

fn line(machine: &mut Machine<'_>, parts: &[&[u8]]) {
    machine.print(&parts.concat());
    machine.print(b"\n");
}

fn help(machine: &mut Machine<'_>, _call: &Call<'_>) -> Result<u32, Stop> {
    for (name, what) in TYPED {
        line(machine, &[name.as_bytes(), b" ", what.as_bytes()]);
    }
    Ok(0)
}

/// Another configuration's menu, as if it had been found first: what was typed before is not seen there.
fn configfile(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    let Some(name) = call.arguments.last() else {
        machine.note("the name of a configuration is wanted");
        return Ok(status::BAD_ARGUMENT);
    };
    let config = match machine.loadable("configuration", name)? {
        Ok(config) => config,
        Err(missing) => return Ok(missing.status),
    };
    let loader = match call.name {
        b"legacy_configfile" => Loader::GrubLegacy,
        b"syslinux_configfile" => Loader::Extlinux,
        _ => Loader::Grub2,
    };
    machine.opens = Some(Candidate { loader, config });
    Err(Stop::Menu)
}

fn leave(_machine: &mut Machine<'_>, _call: &Call<'_>) -> Result<u32, Stop> {
    Err(Stop::Leave("exit"))
}

fn boot(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    let status = super::boot::boot(machine, call)?;
    machine.note("you need to load the kernel first");
    Ok(status)
}

/// Lists variables, or sets one.
fn set(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    if !call.arguments.is_empty() {
        return super::variables::set(machine, call);
    }
    let variables: Vec<(Vec<u8>, Vec<u8>)> =
        machine.environment.all().map(|(name, value)| (name.to_vec(), value.to_vec())).collect();
    for (name, value) in variables {
        machine.budget.moved(value.len())?;
        line(machine, &[&name, b"=", &value]);
    }
    Ok(0)
}

/// `root (hd0,1)`, as legacy GRUB has it: by either GRUB's names.
fn root(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    if let Some(word) = call.arguments.first() {
        let device = word.strip_prefix(b"(").and_then(|rest| rest.strip_suffix(b")")).unwrap_or(word);
        let legacy = |volume: &&VolumeName| {
            volume.legacy_grub_name.as_ref().is_some_and(|name| name.as_bytes() == device)
        };
        let volumes = machine.guest.map(|guest| guest.volumes()).unwrap_or_default();
        let volume = machine.volume_named(device).or_else(|| volumes.iter().find(legacy));
        let Some(name) = volume.map(|volume| machine.device_of(volume.id)) else {
            machine.note(&format!("no such device: {}", shown(device)));
            return Ok(status::UNKNOWN_DEVICE);
        };
        machine.environment.set(b"root", &name, &mut machine.budget)?;
    }
    let value = machine.environment.get(b"root").unwrap_or_default().to_vec();
    line(machine, &[b"(", &value, b")"]);
    Ok(0)
}

fn find(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    let Some(path) = call.arguments.first() else { return Ok(status::BAD_ARGUMENT) };
    let Some(guest) = machine.guest else { return Ok(status::FILE_NOT_FOUND) };
    let mut found = false;
    let volumes: Vec<_> = machine.volumes().map(|(name, volume)| (name, volume.id)).collect();
    for (name, volume) in volumes {
        machine.budget.look()?;
        if guest.status(volume, path).is_some_and(|status| status.kind == FileKind::File) {
            found = true;
            line(machine, &[b"(", &name, b")"]);
        }
    }
    if !found {
        machine.note("file not found");
        return Ok(status::FILE_NOT_FOUND);
    }
    Ok(0)
}

/// `search` without `--set` prints what it finds.
fn search(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    let sets = call.arguments.iter().any(|word| word.starts_with(b"--set") || word == b"-s");
    if sets {
        return super::search::search(machine, call);
    }
    let mut arguments = vec![b"--set=pygrub_rs_found".to_vec()];
    arguments.extend(call.arguments.iter().cloned());
    let status =
        super::search::search(machine, &Call { name: call.name, arguments: &arguments, block: None })?;
    let found = machine.environment.get(b"pygrub_rs_found").map(<[u8]>::to_vec);
    machine.environment.unset(b"pygrub_rs_found", &mut machine.budget)?;
    if let Some(found) = found.filter(|_| status == 0) {
        line(machine, &[b" ", &found]);
    }
    Ok(status)
}
