import { createGraphiQLFetcher, type Fetcher } from "@graphiql/toolkit";
import { type ASTVisitor, OperationTypeNode, visit } from "graphql";
import { useSyncExternalStore } from "react";

const ENDPOINT = new URL("graphql", location.href);
const LIVE = new URL(ENDPOINT);
LIVE.protocol = location.protocol === "https:" ? "wss:" : "ws:";

/** Asks over a socket what is a subscription. */
const ask = createGraphiQLFetcher({
  url: ENDPOINT.href,
  subscriptionUrl: LIVE.href,
  fetch: timed,
});

/** Tells a live query as a subscription. */
const going: ASTVisitor = {
  OperationDefinition: (operation) =>
    operation.directives?.some(({ name }) => name.value === "live")
      ? { ...operation, operation: OperationTypeNode.SUBSCRIPTION }
      : false,
};

/** Asks the server the page is from; a socket is opened for what goes on, and not before. */
export const fetcher: Fetcher = (question, options) => {
  const documentAST = options?.documentAST && visit(options.documentAST, going);
  return ask(question, options && { ...options, ...(documentAST && { documentAST }) });
};

let timing = "";
const listeners = new Set<() => void>();

async function timed(...request: Parameters<typeof fetch>): Promise<Response> {
  const response = await fetch(...request);
  timing = [`HTTP ${response.status}`, ...cost(response.headers.get("server-timing") ?? "")].join(" · ");
  for (const listener of listeners) listener();
  return response;
}

/** What the answer cost, as the server says (`Server-Timing`). */
function cost(header: string): string[] {
  const statements = /\bsql;desc="?(\d+)/.exec(header)?.[1];
  const milliseconds = /\btotal;dur=([\d.]+)/.exec(header)?.[1];
  return [
    ...(statements ? [`${statements} SQL statement${statements === "1" ? "" : "s"}`] : []),
    ...(milliseconds ? [`${milliseconds} ms`] : []),
  ];
}

/** How the latest request was answered. */
export function Timing() {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => timing,
  );
}
