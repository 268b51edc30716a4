//! Syslinux' own programs (`*.c32`) as far as they start a system or choose among labels; every other is an entry's problem.

use super::config::Config;
use super::label::{Boot, Label, boot, has_extension, linux, no_kernel, opening};
use crate::limits::LimitName;
use crate::multiboot::{Image, boots};
use crate::reader::{Reader, first_word, words};
use crate::text::shown;

/// So many of them may choose for one another, one after the other.
pub(super) const MAX_DEPTH: u32 = 8;
/// What stands between the images of `mboot.c32`.
const SEPARATOR: &[u8] = b"---";

/// What a program boots that a label names, with these arguments.
pub(super) fn run(
    reader: &mut Reader<'_>,
    label: &Label,
    config: &Config,
    (name, arguments): (&[u8], &[u8]),
    depth: u32,
) -> Result<Result<Boot, String>, LimitName> {
    let is = |program: &[u8]| has_extension(name, program);
    let (first, rest) = first_word(arguments);
    if is(b"mboot.c32") {
        return Ok(multiboot(reader, config, arguments));
    }
    if is(b"linux.c32") && !first.is_empty() {
        return Ok(linux(label, config, first, rest));
    }
    if is(b"config.c32") {
        return Ok(opening(config, first, rest));
    }
    let line = match () {
        () if is(b"whichsys.c32") => which_system(config, arguments),
        () if is(b"ifcpu64.c32") => words(arguments).take_while(|word| *word != b"--").collect(),
        // A menu of these files; without any it is the one that is being shown.
        () if super::is_menu(name) && !first.is_empty() => return Ok(opening(config, first, b"")),
        () => return Ok(Err(no_kernel(name))),
    };
    let line = line.join(&b' ');
    if line.is_empty() {
        return Ok(Err(format!("not bootable because `{}` has nothing to choose here", shown(name))));
    }
    match depth.checked_sub(1) {
        Some(depth) => boot(reader, &config.typed(&line), config, depth),
        None => Ok(Err(format!("not bootable because `{}` chooses among others of its kind", shown(name)))),
    }
}

/// Whether a program chooses among other labels.
pub(super) fn chooses(name: &[u8]) -> bool {
    has_extension(name, b"whichsys.c32") || has_extension(name, b"ifcpu64.c32")
}

/// `whichsys.c32 -iso- COMMAND -pxe- COMMAND -sys- COMMAND`: the command for the loader that runs it. A disc's is isolinux, a disk's
/// syslinux or extlinux.
fn which_system<'a>(config: &Config, arguments: &'a [u8]) -> Vec<&'a [u8]> {
    let own: &[u8] = if config.is_isolinux() { b"-iso-" } else { b"-sys-" };
    let is_switch = |word: &[u8]| [&b"-iso-"[..], b"-pxe-", b"-sys-"].contains(&word);
    words(arguments).skip_while(|word| *word != own).skip(1).take_while(|word| !is_switch(word)).collect()
}

/// `mboot.c32 xen.gz … --- vmlinuz … --- initrd` (wiki: "Mboot.c32").
fn multiboot(reader: &mut Reader<'_>, config: &Config, line: &[u8]) -> Result<Boot, String> {
    let all: Vec<&[u8]> = words(line).collect();
    let mut images = Vec::new();
    for section in all.split(|word| *word == SEPARATOR) {
        let (name, arguments) =
            section.split_first().ok_or("not bootable because `mboot.c32` has a module without a name")?;
        images.push(Image { file: config.locate(name)?, arguments: arguments.join(&b' ') });
    }
    let mut images = images.into_iter();
    let first = images.next().ok_or("not bootable because `mboot.c32` loads nothing")?;
    let (kernel, ramdisks, unused) = boots(first, images.collect())?;
    for file in unused {
        reader.note(&format!("the module {} is left out", shown(&file.path)));
    }
    Ok(Boot { kernel: Some(kernel.file.into()), ramdisks, arguments: kernel.arguments, ..Boot::default() })
}
