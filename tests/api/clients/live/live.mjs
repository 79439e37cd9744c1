// What the usual clients get: `node live.mjs http://127.0.0.1:8000/graphql`. It says when it
// listens, and prints what it was told as one line of JSON for each client.

import { createClient as overWebSocket } from "graphql-ws";
import { createClient as overEvents } from "graphql-sse";
import WebSocket from "ws";

const address = process.argv[2];
const clients = {
  "graphql-ws": overWebSocket({
    url: address.replace("http", "ws"),
    webSocketImpl: WebSocket,
    keepAlive: 500,
    retryAttempts: 0,
  }),
  "graphql-sse": overEvents({ url: address, retryAttempts: 0 }),
};

// The first answers to an operation, as many as wanted.
async function answers(client, payload, count) {
  const told = [];
  for await (const answer of client.iterate(payload)) {
    told.push(answer);
    if (told.length === count) break;
  }
  return told;
}

const going = Object.entries(clients).map(async ([name, client]) => {
  const query = "query ($s: String!) { district(slug: $s) { name } }";
  const once = await answers(client, { query, variables: { s: "haidian" } });
  const figures = answers(client, { query: "subscription { observationsRecorded { value } }" }, 3);
  const live = answers(client, { query: "query @live { dataset { revision } }" }, 2);
  const refused = await answers(client, { query: "{ nothing }" }).catch((errors) => errors);
  const code = (refused[0].errors ?? refused)[0].extensions.code;
  return async () => {
    const told = { name, once, figures: await figures, live: await live, code };
    console.log(JSON.stringify(told));
    await client.dispose();
  };
});
const rest = await Promise.all(going);
// Time for the subscriptions to arrive.
await new Promise((done) => setTimeout(done, 1000));
console.log("listening");
await Promise.all(rest.map((tell) => tell()));
