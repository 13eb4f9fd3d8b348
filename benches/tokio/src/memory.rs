//! `memory/parked`: resident bytes per task that waits forever, and whether dropping the runtime drops them all.

use crate::Flavor;
use std::fs;
use std::future;
use std::sync::atomic::{AtomicUsize, Ordering};

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

fn resident_bytes() -> Option<usize> {
    let statm = fs::read_to_string("/proc/self/statm").ok()?;
    Some(statm.split_whitespace().nth(1)?.parse::<usize>().ok()? * 4096)
}

pub fn parked(flavor: Flavor, tasks: usize) -> String {
    let Some(before) = resident_bytes() else {
        return r#"{"absent":true}"#.to_owned();
    };
    if tasks == 0 {
        return r#"{"ready":true}"#.to_owned();
    }
    DROPPED.store(0, Ordering::Relaxed);
    let runtime = flavor.build();
    runtime.block_on(async {
        for _ in 0..tasks {
            tokio::spawn(park());
        }
        for _ in 0..tasks {
            tokio::task::yield_now().await; // until each has been polled once
        }
    });
    let bytes = resident_bytes().unwrap_or(before) - before;
    drop(runtime);
    let dropped = DROPPED.load(Ordering::Relaxed);
    if dropped != tasks {
        return format!(r#"{{"error":"{dropped} of {tasks} tasks were dropped with the runtime"}}"#);
    }
    format!(r#"{{"bytes":{}}}"#, bytes as f64 / tasks as f64)
}
