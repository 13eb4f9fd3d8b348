//! The cases of `benches/macros`.

use super::Run::{self, Timed};
use super::sum_below;
use std::future::Future;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

const ROUNDS: usize = 1_000;
const LONG: Duration = Duration::from_secs(10);

pub fn find(name: &str) -> Option<Run> {
    Some(match name {
        "select/2-branches" => Timed(|ops| Box::pin(in_task(select_2(ops)))),
        "select/8-branches" => Timed(|ops| Box::pin(in_task(select_8(ops)))),
        "select/2-branches-woken" => Timed(|ops| Box::pin(select_woken(ops))),
        "join/2-ready" => Timed(|ops| Box::pin(in_task(join_2(ops)))),
        "join/8-ready" => Timed(|ops| Box::pin(in_task(join_8(ops)))),
        "try-join/2-ready" => Timed(|ops| Box::pin(in_task(try_join_2(ops)))),
        _ => return None,
    })
}

pub fn find_with_timers(name: &str) -> Option<Run> {
    Some(match name {
        "select/or-sleep" => Timed(|ops| Box::pin(in_task(select_or_sleep(ops)))),
        _ => return None,
    })
}

async fn in_task(body: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(body).await.unwrap()
}

async fn select_2(ops: usize) {
    let (tx0, mut rx0) = mpsc::unbounded_channel();
    let (tx1, mut rx1) = mpsc::unbounded_channel();
    let txs = [tx0, tx1];
    let (mut sum, mut branches) = (0, 0);
    for i in 0..ops {
        txs[i % 2].send(i).unwrap();
        let (branch, value) = tokio::select! {
            value = rx0.recv() => (0, value),
            value = rx1.recv() => (1, value),
        };
        branches += usize::from(branch == i % 2);
        sum += value.unwrap();
    }
    assert_eq!((sum, branches), (sum_below(ops), ops));
}

async fn select_8(ops: usize) {
    let (txs, rxs): (Vec<_>, Vec<_>) = (0..8).map(|_| mpsc::unbounded_channel()).unzip();
    let Ok([mut rx0, mut rx1, mut rx2, mut rx3, mut rx4, mut rx5, mut rx6, mut rx7]) =
        <[mpsc::UnboundedReceiver<usize>; 8]>::try_from(rxs)
    else {
        unreachable!("there are eight")
    };
    let (mut sum, mut branches) = (0, 0);
    for i in 0..ops {
        txs[i % 8].send(i).unwrap();
        let (branch, value) = tokio::select! {
            value = rx0.recv() => (0, value),
            value = rx1.recv() => (1, value),
            value = rx2.recv() => (2, value),
            value = rx3.recv() => (3, value),
            value = rx4.recv() => (4, value),
            value = rx5.recv() => (5, value),
            value = rx6.recv() => (6, value),
            value = rx7.recv() => (7, value),
        };
        branches += usize::from(branch == i % 8);
        sum += value.unwrap();
    }
    assert_eq!((sum, branches), (sum_below(ops), ops));
}

async fn select_woken(ops: usize) {
    for _ in 0..ops.div_ceil(ROUNDS) {
        let (tx0, mut rx0) = mpsc::channel(1);
        let (tx1, mut rx1) = mpsc::channel(1);
        let producer = tokio::spawn(async move {
            let txs = [tx0, tx1];
            for i in 0..ROUNDS {
                txs[i % 2].send(i).await.unwrap();
            }
            txs // open until all was received
        });
        let sum = tokio::spawn(async move {
            let mut sum = 0;
            for _ in 0..ROUNDS {
                let value = tokio::select! {
                    value = rx0.recv() => value,
                    value = rx1.recv() => value,
                };
                sum += value.unwrap();
            }
            sum
        });
        assert_eq!(sum.await.unwrap(), sum_below(ROUNDS));
        drop(producer.await.unwrap());
    }
}

async fn select_or_sleep(ops: usize) {
    let (tx, mut rx) = mpsc::unbounded_channel();
    let mut sum = 0;
    for i in 0..ops {
        tx.send(i).unwrap();
        sum += tokio::select! {
            value = rx.recv() => value.unwrap(),
            () = tokio::time::sleep(LONG) => unreachable!("a message is there"),
        };
    }
    assert_eq!(sum, sum_below(ops));
}

/// Something to wait for that no compiler can see through, and that every contestant has.
fn sent(value: usize) -> oneshot::Receiver<usize> {
    let (tx, rx) = oneshot::channel();
    tx.send(value).unwrap();
    rx
}

async fn join_2(ops: usize) {
    let mut sum = 0;
    for i in 0..ops {
        let (a, b) = tokio::join!(sent(i), sent(1));
        sum += a.unwrap() + b.unwrap();
    }
    assert_eq!(sum, sum_below(ops) + ops);
}

async fn join_8(ops: usize) {
    let mut sum = 0;
    for i in 0..ops {
        let (a, b, c, d, e, f, g, h) =
            tokio::join!(sent(i), sent(1), sent(1), sent(1), sent(1), sent(1), sent(1), sent(1));
        sum += a.unwrap() + b.unwrap() + c.unwrap() + d.unwrap() + e.unwrap() + f.unwrap() + g.unwrap() + h.unwrap();
    }
    assert_eq!(sum, sum_below(ops) + 7 * ops);
}

async fn try_join_2(ops: usize) {
    let mut sum = 0;
    for i in 0..ops {
        let (a, b) = tokio::try_join!(sent(i), sent(1)).unwrap();
        sum += a + b;
    }
    assert_eq!(sum, sum_below(ops) + ops);
}
