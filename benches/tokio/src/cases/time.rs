//! The cases of `benches/time`.

use super::Run::{self, Alone, Measured, Timed};
use super::{step_back, sum_below, Metrics};
use crate::memory;
use std::future::{poll_fn, ready, Future};
use std::pin::{pin, Pin};
use std::sync::Mutex;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{sleep, timeout, Instant, Sleep};

const BATCH: usize = 1_000;
const LONG: Duration = Duration::from_secs(10);
const SPREAD: usize = 50;

pub fn find(name: &str) -> Option<Run> {
    Some(match name {
        "sleep/create-poll-drop" => Timed(|ops| Box::pin(create_poll_drop(ops))),
        "sleep/100k-concurrent" => Measured(|ops| Box::pin(concurrent(ops))),
        "timeout/ready" => Timed(|ops| Box::pin(timeout_ready(ops))),
        "timeout/job" => Timed(|ops| Box::pin(timeout_job(ops))),
        "timers/1k-pending" => Measured(|ops| Box::pin(timers(ops, 1_000))),
        "timers/1m-pending" => Measured(|ops| Box::pin(timers(ops, 1_000_000))),
        "memory/tasks" => Alone(memory::parked),
        "memory/sleeping-tasks" => Alone(memory::sleeping),
        _ => return None,
    })
}

async fn create_poll_drop(ops: usize) {
    for _ in 0..ops.div_ceil(BATCH) {
        poll_fn(|cx| {
            for _ in 0..BATCH {
                assert!(pin!(sleep(LONG)).poll(cx).is_pending());
            }
            Poll::Ready(())
        })
        .await;
    }
}

async fn doze(i: usize) -> usize {
    sleep(Duration::from_millis((1 + i % SPREAD) as u64)).await;
    i
}

async fn concurrent(ops: usize) -> Metrics {
    let (start, cpu) = (Instant::now(), cpu_ns());
    let mut handles = Vec::with_capacity(ops);
    for i in 0..ops {
        handles.push(tokio::spawn(doze(i)));
    }
    let mut sum = 0;
    for handle in handles {
        sum += handle.await.unwrap();
    }
    assert_eq!(sum, sum_below(ops));
    let wall = start.elapsed().as_nanos() as f64 / ops as f64;
    vec![("cpu", (cpu_ns() - cpu) / ops as f64), ("wall", wall)]
}

/// What all threads of the process have used.
fn cpu_ns() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call writes to `time` alone, which outlives it.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    assert_eq!(failed, 0);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

async fn timeout_ready(ops: usize) {
    let body = async move {
        let mut sum = 0;
        for i in 0..ops {
            sum += timeout(LONG, ready(i)).await.unwrap();
        }
        assert_eq!(sum, sum_below(ops));
    };
    tokio::spawn(body).await.unwrap()
}

async fn job(i: usize) -> usize {
    step_back().await;
    i
}

async fn timeout_job(ops: usize) {
    let body = async move {
        let mut sum = 0;
        for i in 0..ops {
            sum += timeout(LONG, job(i)).await.unwrap();
        }
        assert_eq!(sum, sum_below(ops));
    };
    tokio::spawn(body).await.unwrap()
}

type Pending = Vec<Pin<Box<Sleep>>>;

/// Kept over all samples of the process.
static OTHERS: Mutex<Pending> = Mutex::new(Pending::new());

/// From 10 to 110 minutes, all over the upper levels of the wheel; none of them fires.
fn delay(i: usize) -> Duration {
    Duration::from_millis(600_000 + (i as u64 * 7_919) % 6_000_000)
}

fn start_sleep(i: usize, cx: &mut Context<'_>) -> Pin<Box<Sleep>> {
    let mut sleep = Box::pin(sleep(delay(i)));
    assert!(sleep.as_mut().poll(cx).is_pending());
    sleep
}

/// What a timer costs among `pending` others. Adding counts its own allocation, as that of an object does elsewhere.
async fn timers(ops: usize, pending: usize) -> Metrics {
    poll_fn(|cx| {
        let mut others = OTHERS.lock().unwrap();
        for i in others.len()..pending {
            others.push(start_sleep(i, cx));
        }
        let (mut add, mut reset, mut cancel, mut any) = (0.0, 0.0, 0.0, 0.0);
        let mut fresh = Pending::with_capacity(BATCH);
        let rounds = ops.div_ceil(BATCH);
        for round in 0..rounds {
            let first = round * BATCH;
            add += ns(|| (0..BATCH).for_each(|i| fresh.push(start_sleep(first + i, cx))));
            let now = Instant::now();
            reset += ns(|| {
                for (i, sleep) in fresh.iter_mut().enumerate() {
                    sleep.as_mut().reset(now + delay(first + i + 1));
                }
            });
            cancel += ns(|| fresh.clear());
            any += ns(|| {
                for i in first..first + BATCH {
                    let place = i * 611_953 % pending;
                    others[place].as_mut().reset(now + delay(i + 1));
                }
            });
        }
        let per = |total: f64| total / (rounds * BATCH) as f64;
        Poll::Ready(vec![("add", per(add)), ("reset", per(reset)), ("cancel", per(cancel)), ("reset any", per(any))])
    })
    .await
}

fn ns(work: impl FnOnce()) -> f64 {
    let start = std::time::Instant::now();
    work();
    start.elapsed().as_nanos() as f64
}
