//! Every table rows can be written to.

/// Hands every table rows can be written to, each after those it refers to, to the macro `to`:
/// where its rows stand among results of a search that fit alike, a number of its own that never
/// changes, since the index keeps it; and what names a row that has no slug. Rows of `observation`
/// have versions; those of all others are changed in place.
#[macro_export]
macro_rules! tables {
    ($to:ident $($given:tt)*) => {
        $to! {
            [$($given)*]
            source 80,
            unit 60,
            theme 20,
            district 10,
            organization 30,
            initiative 40,
            initiative_organization 110 by ["initiative_id", "organization_id", "role"],
            metric 50,
            initiative_metric 100 by ["initiative_id", "metric_id"],
            observation 90,
            claim 70,
        }
    };
}
