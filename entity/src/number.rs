//! The numbers of rows. They stand in cursors, so they tell how many rows there are.

/// The first number of rows that not everybody may see: of figures under embargo, of claims about
/// them, and of what became of such claims. All other rows are numbered by themselves, so their
/// numbers tell nothing of these. The index of `search` has room for numbers of 40 bits.
pub const HIDDEN: i64 = 1 << 39;
