//! What is measured.

use crate::{
    filter, object, order,
    query::filter::{LocalizedTextFilter, TextFilter, WordFilter},
};
use entity::vocabulary::{Accumulation, Aggregation, Measure, MetricDirection};

filter! {
    /// Which metrics.
    MetricFilter, MetricListFilter for metric {
        slug: TextFilter = Slug,
        name: LocalizedTextFilter = Name,
        description: LocalizedTextFilter = Description,
        measure: WordFilter<Measure> = Measure,
        aggregation: WordFilter<Aggregation> = Aggregation,
        accumulation: WordFilter<Accumulation> = Accumulation,
        direction: WordFilter<MetricDirection> = Direction,
    } one {
        unit: UnitFilter = UnitId of unit,
        theme: ThemeFilter = ThemeId of theme,
        base: MetricFilter = BaseId of metric,
    } many {
        derived: MetricListFilter = metric.BaseId,
        initiatives: InitiativeMetricListFilter = initiative_metric.MetricId,
        observations: ObservationListFilter = observation.MetricId,
    }
}

order! {
    MetricOrder, MetricOrderKey for metric {
        /// The slug, letter by letter.
        Slug = Column(Slug),
        /// The English name, letter by letter; null where there is none.
        Name = Text(Name),
        /// The sort of quantity, by the letters of its word.
        Measure = Column(Measure),
    }
}

object! {
    /// Something that is measured (SDMX INDICATOR). A new metric is a new row, never a new type.
    Metric of metric: MetricFilter, MetricOrder, MetricOrderKey;
    id "metric" by slug;
    text name, names: "Its name.";
    optional text description, descriptions: "What it covers and what it leaves out.";
    one unit: Unit = unit_id: "The unit of its values.";
    maybe theme: Theme = theme_id: "The theme it belongs to.";
    maybe base: Metric = base_id: "The metric it is a share, ratio, rate or growth of; null where that is not kept here.";
    many derived: Metric(MetricFilter, MetricOrder) = metric.BaseId:
        "The shares, ratios, rates and growths of this metric.";
    many initiatives: InitiativeMetric(InitiativeMetricFilter, InitiativeMetricOrder)
        = initiative_metric.MetricId:
        "The initiatives it tells about, each with the reason it stands there.";
    many observations: Observation(ObservationFilter, ObservationOrder) = observation.MetricId:
        "Its figures, the newest period first.";
    fields {
        /// What can be computed of the figures of this metric.
        async fn observation_summary(
            &self,
            #[graphql(desc = "Which figures; all when left out.")]
            filter: Option<super::ObservationFilter>,
        ) -> super::Figures {
            super::Figures::of_row(entity::observation::Column::MetricId, self.row.id, filter)
        }
    }
    root MetricQuery {
        one metric: "The metric with this slug.";
        list metrics: "All metrics.";
    }
}
