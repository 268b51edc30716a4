//! Which of a disk's volumes is meant.

use crate::{Error, ErrorKind, Result, Session, Table, escape};
use fsimage_protocol::Content;

impl Table {
    /// The numbers of the volumes that hold a filesystem.
    #[must_use]
    pub fn with_filesystem(&self) -> Vec<u32> {
        let numbered = (0..).zip(&self.volumes);
        let held = numbered.filter(|(_, volume)| matches!(volume.content, Content::Filesystem { .. }));
        held.map(|(number, _)| number).collect()
    }
}

impl Session {
    /// The number of the volume with this address, as `fsimage partitions` shows it.
    ///
    /// ```
    /// # let image = fsimage_demo::guest();
    /// # let disk = fsimage::Disk::open(&image)?;
    /// # let mut session = fsimage::Session::open(vec![disk], &fsimage::Options::default())?;
    /// assert_eq!(session.find_volume(b"1")?, 0);
    /// assert_eq!(session.find_volume(b"2").unwrap_err().kind(), fsimage::ErrorKind::NotFound);
    /// # Ok::<(), fsimage::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], with the addresses that there are; or the disk cannot be read, or the worker fails.
    pub fn find_volume(&mut self, address: &[u8]) -> Result<u32> {
        let table = self.table()?;
        if let Some((number, _)) = (0..).zip(&table.volumes).find(|(_, volume)| volume.address.0 == address) {
            return Ok(number);
        }
        let all: Vec<String> = table.volumes.iter().map(|volume| escape(&volume.address.0)).collect();
        let why = match all.is_empty() {
            true => "the disk has no partition that could be looked into".to_owned(),
            false => format!("no such partition; there are {}", all.join(", ")),
        };
        Err(Error::new(ErrorKind::NotFound, why))
    }

    /// The volume with the boot configuration; none where there is none, or where it cannot be evaluated: that does not keep
    /// files from being read.
    ///
    /// ```
    /// # let image = fsimage_demo::guest();
    /// # let disk = fsimage::Disk::open(&image)?;
    /// # let mut session = fsimage::Session::open(vec![disk], &fsimage::Options::default())?;
    /// assert_eq!(session.configured_volume()?, Some(0));
    /// # Ok::<(), fsimage::Error>(())
    /// ```
    ///
    /// # Errors
    /// The worker fails.
    pub fn configured_volume(&mut self) -> Result<Option<u32>> {
        match self.menu(None) {
            Ok(search) => Ok(search.menu.and_then(|menu| menu.config).map(|config| config.volume)),
            Err(why) if why.ends_session() => Err(why),
            Err(_) => Ok(None),
        }
    }

    /// The volume to take when nobody has named one: that of the boot configuration, else the first with a filesystem, in
    /// the order in which a boot loader looks.
    ///
    /// ```
    /// # let image = fsimage_demo::guest();
    /// # let disk = fsimage::Disk::open(&image)?;
    /// # let mut session = fsimage::Session::open(vec![disk], &fsimage::Options::default())?;
    /// let volume = session.default_volume()?;
    /// assert_eq!(session.table()?.volumes[volume as usize].scheme.0, b"mbr");
    /// # Ok::<(), fsimage::Error>(())
    /// ```
    ///
    /// # Errors
    /// What is wrong with the first volume, when there is a filesystem on none; [`ErrorKind::NotRecognised`] when there is
    /// no volume; or the disk cannot be read, or the worker fails.
    pub fn default_volume(&mut self) -> Result<u32> {
        let table = self.table()?;
        match *table.with_filesystem() {
            [only] => Ok(only),
            [first, ..] => Ok(self.configured_volume()?.unwrap_or(first)),
            [] if table.volumes.is_empty() => Err(Error::new(
                ErrorKind::NotRecognised,
                "the disk has no partition that could be looked into",
            )),
            [] => {
                let broken = |content: &Content| matches!(content, Content::Broken { .. });
                let first = (0..).zip(&table.volumes).find(|(_, volume)| broken(&volume.content));
                let first = first.map_or(0, |(number, _)| number);
                self.stat(first, b"/", true).map(|_| first)
            }
        }
    }
}
