//! One async function per case, in a module per area. Each does `ops` operations, rounded up to whole batches.

mod core;
mod macros;
mod net;
mod sync;
mod time;

use crate::{Driver, Flavor};
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
    pub driver: Driver,
}

pub fn find(name: &str, flavor: Flavor) -> Option<Case> {
    // Before 1.26 a waiter that comes back while another thread is in `notify_waiters` may be woken twice by it.
    if name == "notify/many" && flavor == Flavor::MultiThread {
        return None;
    }
    let with = |driver| move |run| Case { run, driver };
    core::find(name)
        .or_else(|| sync::find(name))
        .or_else(|| macros::find(name))
        .map(with(Driver::None))
        .or_else(|| time::find(name).or_else(|| macros::find_with_timers(name)).map(with(Driver::Time)))
        .or_else(|| net::find(name).map(with(Driver::Io)))
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

/// What all threads of the process have used.
fn cpu_ns() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call writes to `time` alone, which outlives it.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    assert_eq!(failed, 0);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}
