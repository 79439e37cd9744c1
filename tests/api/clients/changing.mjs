// What a cache shows of what changes while it is watched: the same of every client.
import assert from "node:assert/strict";
import { ask } from "./plain.mjs";

const nodes = `nodes { __typename id value revision metric { __typename id slug name } }`;
export const texts = {
  watched: `query {
    district(slug: "haidian") {
      __typename id observations(orderBy: [{ by: PERIOD }]) { __typename ${nodes} }
    }
  }`,
  past: `query ($moment: DateTime!) {
    district(slug: "haidian") {
      __typename id observations(orderBy: [{ by: PERIOD }], asOf: $moment) { __typename ${nodes} }
    }
  }`,
  history: `query ($id: ID!) {
    node(id: $id) {
      __typename id
      ... on Observation { history { __typename nodes { __typename id value revision } } }
    }
  }`,
  correct: `mutation ($input: ObservationInput!) {
    upsertObservation(input: $input) { __typename observation { __typename id value revision } }
  }`,
  rename: `mutation ($id: ID!, $patch: MetricPatch!) {
    updateMetric(id: $id, patch: $patch) { __typename metric { __typename id slug name } }
  }`,
  remove: `mutation ($id: ID!) { deleteObservation(id: $id) { __typename deletedIds } }`,
  recorded: `subscription ($since: String!) {
    observationsRecorded(since: $since) { __typename id value revision retracted }
  }`,
};

const figure = (period, value) => ({
  metric: "computing-power",
  district: "haidian",
  source: "beijing-daily-2026-01-27",
  period,
  value,
});

// A client keeps one query up, `read` of which is what it shows, and asks beside it. Then it follows
// what others record.
export async function changing({ documents, watch, query, mutate, follow }) {
  const made = await ask(
    `mutation ($inputs: [ObservationInput!]!) {
      upsertObservations(inputs: $inputs) { observations { id metric { id } } }
    }`,
    { inputs: [figure("2023", 1), figure("2024", 2)] },
  );
  const [first, second] = made.data.upsertObservations.observations;
  const { data: before } = await ask("{ dataset { changedAt } }");
  const moment = before.dataset.changedAt;
  const read = await watch(documents.watched);
  // Null while Graphcache asks again, as is what Relay leaves of a deleted record.
  const figures = (data) =>
    data.district.observations?.nodes
      .filter(Boolean)
      .map(({ value, metric }) => `${value} ${metric.slug} ${metric.name}`);
  const shows = async (...wanted) => {
    for (let tries = 0; tries < 100; tries += 1) {
      const data = read();
      if (data && JSON.stringify(figures(data)) === JSON.stringify(wanted)) return;
      await new Promise((done) => setTimeout(done, 20));
    }
    assert.deepEqual(figures(read()), wanted);
  };
  const then = ["1 computing-power Computing power", "2 computing-power Computing power"];
  await shows(...then);

  await mutate(documents.correct, { input: figure("2023", 3) });
  await shows("3 computing-power Computing power", then[1]);

  const patch = { slug: "power", name: [{ language: "en", text: "Power" }] };
  await mutate(documents.rename, { id: first.metric.id, patch });
  const now = ["3 power Power", "2 power Power"];
  await shows(...now);

  // The past beside now: each shows what is, or was, so.
  assert.deepEqual(figures(await query(documents.past, { moment })), then);
  const { node } = await query(documents.history, { id: first.id });
  assert.deepEqual(node.history.nodes.map(({ value }) => value), ["3", "1"]);
  await new Promise((done) => setTimeout(done, 100));
  await shows(...now);
  assert.deepEqual(figures(await query(documents.past, { moment })), then);

  await mutate(documents.remove, { id: second.id });
  await shows(now[0]);

  const { data: last } = await ask("{ changes(last: 1) { pageInfo { endCursor } } }");
  const unfollow = await follow(documents.recorded, { since: last.changes.pageInfo.endCursor });
  await ask(texts.correct, { input: { ...figure("2023", 4), metric: "power" } });
  await shows("4 power Power");
  await ask(texts.remove, { id: first.id });
  await shows();
  unfollow();
}
