//! References to figures: by what they are of, in slugs, and by their ids.
//!
//! `digital-economy-value-added beijing 2025` is the figure of a metric, a place and a period; that
//! of an initiative has the initiative's slug before the period. An id names the figure, whichever
//! version is in force, or one version.

use std::collections::{BTreeSet, HashMap};

use entity::{Period, observation};
use sea_orm::{
    ConnectionTrait, FromQueryResult, Value,
    sea_query::{Expr, ExprTrait, Query},
};

use super::{CHUNK, Current, Problem, Rows, Writer, problem, row::Field};
use crate::{
    error::Error,
    identity::{FIGURE, Id},
    query::{column, figure::Place, single_version},
};

/// What stands for a figure that an id names.
#[derive(Debug)]
pub(super) struct Meant {
    in_force: Option<i64>,
    waiting: Option<i64>,
    /// Why the version that it names is not to be changed any more.
    superseded: Problem,
}

impl Meant {
    /// The number of the version to be changed: the one that insiders see.
    pub(super) fn to_change(&self) -> Result<i64, Problem> {
        self.one(self.waiting.or(self.in_force))
    }

    /// The number of the version that others refer to.
    pub(super) fn to_refer_to(&self) -> Result<i64, Problem> {
        self.one(self.in_force.or(self.waiting))
    }

    fn one(&self, number: Option<i64>) -> Result<i64, Problem> {
        number.ok_or_else(|| self.superseded.clone())
    }
}

impl Writer {
    /// Learns the numbers of the figures that rows name by what they are of. Those that are not
    /// there stay unknown, as unknown slugs do.
    pub(super) async fn know_figures(
        &mut self,
        columns: &[Field],
        rows: &Rows,
    ) -> Result<(), Error> {
        let is_figure =
            |field: &Field| matches!(field, Field::Reference { target, .. } if target == FIGURE);
        let Some(place) = columns.iter().position(is_figure) else { return Ok(()) };
        let fields = || rows.rows.iter().filter_map(|(_, fields)| fields.get(place));
        self.know_figure_ids(fields()).await?;
        let named: BTreeSet<&String> = fields().filter(|field| field.contains(' ')).collect();
        for name in named {
            if let Some(number) = self.figure(name).await? {
                let known = self.slugs.entry(FIGURE.to_owned()).or_default();
                known.insert(name.clone(), number);
            }
        }
        Ok(())
    }

    /// Learns what stands for the figures that ids name. Ids of figures that are not there stay
    /// unknown.
    pub(super) async fn know_figure_ids(
        &mut self,
        texts: impl Iterator<Item = &String>,
    ) -> Result<(), Error> {
        self.figures.clear();
        let read = |text: &String| {
            let id = Id::parse(text).filter(|id| id.kind == FIGURE && !id.is_past())?;
            Some((text.clone(), id.figure()?, id))
        };
        let ids: Vec<(String, Place, Id)> = texts.filter_map(read).collect();
        let places: BTreeSet<&Place> = ids.iter().map(|(_, place, _)| place).collect();
        let standing = self.standing(places.into_iter().cloned().collect()).await?;
        for (text, place, id) in ids {
            let versions = standing.get(&place).map(Vec::as_slice).unwrap_or_default();
            let named = |row: &&observation::Model| {
                id.state.is_none() || id.version() == Some((row.revision, row.recorded_at))
            };
            let one = |embargoed: bool| {
                let mut versions = versions.iter().filter(named);
                versions.find(|row| row.embargoed == embargoed).map(|row| row.id)
            };
            let (in_force, waiting) = (one(false), one(true));
            if id.state.is_none() && versions.is_empty() {
                continue;
            }
            let superseded = problem::superseded(current(versions));
            self.figures.insert(text, Meant { in_force, waiting, superseded });
        }
        Ok(())
    }

    /// What stands for a figure now, as clients know it.
    pub(super) async fn standing_for(&self, place: &Place) -> Result<Option<Current>, Error> {
        let standing = self.standing(vec![place.clone()]).await?;
        Ok(standing.get(place).and_then(|versions| current(versions)))
    }

    /// The versions that stand for figures now: those in force, and those that wait for their day.
    async fn standing(
        &self,
        places: Vec<Place>,
    ) -> Result<HashMap<Place, Vec<observation::Model>>, Error> {
        let mut found: HashMap<Place, Vec<observation::Model>> = HashMap::new();
        for places in places.chunks(CHUNK) {
            let rows = single_version::standing(self.backend(), places)?;
            for row in self.transaction.query_all(&rows).await? {
                let row = observation::Model::from_query_result(&row, "")?;
                found.entry(Place::of(&row)).or_default().push(row);
            }
        }
        Ok(found)
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
            .from(FIGURE)
            .and_where(own(observation::Column::MetricId).eq(metric))
            .and_where(own(observation::Column::DistrictId).eq(district))
            .and_where(initiative_id.eq(initiative))
            .and_where(own(observation::Column::Period).eq(Value::from(period)))
            .and_where(own(observation::Column::SupersededAt).is_null());
        let found = self.transaction.query_one(&figure).await?;
        Ok(found.map(|row| row.try_get_by_index(0)).transpose()?)
    }
}

/// Which of the versions that stand for a figure insiders see.
fn current(versions: &[observation::Model]) -> Option<Current> {
    let row = versions.iter().max_by_key(|row| row.embargoed)?;
    Some(Current { id: Id::of_figure(&Place::of(row)).to_string(), revision: row.revision })
}
