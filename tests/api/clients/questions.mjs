// What every client is asked, and what it must come to.
import assert from "node:assert/strict";
import { ask } from "./plain.mjs";

const district = { __typename: "District", id: "district:3", name: "Beijing" };
const figure = (id, value, code) => {
  const period = { __typename: "TimePeriod", code };
  return { __typename: "Observation", id, value, period, district };
};

// Over three relations.
export const nested = {
  query: `{
    metric(slug: "digital-technology-adoption") {
      __typename
      id
      unit { __typename id symbol }
      observations(orderBy: [{ by: PERIOD }]) {
        __typename
        nodes {
          __typename
          id
          value
          period { __typename code }
          district { __typename id name }
        }
      }
    }
  }`,
  data: {
    metric: {
      __typename: "Metric",
      id: "metric:10",
      unit: { __typename: "Unit", id: "unit:2", symbol: "%" },
      observations: {
        __typename: "ObservationConnection",
        nodes: [figure("observation:10.3.0.2021", "40", "2021"), figure("observation:10.3.0.2024", "70", "2024")],
      },
    },
  },
};

// An object by its id alone.
export const node = {
  query: `query ($id: ID!) { node(id: $id) { ...object } }
  fragment object on Node { id ... on District { name } }`,
  variables: { id: district.id },
};

// Lists in pages, and what is held after each of them.
const page = `fragment page on InitiativeConnection {
  edges { node { id slug } }
  pageInfo { hasNextPage endCursor }
}`;
const { data } = await ask(`{
  initiatives(orderBy: [{ by: SLUG }]) { nodes { slug } }
  district(slug: "beijing") { initiatives(orderBy: [{ by: SLUG }]) { nodes { slug } } }
}`);
function held({ nodes }, ...ends) {
  assert.equal(nodes.length, ends.at(-1));
  return ends.map((end) => nodes.slice(0, end).map(({ slug }) => slug));
}
export const atTheRoot = {
  query: `query ($after: String) {
    initiatives(first: 10, after: $after, orderBy: [{ by: SLUG }]) { ...page }
  } ${page}`,
  list: (data) => data.initiatives,
  held: held(data.initiatives, 10, 20, 25),
};
export const ofBeijing = {
  query: `query ($after: String) {
    district(slug: "beijing") {
      id
      initiatives(first: 5, after: $after, orderBy: [{ by: SLUG }]) { ...page }
    }
  } ${page}`,
  list: (data) => data.district.initiatives,
  held: held(data.district.initiatives, 5, 10, 14),
};

// Refused in part.
export const refused = {
  query: `{
    initiatives(first: 5000) { __typename totalCount }
    district(slug: "haidian") { __typename id name }
  }`,
  data: {
    initiatives: null,
    district: { __typename: "District", id: "district:7", name: "Haidian" },
  },
  error: {
    message: "`first` is 5000, but must be from 1 to 1000; read on from a page's cursor for more",
    path: ["initiatives"],
    code: "BAD_USER_INPUT",
  },
};
export const told = ({ message, path, extensions: { code } }) => ({ message, path, code });
