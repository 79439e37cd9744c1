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
pub mod changes;
pub mod claim;
pub mod code;
pub mod compare;
pub mod computed;
pub mod connection;
pub mod dataset;
pub mod district;
pub mod error;
pub mod explain;
pub mod group;
pub mod group_key;
pub mod guard;
pub mod initiative;
pub mod initiative_metric;
pub mod initiative_organization;
pub mod language;
pub mod live;
pub mod metric;
pub mod node;
pub mod object;
pub mod observation;
pub mod organization;
pub mod page;
pub mod past;
pub mod per;
pub mod ranking;
pub mod search;
pub mod series;
pub mod series_point;
pub mod slug;
pub mod source;
pub mod subscription;
pub mod suggestion;
pub mod summary;
pub mod theme;
pub mod unit;

use std::{sync::Arc, time::Duration};

use async_graphql::{EmptyMutation, MergedObject, Response, ValidationMode};
use chrono::Utc;
use futures_util::{Stream, StreamExt, stream};
use tokio::time::error::Elapsed;

pub use change::{Change, ChangeBasis};
pub use code::Code;
pub use computed::Computed;
pub use connection::{Connection, Side, Wanted, list};
pub use dataset::Dataset;
pub use guard::{Asked, Checked, Export, Guard, Kind, Shape};
pub use language::{Language, LocalizedText, Preferred};
pub use object::{Ask, Node};
pub use per::Per;
pub use ranking::Ranking;
pub use series::{Series, SeriesGaps};
pub use subscription::{Since, SubscriptionRoot};
pub use summary::Figures;

use crate::{
    access::{Role, Viewer},
    database::Database,
    query::{Batch, Limits, View},
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
            changes::ChangesQuery,
            $($($topic::$query,)?)+
        );
    };
}

topics!(root);

/// The schema.
pub type Schema = async_graphql::Schema<Query, EmptyMutation, SubscriptionRoot>;

/// Builds the schema. What may be asked of it is for the [`Guard`] to say, which every request
/// passes first; of a validated document async-graphql checks no more than what may not be left out.
pub fn schema(limits: Limits) -> Schema {
    async_graphql::Schema::build(Query::default(), EmptyMutation, SubscriptionRoot)
        .data(limits)
        .directive(live::Live)
        .limit_recursive_depth(usize::MAX)
        .validation_mode(ValidationMode::Fast)
        .finish()
}

/// Answers one request once, which has an id to tell where the server fails: with how many SQL
/// statements stands beside the answer.
pub async fn execute(
    schema: &Schema,
    database: &Database,
    checked: Checked,
    request_id: &str,
) -> (Response, usize) {
    let Checked { request, viewer, cost, error_max, explain, .. } = checked;
    let batch = Arc::new(Batch::new(database, view(&viewer), Utc::now().into()));
    let request = request.data(Arc::clone(&batch)).data(viewer);
    let response = batch.drive(schema.execute(request)).await;
    let mut response = told(response, cost, error_max, request_id);
    if explain {
        response = response.extension("explain", explain::to_value(batch.statements()));
    }
    (response, batch.statements().count())
}

/// Answers one subscription with each event, until it is dropped: with how many SQL statements each
/// answer took stands beside it. It ends with an answer that takes longer than `patience`.
pub fn subscribe(
    schema: &Schema,
    database: &Database,
    checked: Checked,
    patience: Duration,
    request_id: Arc<str>,
) -> impl Stream<Item = Result<(Response, usize), Elapsed>> + Send + use<> {
    let Checked { request, viewer, cost, error_max, .. } = checked;
    let batch = Arc::new(Batch::new(database, view(&viewer), Utc::now().into()));
    let events = schema.execute_stream(request.data(Arc::clone(&batch)).data(viewer));
    stream::unfold(Some((batch, events)), move |going_on| {
        let request_id = Arc::clone(&request_id);
        async move {
            let (batch, mut events) = going_on?;
            match batch.drive_within(patience, events.next()).await {
                Ok(response) => {
                    let response = told(response?, cost, error_max, &request_id);
                    let statements = batch.statements().forget();
                    Some((Ok((response, statements)), Some((batch, events))))
                }
                Err(elapsed) => Some((Err(elapsed), None)),
            }
        }
    })
}

/// What somebody sees who does not ask for the past.
fn view(viewer: &Viewer) -> View {
    View { insider: viewer.may(Role::Editor), ..View::default() }
}

/// A response as a client sees it.
fn told(response: Response, cost: guard::Cost, error_max: usize, request_id: &str) -> Response {
    error::told(response, error_max, request_id).extension("cost", cost.to_value())
}
