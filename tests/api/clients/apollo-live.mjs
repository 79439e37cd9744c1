// Apollo Client with nothing but an HttpLink, whose subscriptions come as parts of one message:
// `node apollo-live.mjs http://127.0.0.1:8000/graphql`. It says when it listens, and prints what it
// was told as one line of JSON.
import { ApolloClient, HttpLink, InMemoryCache, gql } from "@apollo/client";

const client = new ApolloClient({
  link: new HttpLink({ uri: process.argv[2] }),
  cache: new InMemoryCache(),
});

// The first answers to a subscription, as many as wanted.
const answers = (text, count) =>
  new Promise((resolve, reject) => {
    const told = [];
    const subscription = client.subscribe({ query: gql(text) }).subscribe({
      next: (answer) => {
        if (told.push(answer) < count) return;
        resolve(told);
        // It may tell of the first before it returns.
        queueMicrotask(() => subscription.unsubscribe());
      },
      error: reject,
      complete: () => reject(new Error(`complete after ${told.length}`)),
    });
  });

const [refused] = await answers("subscription { nothing }", 1);
const figures = answers("subscription { observationsRecorded { value } }", 3);
// Time for the subscription to arrive.
await new Promise((done) => setTimeout(done, 1000));
console.log("listening");
const values = (await figures).map(({ data }) => data.observationsRecorded.value);
const code = refused.error.errors[0].extensions.code;
console.log(JSON.stringify({ values, error: refused.error.name, code }));
client.stop();
