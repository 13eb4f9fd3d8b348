//! Runs one sample per line of standard input (`case flavor ops`) and answers with one JSON line.
//!
//! Each line of `benches/harness/lane.ts` has its twin here, so that the harness can interleave samples of
//! Tokio with those of the other contestants.

mod cases;
mod memory;

use cases::{Body, Case, Run};
use std::io::{self, BufRead, Write};
use std::time::Instant;
use tokio::runtime::{Builder, Runtime};

#[derive(Clone, Copy, PartialEq)]
pub enum Flavor {
    /// As Tokio's own benches build it: without drivers, or with the time driver alone where the case needs it, which
    /// makes a turn of the scheduler cheaper.
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

    /// `timers`: for cases that need them, the leanest flavor gets the time driver alone.
    pub fn build(self, timers: bool) -> Runtime {
        match self {
            Self::CurrentThread if timers => Builder::new_current_thread().enable_time().build(),
            Self::CurrentThread => Builder::new_current_thread().build(),
            Self::CurrentThreadAll => Builder::new_current_thread().enable_all().build(),
            Self::MultiThread => Builder::new_multi_thread().worker_threads(2).enable_all().build(),
        }
        .expect("a runtime")
    }
}

/// The runtime of the process, kept so that a sample measures tasks and not the start of threads.
#[derive(Default)]
struct Kept(Option<((Flavor, bool), Runtime)>);

impl Kept {
    fn get(&mut self, flavor: Flavor, timers: bool) -> &Runtime {
        let wanted = (flavor, timers);
        if self.0.as_ref().is_none_or(|(kept, _)| *kept != wanted) {
            self.0 = Some((wanted, flavor.build(timers)));
        }
        &self.0.as_ref().expect("just set").1
    }
}

const READY: &str = r#"{"ready":true}"#;
/// Said before the first sample is asked for (`ops` 0), so that the table shows a gap instead of a failure.
const ABSENT: &str = r#"{"absent":true}"#;

fn answer(kept: &mut Kept, line: &str) -> String {
    let mut words = line.split_whitespace();
    let (case, flavor, ops) = (words.next(), words.next(), words.next());
    let flavor = flavor.and_then(Flavor::parse);
    let ops = ops.and_then(|ops| ops.parse::<usize>().ok());
    let (Some(case), Some(flavor), Some(ops)) = (case, flavor, ops) else {
        return format!(r#"{{"error":"not understood: {}"}}"#, line.escape_default());
    };
    match cases::find(case, flavor) {
        None => ABSENT.to_owned(),
        Some(case) if ops == 0 => can_run(case, flavor).to_owned(),
        Some(case) => sample(kept, case, flavor, ops),
    }
}

fn can_run(case: Case, flavor: Flavor) -> &'static str {
    match case.run {
        Run::Alone(run) if run(flavor, 0).is_err() => ABSENT,
        _ => READY,
    }
}

fn sample(kept: &mut Kept, case: Case, flavor: Flavor, ops: usize) -> String {
    match case.run {
        Run::Timed(run) => {
            let runtime = kept.get(flavor, case.timers);
            let start = Instant::now();
            drive(runtime, flavor, run(ops));
            json(&[("ns", start.elapsed().as_nanos() as f64)])
        }
        Run::Measured(run) => json(&drive(kept.get(flavor, case.timers), flavor, run(ops))),
        Run::Alone(run) => match run(flavor, ops) {
            Ok(metrics) => json(&metrics),
            Err(error) => format!(r#"{{"error":"{}"}}"#, error.escape_default()),
        },
    }
}

fn drive<T: Send + 'static>(runtime: &Runtime, flavor: Flavor, body: Body<T>) -> T {
    match flavor {
        Flavor::CurrentThread | Flavor::CurrentThreadAll => runtime.block_on(body),
        // On a worker, as a server's tasks are: from outside each spawn would go through the inject queue.
        Flavor::MultiThread => runtime.block_on(runtime.spawn(body)).expect("the case to finish"),
    }
}

fn json(metrics: &[(&str, f64)]) -> String {
    let fields: Vec<String> = metrics.iter().map(|(name, value)| format!(r#""{name}":{value}"#)).collect();
    format!("{{{}}}", fields.join(","))
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
