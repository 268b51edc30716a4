//! Recognising a volume and opening it.

use crate::Ufs;
use crate::filesystem::UfsFileSystem;
use crate::options::Options;
use crate::places;
use fsimage_sdk::{Error, ErrorKind, FileSystem, Format, Limits, OpenOptions, Probe, Result, Volume};

impl Format for Ufs {
    fn name(&self) -> &'static str {
        "ufs"
    }

    /// Reads four bytes at each place of a superblock, and the superblock where they are a magic number; the checks of
    /// its fields tell whole from broken.
    fn probe(&self, volume: &Volume, _limits: &Limits) -> Result<Probe> {
        match places::find(volume) {
            Ok(Some(_)) => Ok(Probe::Mine),
            Ok(None) => Ok(Probe::NotMine),
            Err(error) if error.kind() == ErrorKind::Io => Err(error),
            Err(error) => Ok(Probe::MineButBroken(error)),
        }
    }

    fn open(&self, volumes: &[Volume], options: &OpenOptions) -> Result<Box<dyn FileSystem>> {
        let [volume] = volumes else {
            let text = format!("ufs lies on one volume, not {}", volumes.len());
            return Err(Error::new(ErrorKind::InvalidArgument, text));
        };
        let words = Options::parse(&options.options)?;
        let found = match words.superblock {
            Some(place) => places::at(volume, place)?,
            None => places::find(volume)?
                .ok_or_else(|| Error::new(ErrorKind::NotRecognised, "no UFS magic number"))?,
        };
        Ok(Box::new(UfsFileSystem::new(volume, found, words, options.limits)?))
    }
}
