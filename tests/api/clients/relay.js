// Relay without React: fragments, nested answers, pages and refetching through `node`, by the
// queries that its compiler makes. The compiler reads no `.mjs`.
const assert = require("node:assert/strict");
const {
  Environment,
  Network,
  RecordSource,
  Store,
  fetchQuery,
  getPaginationMetadata,
  getPaginationVariables,
  getRefetchMetadata,
  getSingularSelector,
} = require("relay-runtime");

// What Relay's Babel plugin does: the compiled artifact in the place of the text.
const graphql = ([text]) => {
  const [, name] = /(?:query|fragment) (\w+)/.exec(text);
  return require(`./generated/relay/${name}.graphql`);
};

const query = graphql`
  query relayQuery {
    ...relay_everywhere
    district(slug: "beijing") {
      ...relay_name
      ...relay_initiatives
    }
    metric(slug: "digital-technology-adoption") {
      unit { symbol }
      observations(orderBy: [{ by: PERIOD }]) {
        nodes { value period { code } district { ...relay_name } }
      }
    }
  }
`;
const name = graphql`
  fragment relay_name on District
  @refetchable(queryName: "relayNameRefetchQuery")
  @argumentDefinitions(language: { type: "Language" }) {
    name(language: $language)
  }
`;
const initiatives = graphql`
  fragment relay_initiatives on District
  @refetchable(queryName: "relayInitiativesPaginationQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 5 }, cursor: { type: "String" }) {
    initiatives(first: $count, after: $cursor, orderBy: [{ by: SLUG }])
    @connection(key: "relay_initiatives_initiatives") {
      edges { node { slug } }
    }
  }
`;
const everywhere = graphql`
  fragment relay_everywhere on Query
  @refetchable(queryName: "relayEverywherePaginationQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 10 }, cursor: { type: "String" }) {
    initiatives(first: $count, after: $cursor, orderBy: [{ by: SLUG }])
    @connection(key: "relay_everywhere_initiatives") {
      edges { node { slug } }
    }
  }
`;
const node = graphql`
  query relayNodeQuery($id: ID!) {
    node(id: $id) { ...relay_name @alias(as: "district") }
  }
`;

async function main() {
  const { ask } = await import("./plain.mjs");
  const { atTheRoot, ofBeijing } = await import("./questions.mjs");
  const network = Network.create((request, variables) => ask(request.text, variables));
  const environment = new Environment({ network, store: new Store(new RecordSource()) });
  const fetch = (query, variables) => fetchQuery(environment, query, variables).toPromise();
  const read = (fragment, at) => environment.lookup(getSingularSelector(fragment, at)).data;

  const data = await fetch(query, {});
  const { unit, observations } = data.metric;
  assert.deepEqual(unit, { symbol: "%" });
  const beijing = { id: "district:3", name: "Beijing" };
  assert.deepEqual(
    observations.nodes.map(({ district, ...figure }) => ({ ...figure, district: read(name, district) })),
    [
      { value: "40", period: { code: "2021" }, district: beijing },
      { value: "70", period: { code: "2024" }, district: beijing },
    ],
  );

  // As `usePaginationFragment` goes on.
  for (const [fragment, at, held] of [
    [everywhere, data, atTheRoot.held],
    [initiatives, data.district, ofBeijing.held],
  ]) {
    const { paginationRequest, paginationMetadata } = getPaginationMetadata(fragment, "relay");
    const { count } = getSingularSelector(fragment, at).variables;
    const pages = [];
    while (pages.length < held.length) {
      const { id, initiatives: { edges, pageInfo } } = read(fragment, at);
      pages.push(edges.map(({ node }) => node.slug));
      assert.equal(pageInfo.hasNextPage, pages.length < held.length);
      const cursor = pageInfo.endCursor;
      const next = getPaginationVariables("forward", count, cursor, { id }, {}, paginationMetadata);
      if (pageInfo.hasNextPage) await fetch(paginationRequest, next);
    }
    assert.deepEqual(pages, held);
  }

  // As `useRefetchableFragment` asks again, with another language.
  const { id } = beijing;
  const { refetchableRequest } = getRefetchMetadata(name, "relay");
  const again = await fetch(refetchableRequest, { id, language: "zh" });
  assert.deepEqual(read(name, again.node), { id, name: "北京市" });
  assert.deepEqual(read(name, data.district), beijing);

  // What `node` answers is the object held already.
  environment.commitUpdate((store) => store.get(id).setValue("Peking", "name"));
  assert.deepEqual(read(name, data.district), { id, name: "Peking" });
  const found = await fetch(node, { id });
  assert.deepEqual(read(name, found.node.district), beijing);
  assert.deepEqual(read(name, data.district), beijing);
  console.log("passed");
}

main();
