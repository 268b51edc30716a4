//! `uki`: unified kernel images as a part of GRUB's menu.
//!
//! GRUB 2.14's, in EFI's GRUB alone, so it is not in the record. Basis: its source's `blsuki`, and the specification (UAPI.5).

use super::Call;
use super::blscfg::OPTIONS;
use super::options::{Options, Unknown, parse};
use crate::bls::lines::key_values;
use crate::bls::version;
use crate::budget::Stop;
use crate::grub2::ast::Script;
use crate::grub2::eval::Machine;
use crate::grub2::menu::Item;
use crate::grub2::number::leading;
use crate::grub2::status;
use crate::guest::{FileKind, FileRef, file_name};
use crate::limits::LimitName;
use crate::text::shown;
use crate::uki::Image;
use std::rc::Rc;

const DIRECTORY: &[u8] = b"/EFI/Linux";
const SUFFIX: &[u8] = b".efi";
/// An EFI system partition, on which GRUB itself lies.
const ESP: &str = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b";
/// What looking into an image costs besides its bytes.
const STEPS_PER_IMAGE: usize = 100;

/// An image, by its file's name; what the menu calls it.
struct Found {
    name: Vec<u8>,
    file: FileRef,
    title: Vec<u8>,
}

/// `uki [--path (device)/directory|/directory|file] [--enable-fallback] [--show-default] [--show-non-default] [--entry name]`.
pub(super) fn uki(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    let Some(options) = parse(OPTIONS, Unknown::Fails, call.arguments) else {
        return Ok(status::BAD_ARGUMENT);
    };
    let images = match images(machine, &options)? {
        Ok(images) => images,
        Err(status) => return Ok(status),
    };
    let (default, others) = (options.has(b"show-default"), options.has(b"show-non-default"));
    let only = options.value(b"entry");
    let all = !default && !others && only.is_none();
    let chosen = machine.environment.get(b"default").map(<[u8]>::to_vec);
    for (place, image) in images.into_iter().enumerate() {
        // By its file's name or its place; `title` is a word of the other kind of entries.
        let is_default = chosen.as_deref().is_some_and(|chosen| {
            chosen == image.name || leading(chosen).is_some_and(|number| usize::try_from(number) == Ok(place))
        });
        let wanted = all || (default && is_default) || (others && !is_default) || only == Some(&image.name);
        if wanted && !machine.bls_shown.contains(&image.name) {
            Rc::make_mut(&mut machine.bls_shown).insert(image.name.clone());
            add(machine, image)?;
        }
    }
    Ok(0)
}

/// The images asked for, the newest first.
fn images(machine: &mut Machine<'_>, options: &Options<'_>) -> Result<Result<Vec<Found>, u32>, Stop> {
    let place = options.value(b"path").map(<[u8]>::to_vec);
    let esp = machine.volumes().find(|(_, volume)| volume.is_of_type(ESP)).map(|(device, _)| device);
    let root = machine.environment.get(b"root").unwrap_or_default().to_vec();
    let home = [b"(", esp.unwrap_or(root).as_slice(), b")"].concat();
    let usual = [home.as_slice(), DIRECTORY].concat();
    let directory = match place {
        Some(file) if file.ends_with(SUFFIX) => {
            let file = match machine.locate(&file) {
                Ok(file) => file,
                Err(status) => return Ok(Err(status)),
            };
            return Ok(Ok(look(machine, file)?.into_iter().collect()));
        }
        Some(device) if device.ends_with(b")") => [device.as_slice(), DIRECTORY].concat(),
        Some(place) if place.starts_with(b"(") => place,
        Some(path) => [home.as_slice(), &path].concat(),
        None => usual.clone(),
    };
    let mut found = listed(machine, &directory)?;
    if found.as_ref().map_or(true, Vec::is_empty) && options.has(b"enable-fallback") {
        found = listed(machine, &usual)?.or(found);
    }
    Ok(found)
}

