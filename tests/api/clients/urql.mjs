// urql, with its normalised cache.
import assert from "node:assert/strict";
import { Client, fetchExchange } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";
import { relayPagination } from "@urql/exchange-graphcache/extras";
import { embedded, schema, url } from "./plain.mjs";
import { atTheRoot, nested, ofBeijing, refused, told } from "./questions.mjs";

const cache = cacheExchange({
  schema,
  keys: Object.fromEntries(embedded.map((type) => [type, () => null])),
  resolvers: {
    Query: { initiatives: relayPagination() },
    District: { initiatives: relayPagination() },
  },
});
const client = new Client({ url, exchanges: [cache, fetchExchange] });

assert.deepEqual((await client.query(nested.query, {})).data, nested.data);

for (const { query, list, held } of [atTheRoot, ofBeijing]) {
  const pages = [];
  for (let after = null; pages.length < held.length; ) {
    const { data, error } = await client.query(query, { after });
    assert.ifError(error);
    const { edges, pageInfo } = list(data);
    pages.push(edges.map(({ node }) => node.slug));
    assert.equal(pageInfo.hasNextPage, pages.length < held.length);
    after = pageInfo.endCursor;
  }
  assert.deepEqual(pages, held);
}

const { data, error } = await client.query(refused.query, {});
assert.deepEqual(data, refused.data);
assert.deepEqual(error.graphQLErrors.map(told), [refused.error]);
console.log("passed");
