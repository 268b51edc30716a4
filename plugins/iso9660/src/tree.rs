//! What every reader of the chosen tree needs.

use crate::directory_record::DirectoryRecord;
use crate::joliet;
use crate::plain_name;
use crate::rock_ridge::RockRidge;
use crate::sectors::Sectors;
use crate::units::BlockSize;
use crate::view::View;
use fsimage_sdk::{Error, Limits, Result};

/// An open disc's chosen tree.
pub(crate) struct Tree {
    pub(crate) sectors: Sectors,
    pub(crate) block_size: BlockSize,
    pub(crate) view: View,
    /// First byte of the root directory.
    pub(crate) root: u64,
    pub(crate) limits: Limits,
}

impl Tree {
    /// The record at this byte.
    pub(crate) fn record(&self, place: u64) -> Result<DirectoryRecord> {
        let record = DirectoryRecord::read(&self.sectors, place, self.block_size)?;
        record.remark(self.sectors.remarks());
        Ok(record)
    }

    /// A record's Rock Ridge entries; none in another view.
    pub(crate) fn rock_ridge(&self, record: &DirectoryRecord) -> Result<RockRidge> {
        let View::RockRidge(skip) = self.view else { return Ok(RockRidge::default()) };
        let skip = if record.place == self.root { skip.root } else { skip.others };
        RockRidge::read(&self.sectors, self.block_size, record, skip)
    }

    /// A record's name as it is shown.
    ///
    /// # Errors
    /// `Corrupt` for a name that is no name of a file.
    pub(crate) fn name(&self, record: &DirectoryRecord, rock_ridge: &RockRidge) -> Result<Vec<u8>> {
        let name = match self.view {
            View::Joliet => joliet::name(&record.name),
            View::Enhanced => record.name.clone(),
            View::Plain | View::RockRidge(_) => {
                rock_ridge.name().map_or_else(|| plain_name::translate(&record.name), <[u8]>::to_vec)
            }
        };
        let bad =
            name.is_empty() || name == b"." || name == b".." || name.iter().any(|&b| b == b'/' || b == 0);
        if bad {
            return Err(self.bad_name(record, &name));
        }
        Ok(name)
    }

    /// A record's name without the version at its end, whatever that is; nothing when it has none.
    pub(crate) fn name_without_version(&self, record: &DirectoryRecord, name: &[u8]) -> Option<Vec<u8>> {
        let before_version = |name: &[u8]| {
            let end = name.iter().rposition(|&b| b == b';')?;
            name.get(..end).map(<[u8]>::to_vec)
        };
        match self.view {
            View::RockRidge(_) => None,
            View::Plain => before_version(&record.name).map(|name| plain_name::translate(&name)),
            View::Joliet | View::Enhanced => before_version(name),
        }
    }

    fn bad_name(&self, record: &DirectoryRecord, name: &[u8]) -> Error {
        record.corrupt(format_args!("the {} name \"{}\"", self.view.name(), name.escape_ascii()))
    }
}
