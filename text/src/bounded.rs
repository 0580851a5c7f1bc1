//! Work that is given up when it takes too much.
//!
//! A template engine counts a template's steps and the texts it makes, but not everything: a list that is joined with
//! itself is a small thing until somebody walks it. So such work gets a thread of its own, whose memory and time are
//! watched. A thread cannot be stopped from outside. One that is given up sleeps for ever from the allocation that
//! passes its bound, or runs on with the lowest priority: it keeps what it has, and its caller goes on.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::os::unix::thread::JoinHandleExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{sync_channel, RecvTimeoutError};
use std::sync::Arc;
use std::time::Duration;

/// The processor time that one piece of work may take.
const LONGEST: Duration = Duration::from_secs(3);
/// The memory that it may hold, in bytes.
const MOST: isize = 256 << 20;
/// Its stack: enough for the longest template that is one chain of operators, and for the values that a template can
/// nest. Only what is used of it becomes memory.
const STACK: usize = 512 << 20;
/// How often a longer piece of work is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// Runs `work` on a thread of its own and waits for it. Fails when it passes a bound; it is then left to itself, and
/// the caller had better not start it again.
pub fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> std::result::Result<T, Failure> {
    let full = Arc::new(AtomicBool::new(false));
    let (send, receive) = sync_channel(1);
    let watched = full.clone();
    let thread = std::thread::Builder::new()
        .stack_size(STACK)
        .spawn(move || {
            let result = counted(&watched, work);
            // Nobody listens any more when this was given up.
            let _ = send.send(result);
        })
        .map_err(|error| Failure::Other(format!("cannot start a thread: {error}")))?;
    loop {
        match receive.recv_timeout(LOOK) {
            Ok(result) => return Ok(result),
            Err(RecvTimeoutError::Disconnected) => return Err(Failure::Other("it ended without a result".to_string())),
            Err(RecvTimeoutError::Timeout) if full.load(Ordering::Relaxed) => {
                return Err(Failure::GivenUp(format!(
                    "it takes more than {} MB of memory",
                    MOST >> 20
                )));
            }
            Err(RecvTimeoutError::Timeout) if processor_time(&thread).is_some_and(|time| time > LONGEST) => {
                make_idle(&thread);
                return Err(Failure::GivenUp(format!("it takes more than {} s", LONGEST.as_secs())));
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

#[derive(Debug)]
pub enum Failure {
    /// A bound was passed, and a thread is lost.
    GivenUp(String),
    Other(String),
}

impl Failure {
    /// In words for people; `what` is the work's name.
    pub fn describe(&self, what: &str) -> String {
        let (Failure::GivenUp(why) | Failure::Other(why)) = self;
        format!("{what}: {why}")
    }
}

fn processor_time<T>(thread: &std::thread::JoinHandle<T>) -> Option<Duration> {
    // SAFETY: the thread was not joined, so that its handle is good; both functions only write what they are given.
    unsafe {
        let mut clock: libc::clockid_t = std::mem::zeroed();
        let mut time: libc::timespec = std::mem::zeroed();
        if libc::pthread_getcpuclockid(thread.as_pthread_t(), &mut clock) != 0
            || libc::clock_gettime(clock, &mut time) != 0
        {
            return None;
        }
        Some(Duration::new(time.tv_sec as u64, time.tv_nsec as u32))
    }
}

fn make_idle<T>(thread: &std::thread::JoinHandle<T>) {
    // SAFETY: as above. That it may fail changes nothing but the priority.
    unsafe {
        let parameters: libc::sched_param = std::mem::zeroed();
        libc::pthread_setschedparam(thread.as_pthread_t(), libc::SCHED_IDLE, &parameters);
    }
}

thread_local! {
    /// What this thread may still allocate, where that is counted.
    static LEFT: Cell<isize> = const { Cell::new(isize::MAX) };
    /// Where it says that there is none left.
    static FULL: Cell<*const AtomicBool> = const { Cell::new(std::ptr::null()) };
}

/// Runs `work` with this thread's memory counted.
fn counted<T>(full: &AtomicBool, work: impl FnOnce() -> T) -> T {
    FULL.set(full);
    LEFT.set(MOST);
    let result = work();
    LEFT.set(isize::MAX);
    FULL.set(std::ptr::null());
    result
}

/// The system's allocator, which counts on the threads of `run`.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

impl Counting {
    fn take(size: usize) {
        let _ = LEFT.try_with(|left| {
            let now = left.get();
            if now == isize::MAX {
                return;
            }
            left.set(now.saturating_sub_unsigned(size));
            if left.get() < 0 {
                give_up();
            }
        });
    }

    fn give_back(size: usize) {
        let _ = LEFT.try_with(|left| {
            if left.get() != isize::MAX {
                left.set(left.get().saturating_add_unsigned(size).min(isize::MAX - 1));
            }
        });
    }
}

/// Says so, and never returns: an allocator may neither fail here nor unwind.
#[cold]
fn give_up() {
    let full = FULL.get();
    // SAFETY: set by `counted`, whose `full` outlives its work, which ends here.
    if let Some(full) = unsafe { full.as_ref() } {
        full.store(true, Ordering::Relaxed);
    }
    loop {
        // SAFETY: waits for a signal; nothing is touched.
        unsafe { libc::pause() };
    }
}

// SAFETY: everything is the system allocator's work; counting touches no memory of it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Counting::take(layout.size());
        unsafe { System.alloc(layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        Counting::take(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        Counting::give_back(layout.size());
        unsafe { System.dealloc(memory, layout) }
    }
    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // A moved block is there twice for a while.
        Counting::take(size);
        Counting::give_back(layout.size());
        unsafe { System.realloc(memory, layout, size) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_within_its_bounds_gives_its_result() {
        assert_eq!(run(|| vec![1u8; 200 << 20].len()).expect("enough memory"), 200 << 20);
        // What was freed may be allocated again.
        let again = run(|| (0..10).map(|_| vec![1u8; 100 << 20].len()).sum::<usize>());
        assert_eq!(again.expect("enough memory"), 10 * (100 << 20));
    }

    #[test]
    fn work_beyond_its_bounds_is_given_up() {
        let memory = run(|| (0..20).map(|_| vec![1u8; 50 << 20]).collect::<Vec<_>>().len());
        assert!(matches!(memory, Err(Failure::GivenUp(why)) if why.contains("256 MB")));
        let time = run(|| (0u64..).map(std::hint::black_box).find(|n| *n == u64::MAX));
        assert!(matches!(time, Err(Failure::GivenUp(why)) if why.contains("3 s")));
    }

    #[test]
    fn a_panic_is_a_failure() {
        assert!(matches!(
            run(|| assert_eq!(std::hint::black_box(1), 2)),
            Err(Failure::Other(_))
        ));
    }
}
