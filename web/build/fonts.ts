import type { Plugin } from "vite";

/**
 * Drops GraphiQL's own text fonts, half a megabyte for some scripts and not those of our data: the
 * system's fonts know all of them. Monaco's font of icons stays.
 */
export function systemFonts(): Plugin {
  return {
    name: "system-fonts",
    enforce: "pre",
    transform(code, id) {
      if (!id.endsWith("graphiql/dist/style.css")) return;
      return code.replace(/@font-face\s*\{[^}]*font-family:\s*["']?(Roboto|Fira Code)[^}]*\}/g, "");
    },
  };
}
