//! Numbers that the server computed.

use std::{ops::Range, sync::Arc};

use async_graphql::{Context, Object, Result};
use entity::{Decimal, observation, vocabulary::Comparator};

use super::{
    Ask, Observation, ObservationFilter, Unit,
    expected::{Expected, count},
    lookup::reference,
};
use crate::{
    arithmetic::{Quantity, Reason, Uncomputed},
    error::Error,
    graphql::Node,
    query::{ColumnSet, Key, Limits, List, Page, Parent, View, filter::Comparison},
};

/// A number that the server computed from figures, or the reason why there is none.
#[derive(Clone)]
pub struct Computed {
    result: Result<Quantity, Uncomputed>,
    unit: Option<i64>,
    inputs: Inputs,
    beside: Option<Beside>,
    view: View,
}

/// What must be said beside a number.
#[derive(Clone)]
pub enum Beside {
    /// It is of figures that do not belong together, or some of them have no value.
    Remark(Uncomputed),
    /// How many figures it would rest on if none were missing.
    Expected(Arc<Expected>),
}

/// The figures a number was computed from.
#[derive(Clone)]
pub enum Inputs {
    /// They are at hand.
    Rows(Vec<Arc<observation::Model>>),
    /// They are some of these, which others share.
    Part(Arc<[Arc<observation::Model>]>, Range<usize>),
    /// They are the rows with a value of a list that is still to be read: of a parent, its key, a
    /// filter.
    Listed(Parent<observation::Column>, Key, Option<Arc<ObservationFilter>>),
}

impl Computed {
    /// What came of a computation: in the unit with this number, from these figures, seen from
    /// somewhere.
    pub fn new(
        result: Result<Quantity, Uncomputed>,
        unit: Option<i64>,
        inputs: Vec<Arc<observation::Model>>,
        view: View,
    ) -> Self {
        Self::over(result, unit, Inputs::Rows(inputs), view)
    }

    /// The same from the figures of a list.
    pub fn over(
        result: Result<Quantity, Uncomputed>,
        unit: Option<i64>,
        inputs: Inputs,
        view: View,
    ) -> Self {
        // Of a number that no Decimal holds there is no value, nor anything to say of it.
        let result = result.and_then(|quantity| quantity.decimal().map(|_| quantity));
        Self { result, unit, inputs, beside: None, view }
    }

    /// The same with what must be said beside it.
    pub(super) fn beside(self, beside: Option<Beside>) -> Self {
        Self { beside, ..self }
    }

    /// Why there is no value, or what must be said beside it.
    async fn remark(&self, ctx: &Context<'_>) -> Result<Option<Uncomputed>> {
        match (&self.result, &self.beside) {
            (Err(why), _) | (Ok(_), Some(Beside::Remark(why))) => Ok(Some(why.clone())),
            (Ok(_), Some(Beside::Expected(expected))) => expected.missing(ctx).await,
            (Ok(_), None) => Ok(None),
        }
    }

    fn expected(&self) -> Option<&Expected> {
        match (&self.result, &self.beside) {
            (Ok(_), Some(Beside::Expected(expected))) => Some(expected),
            _ => None,
        }
    }
}

