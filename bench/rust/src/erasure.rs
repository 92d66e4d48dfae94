//! Reed-Solomon codes.

use anyhow::{bail, ensure, Result};
use reed_solomon_simd::{ReedSolomonDecoder, ReedSolomonEncoder};

use crate::proto::{number, plain, sha256, stream, Contest};

/// `erasure encode|rebuild K M SIZE`: M recovery shards of K shards of stream("assay/erasure"), or the first M of the K
/// made again from the others. Codes differ in their recovery shards, so the result is the digest of the data after
/// it was encoded, lost and rebuilt.
pub fn erasure(args: &[String]) -> Result<Contest> {
    let mode = args.first().map_or("", String::as_str).to_owned();
    let (k, m, size) = (number(args, 1)?, number(args, 2)?, number(args, 3)?);
    ensure!(m <= k, "{m} of {k} shards cannot be lost");
    let data = stream("assay/erasure", k * size);
    let mut encoder = ReedSolomonEncoder::new(k, m, size)?;
    let mut encode = move |data: &[u8], each: &mut dyn FnMut(&[u8])| -> Result<()> {
        for shard in data.chunks(size) {
            encoder.add_original_shard(shard)?;
        }
        encoder.encode()?.recovery_iter().for_each(each);
        Ok(())
    };
    let mut parity = Vec::with_capacity(m * size);
    encode(&data, &mut |shard| parity.extend_from_slice(shard))?;

    let mut decoder = ReedSolomonDecoder::new(k, m, size)?;
    let left = data[m * size..].to_vec();
    let mut rebuild = move |each: &mut dyn FnMut(&[u8])| -> Result<()> {
        for (i, shard) in left.chunks(size).enumerate() {
            decoder.add_original_shard(m + i, shard)?;
        }
        for (i, shard) in parity.chunks(size).enumerate() {
            decoder.add_recovery_shard(i, shard)?;
        }
        decoder
            .decode()?
            .restored_original_iter()
            .for_each(|(_, shard)| each(shard));
        Ok(())
    };
    let mut rebuilt = Vec::with_capacity(m * size);
    rebuild(&mut |shard| rebuilt.extend_from_slice(shard))?;
    let digest = sha256(&[&rebuilt, &data[m * size..]]);
    let mut touch = |shard: &[u8]| {
        std::hint::black_box(shard);
    };
    match mode.as_str() {
        "encode" => Ok(plain(digest, move || encode(&data, &mut touch))),
        "rebuild" => Ok(plain(digest, move || rebuild(&mut touch))),
        other => bail!("erasure {other}: want encode or rebuild"),
    }
}
