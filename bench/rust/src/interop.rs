//! One sector in a folder, worked on by rust-fil-proofs: sealed, proven, verified or unsealed there, so that another
//! implementation can take over at any point. DIR holds cache/, staged and sealed.
//!
//!     interop seal   DIR SECTOR_BYTES REGISTERED
//!     interop prove  DIR SECTOR_BYTES REGISTERED COMM_D COMM_R C1_FILE
//!     interop verify DIR SECTOR_BYTES REGISTERED COMM_D COMM_R C1_FILE
//!     interop unseal DIR SECTOR_BYTES REGISTERED COMM_D OUT_FILE

use std::fs;
use std::io::Cursor;
use std::path::PathBuf;

use anyhow::{bail, ensure, Context, Result};
use filecoin_proofs::{
    add_piece, as_safe_commitment, clear_cache, generate_synth_proofs, get_unsealed_range,
    parameters::public_params, seal_commit_phase1, seal_pre_commit_phase1, seal_pre_commit_phase2,
    Commitment, DefaultPieceDomain, DefaultPieceHasher, PaddedBytesAmount, PieceInfo, PoRepConfig,
    SealCommitPhase1Output, SealPreCommitOutput, SectorShapeBase, UnpaddedByteIndex,
    UnpaddedBytesAmount,
};
use storage_proofs_core::{
    api_version::{ApiFeature, ApiVersion},
    proof::ProofScheme,
    sector::SectorId,
};
use storage_proofs_porep::stacked::{self, StackedDrg};

use crate::proto::{b32, f32, number, stream};

type Shape = SectorShapeBase;

struct Sector {
    config: PoRepConfig,
    cache: PathBuf,
    staged: PathBuf,
    sealed: PathBuf,
    pieces: Vec<PieceInfo>,
    data: Vec<u8>,
    id: SectorId,
    prover: [u8; 32],
    ticket: [u8; 32],
    seed: [u8; 32],
}

pub fn run(args: &[String]) -> Result<()> {
    let mode = args.first().context("seal, prove, verify or unseal")?;
    let sector = Sector::new(&args[1..])?;
    let rest = &args[4..];
    match mode.as_str() {
        "seal" => sector.seal(),
        "prove" => sector.prove(rest),
        "verify" => sector.verify(rest),
        "unseal" => sector.unseal(rest),
        other => bail!("interop {other}"),
    }
}

fn commitment(args: &[String], i: usize) -> Result<Commitment> {
    let text = args.get(i).context("a commitment is missing")?;
    let bytes = hex::decode(text)?;
    bytes
        .try_into()
        .map_err(|_| anyhow::anyhow!("{text}: not 32 bytes"))
}

fn path(args: &[String], i: usize) -> Result<PathBuf> {
    Ok(PathBuf::from(
        args.get(i).context("a file name is missing")?,
    ))
}

impl Sector {
    fn new(args: &[String]) -> Result<Sector> {
        let dir = path(args, 0)?;
        let (size, registered) = (number(args, 1)? as u64, number(args, 2)? as u64);
        let mut porep_id = [0u8; 32];
        porep_id[..8].copy_from_slice(&registered.to_le_bytes());
        let (version, features) = match registered / 5 {
            0 => (ApiVersion::V1_0_0, vec![]),
            1 => (ApiVersion::V1_1_0, vec![]),
            2 => (ApiVersion::V1_2_0, vec![ApiFeature::SyntheticPoRep]),
            3 => (ApiVersion::V1_2_0, vec![ApiFeature::NonInteractivePoRep]),
            _ => bail!("registered proof {registered}"),
        };
        let config = PoRepConfig::new_groth16_with_features(size, porep_id, version, features)?;
        let unpadded: UnpaddedBytesAmount = PaddedBytesAmount(size).into();
        let data = stream("assay/sector", u64::from(unpadded) as usize);
        let staged = dir.join("staged");
        let mut padded = Vec::new();
        let (info, written) = add_piece(Cursor::new(&data), &mut padded, unpadded, &[])?;
        ensure!(written == unpadded, "the piece does not fill the sector");
        if !staged.exists() {
            fs::write(&staged, &padded)?;
        }
        Ok(Sector {
            config,
            cache: dir.join("cache"),
            staged,
            sealed: dir.join("sealed"),
            pieces: vec![info],
            data,
            id: SectorId::from(77),
            prover: f32("assay/prover"),
            ticket: b32("assay/ticket"),
            seed: b32("assay/seed"),
        })
    }

