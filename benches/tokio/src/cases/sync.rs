//! The cases of `benches/sync`.

use super::Run::{self, Timed};
use super::{step_back, sum_below};
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::Arc;
use tokio::sync::{broadcast, mpsc, oneshot, watch, Mutex, Notify, RwLock, Semaphore};
use tokio::task::JoinHandle;

const MESSAGES: usize = 8_000;
const PRODUCERS: usize = 8;
const ROUNDS: usize = 1_000;
const SUBSCRIBERS: usize = 4;
const BROADCAST_CAPACITY: usize = 1_024;
const WATCHERS: usize = 8;
const WAITERS: usize = 100;
const CONTENDERS: usize = 10;
const WRITERS: usize = 2;
const PERMITS: usize = 5;
const HOLDS: usize = 100;

pub fn find(name: &str) -> Option<Run> {
    Some(match name {
        "mpsc/bounded-1" => Timed(|ops| Box::pin(mpsc_bounded(ops, 1, 1))),
        "mpsc/bounded-1-8-producers" => Timed(|ops| Box::pin(mpsc_bounded(ops, 1, PRODUCERS))),
        "mpsc/bounded-128" => Timed(|ops| Box::pin(mpsc_bounded(ops, 128, 1))),
        "mpsc/bounded-128-8-producers" => Timed(|ops| Box::pin(mpsc_bounded(ops, 128, PRODUCERS))),
        "mpsc/unbounded" => Timed(|ops| Box::pin(mpsc_unbounded(ops, 1))),
        "mpsc/unbounded-8-producers" => Timed(|ops| Box::pin(mpsc_unbounded(ops, PRODUCERS))),
        "oneshot/same-task" => Timed(|ops| Box::pin(oneshot_same_task(ops))),
        "oneshot/across-tasks" => Timed(|ops| Box::pin(oneshot_across_tasks(ops))),
        "request/reply" => Timed(|ops| Box::pin(request_reply(ops))),
        "broadcast/1-to-4" => Timed(|ops| Box::pin(broadcast_to(ops, false))),
        "broadcast/1-to-4-one-by-one" => Timed(|ops| Box::pin(broadcast_to(ops, true))),
        "watch/1-to-8" => Timed(|ops| Box::pin(watch_all(ops))),
        "notify/one" => Timed(|ops| Box::pin(notify_one(ops))),
        "notify/many" => Timed(|ops| Box::pin(notify_many(ops))),
        "semaphore/uncontended" => Timed(|ops| Box::pin(semaphore_uncontended(ops))),
        "semaphore/10-contenders" => Timed(|ops| Box::pin(semaphore_contended(ops))),
        "mutex/uncontended" => Timed(|ops| Box::pin(mutex_uncontended(ops))),
        "mutex/10-contenders" => Timed(|ops| Box::pin(mutex_contended(ops))),
        "rwlock/read-uncontended" => Timed(|ops| Box::pin(rwlock_read(ops))),
        "rwlock/write-uncontended" => Timed(|ops| Box::pin(rwlock_write(ops))),
        "rwlock/10-readers-2-writers" => Timed(|ops| Box::pin(rwlock_mixed(ops))),
        _ => return None,
    })
}

/// In a task: waking the body of `block_on` costs more.
async fn in_task<T: Send + 'static>(body: impl Future<Output = T> + Send + 'static) -> T {
    tokio::spawn(body).await.unwrap()
}

async fn join_all(handles: Vec<JoinHandle<()>>) {
    for handle in handles {
        handle.await.unwrap();
    }
}

async fn mpsc_bounded(ops: usize, capacity: usize, producers: usize) {
    let each = MESSAGES / producers;
    for _ in 0..ops.div_ceil(MESSAGES) {
        let (tx, mut rx) = mpsc::channel(capacity);
        for _ in 0..producers {
            let tx = tx.clone();
            tokio::spawn(async move {
                for i in 0..each {
                    tx.send(i).await.unwrap();
                }
            });
        }
        drop(tx);
        let sum = in_task(async move {
            let mut sum = 0;
            while let Some(value) = rx.recv().await {
                sum += value;
            }
            sum
        });
        assert_eq!(sum.await, producers * sum_below(each));
    }
}

async fn mpsc_unbounded(ops: usize, producers: usize) {
    let each = MESSAGES / producers;
    for _ in 0..ops.div_ceil(MESSAGES) {
        let (tx, mut rx) = mpsc::unbounded_channel();
        for _ in 0..producers {
            let tx = tx.clone();
            tokio::spawn(async move {
                for i in 0..each {
                    tx.send(i).unwrap();
                }
            });
        }
        drop(tx);
        let sum = in_task(async move {
            let mut sum = 0;
            while let Some(value) = rx.recv().await {
                sum += value;
            }
            sum
        });
        assert_eq!(sum.await, producers * sum_below(each));
    }
}

