//! Verification by bellperson. The proofs are made with a known trapdoor, so that keys of any number of inputs need no
//! circuit: what is timed, decoding left out, is what a verifier does for a real key.

use anyhow::{bail, ensure, Context, Result};
use bellperson::groth16::aggregate::{
    aggregate_proofs, setup_fake_srs, verify_aggregate_proof, AggregateVersion,
};
use bellperson::groth16::{
    prepare_verifying_key, verify_proof, verify_proofs_batch, Proof, VerifyingKey,
};
use blstrs::{Bls12, G1Affine, G1Projective, G2Affine, G2Projective, Scalar};
use ff::{Field, PrimeField};
use group::{prime::PrimeCurveAffine, Curve};
use rand::{rngs::OsRng, SeedableRng};

use crate::proto::{f32, number, plain, Contest};

fn scalar(label: &str) -> Scalar {
    Option::from(Scalar::from_repr(f32(label))).expect("254 bits are below the modulus")
}

fn g1(s: Scalar) -> G1Affine {
    (G1Projective::from(G1Affine::generator()) * s).to_affine()
}

fn g2(s: Scalar) -> G2Affine {
    (G2Projective::from(G2Affine::generator()) * s).to_affine()
}

/// The trapdoor of a key: alpha, beta, gamma, delta and the logarithms of the input points.
struct Trapdoor {
    alpha: Scalar,
    beta: Scalar,
    gamma: Scalar,
    delta: Scalar,
    ic: Vec<Scalar>,
}

impl Trapdoor {
    fn new(inputs: usize) -> Self {
        let name = |x: &str| scalar(&format!("assay/groth16/{x}"));
        Trapdoor {
            alpha: name("alpha"),
            beta: name("beta"),
            gamma: name("gamma"),
            delta: name("delta"),
            ic: (0..=inputs).map(|i| name(&format!("ic/{i}"))).collect(),
        }
    }

    fn key(&self) -> VerifyingKey<Bls12> {
        VerifyingKey {
            alpha_g1: g1(self.alpha),
            beta_g1: g1(self.beta),
            beta_g2: g2(self.beta),
            gamma_g2: g2(self.gamma),
            delta_g1: g1(self.delta),
            delta_g2: g2(self.delta),
            ic: self.ic.iter().map(|s| g1(*s)).collect(),
        }
    }

    /// A proof number k of these inputs: A = a, B = b, C = (ab - alpha beta - inputs gamma) / delta.
    fn proof(&self, k: usize, inputs: &[Scalar]) -> Proof<Bls12> {
        let (a, b) = (
            scalar(&format!("assay/groth16/a/{k}")),
            scalar(&format!("assay/groth16/b/{k}")),
        );
        let mut sum = self.ic[0];
        for (x, ic) in inputs.iter().zip(&self.ic[1..]) {
            sum += *x * ic;
        }
        let c = (a * b - self.alpha * self.beta - sum * self.gamma) * self.delta.invert().unwrap();
        Proof {
            a: g1(a),
            b: g2(b),
            c: g1(c),
        }
    }
}

/// Inputs as Filecoin's: one in `wide` is a field element, the others are below 2^32.
fn inputs(k: usize, n: usize, wide: usize) -> Vec<Scalar> {
    (0..n)
        .map(|i| {
            let full = f32(&format!("assay/groth16/x/{k}/{i}"));
            if i % wide == 0 {
                return Option::from(Scalar::from_repr(full)).expect("254 bits");
            }
            Scalar::from(u64::from(u32::from_le_bytes(
                full[..4].try_into().expect("4 bytes"),
            )))
        })
        .collect()
}

