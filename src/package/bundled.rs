//! The package in the binary: Beijing's digital economy in 2025.

use include_dir::{Dir, include_dir};

use super::Package;
use crate::error::Error;

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/data/beijing-digital-economy-2025");

/// Reads the package in the binary.
pub fn package() -> Result<Package, Error> {
    Package::read(|name| FILES.get_file(name).map(include_dir::File::contents))
}
