//! The table, as it is printed.

use std::path::{Path, PathBuf};

use crate::measure::Measured;

/// What stands above the columns, of the servers that are measured.
pub(crate) fn header(servers: &[PathBuf]) {
    for (number, program) in servers.iter().enumerate().skip(1) {
        println!("other {number}: {}", program.display());
    }
    print!(
        "{:<22} {:>4} {:>9} {:>9}  {:>8} {:>8} {:>6}  {:>9} {:>9} {:>6}",
        "", "SQL", "p50 µs", "by hand", "/s", "by hand", "ratio", "CPU µs", "by hand", "ratio"
    );
    for number in 1..servers.len() {
        let name = format!("other {number} /s");
        print!("  | {name:>10} {:>6} {:>9} {:>6}", "ratio", "CPU µs", "ratio");
    }
    println!();
}

/// A line: first of what is measured is what the others are compared with.
pub(crate) fn line(name: &str, statements: &str, measured: &[Measured]) {
    let [hand, ours, others @ ..] = measured else { return };
    print!(
        "{name:<22} {statements:>4} {:>9.0} {:>9.0}  {:>8.0} {:>8.0} {:>6.2}  {:>9.1} {:>9.1} \
         {:>6.2}",
        ours.latency,
        hand.latency,
        ours.per_second,
        hand.per_second,
        ours.per_second / hand.per_second,
        ours.processor,
        hand.processor,
        ours.processor / hand.processor
    );
    for other in others {
        print!(
            "  | {:>10.0} {:>6.2} {:>9.1} {:>6.2}",
            other.per_second,
            other.per_second / hand.per_second,
            other.processor,
            other.processor / hand.processor
        );
    }
    println!();
}

/// What stands before a line about one server: nothing, where there is only one.
pub(crate) fn which(servers: &[PathBuf], program: &Path) -> String {
    match servers.iter().position(|server| server == program) {
        Some(0) | None => String::new(),
        Some(number) => format!("other {number}: "),
    }
}

/// Bytes as millions of them.
pub(crate) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
