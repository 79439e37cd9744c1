//! Caches that are bounded by the bytes they hold.

use std::{borrow::Borrow, hash::Hash};

use moka::sync::Cache;

/// How many bytes an entry takes beside its key and its value: its place in the table, in the order
/// of use, what is counted of it, and what allocations are rounded up by. Estimated from the
/// structures of the cache, on the high side.
const ENTRY: usize = 600;

/// A cache that never holds more than so many bytes, with everything that belongs to its entries.
pub struct Bounded<K, V>(Cache<K, V>);

impl<K, V> Bounded<K, V>
where
    K: Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// An empty one; none where it could hold nothing. `size` says how many bytes a key and its
    /// value have on the heap.
    pub fn new(bytes: u64, size: impl Fn(&K, &V) -> usize + Send + Sync + 'static) -> Option<Self> {
        let weigh = move |key: &K, value: &V| {
            u32::try_from(size(key, value).saturating_add(ENTRY)).unwrap_or(u32::MAX)
        };
        (bytes > 0).then(|| Self(Cache::builder().max_capacity(bytes).weigher(weigh).build()))
    }

    /// What is kept under a key.
    pub fn get<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.0.get(key)
    }

    /// Keeps something, as far as there is room.
    pub fn insert(&self, key: K, value: V) {
        self.0.insert(key, value);
        self.0.run_pending_tasks();
    }

    /// What is kept under a key, or else is made, once for all who ask for it meanwhile.
    pub fn get_or_insert_with<Q>(&self, key: &Q, make: impl FnOnce() -> V) -> V
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = K> + ?Sized,
    {
        let entry = self.0.entry_by_ref(key).or_insert_with(make);
        if entry.is_fresh() {
            // What there is no room for goes at once, not some hundred entries later.
            self.0.run_pending_tasks();
        }
        entry.into_value()
    }

    /// How many bytes it holds.
    pub fn bytes(&self) -> u64 {
        self.0.run_pending_tasks();
        self.0.weighted_size()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_that_are_all_different_never_take_more_than_there_is_room_for() {
        const ROOM: u64 = 100_000;
        assert!(Bounded::<String, String>::new(0, |_, _| 0).is_none());
        let cache = Bounded::new(ROOM, |key: &String, text: &String| key.len() + text.len());
        let cache = cache.unwrap();
        for number in 0..10_000_usize {
            cache.insert(number.to_string(), "a".repeat(number % 50));
            assert!(cache.bytes() <= ROOM, "{number}: {}", cache.bytes());
        }
        assert!(cache.bytes() > ROOM / 2, "{}", cache.bytes());
        let made = || "a".to_owned();
        for number in 0..1000_usize {
            assert_eq!(cache.get_or_insert_with(format!("b{number}").as_str(), made), "a");
            assert!(cache.bytes() <= ROOM, "{number}: {}", cache.bytes());
        }
    }
}
