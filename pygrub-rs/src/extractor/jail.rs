//! The jail as `fsimage info --sandbox` tells of it.

use crate::exit::Result;
use fsimage::protocol::{PluginReport, StepOutcome};
use fsimage::{Session, escape};
use serde::Serialize;

/// What holds a worker in on this host, and what it has loaded.
#[derive(Debug, Serialize)]
pub(super) struct Jail {
    worker: String,
    steps: Vec<Step>,
    calls: Vec<Call>,
    #[serde(flatten)]
    plugins: Plugins,
}

/// The plugins that it has loaded, and those that it could not load.
#[derive(Debug, Serialize)]
pub(super) struct Plugins {
    plugins: Vec<Plugin>,
    rejected: Vec<Rejected>,
}

impl Plugins {
    pub(super) fn of(session: &Session) -> Self {
        let report = session.report();
        let plugin = |plugin: &PluginReport| Plugin {
            name: escape(&plugin.name.0),
            version: escape(&plugin.version.0),
            description: escape(&plugin.description.0),
            file: escape(&plugin.file.0),
        };
        let rejected = |plugin: &fsimage::protocol::Rejected| Rejected {
            file: escape(&plugin.file.0),
            reason: escape(&plugin.reason.0),
        };
        Self {
            plugins: report.plugins.iter().map(plugin).collect(),
            rejected: report.rejected.iter().map(rejected).collect(),
        }
    }
}

/// A step of the lock-down.
#[derive(Debug, Serialize)]
struct Step {
    name: String,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// A system call that remains.
#[derive(Debug, Serialize)]
struct Call {
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    condition: String,
    reason: String,
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

/// Asks the worker.
pub(super) fn describe(session: &mut Session) -> Result<Jail> {
    let filter = session.filter()?;
    let report = session.report();
    Ok(Jail {
        worker: report.version.clone(),
        calls: filter
            .iter()
            .map(|rule| Call {
                name: escape(&rule.call.0),
                condition: escape(&rule.condition.0),
                reason: escape(&rule.reason.0),
            })
            .collect(),
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
        plugins: Plugins::of(session),
    })
}

/// For a person.
pub(super) fn lines(jail: &Jail) -> Vec<String> {
    let mut lines = vec![format!("worker {}", jail.worker), "lock-down, in order:".to_owned()];
    for Step { name, outcome, reason } in &jail.steps {
        let reason = reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        lines.push(format!("  {outcome:<12} {name}{reason}"));
    }
    let off = jail.steps.iter().any(|step| step.name == "seccomp" && step.outcome == "off");
    lines.push(if off {
        "system calls: ALL remain".to_owned()
    } else {
        "system calls that remain:".to_owned()
    });
    for Call { name, condition, reason } in jail.calls.iter().filter(|_| !off) {
        let condition = if condition.is_empty() { String::new() } else { format!(" (if {condition})") };
        lines.push(format!("  {name:<14} {reason}{condition}"));
    }
    lines.extend(plugin_lines(&jail.plugins));
    lines
}

/// The plugins for a person.
pub(super) fn plugin_lines(plugins: &Plugins) -> Vec<String> {
    let Plugins { plugins, rejected } = plugins;
    let plugin = |plugin: &Plugin| {
        let Plugin { name, version, description, file } = plugin;
        format!("plugin {name} {version}: {description} ({file})")
    };
    let rejected =
        rejected.iter().map(|plugin| format!("plugin not loaded: {}: {}", plugin.file, plugin.reason));
    plugins.iter().map(plugin).chain(rejected).collect()
}
