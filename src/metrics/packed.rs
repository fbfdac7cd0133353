//! An exposition as it is kept until it is sent: compressed, since ten thousand targets have 180 MB of text.
//!
//! Promises: families come out whole and in order, although their texts grow side by side in one pass over the store; what
//! is not compressed yet is bounded, however many series there are; who takes gzip gets what is kept as it is, who does not
//! gets it unpacked piece by piece, and both get the same text.

use std::io::{self, Write as _};

use bytes::{Buf as _, Bytes};
use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc, Decompress, FlushDecompress, Status};

use super::catalogue::Family;
use super::exposition::{self, Format};

/// Text of a family that is gathered before it is compressed.
const GATHERED: usize = 64 * 1024;

/// Text that is unpacked at once.
const UNPACKED: usize = 64 * 1024;

/// Deflate, no name, no time, no system (RFC 1952).
const GZIP_HEAD: &[u8] = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

/// A last block with nothing in it.
const LAST_BLOCK: &[u8] = &[3, 0];

/// Texts that grow: one of each family, and what comes before all of them.
pub(super) struct Packing {
    format: Format,
    first: Vec<u8>,
    families: Vec<Growing>,
}

/// The text of a family, its head left out.
#[derive(Default)]
struct Growing {
    text: Vec<u8>,
    /// What does not fit into the text.
    packed: Option<Box<Stream>>,
}

/// Text that is compressed; streams can be put behind each other.
struct Stream {
    encoder: DeflateEncoder<Vec<u8>>,
    crc: Crc,
}

/// An exposition.
#[derive(Debug)]
pub struct Packed {
    parts: Vec<Bytes>,
    crc: Crc,
}

impl Packing {
    pub(super) fn new(format: Format) -> Self {
        let families = Family::ALL.iter().map(|_| Growing::default()).collect();
        Self { format, first: Vec::new(), families }
    }

    /// What comes before all families of the catalogue.
    pub(super) fn first(&mut self) -> &mut Vec<u8> {
        &mut self.first
    }

    /// The end of a family's text.
    pub(super) fn text(&mut self, family: Family) -> Option<&mut Vec<u8>> {
        Some(&mut self.families.get_mut(family.index())?.text)
    }

    /// Compresses what has become long.
    pub(super) fn settle(&mut self) -> io::Result<()> {
        for Growing { text, packed } in &mut self.families {
            if text.len() >= GATHERED {
                packed.get_or_insert_with(|| Box::new(Stream::new())).take(text)?;
            }
        }
        Ok(())
    }

    /// All of it, in order.
    pub(super) fn end(self) -> io::Result<Packed> {
        let mut packed = Packed { parts: Vec::new(), crc: Crc::new() };
        let mut common = Stream::new();
        let mut short = self.first;
        for (family, Growing { mut text, packed: long }) in Family::ALL.iter().zip(self.families) {
            if text.is_empty() && long.is_none() {
                continue;
            }
            exposition::head(&mut short, self.format, family.name(), family.kind().label(), family.help());
            let Some(mut long) = long else {
                short.append(&mut text);
                continue;
            };
            common.take(&mut short)?;
            common.end_part(&mut packed)?;
            long.take(&mut text)?;
            long.end_part(&mut packed)?;
        }
        exposition::end(&mut short, self.format);
        common.take(&mut short)?;
        common.end_part(&mut packed)?;
        Ok(packed)
    }
}

impl Stream {
    fn new() -> Self {
        Self { encoder: DeflateEncoder::new(Vec::new(), Compression::fast()), crc: Crc::new() }
    }

    /// Takes a text, and leaves it empty.
    fn take(&mut self, text: &mut Vec<u8>) -> io::Result<()> {
        self.crc.update(text);
        self.encoder.write_all(text)?;
        text.clear();
        Ok(())
    }

    /// Hands over what was taken, up to a whole byte, and begins anew: what follows refers to nothing before it.
    fn end_part(&mut self, packed: &mut Packed) -> io::Result<()> {
        self.encoder.flush()?;
        packed.parts.push(std::mem::take(self.encoder.get_mut()).into());
        packed.crc.combine(&self.crc);
        self.crc.reset();
        // What ends a stream goes nowhere.
        self.encoder.reset(Vec::new()).map(drop)
    }
}

impl Packed {
    /// Bytes of it as it is kept.
    #[must_use]
    pub fn size(&self) -> usize {
        self.parts.iter().map(Bytes::len).sum()
    }

