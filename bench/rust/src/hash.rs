//! Bare hash functions.

use anyhow::{bail, Result};
use blstrs::Scalar;
use ff::PrimeField;
use neptune::poseidon::PoseidonConstants;
use neptune::{Arity, Poseidon};
use sha2::{Digest, Sha256};
use typenum::{U11, U2, U4, U8};

use crate::proto::{f32, number, plain, sha256, stream, Contest};

/// `sha2 LENGTH COUNT`: COUNT messages of LENGTH bytes; the result is the digest of all digests.
pub fn sha2(args: &[String]) -> Result<Contest> {
    let (length, count) = (number(args, 0)?, number(args, 1)?);
    let data = stream("assay/sha2", length * count);
    let digests: Vec<u8> = data.chunks(length).flat_map(Sha256::digest).collect();
    let mut last = [0u8; 32];
    Ok(plain(sha256(&[&digests]), move || {
        for message in data.chunks(length) {
            last.copy_from_slice(&Sha256::digest(message));
        }
        std::hint::black_box(&last);
        Ok(())
    }))
}

/// `blake3 LENGTH COUNT`: COUNT messages of LENGTH bytes; the result is the digest of all digests.
pub fn blake3(args: &[String]) -> Result<Contest> {
    let (length, count) = (number(args, 0)?, number(args, 1)?);
    let data = stream("assay/blake3", length * count);
    let digests: Vec<u8> = data
        .chunks(length)
        .flat_map(|message| *::blake3::hash(message).as_bytes())
        .collect();
    Ok(plain(sha256(&[&digests]), move || {
        for message in data.chunks(length) {
            std::hint::black_box(::blake3::hash(message));
        }
        Ok(())
    }))
}

/// `poseidon ARITY COUNT`: COUNT preimages of field elements; the result is the digest of all digests.
pub fn poseidon(args: &[String]) -> Result<Contest> {
    let count = number(args, 1)?;
    match number(args, 0)? {
        2 => Ok(batch::<U2>(count)),
        4 => Ok(batch::<U4>(count)),
        8 => Ok(batch::<U8>(count)),
        11 => Ok(batch::<U11>(count)),
        arity => bail!("no Poseidon of arity {arity}"),
    }
}

fn batch<A: Arity<Scalar> + 'static>(count: usize) -> Contest {
    let constants = PoseidonConstants::<Scalar, A>::new();
    let arity = A::to_usize();
    let preimages: Vec<Vec<Scalar>> = (0..count)
        .map(|i| {
            (0..arity)
                .map(|j| scalar(&format!("assay/poseidon/{arity}/{i}/{j}")))
                .collect()
        })
        .collect();
    let hash = move |preimage: &[Scalar]| Poseidon::new_with_preimage(preimage, &constants).hash();
    let digests: Vec<u8> = preimages.iter().flat_map(|p| hash(p).to_repr()).collect();
    plain(sha256(&[&digests]), move || {
        for preimage in &preimages {
            std::hint::black_box(hash(preimage));
        }
        Ok(())
    })
}

fn scalar(label: &str) -> Scalar {
    Option::from(Scalar::from_repr(f32(label))).expect("254 bits are below the modulus")
}
