// What the reference implementation makes of random documents with random variables:
// `node coerce.mjs 1 1000` writes the cases of a seed, each with the document, the variables, and
// either nothing, where it is refused, or the coerced variables and arguments.

import { readFileSync } from "node:fs";
import {
  GraphQLNonNull, buildSchema, getArgumentValues, getDirectiveValues, getNamedType, getNullableType,
  getVariableValues, isEnumType, isInputObjectType, isListType, isLeafType, isNonNullType, parse,
  GraphQLIncludeDirective, GraphQLSkipDirective, validate, valueFromASTUntyped,
} from "graphql";

const [seed, count] = process.argv.slice(2).map(Number);
const schema = buildSchema(readFileSync("schema.graphql", "utf8"));

let state = BigInt(seed) * 0x9e3779b97f4a7c15n + 1n;
/** A whole number below `most`, always the same after the same seed (SplitMix64). */
function below(most) {
  state = BigInt.asUintN(64, state + 0x9e3779b97f4a7c15n);
  let mixed = BigInt.asUintN(64, (state ^ (state >> 30n)) * 0xbf58476d1ce4e5b9n);
  mixed = BigInt.asUintN(64, (mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn);
  return Number((mixed ^ (mixed >> 31n)) % BigInt(most));
}
const chance = (percent) => below(100) < percent;
const pick = (items) => items[below(items.length)];

const SCALARS = {
  Int: [0, 1, 2147483647, -3], Float: [0.5, 2], String: ["", "haidian", "北京"], ID: ["a", 7], Boolean: [true, false],
  Date: ["2025-01-31"], DateTime: ["2026-01-27T08:00:00Z"], Decimal: ["1.50", 3, 1.5, 2147483648], Language: ["en", "zh-Hant"],
  Period: ["2025", "2025-Q1"], GeoJSON: [{ type: "Point", coordinates: [116, 39] }], Upload: [],
};
const WRONG = ["not right", 1.5, 2147483648, true, { nothing: 1 }, [["not right"]]];

// What these take is the server's own matter: here a value is one of those above, or wrong.
for (const name of ["Date", "DateTime", "Decimal", "Language", "Period", "GeoJSON", "Upload"]) {
  const known = SCALARS[name].map((value) => JSON.stringify(value));
  const parseValue = (value) => {
    if (!known.includes(JSON.stringify(value))) throw new Error("wrong");
    return value;
  };
  const type = schema.getType(name);
  type.parseValue = parseValue;
  type.parseLiteral = (node, variables) => parseValue(valueFromASTUntyped(node, variables));
}

/** A word of a closed list, which a literal writes without quotes. */
class Word {
  constructor(word) { this.word = word; }
  toJSON() { return this.word; }
}

/** A value of a type, wrong now and then. With `hole`, variables may stand in it. */
function value(type, depth, hole) {
  if (hole && chance(20)) return hole(type);
  if (chance(2)) return pick(WRONG);
  if (isNonNullType(type)) return chance(1) ? null : value(type.ofType, depth, undefined);
  if (chance(4)) return null;
  if (isListType(type)) {
    if (chance(15)) return value(type.ofType, depth, hole);
    return Array.from({ length: below(3) }, () => item(type.ofType, depth, hole));
  }
  if (isEnumType(type)) return new Word(chance(3) ? "NO_SUCH_WORD" : pick(type.getValues()).name);
  if (!isInputObjectType(type)) return SCALARS[type.name].length ? pick(SCALARS[type.name]) : null;
  const object = {};
  for (const field of Object.values(type.getFields())) {
    const required = isNonNullType(field.type) && field.defaultValue === undefined;
    if (required ? chance(98) : depth < 3 && chance(12)) object[field.name] = item(field.type, depth + 1, hole);
  }
  if (chance(1)) object.noSuchField = 1;
  return object;
}
const item = (type, depth, hole) => (hole && chance(15) ? hole(type) : value(type, depth, hole));

/** A value as it is written in a document. */
function literal(value) {
  if (value instanceof Word) return value.word;
  if (value?.variable) return `$${value.variable}`;
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (value && typeof value === "object") {
    return `{${Object.entries(value).map(([name, value]) => `${name}: ${literal(value)}`).join(", ")}}`;
  }
  return JSON.stringify(value);
}

/** A document with variables, and their values. */
function draw() {
  const definitions = [], variables = {};
  /** A variable that may stand where a type is wanted, mostly. */
  function hole(type) {
    const name = `v${definitions.length}`;
    let own = chance(75) ? type : getNullableType(type);
    if (!isNonNullType(own) && chance(15)) own = new GraphQLNonNull(own);
    if (chance(2)) own = schema.getType(pick(["Int", "String", "Boolean", "Direction"]));
    const fallback = chance(30) ? ` = ${literal(value(own, 2))}` : "";
    definitions.push(`$${name}: ${own}${fallback}`);
    if (chance(isNonNullType(own) && !fallback ? 97 : 60)) variables[name] = value(own, 1);
    return { variable: name };
  }
  const kind = chance(80) ? "query" : "mutation";
  const fields = Object.values((kind === "query" ? schema.getQueryType() : schema.getMutationType()).getFields());
  const selections = Array.from({ length: 1 + below(2) }, (_, place) => {
    const field = pick(fields);
    const given = field.args.filter((argument) =>
      isNonNullType(argument.type) && argument.defaultValue === undefined ? chance(98) : chance(40));
    const args = given.map((argument) => `${argument.name}: ${literal(item(argument.type, 0, hole))}`);
    const boolean = new GraphQLNonNull(schema.getType("Boolean"));
    const directive = chance(25) ? ` @${pick(["skip", "include"])}(if: ${literal(item(boolean, 0, hole))})` : "";
    const inside = isLeafType(getNamedType(field.type)) ? "" : " { __typename }";
    return `f${place}: ${field.name}${args.length ? `(${args.join(", ")})` : ""}${directive}${inside}`;
  });
  const head = definitions.length ? `(${definitions.join(", ")})` : "";
  return { query: `${kind} Q${head} { ${selections.join(" ")} }`, variables };
}

/** What becomes of a document; throws where it is refused. */
function coerced({ query, variables }) {
  const document = parse(query);
  const [refused] = validate(schema, document);
  if (refused) throw refused;
  const [operation] = document.definitions;
  const known = getVariableValues(schema, operation.variableDefinitions, JSON.parse(JSON.stringify(variables)));
  if (known.errors) throw known.errors[0];
  const root = schema.getRootType(operation.operation).getFields();
  const fields = [];
  for (const node of operation.selectionSet.selections) {
    const skip = getDirectiveValues(GraphQLSkipDirective, node, known.coerced);
    const include = getDirectiveValues(GraphQLIncludeDirective, node, known.coerced);
    if (skip?.if === true || include?.if === false) continue;
    getArgumentValues(root[node.name.value], node, known.coerced);
    const there = ({ value }) => value.kind !== "Variable" || value.name.value in known.coerced;
    const args = node.arguments.filter(there).map((argument) =>
      [argument.name.value, valueFromASTUntyped(argument.value, known.coerced)]);
    fields.push([node.alias.value, Object.fromEntries(args)]);
  }
  return { variables: known.coerced, fields };
}

const cases = Array.from({ length: count }, () => {
  const drawn = draw();
  try {
    return { ...drawn, coerced: coerced(drawn) };
  } catch (why) {
    return { ...drawn, coerced: null, why: why.message };
  }
});
process.stdout.write(JSON.stringify(cases));