fn listed(machine: &mut Machine<'_>, path: &[u8]) -> Result<Result<Vec<Found>, u32>, Stop> {
    let directory = match machine.locate(path) {
        Ok(directory) => directory,
        Err(status) => return Ok(Err(status)),
    };
    machine.budget.steps_for(STEPS_PER_IMAGE)?;
    let Some(guest) = machine.guest else {
        machine.note("`uki` finds nothing: there is no guest to search");
        return Ok(Err(status::FILE_NOT_FOUND));
    };
    let names = match guest.list(directory.volume, &directory.path, machine.limits.max_names) {
        Ok(names) => names,
        Err(error) => {
            machine.note(&format!("{}: {}", shown(path), shown(error.message.as_bytes())));
            return Ok(Err(status::FILE_NOT_FOUND));
        }
    };
    machine.budget.steps_for(names.len())?;
    let is_image = |name: &[u8]| name.ends_with(SUFFIX) && name.first() != Some(&b'.');
    let files = names.into_iter().filter(|file| file.kind != FileKind::Directory && is_image(&file.name));
    let mut images: Vec<Found> = Vec::new();
    for file in files {
        if images.len() >= machine.limits.max_entries {
            return Err(LimitName::MaxEntries.into());
        }
        let path = [directory.path.strip_suffix(b"/").unwrap_or(&directory.path), b"/", &file.name].concat();
        images.extend(look(machine, FileRef { volume: directory.volume, path })?);
    }
    let longest = images.iter().map(|image| image.name.len()).max().unwrap_or(0);
    machine.budget.moved(longest.saturating_mul(images.len()).saturating_mul(10))?;
    images.sort_by(|one, other| version::compare(&other.name, &one.name));
    Ok(Ok(images))
}

/// An image, if it is one, and says what it is called.
fn look(machine: &mut Machine<'_>, file: FileRef) -> Result<Option<Found>, Stop> {
    machine.budget.steps_for(STEPS_PER_IMAGE)?;
    let Some(guest) = machine.guest else { return Ok(None) };
    let max = machine.limits.max_value_bytes;
    let release = match Image::open(guest, &file) {
        Ok(Some(image)) => image.text(guest, 0, b".osrel", max),
        Ok(None) => Err("it is no unified kernel image".to_owned()),
        Err(why) => Err(why),
    };
    let title = release.and_then(|release| {
        let release = release.unwrap_or_default();
        let title = key_values(&release, b"=").find(|(key, _)| *key == b"PRETTY_NAME");
        title.map(|(_, title)| title.to_vec()).ok_or_else(|| "it has no name in `.osrel`".to_owned())
    });
    match title {
        Ok(title) => {
            machine.budget.keep(title.len().saturating_add(file.path.len()).saturating_add(64))?;
            let name = file_name(&file.path).to_vec();
            Ok(Some(Found { name, file, title }))
        }
        Err(why) => {
            machine.note(&format!("{}: left out, {why}", shown(&file.path)));
            Ok(None)
        }
    }
}

fn add(machine: &mut Machine<'_>, image: Found) -> Result<(), Stop> {
    let device = machine.device_of(image.file.volume);
    // Quoted: a name is no script. GRUB puts the image's own command line behind it, which `chainloader` takes from there.
    let quoted = image.file.path.split(|&byte| byte == b'\'').collect::<Vec<_>>().join(&b"'\\''"[..]);
    let script = [b"chainloader '(", device.as_slice(), b")", &quoted, b"'\n"].concat();
    machine.budget.check_value(script.len())?;
    machine.budget.keep(script.len())?;
    machine.add_item(Item {
        arguments: Rc::new(vec![image.title]),
        id: Some(image.name),
        body: Rc::new(Script::of_string(&script, 1)),
        source: Some(script.into()),
        file: Rc::from(shown(&image.file.path)),
        line: 1,
        ..Item::default()
    })?;
    Ok(())
}
