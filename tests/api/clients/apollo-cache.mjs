// Apollo Client's cache while the data change.
import { ApolloClient, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { changing, texts } from "./changing.mjs";
import { headers, possibleTypes, url } from "./plain.mjs";

const cache = new InMemoryCache({
  possibleTypes,
  typePolicies: { TimePeriod: { keyFields: ["code"] } },
});
const client = new ApolloClient({ link: new HttpLink({ uri: url, headers }), cache });

const evict = (id) => cache.evict({ id: cache.identify({ __typename: "Observation", id }) });
const update = (_, { data: { deleteObservation } }) => deleteObservation?.deletedIds.forEach(evict);

await changing({
  documents: Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, gql(text)])),
  watch: (query) => {
    let shown;
    client.watchQuery({ query }).subscribe(({ data }) => (shown = data));
    return () => shown;
  },
  query: async (query, variables) => (await client.query({ query, variables })).data,
  mutate: (mutation, variables) => client.mutate({ mutation, variables, update }),
  follow: (query, variables) => {
    const recorded = client.subscribe({ query, variables }).subscribe(({ data }) => {
      if (data.observationsRecorded.retracted) evict(data.observationsRecorded.id);
    });
    return () => recorded.unsubscribe();
  },
});
client.stop();
console.log("passed");
