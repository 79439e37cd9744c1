//! What was changed, in the order in which it was.
//!
//! Figures tell it themselves, for each version is a row; of all else it is kept beside the rows.
//! Both are read in the order of an index and no further than the page goes.

use std::{cmp::Ordering, collections::HashMap, sync::Arc};

use entity::{DateTime, HIDDEN, change, observation, vocabulary::ChangeKind};
use sea_orm::{
    Order,
    sea_query::{Condition, Expr, ExprTrait, Query, SelectStatement, UnionType},
};
use serde::Deserialize;
use serde_json::Value as Json;

use super::{Page, Paged, batch::Load, column, cursor, page::Bounds, parent::ROOT};
use crate::{
    database::{Count, Database},
    error::Error,
};

/// What was changed since a moment, and which page of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Changes {
    since: Option<DateTime>,
    page: Page,
    bounds: Bounds<Place>,
}

/// Where a change stands among all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) recorded_at: DateTime,
    pub(super) kept: Kept,
    pub(super) number: i64,
}

/// Where changes are kept. Those of one write come in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(super) enum Kept {
    /// Beside the rows.
    Beside,
    /// In the rows themselves.
    Itself,
}

/// One change.
#[derive(Debug, Clone, Deserialize)]
pub struct Changed {
    /// When it was recorded.
    pub recorded_at: DateTime,
    kept: i32,
    /// What became of the row.
    pub kind: ChangeKind,
    /// The revision of the data that the write made; none where it is not kept.
    pub revision: Option<i64>,
    /// The row's table.
    pub entity: String,
    /// Its number there.
    pub row: i64,
    /// What named it: its slug, or the slugs of what it joins; a figure, what it is of.
    pub key: String,
}

/// What a cursor belongs to.
const SIGNATURE: &str = "changes";

/// The arguments that a cursor belongs to: wherever it was made, it goes on from there.
const SAME: &str = "field";

impl Changes {
    /// A page of what was changed. Fails when its cursors are none of such a page.
    pub fn new(since: Option<DateTime>, page: Page) -> Result<Self, Error> {
        Ok(Self { since, bounds: page.bounds(Place::read)?, page })
    }

    /// The question how much was changed, on all pages together.
    pub fn total(&self) -> ChangesTotal {
        ChangesTotal(self.since)
    }

    /// The cursor of a change with this number.
    pub fn cursor(number: i64, changed: &Changed) -> String {
        let place = [changed.recorded_at.to_string().into(), changed.kept.into(), number.into()];
        cursor::seal(SIGNATURE, place)
    }

    /// The cursor of a version of a figure.
    pub fn figure_cursor(row: &observation::Model) -> String {
        let place =
            [row.recorded_at.to_string().into(), (Kept::Itself as i32).into(), row.id.into()];
        cursor::seal(SIGNATURE, place)
    }

    fn statement(&self) -> SelectStatement {
        let order = || if self.page.backward { Order::Desc } else { Order::Asc };
        let page = |kept: Kept, way: Condition| {
            let rows = rows(kept, way, self.since, &self.bounds)
                .order_by("recorded_at", order())
                .order_by("number", order())
                .limit(self.page.rows(true))
                .take();
            Query::select().columns(COLUMNS).from_subquery(rows, "page").take()
        };
        let [first, others @ ..] = ways();
        let mut all = page(first.0, first.1);
        all.unions(others.map(|(kept, way)| (UnionType::All, page(kept, way))));
        let mut select = Query::select();
        select.columns(COLUMNS).from_subquery(all, "pages").limit(self.page.rows(true));
        for column in ["recorded_at", "kept", "number"] {
            select.order_by(column, order());
        }
        select
    }
}

impl Load for Changes {
    type Key = i64;
    type Value = Arc<Paged<(i64, Changed)>>;

    async fn load(
        &self,
        database: &Database,
        _: Vec<i64>,
    ) -> Result<HashMap<i64, Self::Value>, Error> {
        let rows = database.fetch::<(i64, Changed)>(&self.statement()).await?;
        Ok(HashMap::from([(ROOT, Arc::new(self.page.cut(rows)))]))
    }
}

/// How much was changed since a moment.
#[derive(Debug, PartialEq, Eq)]
pub struct ChangesTotal(Option<DateTime>);

impl Load for ChangesTotal {
    type Key = i64;
    type Value = i64;

    async fn load(&self, database: &Database, _: Vec<i64>) -> Result<HashMap<i64, i64>, Error> {
        let counts = ways().map(|(kept, way)| {
            let rows = rows(kept, way, self.0, &Bounds { after: None, before: None }).take();
            let count = Expr::cust("count(*)");
            Expr::from(Query::select().expr(count).from_subquery(rows, "rows").take())
        });
        let sum = counts.into_iter().reduce(Expr::add).unwrap_or_else(|| Expr::val(0));
        let select = Query::select().expr(Expr::val(ROOT)).expr_as(sum, "count").take();
        let counts = database.fetch::<(i64, Count)>(&select).await?;
        Ok(counts.into_iter().map(|(root, counted)| (root, counted.count)).collect())
    }
}

