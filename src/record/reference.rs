//! References to figures that have no slug: by what they are of.
//!
//! `digital-economy-value-added beijing 2025` is the figure of a metric, a place and a period; that
//! of an initiative has the initiative's slug before the period.

use std::collections::BTreeSet;

use entity::{Period, observation};
use sea_orm::{
    ConnectionTrait, Value,
    sea_query::{Expr, ExprTrait, Query},
};

use super::{Rows, Writer, row::Field};
use crate::{error::Error, query::column};

/// The table of the figures.
const OBSERVATION: &str = "observation";

impl Writer {
    /// Learns the numbers of the figures that rows name by what they are of. Those that are not
    /// there stay unknown, as unknown slugs do.
    pub(super) async fn know_figures(
        &mut self,
        columns: &[Field],
        rows: &Rows,
    ) -> Result<(), Error> {
        let is_figure = |field: &Field| matches!(field, Field::Reference { target, .. } if target == OBSERVATION);
        let Some(place) = columns.iter().position(is_figure) else { return Ok(()) };
        let fields = rows.rows.iter().filter_map(|(_, fields)| fields.get(place));
        let named: BTreeSet<&String> = fields.filter(|field| field.contains(' ')).collect();
        for name in named {
            if let Some(number) = self.figure(name).await? {
                let known = self.slugs.entry(OBSERVATION.to_owned()).or_default();
                known.insert(name.clone(), number);
            }
        }
        Ok(())
    }

    /// The number of the figure that is named by what it is of.
    async fn figure(&mut self, name: &str) -> Result<Option<i64>, Error> {
        let parts: Vec<&str> = name.split(' ').collect();
        let (metric, district, initiative, period) = match parts[..] {
            [metric, district, period] => (metric, district, None, period),
            [metric, district, initiative, period] => (metric, district, Some(initiative), period),
            _ => return Ok(None),
        };
        let metric = self.knows("metric").await?.get(metric).copied();
        let district = self.knows("district").await?.get(district).copied();
        let initiative = match initiative {
            Some(slug) => self.knows("initiative").await?.get(slug).copied(),
            None => Some(0),
        };
        let (Some(metric), Some(district), Some(initiative), Ok(period)) =
            (metric, district, initiative, period.parse::<Period>())
        else {
            return Ok(None);
        };
        let own = column::<observation::Entity>;
        let of_none = Expr::val(0_i64);
        let initiative_id = Expr::expr(sea_orm::sea_query::Func::coalesce([
            own(observation::Column::InitiativeId),
            of_none,
        ]));
        let mut figure = Query::select();
        figure
            .column(observation::Column::Id)
            .from(OBSERVATION)
            .and_where(own(observation::Column::MetricId).eq(metric))
            .and_where(own(observation::Column::DistrictId).eq(district))
            .and_where(initiative_id.eq(initiative))
            .and_where(own(observation::Column::Period).eq(Value::from(period)))
            .and_where(own(observation::Column::SupersededAt).is_null());
        let found = self.transaction.query_one(&figure).await?;
        Ok(found.map(|row| row.try_get_by_index(0)).transpose()?)
    }
}
