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

// Follows a subscription by server-sent events: `next` is called with each answer, until what this
// returns is called.
export function follow(query, variables, { next, error }) {
  const stop = new AbortController();
  const read = async () => {
    const accept = { ...headers, accept: "text/event-stream", "content-type": "application/json" };
    const body = JSON.stringify({ query, variables });
    const { signal } = stop;
    const answer = await fetch(url, { method: "POST", headers: accept, body, signal });
    let text = "";
    for await (const part of answer.body.pipeThrough(new TextDecoderStream())) {
      const events = (text + part).split("\n\n");
      text = events.pop();
      for (const event of events) {
        const data = /^event: ?next$/m.test(event) && /^data: ?(.*)$/m.exec(event);
        if (data) next(JSON.parse(data[1]));
      }
    }
  };
  read().catch((why) => stop.signal.aborted || error(why));
  return () => stop.abort();
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
