//! What a program reads from an image, as strace sees it.

use super::row::empty;
use crate::shell::{Result, finish, work_folder};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// Runs a command under strace and says what was read from the image: by reads (metadata) and by the kernel's copying
/// (data). Counts are the calls'; a length is what a call returned.
pub(crate) fn from_image(image: &Path, traced: &Command) -> Result<String> {
    // A log for each process: in a common one, calls of several would be cut into pieces.
    let logs = work_folder("bench-strace")?;
    empty(&logs)?;
    let mut command = Command::new("strace");
    command.args(["-ff", "-y", "-e", "trace=read,pread64,copy_file_range,sendfile", "-o"]);
    command.arg(logs.join("log")).arg(traced.get_program()).args(traced.get_args());
    finish(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()))?;
    let mut text = String::new();
    for entry in fs::read_dir(&logs).map_err(|why| why.to_string())? {
        let path = entry.map_err(|why| why.to_string())?.path();
        text += &fs::read_to_string(&path).map_err(|why| format!("{}: {why}", path.display()))?;
    }
    fs::remove_dir_all(&logs).map_err(|why| why.to_string())?;
    let image = image.display().to_string();
    let (mut metadata, mut reads, mut data, mut copies) = (0_u64, 0_u64, 0_u64, 0_u64);
    for line in text.lines().filter(|line| line.contains(&image)) {
        let Some(count) = line.rsplit(" = ").next().and_then(|count| count.trim().parse::<u64>().ok()) else {
            continue;
        };
        let (bytes, calls) = if line.contains("pread64(") || line.contains("read(") {
            (&mut metadata, &mut reads)
        } else {
            (&mut data, &mut copies)
        };
        *bytes += count;
        *calls += 1;
    }
    Ok(format!(
        "{metadata} bytes of metadata in {reads} reads, {data} bytes copied by the kernel in {copies} calls"
    ))
}
