//! The cases of `benches/core`.

use super::Run::{self, Alone, Timed};
use crate::memory;
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use tokio::sync::oneshot;
use tokio::task::{self, JoinSet};

const SPAWN_BATCH: usize = 10_000;
const CHAIN: usize = 1_000;
const PAIRS: usize = 1_000;
const YIELDERS: usize = 200;
const YIELDS: usize = 1_000;
const YIELDS_ALONE: usize = 100_000;

pub fn find(name: &str) -> Option<Run> {
    Some(match name {
        "spawn/10k-then-join" => Timed(|ops| Box::pin(spawn_then_join(ops))),
        "spawn/join-one-by-one" => Timed(|ops| Box::pin(spawn_join_one_by_one(ops))),
        "spawn/chained" => Timed(|ops| Box::pin(spawn_chained(ops))),
        "ping-pong/spawned" => Timed(|ops| Box::pin(ping_pong(ops))),
        "yield/yield-now" => Timed(|ops| Box::pin(yield_now(ops))),
        "yield/one-task" => Timed(|ops| Box::pin(yield_alone(ops))),
        "join-set/10k" | "join-set/10k-values" => Timed(|ops| Box::pin(join_set(ops))),
        "memory/parked" => Alone(memory::parked),
        _ => return None,
    })
}

async fn index(i: usize) -> usize {
    i
}

async fn spawn_then_join(ops: usize) {
    for _ in 0..ops.div_ceil(SPAWN_BATCH) {
        let mut handles = Vec::with_capacity(SPAWN_BATCH);
        for i in 0..SPAWN_BATCH {
            handles.push(tokio::spawn(index(i)));
        }
        let mut sum = 0;
        for handle in handles {
            sum += handle.await.unwrap();
        }
        black_box(sum);
    }
}

async fn spawn_join_one_by_one(ops: usize) {
    let mut sum = 0;
    for i in 0..ops {
        sum += tokio::spawn(index(i)).await.unwrap();
    }
    black_box(sum);
}

fn chain(rest: usize, done: oneshot::Sender<()>) {
    if rest == 0 {
        done.send(()).unwrap();
    } else {
        tokio::spawn(async move { chain(rest - 1, done) });
    }
}

async fn spawn_chained(ops: usize) {
    for _ in 0..ops.div_ceil(CHAIN) {
        let (done, finished) = oneshot::channel();
        chain(CHAIN, done);
        finished.await.unwrap();
    }
}

async fn pong(ping: oneshot::Receiver<()>, pong: oneshot::Sender<()>) {
    ping.await.unwrap();
    pong.send(()).unwrap();
}

async fn ping_pong(ops: usize) {
    for _ in 0..ops.div_ceil(PAIRS) {
        let (done, finished) = oneshot::channel();
        let last = Arc::new((AtomicUsize::new(PAIRS), std::sync::Mutex::new(Some(done))));
        for _ in 0..PAIRS {
            let last = last.clone();
            tokio::spawn(async move {
                let (ping_tx, ping_rx) = oneshot::channel();
                let (pong_tx, pong_rx) = oneshot::channel();
                tokio::spawn(pong(ping_rx, pong_tx));
                ping_tx.send(()).unwrap();
                pong_rx.await.unwrap();
                if last.0.fetch_sub(1, Ordering::AcqRel) == 1 {
                    last.1.lock().unwrap().take().unwrap().send(()).unwrap();
                }
            });
        }
        finished.await.unwrap();
    }
}

async fn yielder(yields: usize) {
    for _ in 0..yields {
        task::yield_now().await;
    }
}

async fn yield_now(ops: usize) {
    for _ in 0..ops.div_ceil(YIELDERS * YIELDS) {
        let mut handles = Vec::with_capacity(YIELDERS);
        for _ in 0..YIELDERS {
            handles.push(tokio::spawn(yielder(YIELDS)));
        }
        for handle in handles {
            handle.await.unwrap();
        }
    }
}

async fn yield_alone(ops: usize) {
    for _ in 0..ops.div_ceil(YIELDS_ALONE) {
        tokio::spawn(yielder(YIELDS_ALONE)).await.unwrap();
    }
}

async fn join_set(ops: usize) {
    for _ in 0..ops.div_ceil(SPAWN_BATCH) {
        let mut set = JoinSet::new();
        for i in 0..SPAWN_BATCH {
            set.spawn(index(i));
        }
        let mut sum = 0;
        while let Some(result) = set.join_next().await {
            sum += result.unwrap();
        }
        black_box(sum);
    }
}
