// Apollo Client.
import assert from "node:assert/strict";
import { ApolloClient, CombinedGraphQLErrors, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { relayStylePagination } from "@apollo/client/utilities";
import { possibleTypes, url } from "./plain.mjs";
import { atTheRoot, nested, node, ofBeijing, refused, told } from "./questions.mjs";

const pages = relayStylePagination(["filter", "orderBy"]);
const cache = new InMemoryCache({
  possibleTypes,
  typePolicies: {
    Query: { fields: { initiatives: pages } },
    District: { fields: { initiatives: pages } },
    TimePeriod: { keyFields: ["code"] },
  },
});
const client = new ApolloClient({ link: new HttpLink({ uri: url }), cache });

const query = gql(nested.query);
assert.deepEqual((await client.query({ query })).data, nested.data);

for (const { query: text, list, held } of [atTheRoot, ofBeijing]) {
  const query = gql(text);
  const watched = client.watchQuery({ query });
  watched.subscribe({});
  await client.query({ query });
  const pages = [];
  while (pages.length < held.length) {
    const { edges, pageInfo } = list(client.readQuery({ query }));
    pages.push(edges.map(({ node }) => node.slug));
    assert.equal(pageInfo.hasNextPage, pages.length < held.length);
    if (pageInfo.hasNextPage) await watched.fetchMore({ variables: { after: pageInfo.endCursor } });
  }
  assert.deepEqual(pages, held);
}

// What `node` answers is the object held already: the place of both figures is put right.
const places = () =>
  client.readQuery({ query }).metric.observations.nodes.map(({ district }) => district.name);
const beijing = cache.identify({ __typename: "District", ...node.variables });
cache.modify({ id: beijing, fields: { name: () => "Peking" } });
assert.deepEqual(places(), ["Peking", "Peking"]);
await client.query({ query: gql(node.query), variables: node.variables });
assert.deepEqual(places(), ["Beijing", "Beijing"]);

await assert.rejects(client.query({ query: gql(refused.query) }), (error) => {
  assert.ok(CombinedGraphQLErrors.is(error));
  assert.deepEqual(error.errors.map(told), [refused.error]);
  assert.deepEqual(error.data, refused.data);
  return true;
});
client.stop();
console.log("passed");
