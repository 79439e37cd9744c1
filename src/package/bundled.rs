//! The package in the binary: Beijing's digital economy in 2025.

use include_dir::{Dir, include_dir};

use super::Package;
use crate::error::Error;

/// What a database begins with.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Database")]
#[group(skip)]
pub struct Options {
    /// Whether `serve` loads the bundled sample, Beijing's digital economy in 2025, into a database
    /// that is empty [default: true for the one that it makes where none is named, else false]
    #[arg(long, env = "HUTONG_SAMPLE", value_name = "BOOL", global = true)]
    #[arg(num_args = 0..=1, default_missing_value = "true")]
    pub sample: Option<bool>,
}

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/data/beijing-digital-economy-2025");

/// Reads the package in the binary.
pub fn package() -> Result<Package, Error> {
    Package::read(|name| FILES.get_file(name).map(include_dir::File::contents))
}
