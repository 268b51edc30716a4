//! `fsimage partitions`.

use super::args::Common;
use super::output::Output;
use crate::exit::Result;
use fsimage::protocol::{Content, Name, VolumeReport};
use fsimage::{Session, escape, escape_message};
use serde::Serialize;

/// The columns that hold numbers: START and SIZE.
const NUMBERS: [usize; 2] = [2, 3];

/// A volume, as `--json` prints it.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    address: String,
    scheme: String,
    start: u64,
    size: u64,
    r#type: String,
    active: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    filesystem: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uuid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
    /// The table's own code, in hexadecimal, or the type's GUID.
    #[serde(skip_serializing_if = "Option::is_none")]
    type_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    flags: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    partuuid: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    grub: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    linux: Option<String>,
}

impl Row {
    pub(super) fn new(volume: &VolumeReport) -> Self {
        let mut row = Self {
            address: escape(&volume.address.0),
            scheme: escape(&volume.scheme.0),
            start: volume.start,
            size: volume.size,
            r#type: escape(&volume.type_name.0),
            active: volume.active,
            filesystem: None,
            label: None,
            uuid: None,
            problem: None,
            type_id: volume
                .type_guid
                .as_ref()
                .map(shown)
                .or_else(|| volume.type_code.map(|code| format!("0x{code:02x}"))),
            tag: volume.tag,
            flags: volume.flags,
            name: volume.name.as_ref().map(shown),
            partuuid: volume.part_uuid.as_ref().map(shown),
            grub: volume.grub_names.0.iter().map(shown).collect(),
            linux: volume.linux_name.as_ref().map(shown),
        };
        let given = |text: &[u8]| (!text.is_empty()).then(|| escape(text));
        match &volume.content {
            Content::Filesystem { plugin, flavour, label, uuid, .. } => {
                row.filesystem = given(&flavour.0).or(given(&plugin.0));
                row.label = given(&label.0);
                row.uuid = given(&uuid.0);
            }
            Content::Broken { plugin, reason } => {
                row.problem = Some(format!("{}: {}", escape(&plugin.0), escape_message(&reason.0)));
            }
            Content::Unrecognised {} => {}
        }
        row
    }

    fn columns(&self) -> Vec<String> {
        let filesystem = self.filesystem.clone().or(self.problem.clone());
        let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        vec![
            format!("{}{}", self.address, if self.active { "*" } else { "" }),
            self.scheme.clone(),
            self.start.to_string(),
            self.size.to_string(),
            self.r#type.clone(),
            or_dash(&filesystem),
            or_dash(&self.label),
            or_dash(&self.uuid),
            or_dash(&self.grub.first().cloned()),
            or_dash(&self.linux),
        ]
    }
}

fn shown(text: &Name) -> String {
    escape(&text.0)
}

/// Lists the disk's volumes.
pub(super) fn partitions(session: &mut Session, common: &Common) -> Result<()> {
    let table = session.table()?;
    let rows: Vec<Row> = table.volumes.iter().map(Row::new).collect();
    let mut output = Output::new();
    if common.json {
        output.json(&rows)?;
    } else {
        for remark in &table.remarks {
            crate::console::say(&format!("fsimage: remark: {remark}"));
        }
        for line in aligned(&rows) {
            output.line(&line)?;
        }
    }
    output.finish()
}

/// The rows under a heading, the active one marked with an asterisk.
pub(super) fn aligned(rows: &[Row]) -> Vec<String> {
    let heading =
        ["ADDRESS", "SCHEME", "START", "SIZE", "TYPE", "FILESYSTEM", "LABEL", "UUID", "GRUB", "LINUX"];
    let mut lines = vec![heading.map(str::to_owned).to_vec()];
    lines.extend(rows.iter().map(Row::columns));
    let widths: Vec<usize> = (0..heading.len())
        .map(|column| {
            let lengths = lines.iter().filter_map(|line| line.get(column)).map(|text| text.chars().count());
            lengths.max().unwrap_or(0)
        })
        .collect();
    lines
        .iter()
        .map(|line| {
            let cells: Vec<String> = (0..)
                .zip(line.iter().zip(&widths))
                .map(|(column, (text, width))| match NUMBERS.contains(&column) {
                    true => format!("{text:>width$}"),
                    false => format!("{text:<width$}"),
                })
                .collect();
            cells.join("  ").trim_end().to_owned()
        })
        .collect()
}
