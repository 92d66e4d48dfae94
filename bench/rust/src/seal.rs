//! Pieces, graph, PC1 and PC2 of rust-fil-proofs.

use std::fs;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use anyhow::{bail, ensure, Context, Result};
use filecoin_proofs::{
    add_piece, generate_piece_commitment, seal_pre_commit_phase1, seal_pre_commit_phase2,
    DefaultTreeHasher, PaddedBytesAmount, PieceInfo, PoRepConfig, SealPreCommitPhase1Output,
    SectorShapeBase, UnpaddedBytesAmount,
};
use storage_proofs_core::{api_version::ApiVersion, drgraph::BASE_DEGREE, sector::SectorId};
use storage_proofs_porep::stacked::{create_label, StackedBucketGraph, EXP_DEGREE};

use crate::proto::{b32, f32, number, plain, sha256, stream, timed, Contest, Timing};

/// The 32-byte porep id of a registered seal proof.
fn porep_id(registered: u64) -> [u8; 32] {
    let mut id = [0u8; 32];
    id[..8].copy_from_slice(&registered.to_le_bytes());
    id
}

/// `commp UNPADDED`: CommP of stream("assay/commp").
pub fn commp(args: &[String]) -> Result<Contest> {
    let size = number(args, 0)?;
    let data = stream("assay/commp", size);
    let work = move || {
        let info = generate_piece_commitment(Cursor::new(&data), UnpaddedBytesAmount(size as u64))?;
        Ok(info.commitment)
    };
    let digest = work()?.to_vec();
    Ok(plain(digest, move || work().map(|_| ())))
}

/// `fr32 UNPADDED`: padding of stream("assay/fr32").
pub fn fr32(args: &[String]) -> Result<Contest> {
    let data = stream("assay/fr32", number(args, 0)?);
    let mut out = vec![0u8; data.len() / 127 * 128];
    ::fr32::Fr32Reader::new(Cursor::new(&data)).read_exact(&mut out)?;
    let digest = sha256(&[&out]);
    Ok(plain(digest, move || {
        ::fr32::Fr32Reader::new(Cursor::new(&data)).read_exact(&mut out)?;
        Ok(())
    }))
}

/// `graph NODES REGISTERED FIRST COUNT`: the 14 parents of COUNT nodes, as u32 little-endian.
pub fn graph(args: &[String]) -> Result<Contest> {
    let (nodes, registered) = (number(args, 0)?, number(args, 1)? as u64);
    let (first, count) = (number(args, 2)?, number(args, 3)?);
    let graph = stacked(nodes, registered)?;
    let work = move |out: &mut Vec<u8>| -> Result<()> {
        let mut parents = [0u32; BASE_DEGREE + EXP_DEGREE];
        out.clear();
        for node in first..first + count {
            graph.base_parents(node, &mut parents[..BASE_DEGREE])?;
            graph.expanded_parents(node, &mut parents[BASE_DEGREE..])?;
            for p in parents {
                out.extend_from_slice(&p.to_le_bytes());
            }
        }
        Ok(())
    };
    let mut out = Vec::new();
    work(&mut out)?;
    Ok(plain(sha256(&[&out]), move || work(&mut out)))
}

fn stacked(nodes: usize, registered: u64) -> Result<StackedBucketGraph<DefaultTreeHasher>> {
    let version = if registered < 5 {
        ApiVersion::V1_0_0
    } else {
        ApiVersion::V1_1_0
    };
    StackedBucketGraph::new_stacked(
        nodes,
        BASE_DEGREE,
        EXP_DEGREE,
        porep_id(registered),
        version,
    )
}

