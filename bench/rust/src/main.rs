//! The Rust peers of assay, one contest a process.
//!
//!     assay-peers CONTEST [ARG...]
//!
//!     assay-peers interop MODE ...
//!
//! A contest makes its data from labels (the byte-stream rule of the Filecoin vectors), prints `ready HEX` with a digest of
//! its result, so that the other side can compare before anything is timed, and then answers each line `N` on its
//! input with `CPU_NS WALL_NS`, the time that N iterations took; CPU is user and system time of all threads.

mod erasure;
mod hash;
mod interop;
mod post;
mod proto;
mod seal;
mod snark;
mod update;

use anyhow::{bail, Result};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let Err(err) = start(&args) {
        println!("error {}", format!("{err:#}").replace('\n', " "));
        std::process::exit(1);
    }
}

fn start(args: &[String]) -> Result<()> {
    let Some(name) = args.first() else {
        bail!("usage: assay-peers CONTEST [ARG...]")
    };
    let rest = &args[1..];
    if name == "interop" {
        return interop::run(rest);
    }
    let contest = match name.as_str() {
        "sha2" => hash::sha2(rest)?,
        "blake3" => hash::blake3(rest)?,
        "erasure" => erasure::erasure(rest)?,
        "poseidon" => hash::poseidon(rest)?,
        "commp" => seal::commp(rest)?,
        "fr32" => seal::fr32(rest)?,
        "graph" => seal::graph(rest)?,
        "labels" => seal::labels(rest)?,
        "pc2" => seal::pc2(rest)?,
        "post" => post::post(rest)?,
        "groth16" => snark::groth16(rest)?,
        "snarkpack" => snark::snarkpack(rest)?,
        "update" => update::update(rest)?,
        other => bail!("unknown contest {other}"),
    };
    proto::serve(contest)
}
