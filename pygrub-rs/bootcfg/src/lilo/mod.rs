//! LILO, and what took its configuration's form over: ELILO and yaboot.
//!
//! lilo.conf(5), elilo's docs/elilo.txt and yaboot.conf(5) say what the options mean; [`sections`] reads them, [`image`] makes an
//! entry of each section. LILO boots by a list of blocks that `/sbin/lilo` wrote; what is told here is what that was made of.

mod image;
mod sections;

use crate::access::{Secret, Security};
use crate::error::Error;
use crate::guest::{FileRef, Guest};
use crate::limits::{LimitName, Limits};
use crate::menu::{BootEntry, BootMenu, Loader};
use crate::reader::{Outcome, Parents, Reader, menu_from_file as from_file, menu_from_text as from_text};
use sections::Section;

/// Where LILO's configuration lies.
pub(crate) const LILO: &[&str] = &["/etc/lilo.conf"];
/// ELILO's besides vendors' directories: at the root of its partition, and where its tools keep their copy.
pub(crate) const ELILO: &[&str] = &["/elilo.conf", "/etc/elilo.conf"];
/// yaboot's.
pub(crate) const YABOOT: &[&str] = &["/etc/yaboot.conf", "/yaboot.conf", "/boot/etc/yaboot.conf"];
/// They count in tenths of a second.
const TENTHS: u32 = 10;

/// The menu that a configuration file of a guest makes.
pub(crate) fn menu_from_file(
    loader: Loader,
    guest: &dyn Guest,
    config: FileRef,
    limits: &Limits,
) -> Result<BootMenu, Error> {
    let evaluate = match loader {
        Loader::Elilo => elilo,
        Loader::Yaboot => yaboot,
        _ => lilo,
    };
    from_file(loader, evaluate, guest, config, limits)
}

/// The menu that a text makes, without a guest. Which of the three it is written for makes little difference.
pub(crate) fn menu_from_text(text: &[u8], limits: &Limits) -> Result<BootMenu, Error> {
    from_text(Loader::Lilo, lilo, text, "lilo.conf", limits)
}

/// Whose configuration it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Lilo,
    Elilo,
    Yaboot,
}

type Evaluated = Result<Outcome, LimitName>;

fn lilo(r: &mut Reader<'_>, t: &[u8], f: &FileRef, p: Parents<'_>, e: &mut Vec<BootEntry>) -> Evaluated {
    evaluate(r, t, (f, Dialect::Lilo), p, e)
}

fn elilo(r: &mut Reader<'_>, t: &[u8], f: &FileRef, p: Parents<'_>, e: &mut Vec<BootEntry>) -> Evaluated {
    evaluate(r, t, (f, Dialect::Elilo), p, e)
}

fn yaboot(r: &mut Reader<'_>, t: &[u8], f: &FileRef, p: Parents<'_>, e: &mut Vec<BootEntry>) -> Evaluated {
    evaluate(r, t, (f, Dialect::Yaboot), p, e)
}

fn evaluate(
    reader: &mut Reader<'_>,
    text: &[u8],
    (file, dialect): (&FileRef, Dialect),
    _: Parents<'_>,
    entries: &mut Vec<BootEntry>,
) -> Evaluated {
    let (global, sections) = sections::read(reader, text)?;
    // LILO's first image, unless `default=` names another by label or alias.
    let mut chosen = None;
    for section in &sections {
        let image = image::run(reader, &global, section, (file, dialect))?;
        let Some(image) = image else { continue };
        let index = reader.push(image.entry, entries)?;
        let named = |name: &[u8]| image.names.iter().any(|known| known == name);
        if global.value("default").is_some_and(named) {
            chosen.get_or_insert(index);
        }
    }
    let password = global.value("password").filter(|text| !text.is_empty());
    let security =
        Security { password: password.map(|text| Secret::Plain(text.to_vec())), ..Security::default() };
    Ok(Outcome {
        order: vec![chosen.unwrap_or(0)],
        timeout: timeout(&global, dialect),
        security,
        ..Outcome::default()
    })
}

/// With `prompt` LILO and ELILO wait for `timeout`, or for ever; without it for `delay`, and nobody is asked. yaboot always
/// waits for `timeout`.
fn timeout(global: &Section, dialect: Dialect) -> Option<u32> {
    let tenths = |name: &str| {
        let value = global.value(name)?;
        std::str::from_utf8(value).ok()?.parse::<u32>().ok().map(|tenths| tenths.div_ceil(TENTHS))
    };
    match (dialect, global.get("prompt").is_some()) {
        (Dialect::Yaboot, _) | (_, true) => tenths("timeout"),
        (_, false) => Some(tenths("delay").unwrap_or(0)),
    }
}
