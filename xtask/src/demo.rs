//! `cargo xtask demo`: the main job on the guest that ships with the project.

use crate::shell::{self, Result, command, finish, output, root, target, work_folder};
use std::fs;
use std::path::Path;

/// Builds, unpacks the guest, boots it as far as a domain builder needs.
pub(crate) fn run(_: &[String]) -> Result {
    println!("Building (release) …");
    shell::build_release()?;
    let folder = work_folder("demo")?;
    let image = folder.join("demo.img");
    unpack(&root().join("images/demo.img.gz"), &image)?;
    let out = folder.join("out");
    let _ = fs::remove_dir_all(&out);
    fs::create_dir_all(&out).map_err(|why| format!("{}: {why}", out.display()))?;

    let binaries = target().join("release");
    let directory = format!("--output-directory={}", out.display());
    let shown = image.display().to_string();
    println!("\n$ fsimage partitions {shown}");
    finish(&mut command(binaries.join("fsimage"), &["partitions", &shown]))?;
    println!("\n$ pygrub-rs --list-entries {shown}");
    finish(&mut command(binaries.join("pygrub-rs"), &["--list-entries", &shown]))?;
    println!("\n$ pygrub-rs --quiet --output-format=simple {directory} {shown}");
    let result = output(&mut command(
        binaries.join("pygrub-rs"),
        &["--quiet", "--output-format=simple", &directory, &shown],
    ))?;
    println!("\nThe domain builder receives:\n");
    for line in result.lines().filter(|line| !line.is_empty()) {
        println!("  {line}");
    }
    println!("\nand the files lie in {}:\n", out.display());
    list(&out)?;
    println!(
        "\nBoot them: qemu-system-x86_64 -nographic -no-reboot -kernel KERNEL -initrd RAMDISK -append ARGS"
    );
    Ok(())
}

fn unpack(archive: &Path, image: &Path) -> Result {
    let target = fs::File::create(image).map_err(|why| format!("{}: {why}", image.display()))?;
    let mut gzip = command("gzip", &["-dc".as_ref(), archive.as_os_str()]);
    finish(gzip.stdout(target))
}

fn list(folder: &Path) -> Result {
    let entries = fs::read_dir(folder).map_err(|why| why.to_string())?;
    for entry in entries {
        let entry = entry.map_err(|why| why.to_string())?;
        let size = entry.metadata().map_err(|why| why.to_string())?.len();
        println!("  {:>10} bytes  {}", size, entry.file_name().display());
    }
    Ok(())
}
