//! `fsimage info`.

use super::args::Common;
use super::output::Output;
use super::partitions::{Row, aligned};
use crate::exit::Result;
use fsimage::protocol::{Content, StepOutcome};
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
    #[serde(skip_serializing_if = "Option::is_none")]
    boot: Option<Boot>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sandbox: Option<Sandbox>,
}

#[derive(Debug, Serialize)]
struct Boot {
    loader: String,
    config: String,
    entries: u32,
}

#[derive(Debug, Serialize)]
struct Sandbox {
    worker: String,
    steps: Vec<Step>,
    plugins: Vec<Plugin>,
    rejected: Vec<Rejected>,
}

#[derive(Debug, Serialize)]
struct Step {
    name: String,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

#[derive(Debug, Serialize)]
struct Plugin {
    name: String,
    version: String,
    description: String,
    file: String,
}

#[derive(Debug, Serialize)]
struct Rejected {
    file: String,
    reason: String,
}

/// Tells what is on the disk, and of the jail it is read in.
pub(super) fn info(session: &mut Session, sandbox: bool, image: bool, common: &Common) -> Result<()> {
    let mut info = Info { sandbox: sandbox.then(|| describe_jail(session)), ..Info::default() };
    let mut details = Vec::new();
    if image {
        let table = session.table()?;
        info.scheme = Some(table.scheme.clone());
        info.volumes = Some(table.volumes.iter().map(Row::new).collect());
        info.remarks = table.remarks;
        for volume in &table.volumes {
            if let Content::Filesystem { block_size, size, features, .. } = &volume.content {
                let address = escape(&volume.address.0);
                let features = escape(&features.0);
                details.push(format!("volume {address}: {size} bytes in blocks of {block_size}; {features}"));
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
            for line in lines(&info, details) {
                output.line(&line)?;
            }
        }
    }
    output.finish()
}

fn describe_jail(session: &Session) -> Sandbox {
    let report = session.report();
    Sandbox {
        worker: report.version.clone(),
        steps: report
            .sandbox
            .iter()
            .map(|step| {
                let (outcome, reason) = match &step.outcome {
                    StepOutcome::Enforced {} => ("enforced", None),
                    StepOutcome::Unavailable { reason } => ("unavailable", Some(escape(&reason.0))),
                    StepOutcome::Off {} => ("off", None),
                };
                Step { name: escape(&step.name.0), outcome, reason }
            })
            .collect(),
        plugins: report
            .plugins
            .iter()
            .map(|plugin| Plugin {
                name: escape(&plugin.name.0),
                version: escape(&plugin.version.0),
                description: escape(&plugin.description.0),
                file: escape(&plugin.file.0),
            })
            .collect(),
        rejected: report
            .rejected
            .iter()
            .map(|plugin| Rejected { file: escape(&plugin.file.0), reason: escape(&plugin.reason.0) })
            .collect(),
    }
}

fn lines(info: &Info, details: Vec<String>) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(volumes) = &info.volumes {
        lines.push(format!("partition table: {}", info.scheme.as_deref().unwrap_or("none")));
        lines.extend(info.remarks.iter().map(|remark| format!("remark: {remark}")));
        lines.extend(aligned(volumes));
        lines.extend(details);
        lines.push(match &info.boot {
            Some(boot) => {
                format!("boot configuration: {} {}, {} entries", boot.loader, boot.config, boot.entries)
            }
            None => "boot configuration: none found".to_owned(),
        });
    }
    if let Some(sandbox) = &info.sandbox {
        lines.push(format!("worker {}", sandbox.worker));
        for step in &sandbox.steps {
            let reason = step.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
            lines.push(format!("  {:<12} {}{reason}", step.outcome, step.name));
        }
        for plugin in &sandbox.plugins {
            let Plugin { name, version, description, file } = plugin;
            lines.push(format!("plugin {name} {version}: {description} ({file})"));
        }
        for plugin in &sandbox.rejected {
            lines.push(format!("plugin not loaded: {}: {}", plugin.file, plugin.reason));
        }
    }
    lines
}
