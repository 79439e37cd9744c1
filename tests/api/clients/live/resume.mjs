// How clients go on after a connection was lost: `node --experimental-eventsource resume.mjs
// http://127.0.0.1:8000/graphql`. It says when it listens, then each figure as it is told, a line
// for each: the client, and the value.

import { createClient as overWebSocket } from "graphql-ws";
import { createClient as overEvents } from "graphql-sse";
import WebSocket from "ws";

const address = process.argv[2];
const query = `subscription ($since: String) {
  observationsRecorded(since: $since) { value changeCursor } }`;
const wanted = 3;
let left = 3;

function told(name, count, { value }) {
  console.log(name, value);
  if (count === wanted && (left -= 1) === 0) process.exit(0);
}

// A client of WebSockets asks anew with the variables as they are then.
const variables = {};
let count = 0;
overWebSocket({ url: address.replace("http", "ws"), webSocketImpl: WebSocket, shouldRetry: () => true }).subscribe(
  { query, variables },
  {
    next: ({ data }) => {
      variables.since = data.observationsRecorded.changeCursor;
      told("graphql-ws", (count += 1), data.observationsRecorded);
    },
    error: (why) => console.log("graphql-ws", why),
    complete: () => {},
  },
);

// One of events with the headers as they are then.
const headers = {};
let events = 0;
overEvents({ url: address, headers: () => headers }).subscribe(
  { query },
  {
    next: ({ data }) => {
      headers["last-event-id"] = data.observationsRecorded.changeCursor;
      told("graphql-sse", (events += 1), data.observationsRecorded);
    },
    error: (why) => console.log("graphql-sse", why),
    complete: () => {},
  },
);

// What browsers have does it by itself.
let browser = 0;
const source = new EventSource(`${address}?query=${encodeURIComponent(query)}`);
source.addEventListener("next", (event) => {
  told("EventSource", (browser += 1), JSON.parse(event.data).data.observationsRecorded);
});

// Time for the subscriptions to arrive.
await new Promise((done) => setTimeout(done, 1000));
console.log("listening");