    /// As a file of gzip.
    pub fn gzip(self) -> impl Iterator<Item = Bytes> + Send + 'static {
        let check = [self.crc.sum().to_le_bytes(), self.crc.amount().to_le_bytes()].concat();
        let end = [LAST_BLOCK, &check].concat();
        std::iter::once(Bytes::from_static(GZIP_HEAD)).chain(self.parts).chain([end.into()])
    }

    /// As text.
    pub fn plain(self) -> impl Iterator<Item = io::Result<Bytes>> + Send + 'static {
        let mut inflate = Decompress::new(false);
        let mut parts = self.parts.into_iter();
        let mut part = parts.next();
        std::iter::from_fn(move || {
            let mut text = Vec::with_capacity(UNPACKED);
            while text.len() < text.capacity() {
                let Some(packed) = &mut part else { break };
                let (read, written) = (inflate.total_in(), text.len());
                let status = inflate.decompress_vec(packed, &mut text, FlushDecompress::None);
                if let Err(error) = status {
                    part = None;
                    return Some(Err(error.into()));
                }
                let read = usize::try_from(inflate.total_in() - read).unwrap_or(usize::MAX);
                packed.advance(read.min(packed.len()));
                let stuck = read == 0 && text.len() == written;
                if packed.is_empty() || stuck || matches!(status, Ok(Status::StreamEnd)) {
                    part = parts.next();
                }
            }
            (!text.is_empty()).then(|| Ok(text.into()))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use proptest::prelude::*;

    use super::*;

    fn read(pack: impl Fn() -> Packed) -> [Vec<u8>; 2] {
        let plain = pack().plain().map(Result::unwrap).collect::<Vec<_>>().concat();
        let zipped = pack().gzip().collect::<Vec<_>>().concat();
        let mut unzipped = Vec::new();
        // It reads one file and looks at its length and sum; what stood behind it would be left.
        let mut left = &zipped[..];
        flate2::bufread::GzDecoder::new(&mut left).read_to_end(&mut unzipped).unwrap();
        assert_eq!(left, b"");
        [plain, unzipped]
    }

    /// A text that takes so many bytes, and does not repeat itself too soon.
    fn lines(bytes: usize, seed: usize) -> Vec<u8> {
        let line = |number: usize| format!("x{{a=\"{number}\"}} {}\n", number.wrapping_mul(seed | 1) % 9973);
        (0..).map(line).flat_map(String::into_bytes).take(bytes).collect()
    }

    #[test]
    fn nothing_is_a_text_too() {
        for (format, end) in [(Format::Text004, ""), (Format::OpenMetrics100, "# EOF\n")] {
            assert_eq!(read(|| Packing::new(format).end().unwrap()), [end.as_bytes(), end.as_bytes()]);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn families_stand_whole_and_in_order_however_long_they_are(
            lengths in proptest::collection::vec((0..5_usize, 0..5_usize, 1..200_000_usize), 0..12),
        ) {
            let mut texts = vec![Vec::new(); Family::ALL.len()];
            for (at, (jump, again, bytes)) in lengths.into_iter().enumerate() {
                let family = Family::ALL[at * 5 + jump];
                texts[family.index()].extend((0..=again).map(|seed| lines(bytes, seed)));
            }
            let texts: Vec<_> = Family::ALL.iter().zip(texts).filter(|(_, text)| !text.is_empty()).collect();
            let mut whole = b"first\n".to_vec();
            for (family, text) in &texts {
                exposition::head(&mut whole, Format::Text004, family.name(), family.kind().label(), family.help());
                whole.extend(text.concat());
            }
            let pack = || {
                let mut packing = Packing::new(Format::Text004);
                packing.first().extend_from_slice(b"first\n");
                for piece in 0..5 {
                    for (family, text) in &texts {
                        packing.text(**family).unwrap().extend_from_slice(text.get(piece).map_or(b"", Vec::as_slice));
                        packing.settle().unwrap();
                    }
                }
                packing.end().unwrap()
            };
            let [plain, unzipped] = read(pack);
            prop_assert!(plain == whole && unzipped == whole);
        }
    }

    #[test]
    fn what_waits_to_be_compressed_is_bounded() {
        let mut packing = Packing::new(Format::Text004);
        let line = lines(1000, 7);
        for _ in 0..2000 {
            packing.text(Family::ProbeSuccess).unwrap().extend_from_slice(&line);
            packing.settle().unwrap();
            assert!(packing.text(Family::ProbeSuccess).unwrap().len() < GATHERED);
        }
        let packed = packing.end().unwrap();
        assert!(packed.size() < 200_000, "{}", packed.size());
        let pieces: Vec<_> = packed.plain().map(|piece| piece.unwrap().len()).collect();
        assert!(pieces.iter().all(|piece| *piece <= UNPACKED));
        assert!(pieces.iter().sum::<usize>() > 2_000_000);
    }
}
