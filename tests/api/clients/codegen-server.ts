// The same types from the schema that a server tells.
import type { CodegenConfig } from "@graphql-codegen/cli";
import config from "./codegen";

const { HUTONG_SCHEMA: schema, HUTONG_GENERATED: folder } = process.env;
const [[, output]] = Object.entries(config.generates);
export default { ...config, schema, generates: { [folder!]: output } } as CodegenConfig;
