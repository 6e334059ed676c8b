//! CPU time as what is measured: all threads of this process, so that a busy machine changes little.

use criterion::Throughput;
use criterion::measurement::{Measurement, ValueFormatter};

/// Measures the CPU time of this process.
pub struct CpuTime;

/// The CPU time that this process has used so far, all threads together, in nanoseconds.
pub fn used() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    u64::try_from(time.tv_sec * 1_000_000_000 + time.tv_nsec).unwrap()
}

/// The CPU time of one call, in nanoseconds, over so many.
pub fn of_one(calls: u32, mut call: impl FnMut()) -> f64 {
    let before = used();
    for _ in 0..calls {
        call();
    }
    (used() - before) as f64 / f64::from(calls)
}

/// The middle one of the values.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

impl Measurement for CpuTime {
    type Intermediate = u64;
    type Value = u64;

    fn start(&self) -> u64 {
        used()
    }

    fn end(&self, start: u64) -> u64 {
        used() - start
    }

    fn add(&self, a: &u64, b: &u64) -> u64 {
        a + b
    }

    fn zero(&self) -> u64 {
        0
    }

    fn to_f64(&self, value: &u64) -> f64 {
        *value as f64
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        &Microseconds
    }
}

struct Microseconds;

impl ValueFormatter for Microseconds {
    fn scale_values(&self, _typical: f64, values: &mut [f64]) -> &'static str {
        values.iter_mut().for_each(|value| *value /= 1000.0);
        "µs of CPU"
    }

    fn scale_throughputs(&self, _typical: f64, _throughput: &Throughput, _values: &mut [f64]) -> &'static str {
        ""
    }

    fn scale_for_machines(&self, _values: &mut [f64]) -> &'static str {
        "ns of CPU"
    }
}