    fn seal(&self) -> Result<()> {
        fs::create_dir_all(&self.cache)?;
        fs::write(&self.sealed, b"")?;
        let phase1 = seal_pre_commit_phase1::<_, _, _, Shape>(
            &self.config,
            &self.cache,
            &self.staged,
            &self.sealed,
            self.prover,
            self.id,
            self.ticket,
            &self.pieces,
        )?;
        let out = seal_pre_commit_phase2(&self.config, phase1, &self.cache, &self.sealed)?;
        if self.config.feature_enabled(ApiFeature::SyntheticPoRep) {
            generate_synth_proofs::<_, Shape>(
                &self.config,
                &self.cache,
                &self.sealed,
                self.prover,
                self.id,
                self.ticket,
                out.clone(),
                &self.pieces,
            )?;
            clear_cache(&self.cache)?;
        }
        println!("ok {} {}", hex::encode(out.comm_d), hex::encode(out.comm_r));
        Ok(())
    }

    fn prove(&self, args: &[String]) -> Result<()> {
        let pre_commit = SealPreCommitOutput {
            comm_d: commitment(args, 0)?,
            comm_r: commitment(args, 1)?,
        };
        let output = seal_commit_phase1::<_, Shape>(
            &self.config,
            &self.cache,
            &self.sealed,
            self.prover,
            self.id,
            self.ticket,
            self.seed,
            pre_commit,
            &self.pieces,
        )?;
        fs::write(path(args, 2)?, serde_json::to_vec(&output)?)?;
        println!("ok");
        Ok(())
    }

    fn verify(&self, args: &[String]) -> Result<()> {
        let (comm_d, comm_r) = (commitment(args, 0)?, commitment(args, 1)?);
        let c1: SealCommitPhase1Output<Shape> = serde_json::from_slice(&fs::read(path(args, 2)?)?)?;
        ensure!(
            c1.comm_d == comm_d && c1.comm_r == comm_r,
            "other commitments"
        );
        ensure!(
            c1.seed == self.seed && c1.ticket == self.ticket,
            "other randomness"
        );
        let comm_d: DefaultPieceDomain = as_safe_commitment(&comm_d, "comm_d")?;
        let inputs = stacked::PublicInputs {
            replica_id: stacked::generate_replica_id::<filecoin_proofs::DefaultTreeHasher, _>(
                &self.prover,
                self.id.into(),
                &self.ticket,
                comm_d,
                &self.config.porep_id,
            ),
            tau: Some(stacked::Tau {
                comm_d,
                comm_r: as_safe_commitment(&comm_r, "comm_r")?,
            }),
            k: None,
            seed: Some(self.seed),
        };
        let params = public_params::<Shape>(&self.config)?;
        ensure!(
            c1.vanilla_proofs.len() == usize::from(self.config.partitions),
            "{} partitions",
            c1.vanilla_proofs.len()
        );
        let proven = StackedDrg::<Shape, DefaultPieceHasher>::verify_all_partitions(
            &params,
            &inputs,
            &c1.vanilla_proofs,
        )?;
        ensure!(proven, "the proof is refused");
        println!("ok");
        Ok(())
    }

    fn unseal(&self, args: &[String]) -> Result<()> {
        let out = path(args, 1)?;
        let scratch = out.with_extension("cache");
        fs::create_dir_all(&scratch)?;
        get_unsealed_range::<_, Shape>(
            &self.config,
            scratch,
            self.sealed.clone(),
            out.clone(),
            self.prover,
            self.id,
            commitment(args, 0)?,
            self.ticket,
            UnpaddedByteIndex(0),
            UnpaddedBytesAmount(self.data.len() as u64),
        )?;
        ensure!(fs::read(out)? == self.data, "other data came back");
        println!("ok");
        Ok(())
    }
}
