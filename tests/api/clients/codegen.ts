// Types of every operation of the README.
import { readFileSync } from "node:fs";
import type { CodegenConfig } from "@graphql-codegen/cli";
import { examples } from "./examples";

const config: CodegenConfig = {
  schema: "schema.graphql",
  documents: examples(readFileSync("README.md", "utf8")).map(({ query }) => query),
  generates: {
    "generated/typed/": {
      preset: "client",
      presetConfig: { fragmentMasking: false },
      config: {
        strictScalars: true,
        scalars: {
          Date: "string",
          DateTime: "string",
          Decimal: { input: "string | number", output: "string" },
          GeoJSON: "unknown",
          Language: "string",
          Period: "string",
          Upload: "File",
        },
        avoidOptionals: { field: true },
        enumsAsTypes: true,
        nonOptionalTypename: true,
        skipTypeNameForRoot: true,
        immutableTypes: true,
        useTypeImports: true,
      },
    },
  },
};
export default config;
