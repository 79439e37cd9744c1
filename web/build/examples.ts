import { readFileSync } from "node:fs";
import type { Plugin } from "vite";

/** A query with its variables, and where it is found among the others. */
export interface Example {
  /** The heading it stands under. */
  group: string;
  title: string;
  query: string;
  variables?: string;
}

/**
 * The README's ```graphql blocks, each under its bold title and the heading above that. Variables
 * are a ```json block with the word `variables` after `json`, between the query and the next one.
 */
export function examples(readme: string): Example[] {
  const parts = readme.split("```graphql\n");
  let group = "";
  return parts.slice(1).map((part, before) => {
    const between = parts[before]!;
    group = [...between.matchAll(/^##+ (.+)$/gm)].at(-1)?.[1] ?? group;
    const query = block(part);
    const title = [...between.matchAll(/^\*\*([^*]+)\*\*/gm)].at(-1)?.[1]?.replace(/\s+/g, " ").replace(/\.$/, "");
    if (!group || !title || !name(title)) {
      throw new Error(`README.md: no heading, or no bold title in Latin letters, stands before the example\n${query}`);
    }
    const variables = part.split("```json variables\n")[1];
    const named = query.startsWith("{") ? `query ${name(title)} ${query}` : query;
    return { group, title, query: `# ${title}\n${named}`, ...(variables && { variables: block(variables) }) };
  });
}

function block(text: string): string {
  return text.split("\n```")[0]!;
}

/** A title's beginning as the name of an operation, which is the name of its tab. */
function name(title: string): string {
  const words = title.split(/[^\p{L}\p{N}\s-]/u)[0]!.replace(/^(An?|The)\s/, "").match(/[A-Za-z0-9]+/g) ?? [];
  const capital = words.map((word) => word[0]!.toUpperCase() + word.slice(1));
  const long = capital.findIndex((_, index) => capital.slice(0, index + 1).join("").length > 26);
  return capital.slice(0, long < 0 ? capital.length : Math.max(long, 1)).join("");
}

/** Makes the README's examples importable, so that they are written down once. */
export function examplesOf(readme: string): Plugin {
  const id = "virtual:examples";
  return {
    name: "examples",
    resolveId: (asked) => (asked === id ? `\0${id}` : undefined),
    load(asked) {
      if (asked !== `\0${id}`) return;
      this.addWatchFile(readme);
      return `export default ${JSON.stringify(examples(readFileSync(readme, "utf8")))};`;
    },
  };
}
