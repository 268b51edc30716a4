//! `fsimage info`.

use super::args::Common;
use super::jail::{self, Jail};
use super::output::Output;
use super::partitions::{Row, aligned};
use crate::exit::Result;
use fsimage::protocol::Content;
use fsimage::{Session, escape};
use serde::Serialize;

#[derive(Debug, Default, Serialize)]
struct Info {
    #[serde(skip_serializing_if = "Option::is_none")]
    scheme: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    volumes: Option<Vec<Row>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    remarks: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    filesystems: Vec<Filesystem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    boot: Option<Boot>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sandbox: Option<Jail>,
}

#[derive(Debug, Serialize)]
struct Boot {
    loader: String,
    config: String,
    entries: u32,
}

/// What a filesystem says of itself.
#[derive(Debug, Serialize)]
struct Filesystem {
    address: String,
    size: u64,
    block_size: u32,
    features: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    remarks: Vec<String>,
}

/// Tells what is on the disk, and of the jail it is read in.
pub(super) fn info(session: &mut Session, sandbox: bool, image: bool, common: &Common) -> Result<()> {
    let mut info = Info::default();
    if sandbox {
        info.sandbox = Some(jail::describe(session)?);
    }
    if image {
        let table = session.table()?;
        info.scheme = Some(table.scheme.clone());
        info.volumes = Some(table.volumes.iter().map(Row::new).collect());
        info.remarks = table.remarks;
        for (number, volume) in (0..).zip(&table.volumes) {
            if let Content::Filesystem { block_size, size, features, .. } = &volume.content {
                info.filesystems.push(Filesystem {
                    address: escape(&volume.address.0),
                    size: *size,
                    block_size: *block_size,
                    features: escape(&features.0).split_whitespace().map(str::to_owned).collect(),
                    remarks: session.remarks(number)?,
                });
            }
        }
        let search = session.menu(None)?;
        info.boot = search.menu.map(|menu| Boot {
            loader: escape(&menu.loader.0),
            config: menu.config.map(|config| escape(&config.path.0)).unwrap_or_default(),
            entries: menu.entries,
        });
    }
    let mut output = Output::new();
    match common.json {
        true => output.json(&info)?,
        false => {
            for line in lines(&info) {
                output.line(&line)?;
            }
        }
    }
    output.finish()
}

fn lines(info: &Info) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(volumes) = &info.volumes {
        let scheme = info.scheme.as_deref().filter(|scheme| *scheme != "whole").unwrap_or("none");
        lines.push(format!("partition table: {scheme}"));
        lines.extend(info.remarks.iter().map(|remark| format!("remark: {remark}")));
        lines.extend(aligned(volumes));
        for Filesystem { address, size, block_size, features, remarks } in &info.filesystems {
            let features = features.join(" ");
            lines.push(format!("volume {address}: {size} bytes in blocks of {block_size}; {features}"));
            lines.extend(remarks.iter().map(|remark| format!("volume {address}: remark: {remark}")));
        }
        lines.push(match &info.boot {
            Some(boot) => {
                let entries = if boot.entries == 1 { "entry" } else { "entries" };
                format!("boot configuration: {} {}, {} {entries}", boot.loader, boot.config, boot.entries)
            }
            None => "boot configuration: none found".to_owned(),
        });
    }
    lines.extend(info.sandbox.iter().flat_map(jail::lines));
    lines
}
