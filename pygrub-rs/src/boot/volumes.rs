//! Volumes: the one that is named, and why others were passed over.

use super::Voice;
use crate::exit::{Failure, Result};
use fsimage::protocol::{Content, PassedOver, StepOutcome, VolumeReport};
use fsimage::{ErrorKind, Session, escape, escape_message};

/// The number of the volume with this address.
pub(crate) fn number(session: &mut Session, address: &str) -> Result<u32> {
    session.find_volume(address.as_bytes()).map_err(|why| match why.kind() {
        ErrorKind::NotFound => Failure::Failed(format!("--partition={address}: {}", why.message())),
        _ => why.into(),
    })
}

/// The address of the volume with this number.
pub(crate) fn address(session: &mut Session, number: u32) -> Result<Vec<u8>> {
    Ok(session.volume(number)?.address.0)
}

/// A volume's address, type and place.
fn place(volume: &VolumeReport) -> String {
    format!(
        "{} ({}{}, {} bytes from byte {})",
        escape(&volume.address.0),
        escape(&volume.type_name.0),
        if volume.active { ", active" } else { "" },
        volume.size,
        volume.start,
    )
}

/// One line about a volume.
pub(crate) fn describe(volume: &VolumeReport) -> String {
    let content = match &volume.content {
        Content::Filesystem { plugin, flavour, .. } => {
            escape(if flavour.0.is_empty() { &plugin.0 } else { &flavour.0 })
        }
        Content::Broken { plugin, reason } => {
            format!("{}, but: {}", escape(&plugin.0), escape_message(&reason.0))
        }
        Content::Unrecognised {} => "no filesystem known here".to_owned(),
    };
    format!("volume {}: {content}", place(volume))
}

/// Says what `--debug` is for: the jail, the plugins, the table and what each volume holds.
pub(crate) fn explain(session: &mut Session, voice: Voice) -> Result<()> {
    let mut lines = Vec::new();
    let report = session.report();
    lines.push(format!("worker {} (warden's process {})", report.version, session.worker_id()));
    for step in &report.sandbox {
        let outcome = match &step.outcome {
            StepOutcome::Enforced {} => "in force".to_owned(),
            StepOutcome::Unavailable { reason } => format!("not available: {}", escape(&reason.0)),
            StepOutcome::Off {} => "off".to_owned(),
        };
        lines.push(format!("jail: {}: {outcome}", escape(&step.name.0)));
    }
    for plugin in &report.rejected {
        lines.push(format!("plugin {} not loaded: {}", escape(&plugin.file.0), escape(&plugin.reason.0)));
    }
    let table = session.table()?;
    lines.push(format!("partition table: {}", table.scheme));
    lines.extend(table.remarks.iter().map(|remark| format!("remark: {remark}")));
    lines.extend(table.volumes.iter().map(describe));
    for line in lines {
        voice.debug(&line);
    }
    Ok(())
}

/// Why each volume was passed over.
pub(super) fn reasons(session: &mut Session, passed_over: &[PassedOver]) -> Result<Vec<String>> {
    let table = session.table()?;
    Ok(passed_over
        .iter()
        .map(|passed| {
            let volume = usize::try_from(passed.volume).ok().and_then(|number| table.volumes.get(number));
            let shown = volume.map_or_else(|| passed.volume.to_string(), place);
            format!("volume {shown}: {}", escape(&passed.reason.0))
        })
        .collect())
}
