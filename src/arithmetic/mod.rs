//! Honest arithmetic: exact decimals, bounds that stay bounds, and a reason where there is no
//! number.
//!
//! - Sums, differences and products are exact. Divisions and roots are rounded half to even, to
//!   [`DIGITS`] significant digits, at the very end and nowhere before.
//! - Every result says by its comparator how the true figure relates to it.
//! - What cannot be computed is an [`Uncomputed`] with its reason, never a zero.
//!
//! Nothing here reads a database.

mod bound;
mod change;
pub mod mixture;
mod quantity;
mod reason;

pub use bound::reach;
pub use change::{Growth, change, change_to_itself, growth_rate, ratio, ratio_to_itself};
pub use quantity::{DIGITS, Number, Quantity, number};
pub use reason::{Reason, Uncomputed};