async fn oneshot_same_task(ops: usize) {
    in_task(async move {
        let mut sum = 0;
        for i in 0..ops {
            let (tx, rx) = oneshot::channel();
            tx.send(i).unwrap();
            sum += rx.await.unwrap();
        }
        assert_eq!(sum, sum_below(ops));
    })
    .await
}

type Ends = (oneshot::Sender<usize>, oneshot::Receiver<usize>);

async fn ask(pings: Vec<oneshot::Sender<usize>>, pongs: Vec<oneshot::Receiver<usize>>) -> usize {
    let mut sum = 0;
    for (i, (ping, pong)) in pings.into_iter().zip(pongs).enumerate() {
        ping.send(i).unwrap();
        sum += pong.await.unwrap();
    }
    sum
}

async fn answer(pings: Vec<oneshot::Receiver<usize>>, pongs: Vec<oneshot::Sender<usize>>) {
    for (ping, pong) in pings.into_iter().zip(pongs) {
        pong.send(ping.await.unwrap()).unwrap();
    }
}

async fn oneshot_across_tasks(ops: usize) {
    for _ in 0..ops.div_ceil(2 * ROUNDS) {
        let pairs = || (0..ROUNDS).map(|_| -> Ends { oneshot::channel() }).unzip();
        let (ping_txs, ping_rxs): (Vec<_>, Vec<_>) = pairs();
        let (pong_txs, pong_rxs): (Vec<_>, Vec<_>) = pairs();
        tokio::spawn(answer(ping_rxs, pong_txs));
        assert_eq!(in_task(ask(ping_txs, pong_rxs)).await, sum_below(ROUNDS));
    }
}

async fn request_reply(ops: usize) {
    for _ in 0..ops.div_ceil(ROUNDS) {
        let (tx, mut rx) = mpsc::channel::<(usize, oneshot::Sender<usize>)>(128);
        tokio::spawn(async move {
            while let Some((value, reply)) = rx.recv().await {
                reply.send(value).unwrap();
            }
        });
        let sum = in_task(async move {
            let mut sum = 0;
            for i in 0..ROUNDS {
                let (reply, answer) = oneshot::channel();
                tx.send((i, reply)).await.unwrap();
                sum += answer.await.unwrap();
            }
            sum
        });
        assert_eq!(sum.await, sum_below(ROUNDS));
    }
}

async fn broadcast_to(ops: usize, one_by_one: bool) {
    for _ in 0..ops.div_ceil(ROUNDS) {
        let (tx, _) = broadcast::channel(BROADCAST_CAPACITY);
        let mut handles = Vec::with_capacity(SUBSCRIBERS);
        for _ in 0..SUBSCRIBERS {
            let mut rx = tx.subscribe();
            handles.push(tokio::spawn(async move {
                let mut sum = 0;
                while let Ok(value) = rx.recv().await {
                    sum += value;
                }
                assert_eq!(sum, sum_below(ROUNDS));
            }));
        }
        handles.push(tokio::spawn(async move {
            for i in 0..ROUNDS {
                tx.send(i).unwrap();
                if one_by_one {
                    step_back().await;
                }
            }
        }));
        join_all(handles).await;
    }
}

async fn watch_all(ops: usize) {
    for _ in 0..ops.div_ceil(ROUNDS) {
        let (tx, rx) = watch::channel(0);
        let all_saw = Arc::new(Notify::new());
        let seen = Arc::new(AtomicUsize::new(0));
        let mut handles = Vec::with_capacity(WATCHERS + 1);
        for _ in 0..WATCHERS {
            let (mut rx, all_saw, seen) = (rx.clone(), all_saw.clone(), seen.clone());
            handles.push(tokio::spawn(async move {
                let mut sum = 0;
                for _ in 0..ROUNDS {
                    rx.changed().await.unwrap();
                    sum += *rx.borrow_and_update();
                    if seen.fetch_add(1, SeqCst) + 1 == WATCHERS {
                        seen.store(0, SeqCst);
                        all_saw.notify_one();
                    }
                }
                assert_eq!(sum, sum_below(ROUNDS + 1));
            }));
        }
        drop(rx);
        handles.push(tokio::spawn(async move {
            for i in 1..=ROUNDS {
                tx.send(i).unwrap();
                all_saw.notified().await;
            }
        }));
        join_all(handles).await;
    }
}

async fn notify_one(ops: usize) {
    for _ in 0..ops.div_ceil(2 * ROUNDS) {
        let ping = Arc::new(Notify::new());
        let pong = Arc::new(Notify::new());
        let other = (ping.clone(), pong.clone());
        let mut handles = Vec::with_capacity(2);
        handles.push(tokio::spawn(async move {
            for _ in 0..ROUNDS {
                other.0.notified().await;
                other.1.notify_one();
            }
        }));
        handles.push(tokio::spawn(async move {
            for _ in 0..ROUNDS {
                ping.notify_one();
                pong.notified().await;
            }
        }));
        join_all(handles).await;
    }
}

