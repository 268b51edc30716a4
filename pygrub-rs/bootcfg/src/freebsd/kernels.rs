//! The kernels of a FreeBSD, the one that boots by itself first (config.lua: `loadKernel`; core.lua: `kernelList`).

use crate::guest::{FileKind, FileRef, Guest, VolumeId};
use crate::limits::LimitName;
use crate::loader_conf::Variables;
use crate::reader::Reader;

/// Most names in `/boot`.
const MAX_NAMES: usize = 1024;
/// Most kernels offered.
const MAX_KERNELS: usize = 32;
/// What the loader opens in the place of a file that is not there. The last is told as what cannot be booted.
const PACKED: [&str; 3] = ["", ".gz", ".bz2"];

/// Names, as the menu shows them, and files.
pub(super) fn find(
    reader: &mut Reader<'_>,
    guest: &dyn Guest,
    volume: VolumeId,
    variables: &Variables,
) -> Result<Vec<(Vec<u8>, FileRef)>, LimitName> {
    let mut names = vec![variables.get("kernel").to_vec()];
    let between = |byte: &u8| byte.is_ascii_whitespace() || b";,".contains(byte);
    names.extend(variables.get("kernels").split(between).map(<[u8]>::to_vec));
    if variables.is_yes("kernels_autodetect")
        && let Ok(mut found) = guest.list(volume, b"/boot", MAX_NAMES)
    {
        reader.budget.steps_for(found.len())?;
        found.sort_by(|a, b| a.name.cmp(&b.name));
        let directories = found.into_iter().filter(|name| name.kind == FileKind::Directory);
        names.extend(directories.map(|name| name.name));
    }
    let mut kernels: Vec<(Vec<u8>, FileRef)> = Vec::new();
    for name in names {
        let known = kernels.iter().any(|(other, _)| *other == name);
        if known || name.is_empty() || kernels.len() >= MAX_KERNELS {
            continue;
        }
        // Only the first is looked for on the module path: the others are directories with a kernel in them.
        let path = if kernels.is_empty() { variables.get("module_path") } else { b"" };
        if let Some(file) = kernel(reader, volume, &name, (variables.get("bootfile"), path))? {
            kernels.push((name, file));
        }
    }
    Ok(kernels)
}

/// `/boot/NAME/kernel`, `NAME/kernel`, or one on the module path, or the file itself.
fn kernel(
    reader: &mut Reader<'_>,
    volume: VolumeId,
    name: &[u8],
    (files, path): (&[u8], &[u8]),
) -> Result<Option<FileRef>, LimitName> {
    let absolute = name.starts_with(b"/");
    let own = if absolute { name.to_vec() } else { [b"/boot/", name].concat() };
    let directories = [own.as_slice()].into_iter().chain(path.split(|&byte| byte == b';'));
    let mut paths = Vec::new();
    for directory in directories.filter(|directory| directory.starts_with(b"/")) {
        let files = files.split(|&byte| byte == b';').filter(|file| !file.is_empty());
        paths.extend(files.map(|file| [directory, b"/", file].concat()));
    }
    if absolute {
        paths.push(own);
    }
    for path in paths {
        for packed in PACKED {
            let file = FileRef { volume, path: [path.as_slice(), packed.as_bytes()].concat() };
            if reader.is_file(&file)? {
                return Ok(Some(file));
            }
        }
    }
    Ok(None)
}