/// A number that the server computed from figures, and how exactly it is known; or the reason why
/// there is none.
#[Object]
impl Computed {
    /// The number. Sums and differences are exact; quotients and roots are rounded half to even to
    /// 15 significant digits. Null where it could not be computed: `reason` says why.
    async fn value(
        &self,
        #[graphql(
            desc = "Round it, half to even, to this many digits after the point: from 0 to 28. Not rounded any further when left out."
        )]
        decimals: Option<i32>,
    ) -> Option<Result<Decimal>> {
        let quantity = self.result.as_ref().ok()?;
        let value = match decimals {
            None => quantity.decimal(),
            Some(decimals) => match u32::try_from(decimals).ok().filter(|wanted| *wanted <= 28) {
                Some(wanted) => quantity.to_decimals(wanted).decimal(),
                None => {
                    return Some(Err(Error::input(format!(
                        "`decimals` is {decimals}, but must be from 0 to 28"
                    ))
                    .into()));
                }
            },
        };
        value.ok().map(Ok)
    }

    /// How the true figure relates to `value`. A sum or mean is bounded as its figures are, where
    /// all lie on one side: of "more than 2" and 3 the sum is MORE_THAN 5. So is a least, greatest or
    /// middle figure, but not strictly: AT_LEAST or AT_MOST, whichever of the figures is the bound.
    /// The spread of bounds is UNKNOWN, and so are the difference and the quotient of two. A figure
    /// that is divided by a bound is bounded from the other side, for a divisor is taken to have the
    /// sign of its value; zero divided by it is zero. What is ABOUT or exact alone is ABOUT
    /// throughout. Null where there is no value.
    async fn comparator(&self) -> Option<Comparator> {
        self.result.as_ref().ok().map(|quantity| quantity.comparator)
    }

    /// Whether `value` is the result digit for digit; false where it had to be rounded. Null where
    /// there is no value.
    async fn exact(&self) -> Option<bool> {
        self.result.as_ref().ok().map(|quantity| quantity.exact)
    }

    /// The unit of `value`; null for numbers without one (a percentage, percentage points, an
    /// index), and where there is no value.
    async fn unit(&self, ctx: &Context<'_>) -> Option<Result<Unit>> {
        self.result.as_ref().ok()?;
        Some(reference(ctx, self.unit?, self.view).await)
    }

    /// Why there is no value; or, beside a value, what should be known of it: INCOMPLETE where
    /// figures are missing, OVERLAP or UNLIKE_METRICS where it was asked for of figures that do not
    /// belong together. Null where there is nothing to say.
    async fn reason(&self, ctx: &Context<'_>) -> Option<Result<Reason>> {
        self.remark(ctx).await.map(|why| why.map(|why| why.reason)).transpose()
    }

    /// The same in a sentence that names what is in the way, and what mends it.
    async fn explanation(&self, ctx: &Context<'_>) -> Option<Result<String>> {
        self.remark(ctx).await.map(|why| why.map(|why| why.explanation)).transpose()
    }

    /// Of how many figures it was computed; only where `expected` says how many there would be.
    async fn present(&self) -> Option<Result<i32>> {
        Some(count(self.expected()?.present()))
    }

    /// How many figures with a value there would be if none were missing: the places that the
    /// metric has figures of (or the initiatives, where it is theirs), times the periods that it has
    /// figures of, both as far as they were asked for, and periods as long as those found; of ranges,
    /// those found, for every place. Figures that are not there at all are missing as those are that
    /// are marked so. Null where the value is null, or computed of no set of figures; where figures of
    /// different metrics or overlapping ones were mixed; where they were asked for by more than their
    /// metric, place, initiative and period, such as what their value is (that there be one is no
    /// matter): those left out are not missing then; and where one `or` or `not` is about both places
    /// and periods.
    #[graphql(name = "expected")]
    async fn expected_count(&self, ctx: &Context<'_>) -> Option<Result<i32>> {
        Some(self.expected()?.count(ctx).await.and_then(count))
    }

    /// The figures it was computed from, and through them their sources; those of many by their
    /// periods, the newest first.
    async fn inputs(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "How many, at most: from 1 to the server's limit for pages (1000 unless configured); 50 unless configured when left out."
        )]
        first: Option<i32>,
    ) -> Option<Result<Vec<Observation>>> {
        let inputs = async {
            let page = Page::new(ctx.data::<Limits>()?, first, None, None, None)?;
            let rows = match &self.inputs {
                Inputs::Rows(rows) => rows.iter().take(page.limit as usize).cloned().collect(),
                Inputs::Part(rows, part) => {
                    rows[part.clone()].iter().take(page.limit as usize).cloned().collect()
                }
                Inputs::Listed(parent, key, filter) => {
                    let present = ObservationFilter {
                        value: Some(Comparison::present()),
                        and: filter.as_deref().map(|filter| vec![filter.clone()]),
                        ..ObservationFilter::default()
                    };
                    let parent = parent.clone();
                    let list = List::<observation::Entity>::new(
                        self.view,
                        parent,
                        Some(present.into()),
                        None,
                        page,
                    )?;
                    list.want(ColumnSet::all::<observation::Entity>());
                    let found = ctx.batch()?.load(Arc::new(list), key.clone()).await?;
                    found.map(|page| page.models()).transpose()?.unwrap_or_default()
                }
            };
            Ok(rows.into_iter().map(|row| Observation::new(row, self.view)).collect())
        };
        Some(inputs.await)
    }
}
