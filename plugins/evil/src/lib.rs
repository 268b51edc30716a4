//! A plugin that misbehaves on command, for tests of the jail and of the checks around plugins. Never installed.
//!
//! A volume that begins with `FSIMAGE-EVIL:NAME\n` commands the misdeed `misdeeds::MISDEEDS` calls NAME. System
//! calls are tried in `open`, when the jail is up. One that succeeds fails the open with `EVIL SUCCEEDED: NAME`; one
//! that is refused, with `evil NAME was refused: ERRNO`. Misdeeds in replies are done where the reply is made. Apart
//! from its misdeed, the plugin serves a small guest: see `guest`.

mod calls;
mod crashes;
mod descriptors;
mod guest;
mod lies;
mod memory;
mod messages;
mod misdeeds;
mod usurper;

use fsimage_sdk::abi::Plugin;
use fsimage_sdk::shims::{self, Export};
use fsimage_sdk::{Error, ErrorKind, FileSystem, Format, Limits, OpenOptions, Probe, Result, Volume};
use misdeeds::{Act, MISDEEDS};
use std::ffi::CStr;

/// What a volume begins with that wants a misdeed.
const MAGIC: &[u8] = b"FSIMAGE-EVIL:";
/// Bytes of the longest command, the magic included.
const COMMAND: u64 = 64;

/// The format.
#[derive(Debug)]
struct Evil;
static EVIL: Evil = Evil;

impl Format for Evil {
    fn name(&self) -> &'static str {
        "evil"
    }

    fn probe(&self, volume: &Volume, _: &Limits) -> Result<Probe> {
        Ok(if command(volume)?.is_some() { Probe::Mine } else { Probe::NotMine })
    }

    fn open(&self, volumes: &[Volume], _: &OpenOptions) -> Result<Box<dyn FileSystem>> {
        let fault = |text: String| Error::new(ErrorKind::PluginFault, text);
        let volume = volumes.first().ok_or_else(|| fault("no volume".to_owned()))?;
        let name = command(volume)?.ok_or_else(|| fault("no command".to_owned()))?;
        let found = MISDEEDS.iter().zip(0_u64..).find(|(misdeed, _)| misdeed.name.as_bytes() == name);
        let Some((misdeed, index)) = found else {
            return Err(fault(format!("no misdeed is called \"{}\"", name.escape_ascii())));
        };
        let name = misdeed.name;
        match misdeed.act {
            Act::Call(call) => Err(fault(match call() {
                Ok(()) => format!("EVIL SUCCEEDED: {name}"),
                Err(e) => format!("evil {name} was refused: {e}"),
            })),
            Act::End(end) => {
                end();
                Err(fault(format!("evil {name} came to nothing")))
            }
            Act::Reply => Ok(Box::new(guest::Guest::new(index))),
        }
    }
}

/// The name of the misdeed the volume commands.
fn command(volume: &Volume) -> Result<Option<Vec<u8>>> {
    let length = usize::try_from(volume.size().min(COMMAND)).unwrap_or(0);
    let head = volume.read_vec_at(0, length)?;
    let Some(rest) = head.strip_prefix(MAGIC) else { return Ok(None) };
    Ok(rest.iter().position(|b| *b == b'\n').and_then(|end| rest.get(..end)).map(<[u8]>::to_vec))
}

/// What the entry is made of.
struct EvilExport;

impl Export for EvilExport {
    const NAME: &'static CStr = c"evil";
    const VERSION: &'static CStr = c"6.66";
    const DESCRIPTION: &'static CStr = c"Misbehaves on command";

    fn format() -> &'static dyn Format {
        &EVIL
    }
}

/// The callbacks without lies.
const HONEST: Plugin = shims::plugin::<EvilExport>();

/// The one symbol the loader looks for.
#[allow(unsafe_code, non_upper_case_globals)]
#[unsafe(no_mangle)]
pub static fsimage_plugin_entry: Plugin = Plugin {
    metadata: Some(lies::metadata),
    read_dir: Some(lies::read_dir),
    read_link: Some(lies::read_link),
    read_at: Some(lies::read_at),
    extents: Some(lies::extents),
    info: Some(lies::info),
    ..HONEST
};

#[cfg(test)]
mod tests {
    use super::MISDEEDS;

    #[test]
    fn each_misdeed_has_a_name_of_its_own_that_fits_the_command() {
        for (place, misdeed) in MISDEEDS.iter().enumerate() {
            assert!(misdeed.name.len() + super::MAGIC.len() < 64, "{}", misdeed.name);
            assert!(!MISDEEDS[..place].iter().any(|other| other.name == misdeed.name), "{}", misdeed.name);
        }
    }
}
