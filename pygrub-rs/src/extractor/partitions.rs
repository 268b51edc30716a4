//! `fsimage partitions`.

use super::args::Common;
use super::output::Output;
use crate::exit::Result;
use fsimage::protocol::{Content, VolumeReport};
use fsimage::{Session, escape};
use serde::Serialize;

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
        };
        let given = |text: &[u8]| (!text.is_empty()).then(|| escape(text));
        match &volume.content {
            Content::Filesystem { plugin, flavour, label, uuid, .. } => {
                row.filesystem = given(&flavour.0).or(given(&plugin.0));
                row.label = given(&label.0);
                row.uuid = given(&uuid.0);
            }
            Content::Broken { plugin, reason } => {
                row.problem = Some(format!("{}: {}", escape(&plugin.0), escape(&reason.0)));
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
        ]
    }
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
    let heading = ["ADDRESS", "SCHEME", "START", "SIZE", "TYPE", "FILESYSTEM", "LABEL", "UUID"];
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
            let cells: Vec<String> =
                line.iter().zip(&widths).map(|(text, width)| format!("{text:<width$}")).collect();
            cells.join("  ").trim_end().to_owned()
        })
        .collect()
}
