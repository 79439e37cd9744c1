import { type DocumentNode, parse } from "graphql";

/** What a page's address asks for. */
export interface Asked {
  query: string;
  variables: string;
  operationName?: string;
}

/**
 * What the page's address asks for: `#query=…&variables=…&operationName=…`, which no server sees, or
 * the same after `?`, as tools of GraphQL write it.
 */
export function asked({ hash, search }: { hash: string; search: string }): Asked | undefined {
  for (const text of [hash, search]) {
    const parameters = new URLSearchParams(text.slice(1));
    const query = parameters.get("query");
    if (!query) continue;
    const operationName = parameters.get("operationName");
    return { query, variables: parameters.get("variables") ?? "", ...(operationName && { operationName }) };
  }
  return undefined;
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
