//! Recognising a volume and opening it.

use crate::Ext2;
use crate::filesystem::Ext2FileSystem;
use crate::options::Options;
use crate::superblock::Superblock;
use fsimage_sdk::{Error, ErrorKind, FileSystem, Format, Limits, OpenOptions, Probe, Result, Volume};

impl Format for Ext2 {
    fn name(&self) -> &'static str {
        "ext2"
    }

    /// Reads the primary superblock, 1024 bytes; its magic number decides, the checks of its fields tell whole
    /// from broken.
    fn probe(&self, volume: &Volume, _limits: &Limits) -> Result<Probe> {
        let Some(bytes) = Superblock::recognise(volume)? else { return Ok(Probe::NotMine) };
        Ok(match Superblock::parse(&bytes) {
            Ok(_) => Probe::Mine,
            Err(error) => Probe::MineButBroken(error),
        })
    }

    fn open(&self, volumes: &[Volume], options: &OpenOptions) -> Result<Box<dyn FileSystem>> {
        let [volume] = volumes else {
            let text = format!("ext2 lies on one volume, not {}", volumes.len());
            return Err(Error::new(ErrorKind::InvalidArgument, text));
        };
        let words = Options::parse(&options.options)?;
        let bytes = Superblock::recognise(volume)?
            .ok_or_else(|| Error::new(ErrorKind::NotRecognised, "no ext2 magic number").at(0x438))?;
        Ok(Box::new(Ext2FileSystem::new(volume, &bytes, words, options.limits)?))
    }
}
