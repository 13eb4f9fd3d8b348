//! Resident bytes per task that waits forever, and whether dropping the runtime drops them all.

use crate::cases::Metrics;
use crate::Flavor;
use std::fs;
use std::future::{self, Future};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

static DROPPED: AtomicUsize = AtomicUsize::new(0);

/// Stands for the `finally` of the other contestants' tasks.
struct Guard;

impl Drop for Guard {
    fn drop(&mut self) {
        DROPPED.fetch_add(1, Ordering::Relaxed);
    }
}

async fn park() {
    let _guard = Guard;
    future::pending::<()>().await
}

const HOUR: Duration = Duration::from_secs(3_600);

async fn sleep() {
    let _guard = Guard;
    tokio::time::sleep(HOUR).await
}

fn resident_bytes() -> Option<usize> {
    let statm = fs::read_to_string("/proc/self/statm").ok()?;
    Some(statm.split_whitespace().nth(1)?.parse::<usize>().ok()? * 4096)
}

/// `memory/parked` and `memory/tasks`.
pub fn parked(flavor: Flavor, tasks: usize) -> Result<Metrics, String> {
    bytes_per_task(flavor, tasks, park)
}

/// `memory/sleeping-tasks`.
pub fn sleeping(flavor: Flavor, tasks: usize) -> Result<Metrics, String> {
    bytes_per_task(flavor, tasks, sleep)
}

fn bytes_per_task<F>(flavor: Flavor, tasks: usize, wait: fn() -> F) -> Result<Metrics, String>
where
    F: Future<Output = ()> + Send + 'static,
{
    let before = resident_bytes().ok_or("resident memory is not known here")?;
    if tasks == 0 {
        return Ok(Metrics::new());
    }
    DROPPED.store(0, Ordering::Relaxed);
    let runtime = flavor.build(true);
    runtime.block_on(async {
        for _ in 0..tasks {
            tokio::spawn(wait());
        }
        for _ in 0..tasks {
            tokio::task::yield_now().await; // until each has been polled once
        }
    });
    let bytes = resident_bytes().unwrap_or(before) - before;
    drop(runtime);
    let dropped = DROPPED.load(Ordering::Relaxed);
    if dropped != tasks {
        return Err(format!("{dropped} of {tasks} tasks were dropped with the runtime"));
    }
    Ok(vec![("bytes", bytes as f64 / tasks as f64)])
}
