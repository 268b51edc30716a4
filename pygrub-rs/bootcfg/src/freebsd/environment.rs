//! What of the loader's variables the kernel is given: as words of its command line, parted by commas.
//!
//! Without a loader the kernel's environment is what stands on the command line: `name=value` or `name` parted by commas
//! (since 13 by blanks, too), within a page (sys/x86/xen/pv.c, sys/kern/subr_boot.c).

use crate::guest::{FileRef, VolumeId};
use crate::limits::LimitName;
use crate::loader_conf::Variables;
use crate::reader::{Reader, mounted_at};
use crate::text::shown;

/// Room for the kernel's environment.
const PAGE: usize = 4096;
/// Variables that the kernel reads, and the loader's files set, but for those with a dot in their names.
const KERNELS_OWN: [&[u8]; 3] = [b"boot_", b"init_", b"comconsole_"];

/// The arguments.
pub(super) fn arguments(
    reader: &mut Reader<'_>,
    variables: &Variables,
    volume: VolumeId,
) -> Result<Vec<u8>, LimitName> {
    let mut words: Vec<Vec<u8>> = Vec::new();
    let mut length = 0_usize;
    let root = root(reader, variables, volume)?;
    let root = root.iter().map(|(name, value)| (name.as_bytes(), value.as_slice()));
    for (name, value) in root.chain(variables.iter().filter(|(name, _)| is_kernels(name))) {
        let word = [name, b"=", value].concat();
        if word.iter().any(|byte| byte.is_ascii_whitespace() || *byte == b',') {
            let word = shown(&word);
            reader.notes.add(|| format!("`{word}` is left out: the kernel would take it apart"));
            continue;
        }
        length = length.saturating_add(word.len()).saturating_add(1);
        if length >= PAGE {
            reader
                .notes
                .add(|| "the rest of the loader's variables is left out: they fill a page".to_owned());
            break;
        }
        words.push(word);
    }
    Ok(words.join(&b','))
}

/// Whether it is for the kernel: a tunable, or one of its own.
fn is_kernels(name: &[u8]) -> bool {
    let is_tunable = name.contains(&b'.') && !name.starts_with(b"vfs.root.mountfrom");
    is_tunable || KERNELS_OWN.iter().any(|start| name.starts_with(start))
}

/// `vfs.root.mountfrom`: as it is set, or else the root of `/etc/fstab`, as the loader does it.
fn root(
    reader: &mut Reader<'_>,
    variables: &Variables,
    volume: VolumeId,
) -> Result<Vec<(&'static str, Vec<u8>)>, LimitName> {
    const FROM: &str = "vfs.root.mountfrom";
    const OPTIONS: &str = "vfs.root.mountfrom.options";
    let set = [FROM, OPTIONS].map(|name| (name, variables.get(name).to_vec()));
    if !variables.get(FROM).is_empty() {
        return Ok(set.into_iter().filter(|(_, value)| !value.is_empty()).collect());
    }
    let file = FileRef { volume, path: b"/etc/fstab".to_vec() };
    let text = reader.read_if_there(&file)?.unwrap_or_default();
    Ok(match mounted_at(&text, b"/") {
        Some([device, _, kind, options]) => {
            vec![(FROM, [kind, b":", device].concat()), (OPTIONS, options.to_vec())]
        }
        None => {
            reader.notes.add(|| "neither vfs.root.mountfrom nor /etc/fstab says what the root is".to_owned());
            Vec::new()
        }
    })
}
