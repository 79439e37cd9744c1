import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import "@graphiql/plugin-explorer/style.css";
import "./style.css";
import { explorerPlugin } from "@graphiql/plugin-explorer";
import { HISTORY_PLUGIN } from "@graphiql/plugin-history";
import { useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { GraphiQL } from "graphiql";
import { useEffect, useRef } from "react";
import { createRoot } from "react-dom/client";
import examples from "virtual:examples";
import { asked, isHarmless } from "./address.ts";
import { Examples } from "./Examples.tsx";
import { fetcher, Timing } from "./fetcher.ts";
import { RESULT_PLUGIN } from "./result/Result.tsx";

const LINK = asked(location);
/** What a newcomer begins with; whoever was here before finds the tabs they left. */
const FIRST = LINK ?? examples[0]!;
const PLUGINS = [RESULT_PLUGIN, explorerPlugin({}), HISTORY_PLUGIN];
const SIZE = "graphiql:docExplorerFlex";

/** Runs what the page opens with, so that a newcomer sees an answer at once. */
function Arrival() {
  const { run, setOperationName } = useGraphiQLActions();
  const query = useGraphiQL((state) => state.queryEditor);
  const response = useGraphiQL((state) => state.responseEditor);
  const schema = useGraphiQL((state) => state.schema);
  const arrived = useRef(false);
  useEffect(() => {
    if (arrived.current || !query || !response || !schema) return;
    arrived.current = true;
    // The address names one of several operations, or none: then it is the first.
    if (LINK?.operationName) setOperationName(LINK.operationName);
    if (isHarmless(query.getValue())) run();
  }, [query, response, schema, run, setOperationName]);
  return null;
}

function Playground() {
  return (
    <GraphiQL
      fetcher={fetcher}
      plugins={PLUGINS}
      visiblePlugin={RESULT_PLUGIN}
      defaultTabs={[FIRST]}
      defaultEditorToolsVisibility="variables"
      shouldPersistHeaders
      schemaDescription
      inputValueDeprecation
      {...(LINK && { initialQuery: LINK.query, initialVariables: LINK.variables })}
    >
      <GraphiQL.Logo>
        <Examples />
        <h1 className="logo">Hutong</h1>
      </GraphiQL.Logo>
      <GraphiQL.Footer>
        <div className="status">
          <p id="status" role="status">
            <Timing />
          </p>
          <a href="assets/licences.md">Licences</a>
        </div>
        <Arrival />
      </GraphiQL.Footer>
    </GraphiQL>
  );
}

try {
  // The result has more to show than the documentation, which GraphiQL has this size for.
  if (localStorage.getItem(SIZE) === null) localStorage.setItem(SIZE, "0.65");
} catch {
  // A browser that keeps nothing takes GraphiQL's size.
}
// Another link into the same page is another page.
addEventListener("hashchange", () => location.reload());
createRoot(document.getElementById("playground")!).render(<Playground />);
