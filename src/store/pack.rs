//! Bodies at rest: compressed when that makes them smaller, with the digest of the plain bytes beside them.
//!
//! Packing happens on the caller's side, never in the writer thread, so that compression uses every core and a commit
//! only copies bytes.

use std::cell::RefCell;

use super::{Fault, record::Body, record::Role};
use crate::model::id::Digest;

/// Longest body the store takes, in bytes.
pub const BODY_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Bodies of a push up to this many bytes are packed where they are; more go to a blocking thread.
pub(super) const INLINE_BYTES_MAX: usize = 64 * 1024;
/// zstd level: the cheapest; trade documents shrink to a third or less with it.
const LEVEL: i32 = 1;

/// A body as it is written.
#[derive(Clone, Debug)]
pub(super) struct Packed {
    pub(super) role: Role,
    pub(super) format: String,
    pub(super) made_by: Digest,
    pub(super) media_type: String,
    /// Of the plain bytes.
    pub(super) digest: Digest,
    /// Length of the plain bytes.
    pub(super) size: i64,
    /// Whether `bytes` are zstd.
    pub(super) compressed: bool,
    pub(super) bytes: Vec<u8>,
}

thread_local! {
    // A zstd context costs more to build than a certificate costs to compress.
    static COMPRESSOR: RefCell<Option<zstd::bulk::Compressor<'static>>> =
        RefCell::new(zstd::bulk::Compressor::new(LEVEL).ok());
    static DECOMPRESSOR: RefCell<Option<zstd::bulk::Decompressor<'static>>> =
        RefCell::new(zstd::bulk::Decompressor::new().ok());
}

/// Packs one body.
///
/// # Errors
/// [`Fault::BodyTooLarge`] past [`BODY_BYTES_MAX`].
pub(super) fn pack(body: Body) -> Result<Packed, Fault> {
    let bytes = body.bytes.len();
    let size = match i64::try_from(bytes) {
        Ok(size) if bytes <= BODY_BYTES_MAX => size,
        _ => return Err(Fault::BodyTooLarge { bytes }),
    };
    let digest = Digest::of(&body.bytes);
    let smaller = COMPRESSOR
        .with_borrow_mut(|compressor| compressor.as_mut()?.compress(&body.bytes).ok())
        .filter(|packed| packed.len() < bytes);
    let compressed = smaller.is_some();
    Ok(Packed {
        role: body.role,
        format: body.format,
        made_by: body.table,
        media_type: body.media_type,
        digest,
        size,
        compressed,
        bytes: smaller.unwrap_or(body.bytes),
    })
}

/// Gives the plain bytes back and checks them against their digest.
///
/// # Errors
/// [`Fault::Corrupt`] when they do not decompress, have another length, or another digest.
pub(super) fn unpack(packed: Packed) -> Result<Body, Fault> {
    let damaged = || Fault::corrupt("body");
    let size =
        usize::try_from(packed.size).ok().filter(|size| *size <= BODY_BYTES_MAX).ok_or_else(damaged)?;
    let bytes = if packed.compressed {
        DECOMPRESSOR
            .with_borrow_mut(|decompressor| decompressor.as_mut()?.decompress(&packed.bytes, size).ok())
            .ok_or_else(damaged)?
    } else {
        packed.bytes
    };
    if bytes.len() != size || Digest::of(&bytes) != packed.digest {
        return Err(damaged());
    }
    Ok(Body {
        role: packed.role,
        format: packed.format,
        table: packed.made_by,
        media_type: packed.media_type,
        bytes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(bytes: Vec<u8>) -> Body {
        Body {
            role: Role::Original,
            format: "cod".to_owned(),
            table: Digest([0; 32]),
            media_type: "application/xml".to_owned(),
            bytes,
        }
    }

    #[test]
    fn what_does_not_shrink_is_kept_raw_and_what_shrinks_comes_back_whole() {
        let noise: Vec<u8> = (0u32..640).flat_map(|n| Digest::of(&n.to_le_bytes()).0).collect();
        let text = "<ItemQuantity>12</ItemQuantity>".repeat(6_600).into_bytes();
        for (plain, shrinks) in [(noise, false), (text, true), (Vec::new(), false)] {
            let packed = pack(body(plain.clone())).unwrap();
            assert_eq!(packed.compressed, shrinks);
            assert_eq!(unpack(packed).unwrap().bytes, plain);
        }
    }

    #[test]
    fn a_flipped_bit_or_a_wrong_length_is_noticed() {
        let packed = pack(body(b"<cod>certificate</cod>".repeat(20))).unwrap();
        for position in [0, packed.bytes.len() / 2, packed.bytes.len() - 1] {
            let mut damaged = packed.clone();
            damaged.bytes[position] ^= 1;
            assert!(matches!(unpack(damaged), Err(Fault::Corrupt { .. })), "byte {position}");
        }
        for size in [-1, packed.size - 1, packed.size + 1, i64::MAX] {
            let damaged = Packed { size, ..packed.clone() };
            assert!(matches!(unpack(damaged), Err(Fault::Corrupt { .. })), "size {size}");
        }
    }

    #[test]
    fn the_longest_body_is_taken_and_one_byte_more_is_not() {
        assert!(pack(body(vec![0; BODY_BYTES_MAX])).is_ok());
        assert!(matches!(pack(body(vec![0; BODY_BYTES_MAX + 1])), Err(Fault::BodyTooLarge { .. })));
    }
}
