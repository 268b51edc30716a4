//! A frame of zstd (RFC 8878), its checksum compared.

use ruzstd::decoding::errors::{FrameDecoderError, FrameHeaderError};
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};
use std::io::{self, ErrorKind, Read};

/// The stream that comes out.
pub(crate) struct Zstd<R: Read> {
    decoder: StreamingDecoder<R, FrameDecoder>,
}

impl<R: Read> Zstd<R> {
    /// Memory for the frame's window is taken here: an error when it is more than `max_window` bytes.
    pub(crate) fn new(packed: R, max_window: u64) -> io::Result<Self> {
        let decoder = StreamingDecoder::new_with_max_window_size(packed, max_window).map_err(|why| {
            let kind = match why {
                FrameDecoderError::WindowSizeTooBig { .. }
                | FrameDecoderError::FrameHeaderError(FrameHeaderError::WindowTooBig { .. }) => {
                    ErrorKind::OutOfMemory
                }
                _ => ErrorKind::InvalidData,
            };
            io::Error::new(kind, why.to_string())
        })?;
        Ok(Self { decoder })
    }
}

impl<R: Read> Read for Zstd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.decoder.read(buffer)?;
        if count == 0 && !buffer.is_empty() {
            let frame = &self.decoder.decoder;
            let told = frame.get_checksum_from_data();
            if told.is_some() && told != frame.get_calculated_checksum() {
                return Err(io::Error::new(ErrorKind::InvalidData, "the frame's checksum is another"));
            }
        }
        Ok(count)
    }
}
