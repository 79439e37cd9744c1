//! Orders as SQL sees them, and the rows from a place in one on.

use sea_orm::{
    Value,
    sea_query::{Condition, Expr, ExprTrait, SelectStatement},
};

use super::{Direction, Nulls, page::Bounds};

/// One step of an order as SQL sees it.
#[derive(Debug, Clone)]
pub(super) struct Term {
    pub(super) expr: Expr,
    pub(super) direction: Direction,
    /// Where nulls go, for a term that can be null.
    pub(super) nulls: Option<Nulls>,
    /// The type PostgreSQL has to be told for a value that is compared with it.
    pub(super) cast: Option<&'static str>,
}

impl Term {
    fn reversed(&self) -> Self {
        Self {
            expr: self.expr.clone(),
            direction: self.direction.reversed(),
            nulls: self.nulls.map(Nulls::reversed),
            cast: self.cast,
        }
    }

    fn literal(&self, value: &Value) -> Expr {
        match self.cast {
            Some(kind) => Expr::val(value.clone()).cast_as(kind),
            None => Expr::val(value.clone()),
        }
    }

    /// The rows strictly after the value in this order.
    pub(super) fn after(&self, value: &Value) -> Expr {
        let expr = self.expr.clone();
        match (self.nulls, is_null(value)) {
            (Some(Nulls::First), true) => expr.is_not_null(),
            (_, true) => Expr::val(1).eq(0),
            (Some(Nulls::Last), false) => self.beyond(value).or(expr.is_null()),
            (_, false) => self.beyond(value),
        }
    }

    /// The rows that have the value.
    pub(super) fn same(&self, value: &Value) -> Expr {
        if is_null(value) {
            self.expr.clone().is_null()
        } else {
            self.expr.clone().eq(self.literal(value))
        }
    }

    /// The rows that come after all those like the value, being null where it is not or the other
    /// way round.
    pub(super) fn rest(&self, value: &Value) -> Option<Expr> {
        match (self.nulls?, is_null(value)) {
            (Nulls::Last, false) => Some(self.expr.clone().is_null()),
            (Nulls::First, true) => Some(self.expr.clone().is_not_null()),
            _ => None,
        }
    }

    fn beyond(&self, value: &Value) -> Expr {
        match self.direction {
            Direction::Asc => self.expr.clone().gt(self.literal(value)),
            Direction::Desc => self.expr.clone().lt(self.literal(value)),
        }
    }
}

/// The rows from a place in the order on, but for nulls of its first term, as one comparison that
/// an index can seek to: of the first term and of those after it that run the same way and are
/// never null. There is none from a null.
pub(super) fn seek(terms: &[Term], values: &[Value]) -> Option<Expr> {
    let first = terms.first()?;
    if values.first().is_none_or(is_null) {
        return None;
    }
    let alike = |term: &&Term| term.nulls.is_none() && term.direction == first.direction;
    let length = 1 + terms.iter().skip(1).take_while(alike).count();
    let row = Expr::tuple(terms.iter().take(length).map(|term| term.expr.clone()));
    let from = Expr::tuple(values.iter().take(length).cloned().map(Expr::val));
    Some(match first.direction {
        Direction::Asc => row.gte(from),
        Direction::Desc => row.lte(from),
    })
}

/// The rows strictly after a place in the order: after it in the first term, or level with it
/// there and after it in the second, and so on.
pub(super) fn beyond(terms: &[Term], values: &[Value]) -> Condition {
    let mut any = Condition::any();
    let mut level = Condition::all();
    for (term, value) in terms.iter().zip(values) {
        any = any.add(level.clone().add(term.after(value)));
        level = level.add(term.same(value));
    }
    Condition::all().add(any)
}

/// The rows strictly between two places in the order.
pub(super) fn between(terms: &[Term], bounds: &Bounds<Vec<Value>>) -> Condition {
    let after = bounds.after.as_ref().map(|values| beyond(terms, values));
    let before = bounds.before.as_ref().map(|values| beyond(&reversed(terms), values));
    Condition::all().add_option(after).add_option(before)
}

/// The same order from its end.
pub(super) fn reversed(terms: &[Term]) -> Vec<Term> {
    terms.iter().map(Term::reversed).collect()
}

/// Orders a statement.
pub(super) fn ordered(select: &mut SelectStatement, terms: &[Term]) {
    for term in terms {
        let (expr, direction) = (term.expr.clone(), term.direction.into());
        match term.nulls {
            Some(nulls) => select.order_by_expr_with_nulls(expr, direction, nulls.into()),
            None => select.order_by_expr(expr, direction),
        };
    }
}

/// Whether a value is null, whatever its type.
fn is_null(value: &Value) -> bool {
    *value == value.as_null()
}
