import { type DocumentNode, parse } from "graphql";

/** What the page's address asks for: `#query=…&variables=…`. */
export function asked(hash: string): { query: string; variables: string } | undefined {
  const parameters = new URLSearchParams(hash.slice(1));
  const query = parameters.get("query");
  return query ? { query, variables: parameters.get("variables") ?? "" } : undefined;
}

/** Whether the page may run a document by itself: nobody's data change because somebody followed a link. */
export function isHarmless(document: string): boolean {
  let parsed: DocumentNode;
  try {
    parsed = parse(document);
  } catch {
    return false;
  }
  return parsed.definitions.every((one) => one.kind !== "OperationDefinition" || one.operation === "query");
}
