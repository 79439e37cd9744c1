// Relay's store while the data change, by the queries that its compiler makes.
const {
  Environment,
  Network,
  Observable,
  RecordSource,
  Store,
  commitMutation,
  createOperationDescriptor,
  fetchQuery,
  requestSubscription,
} = require("relay-runtime");

// What Relay's Babel plugin does: the compiled artifact in the place of the text.
const graphql = ([text]) => {
  const [, name] = /(?:query|mutation|subscription) (\w+)/.exec(text);
  return require(`./generated/relay/${name}.graphql`);
};

const documents = {
  watched: graphql`
    query relayCacheWatchedQuery {
      district(slug: "haidian") {
        observations(orderBy: [{ by: PERIOD }]) {
          nodes { id value revision metric { id slug name } }
        }
      }
    }
  `,
  past: graphql`
    query relayCachePastQuery($moment: DateTime!) {
      district(slug: "haidian") {
        observations(orderBy: [{ by: PERIOD }], asOf: $moment) {
          nodes { id value revision metric { id slug name } }
        }
      }
    }
  `,
  history: graphql`
    query relayCacheHistoryQuery($id: ID!) {
      node(id: $id) { ... on Observation { history { nodes { id value revision } } } }
    }
  `,
  correct: graphql`
    mutation relayCacheCorrectMutation($input: ObservationInput!) {
      upsertObservation(input: $input) { observation { value revision } }
    }
  `,
  rename: graphql`
    mutation relayCacheRenameMutation($id: ID!, $patch: MetricPatch!) {
      updateMetric(id: $id, patch: $patch) { metric { slug name } }
    }
  `,
  remove: graphql`
    mutation relayCacheRemoveMutation($id: ID!) {
      deleteObservation(id: $id) { deletedIds @deleteRecord }
    }
  `,
  recorded: graphql`
    subscription relayCacheRecordedSubscription($since: String!) {
      observationsRecorded(since: $since) { id value revision retracted }
    }
  `,
};

async function main() {
  const { ask, follow } = await import("./plain.mjs");
  const { changing } = await import("./changing.mjs");
  const network = Network.create(
    (request, variables) => ask(request.text, variables),
    (request, variables) => Observable.create((sink) => follow(request.text, variables, sink)),
  );
  const environment = new Environment({ network, store: new Store(new RecordSource()) });
  const query = (query, variables) => fetchQuery(environment, query, variables).toPromise();
  await changing({
    documents,
    watch: async (document) => {
      const operation = createOperationDescriptor(document, {});
      environment.retain(operation);
      await query(document, {});
      const shown = { snapshot: environment.lookup(operation.fragment) };
      environment.subscribe(shown.snapshot, (snapshot) => (shown.snapshot = snapshot));
      return () => shown.snapshot.data;
    },
    query,
    mutate: (mutation, variables) =>
      new Promise((onCompleted, onError) => {
        commitMutation(environment, { mutation, variables, onCompleted, onError });
      }),
    follow: (subscription, variables) => {
      const updater = (store, { observationsRecorded: { id, retracted } }) => {
        if (retracted) store.delete(id);
      };
      return requestSubscription(environment, { subscription, variables, updater }).dispose;
    },
  });
  console.log("passed");
}

main();
