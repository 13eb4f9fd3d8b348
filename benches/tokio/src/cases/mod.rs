//! One async function per case, in a module per area. Each does `ops` operations, rounded up to whole batches.

mod core;
mod macros;
mod sync;
mod time;

use crate::Flavor;
use std::future::{poll_fn, Future};
use std::pin::Pin;
use std::task::Poll;

pub type Body<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Metric name to value, as the case declares them.
pub type Metrics = Vec<(&'static str, f64)>;

#[derive(Clone, Copy)]
pub enum Run {
    /// The process around it takes the time.
    Timed(fn(usize) -> Body<()>),
    /// It takes its own measures.
    Measured(fn(usize) -> Body<Metrics>),
    /// It builds its own runtime too. Given 0 operations it only says whether it can.
    Alone(fn(Flavor, usize) -> Result<Metrics, String>),
}

#[derive(Clone, Copy)]
pub struct Case {
    pub run: Run,
    /// Whether `current_thread` needs the time driver for it.
    pub timers: bool,
}

pub fn find(name: &str, flavor: Flavor) -> Option<Case> {
    // Before 1.26 a waiter that comes back while another thread is in `notify_waiters` may be woken twice by it.
    if name == "notify/many" && flavor == Flavor::MultiThread {
        return None;
    }
    let without = |run| Case { run, timers: false };
    let with = |run| Case { run, timers: true };
    core::find(name)
        .or_else(|| sync::find(name))
        .or_else(|| macros::find(name))
        .map(without)
        .or_else(|| time::find(name).or_else(|| macros::find_with_timers(name)).map(with))
}

/// Goes behind the tasks that are ready now. `task::yield_now` waits for a turn of the drivers too, which costs it
/// several times as much.
fn step_back() -> impl Future<Output = ()> {
    let mut woken = false;
    poll_fn(move |cx| {
        if woken {
            return Poll::Ready(());
        }
        woken = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
}

/// The sum of 0 to `count` - 1.
fn sum_below(count: usize) -> usize {
    count * (count - 1) / 2
}
