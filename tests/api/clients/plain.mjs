// The server without a client library.
import { getIntrospectionQuery } from "graphql";

const [, , address, token] = process.argv;
export const url = address;
export const headers = token ? { authorization: `Bearer ${token}` } : {};

export async function ask(query, variables) {
  const json = { ...headers, "content-type": "application/json" };
  const body = JSON.stringify({ query, variables });
  return (await fetch(url, { method: "POST", headers: json, body })).json();
}

// The schema by introspection, and what caches must know of it: which types an interface stands
// for, and which have no id and are kept with what they belong to.
export const { data: schema } = await ask(getIntrospectionQuery());
const names = (all) => all.map(({ name }) => name);
const { types } = schema.__schema;
const interfaces = types.filter(({ kind }) => kind === "INTERFACE");
export const possibleTypes = Object.fromEntries(
  interfaces.map((type) => [type.name, names(type.possibleTypes)]),
);
const objects = types.filter(({ kind }) => kind === "OBJECT");
export const embedded = names(objects.filter(({ fields }) => !names(fields).includes("id")));