const WAKES: usize = 50;

async fn notify_many(ops: usize) {
    for _ in 0..ops.div_ceil(WAITERS * WAKES) {
        let go_on = Arc::new(Notify::new());
        let all_wait = Arc::new(Notify::new());
        let waiting = Arc::new(AtomicUsize::new(0));
        let mut handles = Vec::with_capacity(WAITERS + 1);
        for _ in 0..WAITERS {
            let (go_on, all_wait, waiting) = (go_on.clone(), all_wait.clone(), waiting.clone());
            handles.push(tokio::spawn(async move {
                for _ in 0..WAKES {
                    let next = go_on.notified(); // counts as waiting from here on
                    if waiting.fetch_add(1, SeqCst) + 1 == WAITERS {
                        waiting.store(0, SeqCst);
                        all_wait.notify_one();
                    }
                    next.await;
                }
            }));
        }
        handles.push(tokio::spawn(async move {
            for _ in 0..WAKES {
                all_wait.notified().await;
                go_on.notify_waiters();
            }
        }));
        join_all(handles).await;
    }
}

async fn semaphore_uncontended(ops: usize) {
    in_task(async move {
        let semaphore = Semaphore::new(10);
        for _ in 0..ops {
            drop(semaphore.acquire().await.unwrap());
        }
        assert_eq!(semaphore.available_permits(), 10);
    })
    .await
}

async fn semaphore_contended(ops: usize) {
    for _ in 0..ops.div_ceil(CONTENDERS * HOLDS) {
        let semaphore = Arc::new(Semaphore::new(PERMITS));
        let mut handles = Vec::with_capacity(CONTENDERS);
        for _ in 0..CONTENDERS {
            let semaphore = semaphore.clone();
            handles.push(tokio::spawn(async move {
                for _ in 0..HOLDS {
                    let permit = semaphore.acquire().await.unwrap();
                    step_back().await;
                    drop(permit);
                }
            }));
        }
        join_all(handles).await;
        assert_eq!(semaphore.available_permits(), PERMITS);
    }
}

async fn mutex_uncontended(ops: usize) {
    in_task(async move {
        let mutex = Mutex::new(0);
        for _ in 0..ops {
            *mutex.lock().await += 1;
        }
        assert_eq!(mutex.into_inner(), ops);
    })
    .await
}

async fn mutex_contended(ops: usize) {
    for _ in 0..ops.div_ceil(CONTENDERS * HOLDS) {
        let mutex = Arc::new(Mutex::new(0));
        let mut handles = Vec::with_capacity(CONTENDERS);
        for _ in 0..CONTENDERS {
            let mutex = mutex.clone();
            handles.push(tokio::spawn(async move {
                for _ in 0..HOLDS {
                    let mut guard = mutex.lock().await;
                    *guard += 1;
                    step_back().await;
                    drop(guard);
                }
            }));
        }
        join_all(handles).await;
        assert_eq!(*mutex.lock().await, CONTENDERS * HOLDS);
    }
}

async fn rwlock_read(ops: usize) {
    in_task(async move {
        let lock = RwLock::new(1);
        let mut sum = 0;
        for _ in 0..ops {
            sum += *lock.read().await;
        }
        assert_eq!(sum, ops);
    })
    .await
}

async fn rwlock_write(ops: usize) {
    in_task(async move {
        let lock = RwLock::new(0);
        for _ in 0..ops {
            *lock.write().await += 1;
        }
        assert_eq!(lock.into_inner(), ops);
    })
    .await
}

async fn rwlock_mixed(ops: usize) {
    for _ in 0..ops.div_ceil((CONTENDERS + WRITERS) * HOLDS) {
        let lock = Arc::new(RwLock::new(0));
        let mut handles = Vec::with_capacity(CONTENDERS + WRITERS);
        for _ in 0..CONTENDERS {
            let lock = lock.clone();
            handles.push(tokio::spawn(async move {
                for _ in 0..HOLDS {
                    let guard = lock.read().await;
                    let before = *guard;
                    step_back().await;
                    assert_eq!(*guard, before);
                    drop(guard);
                }
            }));
        }
        for _ in 0..WRITERS {
            let lock = lock.clone();
            handles.push(tokio::spawn(async move {
                for _ in 0..HOLDS {
                    let mut guard = lock.write().await;
                    *guard += 1;
                    step_back().await;
                    drop(guard);
                }
            }));
        }
        join_all(handles).await;
        assert_eq!(*lock.read().await, WRITERS * HOLDS);
    }
}
