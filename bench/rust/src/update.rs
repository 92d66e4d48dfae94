//! SnapDeals of rust-fil-proofs: encode_into and decode_from of storage-proofs-update, which take h.

use std::fs;
use std::path::PathBuf;

use anyhow::{ensure, Context, Result};
use filecoin_hashers::Domain;
use merkletree::merkle::get_merkle_tree_len;
use merkletree::store::StoreConfig;
use storage_proofs_core::cache_key::CacheKey;
use storage_proofs_core::merkle::LCTree;
use storage_proofs_update::constants::{TreeDDomain, TreeRDomain, TreeRHasher};
use storage_proofs_update::EmptySectorUpdate;
use typenum::{U0, U8};

use crate::proto::{f32, number, sha256, timed, Contest, Timing};

type Update = EmptySectorUpdate<LCTree<TreeRHasher, U8, U0, U0>>;

/// `update encode|decode SECTOR_BYTES H ROWS_TO_DISCARD DIR`: DIR holds `key` and `data`, CommC is f32("assay/comm-c") and the
/// root of the old TreeR f32("assay/comm-r-last"). The result of encode is CommR, CommRLast, CommD and the digest of the
/// replica, that of decode the digest of the decoded file. Only sectors whose trees have no sub-trees (2 KiB, 8 MiB, 512 MiB).
pub fn update(args: &[String]) -> Result<Contest> {
    let mode = args.first().context("encode or decode")?.clone();
    let (size, h) = (number(args, 1)?, number(args, 2)?);
    let discard = number(args, 3)?;
    let dir = PathBuf::from(args.get(4).context("a folder")?);
    let nodes = size / 32;
    let cache = dir.join(format!("rust-{mode}-cache"));
    fs::create_dir_all(&cache)?;
    let (key, data) = (dir.join("key"), dir.join("data"));
    let (replica, decoded) = (
        dir.join(format!("rust-{mode}-replica")),
        dir.join(format!("rust-{mode}-decoded")),
    );
    for path in [&replica, &decoded] {
        fs::File::create(path)?.set_len(size as u64)?;
    }
    let comm_c = TreeRDomain::try_from_bytes(&f32("assay/comm-c"))?;
    let comm_r_last = TreeRDomain::try_from_bytes(&f32("assay/comm-r-last"))?;
    let tree = |id: String, arity: usize, discard: usize| -> Result<StoreConfig> {
        let mut config = StoreConfig::new(&cache, id, discard);
        config.size = Some(get_merkle_tree_len(nodes, arity)?);
        Ok(config)
    };
    let tree_d = tree(CacheKey::CommDTree.to_string(), 2, 0)?;
    let tree_r = tree(CacheKey::CommRLastTree.to_string(), 8, discard)?;

    let files = (replica.clone(), key.clone(), cache.clone());
    let encode = move || -> Result<(Timing, (TreeRDomain, TreeRDomain, TreeDDomain))> {
        let (replica, key, cache) = &files;
        for entry in fs::read_dir(cache)? {
            fs::remove_file(entry?.path())?;
        }
        timed(|| {
            Update::encode_into(
                nodes,
                tree_d.clone(),
                tree_r.clone(),
                comm_c,
                comm_r_last,
                replica,
                key,
                &data,
                h,
            )
        })
    };
    let (_, (comm_r, r_last, comm_d)) = encode()?;
    if mode == "encode" {
        let digest = [
            &comm_r.into_bytes()[..],
            &r_last.into_bytes(),
            &comm_d.into_bytes(),
            &sha256(&[&fs::read(&replica)?]),
        ]
        .concat();
        return Ok(Contest {
            digest,
            run: Box::new(move || encode().map(|(timing, _)| timing)),
        });
    }
    ensure!(mode == "decode", "update {mode}: want encode or decode");
    let out = decoded.clone();
    let decode = move || {
        timed(|| {
            Update::decode_from(
                nodes,
                &out,
                &replica,
                &key,
                &cache,
                comm_c,
                comm_d,
                comm_r_last,
                h,
            )
        })
    };
    decode()?;
    Ok(Contest {
        digest: sha256(&[&fs::read(&decoded)?]),
        run: Box::new(move || decode().map(|(timing, _)| timing)),
    })
}
