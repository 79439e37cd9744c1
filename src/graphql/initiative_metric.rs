//! Which metrics tell about which initiatives.

use super::input::LocalizedTextInput;
use crate::{filter, object, order, query::filter::WordFilter};
use async_graphql::ID;
use entity::vocabulary::MetricBasis;

filter! {
    /// Which links between initiatives and metrics.
    InitiativeMetricFilter, InitiativeMetricListFilter for initiative_metric {
        basis: WordFilter<MetricBasis> = Basis,
    } one {
        initiative: InitiativeFilter = InitiativeId of initiative,
        metric: MetricFilter = MetricId of metric,
    }
}

order! {
    InitiativeMetricOrder, InitiativeMetricOrderKey for initiative_metric {
        /// The basis, by the letters of its word: CONTEXT before STATED.
        Basis = Column(Basis),
        /// The title of the initiative, as its language orders it; null where there is none.
        InitiativeTitle = Text(Title) of initiative by InitiativeId,
        /// The name of the metric, as its language orders it; null where there is none.
        MetricName = Text(Name) of metric by MetricId,
    }
}

object! {
    /// A metric that tells about an initiative, and why it does.
    InitiativeMetric of initiative_metric:
        InitiativeMetricFilter, InitiativeMetricOrder, InitiativeMetricOrderKey;
    id "initiativeMetric";
    optional text note, notes: "What a reader should know about the link.";
    one initiative: Initiative = initiative_id: "The initiative.";
    one metric: Metric = metric_id: "The metric.";
}

crate::mutations! {
    InitiativeMetric of initiative_metric, "a metric beside an initiative", "metrics beside initiatives";
    required {
        metric: ID,
        basis: MetricBasis,
    }
    optional {
        initiative: ID,
        note: Vec<LocalizedTextInput>,
    }
}
