//! The schema: one file a topic, in one order: filter, order, object, relations, root fields.

/// Every topic, one line each: its file, its object, the object's filters and order, and the fields
/// of the root where it has some. `topics!(x)` hands the lines to the macro `x`.
macro_rules! topics {
    ($to:ident) => {
        $to! {
            district: District, DistrictFilter, DistrictListFilter, DistrictOrder, DistrictQuery;
            theme: Theme, ThemeFilter, ThemeListFilter, ThemeOrder, ThemeQuery;
            organization: Organization, OrganizationFilter, OrganizationListFilter, OrganizationOrder, OrganizationQuery;
            initiative: Initiative, InitiativeFilter, InitiativeListFilter, InitiativeOrder, InitiativeQuery;
            initiative_organization:
                InitiativeOrganization, InitiativeOrganizationFilter, InitiativeOrganizationListFilter, InitiativeOrganizationOrder;
            initiative_metric: InitiativeMetric, InitiativeMetricFilter, InitiativeMetricListFilter, InitiativeMetricOrder;
            claim: Claim, ClaimFilter, ClaimListFilter, ClaimOrder, ClaimQuery;
            metric: Metric, MetricFilter, MetricListFilter, MetricOrder, MetricQuery;
            unit: Unit, UnitFilter, UnitListFilter, UnitOrder, UnitQuery;
            source: Source, SourceFilter, SourceListFilter, SourceOrder, SourceQuery;
            observation: Observation, ObservationFilter, ObservationListFilter, ObservationOrder, ObservationQuery;
        }
    };
}

pub mod change;
pub mod claim;
pub mod compare;
pub mod computed;
pub mod connection;
pub mod dataset;
pub mod district;
pub mod error;
pub mod group;
pub mod group_key;
pub mod guard;
pub mod initiative;
pub mod initiative_metric;
pub mod initiative_organization;
pub mod language;
pub mod metric;
pub mod node;
pub mod object;
pub mod observation;
pub mod organization;
pub mod page;
pub mod per;
pub mod ranking;
pub mod search;
pub mod series;
pub mod series_point;
pub mod slug;
pub mod source;
pub mod suggestion;
pub mod summary;
pub mod theme;
pub mod unit;

use std::sync::Arc;

use async_graphql::{EmptyMutation, EmptySubscription, MergedObject, Response, ValidationMode};

pub use change::{Change, ChangeBasis};
pub use computed::Computed;
pub use connection::{Connection, Side, Wanted, list};
pub use dataset::Dataset;
pub use guard::{Asked, Checked, Export, Guard, Kind, Shape};
pub use language::{Language, LocalizedText, Preferred};
pub use object::{Ask, Node};
pub use per::Per;
pub use ranking::Ranking;
pub use series::{Series, SeriesGaps};
pub use summary::Figures;

use crate::{
    database::Database,
    query::{Batch, Limits},
};

/// Makes the topics known here, and their root fields part of the root.
macro_rules! root {
    ($($topic:ident: $object:ident, $filter:ident, $list:ident, $order:ident $(, $query:ident)?;)+) => {
        $(pub use $topic::{$filter, $list, $object, $order};)+

        /// Where every question starts.
        #[derive(Default, MergedObject)]
        pub struct Query(
            dataset::DatasetQuery,
            node::NodeQuery,
            search::SearchQuery,
            group::GroupQuery,
            compare::CompareQuery,
            $($($topic::$query,)?)+
        );
    };
}

topics!(root);

/// The schema.
pub type Schema = async_graphql::Schema<Query, EmptyMutation, EmptySubscription>;

/// Builds the schema. What may be asked of it is for the [`Guard`] to say, which every request
/// passes first; of a validated document async-graphql checks no more than what may not be left out.
pub fn schema(limits: Limits) -> Schema {
    async_graphql::Schema::build(Query::default(), EmptyMutation, EmptySubscription)
        .data(limits)
        .limit_recursive_depth(usize::MAX)
        .validation_mode(ValidationMode::Fast)
        .finish()
}

/// Answers one request: with how many SQL statements stands beside the answer.
pub async fn execute(schema: &Schema, database: &Database, checked: Checked) -> (Response, usize) {
    let Checked { request, cost, error_max, .. } = checked;
    let batch = Arc::new(Batch::new(database.clone()));
    let request = request.data(Arc::clone(&batch));
    let mut response = batch.drive(schema.execute(request)).await;
    response.errors.truncate(error_max);
    let response = error::coded(response).extension("cost", cost.to_value());
    (response, batch.statements())
}
