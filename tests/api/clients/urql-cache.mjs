// urql's normalised cache while the data change.
import assert from "node:assert/strict";
import { Client, fetchExchange } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";
import { changing, texts } from "./changing.mjs";
import { embedded, headers, schema, url } from "./plain.mjs";

const forget = (cache, id) => cache.invalidate({ __typename: "Observation", id });
const cache = cacheExchange({
  schema,
  keys: Object.fromEntries(embedded.map((type) => [type, () => null])),
  updates: {
    Mutation: {
      deleteObservation: ({ deleteObservation: { deletedIds } }, _, cache) => {
        for (const id of deletedIds) forget(cache, id);
      },
    },
    Subscription: {
      observationsRecorded: ({ observationsRecorded: { id, retracted } }, _, cache) => {
        if (retracted) forget(cache, id);
      },
    },
  },
});
const client = new Client({
  url,
  exchanges: [cache, fetchExchange],
  fetchOptions: { headers },
  fetchSubscriptions: true,
});

const answer = async (asked) => {
  const { data, error } = await asked;
  assert.ifError(error);
  return data;
};
let watched;
await changing({
  documents: texts,
  watch: (query) => {
    let shown;
    watched = client.query(query, {}).subscribe(({ data }) => (shown = data));
    return () => shown;
  },
  query: (query, variables) => answer(client.query(query, variables)),
  mutate: (mutation, variables) => answer(client.mutation(mutation, variables)),
  follow: (query, variables) =>
    client.subscription(query, variables).subscribe(({ error }) => assert.ifError(error)).unsubscribe,
});
watched.unsubscribe();
console.log("passed");
