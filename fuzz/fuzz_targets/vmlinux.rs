//! A kernel's file: a first byte that chooses, then a bzImage's payload, a zboot image, or the whole file.
#![no_main]

use fsimage_sdk::{Error, Result};
use libfuzzer_sys::fuzz_target;
use std::rc::Rc;
use vmlinux::{Limits, Unpacked};

const LIMITS: Limits = Limits { max_bytes: 4 << 20, max_window: 8 << 20 };

struct Bytes(Vec<u8>);

impl vmlinux::File for Bytes {
    fn size(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let piece = self.0.get(offset as usize..).and_then(|rest| rest.get(..buffer.len()));
        buffer.copy_from_slice(piece.ok_or_else(|| Error::corrupt("past the end"))?);
        Ok(())
    }
}

/// A setup header of one sector before the payload.
fn bz_image(payload: &[u8]) -> Vec<u8> {
    let mut image = vec![0; 1024];
    image[0x1f1] = 1;
    image[0x1fe..0x200].copy_from_slice(&[0x55, 0xaa]);
    image[0x202..0x206].copy_from_slice(b"HdrS");
    image[0x206..0x208].copy_from_slice(&[0x0f, 0x02]);
    image[0x24c..0x250].copy_from_slice(&(payload.len() as u32).to_le_bytes());
    image.extend_from_slice(payload);
    image
}

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, rest)) = bytes.split_first() else { return };
    let file = if choice % 2 == 0 { rest.to_vec() } else { bz_image(rest) };
    let Ok(mut unpacked) = Unpacked::new(Rc::new(Bytes(file)), LIMITS) else { return };
    let (mut buffer, mut total) = (vec![0; 1 + usize::from(*choice) * 1000], 0);
    while let Ok(count) = unpacked.read(&mut buffer) {
        total += count as u64;
        assert!(total <= LIMITS.max_bytes);
        if count == 0 {
            break;
        }
    }
});
