//! A program's time and the memory of everything it starts.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

/// Pause between two looks at the processes' memory.
const PAUSE: Duration = Duration::from_micros(500);

/// How a program ran.
pub(crate) struct Measured {
    /// How it ended.
    pub(crate) status: ExitStatus,
    /// Wall time.
    pub(crate) seconds: f64,
    /// The sum over the program and all its descendants of each one's high-water mark. Pages they share count for
    /// each, so this errs upwards.
    pub(crate) peak_kib: u64,
}

/// Runs a program to its end and measures time alone.
pub(crate) fn time(command: &mut Command) -> Result<Measured, String> {
    let begun = Instant::now();
    let status = command.status().map_err(|why| format!("{command:?}: {why}"))?;
    Ok(Measured { status, seconds: begun.elapsed().as_secs_f64(), peak_kib: 0 })
}

/// Runs a program to its end and watches its memory, at most for so long; then it is killed.
pub(crate) fn watch(command: &mut Command, most: Duration) -> Result<Measured, String> {
    let begun = Instant::now();
    let mut child = command.spawn().map_err(|why| format!("{command:?}: {why}"))?;
    let mut peaks = BTreeMap::new();
    let status = loop {
        look(child.id(), &mut peaks);
        if let Some(status) = child.try_wait().map_err(|why| why.to_string())? {
            break status;
        }
        if begun.elapsed() > most {
            break end(&mut child)?;
        }
        std::thread::sleep(PAUSE);
    };
    Ok(Measured { status, seconds: begun.elapsed().as_secs_f64(), peak_kib: peaks.values().sum() })
}

fn end(child: &mut Child) -> Result<ExitStatus, String> {
    // Its worker sees the channel close and ends by itself.
    let _ = child.kill();
    child.wait().map_err(|why| why.to_string())
}

fn look(process: u32, peaks: &mut BTreeMap<u32, u64>) {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.trim().split(' ').next()?.parse::<u64>().ok());
    if let Some(peak) = peak {
        let known = peaks.entry(process).or_default();
        *known = peak.max(*known);
    }
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children")).unwrap_or_default();
    for child in children.split_whitespace().filter_map(|child| child.parse().ok()) {
        look(child, peaks);
    }
}
