//! `cargo xtask corpus DIR`: every file below a folder is taken for a disk. One line for each: what was recognised, how
//! many files were read (or the exact error), time and memory. Nothing may crash, take 10 seconds or 128 MiB.

use crate::measure;
use crate::shell::{self, Result, target, work_folder};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Longest time one image may take, in seconds.
const SECONDS: f64 = 10.0;
/// Most memory all of its processes may have, together, in MiB.
const MEMORY: u64 = 128;

/// Runs over a folder; every file's SHA-256 goes into target/corpus/.
pub(crate) fn run(words: &[String]) -> Result {
    let [folder] = words else { return Err("which folder? cargo xtask corpus DIR".to_owned()) };
    shell::build_release()?;
    let mut images = Vec::new();
    collect(Path::new(folder), &mut images).map_err(|why| format!("{folder}: {why}"))?;
    images.sort();
    let sums = work_folder("corpus")?;
    let mut bad = 0;
    for image in &images {
        let name = image.strip_prefix(folder).unwrap_or(image).display().to_string();
        bad += usize::from(!one(image, &name, &sums)?);
    }
    println!("{} images, {bad} beyond the bounds; each file's SHA-256 in {}", images.len(), sums.display());
    if bad == 0 { Ok(()) } else { Err(format!("{bad} images crashed, hung or ballooned")) }
}

fn collect(folder: &Path, images: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            collect(&entry.path(), images)?;
        } else if kind.is_file() {
            images.push(entry.path());
        }
    }
    Ok(())
}

/// One image; whether it kept to the bounds.
fn one(image: &Path, name: &str, sums: &Path) -> Result<bool> {
    let fsimage = target().join("release/fsimage");
    let recognised = Command::new(&fsimage).args(["partitions", "--json"]).arg(image).output();
    let recognised = recognised.map_err(|why| format!("{}: {why}", fsimage.display()))?;
    let filesystems = filesystems(&String::from_utf8_lossy(&recognised.stdout));

    let listing = sums.join(name.replace('/', "_") + ".sha256");
    let file = |path: &Path| fs::File::create(path).map_err(|why| format!("{}: {why}", path.display()));
    let messages = sums.join("messages");
    let mut sum = Command::new(&fsimage);
    sum.args(["sum", "-R"]).arg(image).arg("/");
    sum.stdin(Stdio::null()).stdout(file(&listing)?).stderr(file(&messages)?);
    let measured = measure::watch(&mut sum, Duration::from_secs(20))?;
    let text = fs::read_to_string(&messages).unwrap_or_default();
    let error = text.lines().next().unwrap_or_default();
    let files = fs::read_to_string(&listing).map_or(0, |text| text.lines().count());
    let crashed = measured.status.code().is_none()
        || ["worker died", "internal error", "protocol violation", "plugin fault", "panicked"]
            .iter()
            .any(|sign| text.contains(sign));
    let fine = !crashed && measured.seconds < SECONDS && measured.peak_kib < MEMORY * 1024;
    println!(
        "{name}: {filesystems}; {files} files; {:.2} s; {} KiB; {error}{}",
        measured.seconds,
        measured.peak_kib,
        if fine { "" } else { "  <== BAD" }
    );
    let _ = std::io::stdout().flush();
    Ok(fine)
}

fn filesystems(json: &str) -> String {
    let names: Vec<&str> =
        json.split("\"filesystem\":\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    if names.is_empty() { "nothing recognised".to_owned() } else { names.join("+") }
}