/// `labels single|multi SECTOR_BYTES REGISTERED LAYERS DIR`: the label layers of replica id f32("assay/replica"), written
/// to files; the result is the digest of the last layer. The parent cache is warm.
pub fn labels(args: &[String]) -> Result<Contest> {
    let mode = args.first().context("single or multi")?.clone();
    let (size, registered, layers) = (number(args, 1)?, number(args, 2)? as u64, number(args, 3)?);
    let dir = PathBuf::from(args.get(4).context("a folder")?);
    let graph = stacked(size / 32, registered)?;
    let replica_id = f32("assay/replica");
    let mut cache = graph.parent_cache()?;
    let mut work = move || -> Result<(Timing, PathBuf)> {
        for layer in 1..=layers {
            let _ = fs::remove_file(layer_path(&dir, layer));
        }
        let (timing, ()) = timed(|| {
            match mode.as_str() {
                "single" => {
                    create_label::single::create_labels_for_encoding::<SectorShapeBase, _, _>(
                        &graph, &mut cache, layers, replica_id, &dir,
                    )?;
                }
                "multi" => {
                    create_label::multi::create_labels_for_encoding::<SectorShapeBase, _, _>(
                        &graph, &cache, layers, replica_id, &dir,
                    )?;
                }
                other => bail!("labels {other}: want single or multi"),
            }
            Ok(())
        })?;
        Ok((timing, layer_path(&dir, layers)))
    };
    let (_, last) = work()?;
    let digest = sha256(&[&fs::read(last)?]);
    Ok(Contest {
        digest,
        run: Box::new(move || work().map(|(timing, _)| timing)),
    })
}

fn layer_path(dir: &Path, layer: usize) -> PathBuf {
    dir.join(format!("sc-02-data-layer-{layer}.dat"))
}

/// `pc2 SECTOR_BYTES REGISTERED DIR`: PC2 of a sector filled with stream("assay/sector"); the result is CommR. Only
/// sectors whose trees have no sub-trees (2 KiB, 8 MiB, 512 MiB).
pub fn pc2(args: &[String]) -> Result<Contest> {
    let (size, registered) = (number(args, 0)? as u64, number(args, 1)? as u64);
    let dir = PathBuf::from(args.get(2).context("a folder")?);
    let version = if registered < 5 {
        ApiVersion::V1_0_0
    } else {
        ApiVersion::V1_1_0
    };
    let config = PoRepConfig::new_groth16(size, porep_id(registered), version);
    let (cache, staged, replica) = (dir.join("cache"), dir.join("staged"), dir.join("replica"));
    fs::create_dir_all(&cache)?;
    fs::write(&replica, b"")?;

    let unpadded: UnpaddedBytesAmount = PaddedBytesAmount(size).into();
    let data = stream("assay/sector", u64::from(unpadded) as usize);
    let (info, written) = add_piece(
        Cursor::new(&data),
        fs::File::create(&staged)?,
        unpadded,
        &[],
    )?;
    ensure!(written == unpadded, "the piece does not fill the sector");
    let pieces: Vec<PieceInfo> = vec![info];
    let phase1: SealPreCommitPhase1Output<SectorShapeBase> = seal_pre_commit_phase1(
        &config,
        &cache,
        &staged,
        &replica,
        f32("assay/prover"),
        SectorId::from(77),
        b32("assay/ticket"),
        &pieces,
    )?;
    let phase1 = serde_json::to_vec(&phase1)?;

    let work = move || -> Result<(Timing, [u8; 32])> {
        for file in [
            "sc-02-data-tree-c.dat",
            "sc-02-data-tree-r-last.dat",
            "p_aux",
            "t_aux",
        ] {
            let _ = fs::remove_file(cache.join(file));
        }
        fs::copy(&staged, &replica)?;
        let input: SealPreCommitPhase1Output<SectorShapeBase> = serde_json::from_slice(&phase1)?;
        let mut input = Some(input);
        timed(|| {
            let output =
                seal_pre_commit_phase2(&config, input.take().context("used")?, &cache, &replica)?;
            Ok(output.comm_r)
        })
    };
    let (_, comm_r) = work()?;
    Ok(Contest {
        digest: comm_r.to_vec(),
        run: Box::new(move || work().map(|(timing, _)| timing)),
    })
}
