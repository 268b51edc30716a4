//! Lists the volumes of disk images: `cargo run -p partitions --example volumes -- IMAGE…`, for work on the crate.

use fsimage_sdk::{Error, ErrorKind, ReadAt, Result, Volume};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

struct Image {
    file: File,
    size: u64,
}

impl ReadAt for Image {
    fn size(&self) -> u64 {
        self.size
    }

    fn sector_size(&self) -> u32 {
        512
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let failed = |why: std::io::Error| Error::new(ErrorKind::Io, why.to_string()).at(offset);
        self.file.read_exact_at(buffer, offset).map_err(failed)
    }
}

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    for path in std::env::args_os().skip(1) {
        let file = File::open(&path)?;
        let size = file.metadata()?.len();
        let disk: Volume = Arc::new(Image { file, size });
        let table = partitions::read_table(&disk)?;
        println!("{} {size} {}", path.display(), table.scheme.name());
        for p in &table.partitions {
            println!("  {p:?}");
        }
        for remark in &table.remarks {
            println!("  remark: {remark}");
        }
    }
    Ok(())
}