/// `groth16 one|batch INPUTS WIDE PROOFS DIR`: verification under a prepared key. The key and the proofs are written to
/// DIR/key.vk and DIR/proofs.bin, the inputs to DIR/inputs.bin, for the other side.
pub fn groth16(args: &[String]) -> Result<Contest> {
    let mode = args.first().context("one or batch")?.clone();
    let (n, wide, count) = (number(args, 1)?, number(args, 2)?, number(args, 3)?);
    let dir = std::path::PathBuf::from(args.get(4).context("a folder")?);
    let trapdoor = Trapdoor::new(n);
    let key = trapdoor.key();
    let inputs: Vec<Vec<Scalar>> = (0..count).map(|k| inputs(k, n, wide)).collect();
    let proofs: Vec<Proof<Bls12>> = (0..count).map(|k| trapdoor.proof(k, &inputs[k])).collect();
    key.write(std::fs::File::create(dir.join("key.vk"))?)?;
    let mut bytes = Vec::new();
    for proof in &proofs {
        proof.write(&mut bytes)?;
    }
    std::fs::write(dir.join("proofs.bin"), bytes)?;
    let bytes: Vec<u8> = inputs.iter().flatten().flat_map(|x| x.to_repr()).collect();
    std::fs::write(dir.join("inputs.bin"), bytes)?;

    let prepared = prepare_verifying_key(&key);
    let work = move || -> Result<()> {
        let good = match mode.as_str() {
            "one" => verify_proof(&prepared, &proofs[0], &inputs[0])?,
            "batch" => {
                let refs: Vec<&Proof<Bls12>> = proofs.iter().collect();
                verify_proofs_batch(&prepared, &mut OsRng, &refs, &inputs)?
            }
            other => bail!("groth16 {other}: want one or batch"),
        };
        ensure!(good, "a good proof was refused");
        Ok(())
    };
    work()?;
    Ok(plain(vec![1], work))
}

/// `snarkpack PROOFS VERSION DIR`: verification of an aggregate of PROOFS partition proofs of 327 inputs. What the other side
/// needs is written to DIR: key.vk, inputs.bin, srs.bin (the verifier's points, compressed: g_alpha, g_beta, h_alpha, h_beta
/// for this size), aggregate.bin.
pub fn snarkpack(args: &[String]) -> Result<Contest> {
    let count = number(args, 0)?;
    let version = match number(args, 1)? {
        1 => AggregateVersion::V1,
        2 => AggregateVersion::V2,
        v => bail!("no aggregate version {v}"),
    };
    let dir = std::path::PathBuf::from(args.get(2).context("a folder")?);
    let trapdoor = Trapdoor::new(327);
    let key = trapdoor.key();
    let inputs: Vec<Vec<Scalar>> = (0..count).map(|k| inputs(k, 327, 110)).collect();
    let proofs: Vec<Proof<Bls12>> = (0..count).map(|k| trapdoor.proof(k, &inputs[k])).collect();
    let mut rng = rand_chacha::ChaCha20Rng::from_seed([7; 32]);
    let srs = setup_fake_srs::<Bls12, _>(&mut rng, count);
    let (prover, verifier) = srs.specialize(count);
    let include = b"assay/snarkpack".to_vec();
    let aggregate = aggregate_proofs::<Bls12>(&prover, &include, &proofs, version)?;

    key.write(std::fs::File::create(dir.join("key.vk"))?)?;
    let bytes: Vec<u8> = inputs.iter().flatten().flat_map(|x| x.to_repr()).collect();
    std::fs::write(dir.join("inputs.bin"), bytes)?;
    let mut bytes = Vec::new();
    aggregate.write(&mut bytes)?;
    std::fs::write(dir.join("aggregate.bin"), bytes)?;
    let mut bytes = Vec::new();
    for p in [verifier.g_alpha, verifier.g_beta] {
        bytes.extend_from_slice(p.to_affine().to_compressed().as_ref());
    }
    for p in [verifier.h_alpha, verifier.h_beta] {
        bytes.extend_from_slice(p.to_affine().to_compressed().as_ref());
    }
    std::fs::write(dir.join("srs.bin"), bytes)?;

    let prepared = prepare_verifying_key(&key);
    let work = move || -> Result<()> {
        let good = verify_aggregate_proof(
            &verifier, &prepared, OsRng, &inputs, &aggregate, &include, version,
        )?;
        ensure!(good, "a good aggregate was refused");
        Ok(())
    };
    work()?;
    Ok(plain(vec![1], work))
}
