//! The volume on which a path is looked for.

use super::args::Common;
use crate::boot::volumes;
use crate::exit::{Failure, Result};
use fsimage::{Node, Session, escape};
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

/// Volumes that an error tells of, one by one.
const SHOWN: usize = 3;

/// `--partition`; else the volume with a boot configuration, else the only one with a filesystem, else the first that
/// has one of the paths.
pub(super) fn choose(session: &mut Session, common: &Common, paths: &[OsString]) -> Result<u32> {
    if let Some(address) = &common.partition {
        return volumes::number(session, address);
    }
    let table = session.table()?;
    let with_filesystem = table.with_filesystem();
    if with_filesystem.is_empty() {
        let mut found: Vec<String> = table.volumes.iter().take(SHOWN).map(volumes::describe).collect();
        let more = table.volumes.len().saturating_sub(SHOWN);
        if more > 0 {
            found.push(format!("and {more} more; `fsimage partitions` lists them"));
        }
        return Err(Failure::Failed(match found.is_empty() {
            true => "the disk has no partition that could be looked into".to_owned(),
            false => format!(
                "no filesystem that could be read: {}; `fsimage plugins` lists those that can",
                found.join("; ")
            ),
        }));
    }
    // A single filesystem is the answer either way, whatever its boot configuration is like.
    if let [only] = *with_filesystem {
        return Ok(only);
    }
    if let Some(configured) = session.configured_volume()? {
        return Ok(configured);
    }
    for number in with_filesystem {
        for path in paths {
            match session.stat(number, path.as_bytes(), false) {
                Ok(_) => return Ok(number),
                Err(why) if why.ends_session() => return Err(why.into()),
                Err(_) => {}
            }
        }
    }
    let shown: Vec<String> = paths.iter().map(|path| escape(path.as_bytes())).collect();
    Err(Failure::Failed(format!(
        "{}: on none of the disk's filesystems; `fsimage partitions` lists them, --partition chooses one",
        shown.join(", ")
    )))
}

/// Refuses a file that says it is larger than `--max-file-size`. What it says is all that anybody can know before.
pub(super) fn check_size(node: &Node, common: &Common) -> Result<()> {
    let (size, limit) = (node.metadata.size, common.max_file_size);
    if size > limit {
        let why = format!(
            "a file of {size} bytes, where at most {limit} are copied; --max-file-size raises the limit"
        );
        return Err(Failure::Failed(why));
    }
    Ok(())
}
