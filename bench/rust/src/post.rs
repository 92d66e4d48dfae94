//! Vanilla proofs of window PoSt by rust-fil-proofs, over a sector that the other side sealed.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{bail, ensure, Context, Result};
use filecoin_proofs::parameters::window_post_public_params;
use filecoin_proofs::{
    as_safe_commitment, generate_fallback_sector_challenges, generate_single_vanilla_proof,
    DefaultTreeDomain, PoStConfig, PoStType, PrivateReplicaInfo, SectorShapeBase, SectorSize,
};
use storage_proofs_core::{api_version::ApiVersion, proof::ProofScheme, sector::SectorId};
use storage_proofs_post::fallback::{FallbackPoSt, PublicInputs, PublicSector};

use crate::proto::{f32, number, plain, sha256, Contest};

type Tree = SectorShapeBase;

fn bytes32(args: &[String], i: usize) -> Result<[u8; 32]> {
    let text = args
        .get(i)
        .with_context(|| format!("argument {i} is missing"))?;
    let bytes = hex::decode(text)?;
    bytes
        .try_into()
        .ok()
        .with_context(|| format!("argument {i}: want 32 bytes"))
}

/// `post prove|verify SECTOR_BYTES SEALED CACHE SECTOR_ID COMM_R`: ten challenges of f32("assay/randomness") under API V1_2_0.
/// The result is the digest of the proof's JSON.
pub fn post(args: &[String]) -> Result<Contest> {
    let mode = args.first().context("prove or verify")?.clone();
    let size = number(args, 1)? as u64;
    let path = |i: usize| args.get(i).map(PathBuf::from).context("a path");
    let id = SectorId::from(number(args, 4)? as u64);
    let comm_r = bytes32(args, 5)?;
    let replica = PrivateReplicaInfo::<Tree>::new(path(2)?, comm_r, path(3)?)?;
    let config = PoStConfig {
        sector_size: SectorSize(size),
        challenge_count: 10,
        sector_count: 1,
        typ: PoStType::Window,
        priority: false,
        api_version: ApiVersion::V1_2_0,
    };
    let (randomness, prover) = (f32("assay/randomness"), f32("assay/prover"));
    let challenges: BTreeMap<SectorId, Vec<u64>> =
        generate_fallback_sector_challenges::<Tree>(&config, &randomness, &[id], prover)?;
    let leaves = challenges.get(&id).context("no challenges")?.clone();
    let proof = generate_single_vanilla_proof::<Tree>(&config, id, &replica, &leaves)?;
    let digest = sha256(&[&serde_json::to_vec(&proof)?]);
    match mode.as_str() {
        "prove" => Ok(plain(digest, move || {
            let proof = generate_single_vanilla_proof::<Tree>(&config, id, &replica, &leaves)?;
            std::hint::black_box(proof);
            Ok(())
        })),
        "verify" => {
            let params = window_post_public_params::<Tree>(&config)?;
            let domain = |b: &[u8; 32], what: &str| -> Result<DefaultTreeDomain> {
                as_safe_commitment(b, what)
            };
            let inputs = PublicInputs {
                randomness: domain(&randomness, "randomness")?,
                prover_id: domain(&prover, "prover")?,
                sectors: vec![PublicSector {
                    id,
                    comm_r: domain(&comm_r, "comm_r")?,
                }],
                k: None,
            };
            let partitions = vec![proof.vanilla_proof];
            Ok(plain(digest, move || {
                ensure!(
                    FallbackPoSt::<Tree>::verify_all_partitions(&params, &inputs, &partitions)?,
                    "a good proof was refused"
                );
                Ok(())
            }))
        }
        other => bail!("post {other}: want prove or verify"),
    }
}
