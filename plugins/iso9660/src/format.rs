//! Recognising a disc and opening it.

use crate::Iso9660;
use crate::filesystem::Iso9660FileSystem;
use crate::mount_options::MountOptions;
use crate::sectors::Sectors;
use crate::session::{self, Session};
use crate::volume_descriptor::DescriptorSet;
use fsimage_sdk::{Error, ErrorKind, FileSystem, Format, Limits, OpenOptions, Probe, Result, Volume};

impl Format for Iso9660 {
    fn name(&self) -> &'static str {
        "iso9660"
    }

    /// Reads the volume descriptors from byte 0x8000 on: one sector where there are none.
    fn probe(&self, volume: &Volume, _limits: &Limits) -> Result<Probe> {
        let described = DescriptorSet::read(&Sectors::new(volume.clone()), 0)
            .and_then(|set| set.map(|set| set.main()?.parse()).transpose());
        match described {
            Ok(None) => Ok(Probe::NotMine),
            Ok(Some(_)) => Ok(Probe::Mine),
            Err(error) if error.kind() == ErrorKind::Io => Err(error),
            Err(error) => Ok(Probe::MineButBroken(error)),
        }
    }

    fn open(&self, volumes: &[Volume], options: &OpenOptions) -> Result<Box<dyn FileSystem>> {
        let [volume] = volumes else {
            let text = format!("iso9660 lies on one volume, not {}", volumes.len());
            return Err(Error::new(ErrorKind::InvalidArgument, text));
        };
        let mount_options = MountOptions::parse(&options.options)?;
        let sectors = Sectors::new(volume.clone());
        let session = session::find(&sectors, mount_options.session)?;
        if mount_options.session == Session::Beginning {
            session::remark(&sectors, session);
        }
        let set = DescriptorSet::read(&sectors, session)?.ok_or_else(|| {
            let place = session.saturating_add(16).saturating_mul(2048);
            Error::new(ErrorKind::NotRecognised, "no volume descriptor").at(place)
        })?;
        set.main()?.remark(&sectors)?;
        Ok(Box::new(Iso9660FileSystem::new(sectors, set, mount_options, options.limits)?))
    }
}
