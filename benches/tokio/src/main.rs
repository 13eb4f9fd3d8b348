//! Runs one sample per line of standard input (`case flavor ops`) and answers with one JSON line.
//!
//! Each line of `benches/harness/lane.ts` has its twin here, so that the harness can interleave samples of
//! Tokio with those of the other contestants.

mod cases;
mod memory;

use std::io::{self, BufRead, Write};
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};

#[derive(Clone, Copy, PartialEq)]
pub enum Flavor {
    /// As Tokio's own benches build it: without drivers, which makes a turn of the scheduler cheaper.
    CurrentThread,
    /// As `#[tokio::main]` builds it: with the I/O and time drivers, which each turn of the scheduler polls.
    CurrentThreadAll,
    /// Two workers, all drivers.
    MultiThread,
}

impl Flavor {
    fn parse(name: &str) -> Option<Self> {
        match name {
            "current_thread" => Some(Self::CurrentThread),
            "current_thread_all" => Some(Self::CurrentThreadAll),
            "multi_thread" => Some(Self::MultiThread),
            _ => None,
        }
    }

    pub fn build(self) -> Runtime {
        match self {
            Self::CurrentThread => Builder::new_current_thread().build(),
            Self::CurrentThreadAll => Builder::new_current_thread().enable_all().build(),
            Self::MultiThread => Builder::new_multi_thread().worker_threads(2).enable_all().build(),
        }
        .expect("a runtime")
    }
}

/// The runtime of the process, kept so that a sample measures tasks and not the start of threads.
#[derive(Default)]
struct Kept(Option<(Flavor, Runtime)>);

impl Kept {
    fn get(&mut self, flavor: Flavor) -> &Runtime {
        if self.0.as_ref().is_none_or(|(kept, _)| *kept != flavor) {
            self.0 = Some((flavor, flavor.build()));
        }
        &self.0.as_ref().expect("just set").1
    }
}

fn answer(kept: &mut Kept, line: &str) -> String {
    let mut words = line.split_whitespace();
    let (case, flavor, ops) = (words.next(), words.next(), words.next());
    let flavor = flavor.and_then(Flavor::parse);
    let ops = ops.and_then(|ops| ops.parse::<usize>().ok());
    let (Some(case), Some(flavor), Some(ops)) = (case, flavor, ops) else {
        return format!(r#"{{"error":"not understood: {}"}}"#, line.escape_default());
    };
    if case == "memory/parked" {
        return memory::parked(flavor, ops);
    }
    match cases::find(case) {
        // Said before the first sample is asked for (`ops` 0), so that the table shows a gap instead of a failure.
        None => r#"{"absent":true}"#.to_owned(),
        Some(_) if ops == 0 => r#"{"ready":true}"#.to_owned(),
        Some(run) => format!(r#"{{"ns":{}}}"#, time(kept.get(flavor), flavor, run, ops).as_nanos()),
    }
}

fn time(runtime: &Runtime, flavor: Flavor, run: cases::Case, ops: usize) -> Duration {
    let start = Instant::now();
    match flavor {
        Flavor::CurrentThread | Flavor::CurrentThreadAll => runtime.block_on(run(ops)),
        // On a worker, as a server's tasks are: from outside each spawn would go through the inject queue.
        Flavor::MultiThread => runtime.block_on(runtime.spawn(run(ops))).expect("the case to finish"),
    }
    start.elapsed()
}

fn main() -> io::Result<()> {
    let mut kept = Kept::default();
    for line in io::stdin().lock().lines() {
        let reply = answer(&mut kept, &line?);
        let mut stdout = io::stdout().lock();
        writeln!(stdout, "{reply}")?;
        stdout.flush()?;
    }
    Ok(())
}
