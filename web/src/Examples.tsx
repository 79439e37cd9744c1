import { DropdownMenu, useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { parse } from "graphql";
import examples from "virtual:examples";
import type { Example } from "../build/examples.ts";
import { isHarmless } from "./address.ts";

const GROUPS = [...new Set(examples.map(({ group }) => group))];

/** A menu of the README's examples: one is opened in a tab of its own, or in the one it has, and run. */
export function Examples() {
  const { addTab, changeTab, run, setOperationFacts, updateActiveTabValues } = useGraphiQLActions();
  const tabs = useGraphiQL((state) => state.tabs);
  const queryEditor = useGraphiQL((state) => state.queryEditor);
  const variableEditor = useGraphiQL((state) => state.variableEditor);

  function open({ query, variables = "" }: Example) {
    const index = tabs.findIndex((tab) => tab.query === query && (tab.variables ?? "") === variables);
    if (index < 0) {
      addTab();
      queryEditor?.setValue(query);
      variableEditor?.setValue(variables);
    } else {
      changeTab(index);
    }
    // The editor tells these a moment later, and what is run before would be the operation before.
    const documentAST = parse(query);
    const operations = documentAST.definitions.filter((one) => one.kind === "OperationDefinition");
    const operationName = operations[0]?.name?.value;
    setOperationFacts({ documentAST, operations, ...(operationName && { operationName }) });
    updateActiveTabValues({ query, variables, operationName: operationName ?? null });
    if (isHarmless(query)) run();
  }

  return (
    <DropdownMenu>
      <DropdownMenu.Button className="examples">Examples</DropdownMenu.Button>
      <DropdownMenu.Content align="end" className="examples-menu">
        {GROUPS.map((group) => (
          <div key={group} role="group" aria-label={group}>
            <p aria-hidden="true">{group}</p>
            {examples
              .filter((one) => one.group === group)
              .map((one) => (
                <DropdownMenu.Item key={one.title} onSelect={() => open(one)}>
                  {one.title}
                </DropdownMenu.Item>
              ))}
          </div>
        ))}
      </DropdownMenu.Content>
    </DropdownMenu>
  );
}
