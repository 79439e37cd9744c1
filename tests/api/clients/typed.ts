// The README's operations, typed by graphql-codegen.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Client, cacheExchange, fetchExchange } from "@urql/core";
import * as typed from "./generated/typed/graphql";

const client = new Client({ url: process.argv[2]!, exchanges: [cacheExchange, fetchExchange] });

async function main() {
  const documents = Object.keys(typed).filter((name) => name.endsWith("Document"));
  const operations = readFileSync("README.md", "utf8").split("```graphql\n").length - 1;
  assert.equal(documents.length, operations);

  const { data, error } = await client.query(typed.PagesDocument, { first: 1 });
  assert.ifError(error);
  const expected: typed.PagesQuery = {
    initiatives: {
      __typename: "InitiativeConnection",
      totalCount: 25,
      pageInfo: { __typename: "PageInfo", hasNextPage: true },
      nodes: [
        {
          __typename: "Initiative",
          title: "Listing of Zhipu in Hong Kong",
          startedOn: { __typename: "TimePeriod", code: "2026-01-08" },
          organizations: {
            __typename: "InitiativeOrganizationConnection",
            nodes: [role("ISSUER", "北京智谱华章科技股份有限公司"), role("HOST", "香港联合交易所")],
          },
        },
      ],
    },
  };
  assert.deepEqual(data, expected);
  console.log("passed");
}

function role(role: typed.OrganizationRole, name: string) {
  const organization = { __typename: "Organization", name } as const;
  return { __typename: "InitiativeOrganization", role, organization } as const;
}

// The compiler refuses each of these lines, as it would not if anything were `any`.
export function refused(pages: typed.PagesQuery, bounds: typed.FiguresThatAreOnlyBoundsQuery) {
  // @ts-expect-error A variable that must be given.
  void client.query(typed.PagesDocument, {});
  // @ts-expect-error A number, not its text.
  void client.query(typed.PagesDocument, { first: "1" });
  // @ts-expect-error A list that fails is null by itself.
  void pages.initiatives.nodes;
  for (const figure of bounds.observations?.nodes ?? []) {
    // @ts-expect-error A decimal is a text, so that nothing rounds it.
    void (figure.value satisfies number | null);
    // @ts-expect-error No word of the list.
    void (figure.comparator === "GREATER_THAN");
    // @ts-expect-error Not asked for.
    void figure.note;
  }
}

void main();