impl Place {
    /// The place that a cursor is of.
    pub(super) fn read(argument: &str, cursor: &str) -> Result<Self, Error> {
        let values = cursor::open(argument, cursor, SIGNATURE, SAME)?;
        let malformed = || cursor::refuse(argument, cursor, cursor::MALFORMED, SAME);
        Self::of(&values).ok_or_else(malformed)
    }

    fn of(values: &[Json]) -> Option<Self> {
        let [recorded_at, kept, number] = values else { return None };
        let recorded_at = recorded_at.as_str()?.parse().ok()?;
        let kept = match kept.as_i64()? {
            0 => Kept::Beside,
            1 => Kept::Itself,
            _ => return None,
        };
        Some(Self { recorded_at, kept, number: number.as_i64()? })
    }

    /// The rows after it, of those that are kept somewhere.
    fn after(self, kept: Kept, recorded_at: Expr, number: Expr) -> Expr {
        match kept.cmp(&self.kept) {
            Ordering::Less => recorded_at.gt(self.recorded_at),
            Ordering::Equal => Expr::tuple([recorded_at, number]).gt(self.tuple()),
            Ordering::Greater => recorded_at.gte(self.recorded_at),
        }
    }

    /// The rows before it.
    fn before(self, kept: Kept, recorded_at: Expr, number: Expr) -> Expr {
        match kept.cmp(&self.kept) {
            Ordering::Less => recorded_at.lte(self.recorded_at),
            Ordering::Equal => Expr::tuple([recorded_at, number]).lt(self.tuple()),
            Ordering::Greater => recorded_at.lt(self.recorded_at),
        }
    }

    fn tuple(self) -> Expr {
        Expr::tuple([Expr::val(self.recorded_at), Expr::val(self.number)])
    }
}

/// The columns of a change after its number.
const COLUMNS: [&str; 8] =
    ["number", "recorded_at", "kept", "kind", "revision", "entity", "row", "key"];

/// Where changes are read: an index has each by when it was recorded. What is under embargo is told
/// to nobody before its day, when it is recorded anew.
fn ways() -> [(Kept, Condition); 3] {
    let own = column::<observation::Entity>;
    let figures =
        |closed: Expr| Condition::all().add(closed).add(own(observation::Column::Embargoed).not());
    let superseded = own(observation::Column::SupersededAt);
    let beside = column::<change::Entity>;
    let others = beside(change::Column::Entity).ne("observation");
    let public = beside(change::Column::Id).lt(HIDDEN);
    [
        (Kept::Beside, Condition::all().add(others).add(public)),
        (Kept::Itself, figures(superseded.clone().is_null())),
        (Kept::Itself, figures(superseded.is_not_null())),
    ]
}

/// The changes that are kept somewhere, since a moment and between two places.
fn rows(
    kept: Kept,
    way: Condition,
    since: Option<DateTime>,
    bounds: &Bounds<Place>,
) -> SelectStatement {
    let (table, kind, revision, entity, row, key) = match kept {
        Kept::Beside => (
            "change",
            "change.kind",
            "change.revision",
            "change.entity",
            "change.row",
            "change.key",
        ),
        Kept::Itself => (
            "observation",
            "CASE WHEN retracted THEN 'REMOVED' WHEN revision = 1 THEN 'CREATED' \
             ELSE 'UPDATED' END",
            "CAST(NULL AS bigint)",
            "'observation'",
            "id",
            // As ids name figures, but for the period, which is its days.
            "metric_id || '.' || district_id || '.' || coalesce(initiative_id, 0) || '.' || period",
        ),
    };
    let recorded_at = || Expr::col((table, "recorded_at"));
    let number = || Expr::col((table, "id"));
    let sql = |text: &'static str| Expr::cust(text);
    Query::select()
        .expr_as(number(), "number")
        .expr_as(recorded_at(), "recorded_at")
        .expr_as(sql(if kept == Kept::Beside { "0" } else { "1" }), "kept")
        .expr_as(sql(kind), "kind")
        .expr_as(sql(revision), "revision")
        .expr_as(sql(entity), "entity")
        .expr_as(sql(row), "row")
        .expr_as(sql(key), "key")
        .from(table)
        .cond_where(
            way.add_option(since.map(|since| recorded_at().gt(since)))
                .add_option(bounds.after.map(|place| place.after(kept, recorded_at(), number())))
                .add_option(bounds.before.map(|place| place.before(kept, recorded_at(), number()))),
        )
        .take()
}
