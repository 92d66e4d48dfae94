//! The line protocol, clocks and inputs shared by all contests.

use std::io::{stdin, stdout, BufRead, Write};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// One iteration's time.
#[derive(Clone, Copy, Default)]
pub struct Timing {
    pub cpu: Duration,
    pub wall: Duration,
}

/// A prepared contest: the digest of its result, and the work, which times itself so that it can leave out its set-up.
pub struct Contest {
    pub digest: Vec<u8>,
    pub run: Box<dyn FnMut() -> Result<Timing>>,
}

/// Makes a contest of work without set-up.
pub fn plain(digest: Vec<u8>, mut work: impl FnMut() -> Result<()> + 'static) -> Contest {
    Contest {
        digest,
        run: Box::new(move || timed(&mut work).map(|(timing, ())| timing)),
    }
}

/// Runs f and measures it.
pub fn timed<T>(mut f: impl FnMut() -> Result<T>) -> Result<(Timing, T)> {
    let (cpu, wall) = (cpu_time(), Instant::now());
    let value = f()?;
    let timing = Timing {
        cpu: cpu_time() - cpu,
        wall: wall.elapsed(),
    };
    Ok((timing, value))
}

/// User and system time of this process.
fn cpu_time() -> Duration {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: getrusage fills the structure it is given.
    let usage = unsafe {
        libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr());
        usage.assume_init()
    };
    let of = |t: libc::timeval| Duration::new(t.tv_sec as u64, t.tv_usec as u32 * 1000);
    of(usage.ru_utime) + of(usage.ru_stime)
}

/// Answers requests until the input ends.
pub fn serve(mut contest: Contest) -> Result<()> {
    println!("ready {}", hex::encode(&contest.digest));
    stdout().flush()?;
    for line in stdin().lock().lines() {
        let n: u64 = line?.trim().parse().context("a count of iterations")?;
        let mut sum = Timing::default();
        for _ in 0..n {
            let one = (contest.run)()?;
            sum.cpu += one.cpu;
            sum.wall += one.wall;
        }
        println!("{} {}", sum.cpu.as_nanos(), sum.wall.as_nanos());
        stdout().flush()?;
    }
    Ok(())
}

/// The first n bytes of SHA256(label || u64le(0)) || SHA256(label || u64le(1)) ...
pub fn stream(label: &str, n: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(n + 32);
    let mut i = 0u64;
    while out.len() < n {
        let mut h = Sha256::new();
        h.update(label.as_bytes());
        h.update(i.to_le_bytes());
        out.extend_from_slice(&h.finalize());
        i += 1;
    }
    out.truncate(n);
    out
}

/// stream(label, 32).
pub fn b32(label: &str) -> [u8; 32] {
    stream(label, 32).try_into().expect("32 bytes")
}

/// stream(label, 32) with the two top bits cleared.
pub fn f32(label: &str) -> [u8; 32] {
    let mut b = b32(label);
    b[31] &= 0x3f;
    b
}

/// Argument number i, as a number.
pub fn number(args: &[String], i: usize) -> Result<usize> {
    args.get(i)
        .with_context(|| format!("argument {i} is missing"))?
        .parse()
        .with_context(|| format!("argument {i}"))
}

pub fn sha256(parts: &[&[u8]]) -> Vec<u8> {
    let mut h = Sha256::new();
    for part in parts {
        h.update(part);
    }
    h.finalize().to_vec()
}
