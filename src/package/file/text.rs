//! The bytes of a file as text, piece by piece, whatever its encoding and its ends of lines.

use std::io::Read;

use encoding_rs::{CoderResult, Decoder, DecoderResult, Encoding, UTF_8};
use entity::Quoted;

/// How many bytes are read at once.
const PIECE: usize = 1 << 16;

/// What is wrong with the bytes, and on which line.
pub(in crate::package) struct Garbled {
    pub(in crate::package) line: u64,
    pub(in crate::package) reason: String,
}

/// A file that is read as text: without its byte order mark, and with `\n` at the end of each
/// line.
pub(in crate::package) struct Text<'f> {
    reader: Box<dyn Read + 'f>,
    decoder: Decoder,
    raw: Box<[u8]>,
    /// What of `raw` is not decoded yet.
    left: std::ops::Range<usize>,
    at_end: bool,
    done: bool,
    line: u64,
    /// Whether the piece before ended in a carriage return.
    returned: bool,
}

/// The encoding with this label of the Encoding Standard.
pub(in crate::package) fn encoding(label: &str) -> Result<&'static Encoding, String> {
    Encoding::for_label(label.as_bytes()).ok_or_else(|| {
        format!(
            "there is no encoding {}; give a label of the Encoding Standard, such as utf-8, \
             windows-1252, gb18030 or utf-16le",
            Quoted(label)
        )
    })
}

impl<'f> Text<'f> {
    /// Reads in that encoding, unless a byte order mark says otherwise.
    pub(in crate::package) fn new(
        reader: Box<dyn Read + 'f>,
        encoding: Option<&'static Encoding>,
    ) -> Self {
        Self {
            reader,
            decoder: encoding.unwrap_or(UTF_8).new_decoder(),
            raw: vec![0; PIECE].into(),
            left: 0..0,
            at_end: false,
            done: false,
            line: 1,
            returned: false,
        }
    }

    /// The next piece in the place of the one before; an empty one at the end.
    pub(in crate::package) fn fill(&mut self, piece: &mut Vec<u8>) -> Result<(), Garbled> {
        piece.clear();
        while piece.is_empty() && !self.done {
            if self.left.is_empty() && !self.at_end {
                self.read()?;
            }
            // Three bytes of text are the most one byte becomes.
            piece.resize(PIECE * 3 + 16, 0);
            let written = self.decode(piece)?;
            piece.truncate(written);
            self.end_lines(piece);
        }
        Ok(())
    }

    fn read(&mut self) -> Result<(), Garbled> {
        let mut filled = 0;
        while filled < self.raw.len() {
            match self.reader.read(&mut self.raw[filled..]) {
                Ok(0) => {
                    self.at_end = true;
                    break;
                }
                Ok(count) => filled += count,
                Err(why) if why.kind() == std::io::ErrorKind::Interrupted => {}
                Err(why) => return Err(self.garbled(format!("it cannot be read: {why}"), &[])),
            }
        }
        self.left = 0..filled;
        Ok(())
    }

    fn decode(&mut self, piece: &mut [u8]) -> Result<usize, Garbled> {
        let source = &self.raw[self.left.clone()];
        let (result, read, written) =
            self.decoder.decode_to_utf8_without_replacement(source, piece, self.at_end);
        self.left.start += read;
        match result {
            DecoderResult::InputEmpty => self.done = self.at_end,
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(length, after) => {
                let end = self.left.start.saturating_sub(after.into());
                let byte = self.raw.get(end.saturating_sub(length.into())).copied();
                let byte = byte.map(|byte| format!("the byte 0x{byte:02X} ")).unwrap_or_default();
                let name = self.decoder.encoding().name();
                let reason = format!(
                    "{byte}is no {name} there; say what the file is in by --encoding, such as \
                     windows-1252 for Western Europe or gb18030 for Chinese"
                );
                return Err(self.garbled(reason, &piece[..written]));
            }
        }
        if piece[..written].contains(&0) {
            let reason = "there is a NUL, which no text has; a file in UTF-16 without a byte order \
                          mark needs --encoding utf-16le or utf-16be";
            return Err(self.garbled(reason.to_owned(), &piece[..written]));
        }
        Ok(written)
    }

    /// What is wrong after those decoded bytes.
    fn garbled(&self, reason: String, before: &[u8]) -> Garbled {
        let ends = before.split(|&byte| byte == 0).next().unwrap_or_default();
        let feeds = ends.iter().filter(|&&byte| byte == b'\n').count() as u64;
        let lone = ends.windows(2).filter(|two| two[0] == b'\r' && two[1] != b'\n').count() as u64;
        Garbled { line: self.line + feeds + lone, reason }
    }

    /// Makes one `\n` of each end of a line, and counts them.
    fn end_lines(&mut self, piece: &mut Vec<u8>) {
        if self.returned || piece.contains(&b'\r') {
            let mut before = if self.returned { b'\r' } else { 0 };
            piece.retain_mut(|byte| {
                let keep = !(*byte == b'\n' && before == b'\r');
                before = *byte;
                if *byte == b'\r' {
                    *byte = b'\n';
                }
                keep
            });
            self.returned = before == b'\r';
        }
        self.line += piece.iter().filter(|&&byte| byte == b'\n').count() as u64;
    }
}

/// The whole of a small file as text.
pub(in crate::package) fn whole(bytes: &[u8]) -> Result<String, String> {
    let (encoding, mark) = Encoding::for_bom(bytes).unwrap_or((UTF_8, 0));
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut text = String::with_capacity(bytes.len() * 3 + 16);
    let (result, _, wrong) = decoder.decode_to_string(&bytes[mark..], &mut text, true);
    match (result, wrong) {
        (CoderResult::InputEmpty, false) => Ok(text),
        _ => Err(format!("it is no {}", encoding.name())),
    }
}
