import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { compress } from "./build/compress.ts";
import { examplesOf } from "./build/examples.ts";
import { systemFonts } from "./build/fonts.ts";

export default defineConfig({
  // Relative, so that the page works under any path a proxy gives it.
  base: "./",
  plugins: [examplesOf(fileURLToPath(new URL("../README.md", import.meta.url))), systemFonts(), compress()],
  build: {
    target: "es2022",
    // What the licences of the packages ask for: that they go along.
    license: { fileName: "assets/licences.md" },
    // The editor is what it is, and in a file of its own.
    chunkSizeWarningLimit: 4000,
    rolldownOptions: { checks: { moduleLevelDirective: false } },
  },
  server: { proxy: { "/graphql": { target: "http://127.0.0.1:8000", ws: true } } },
});
