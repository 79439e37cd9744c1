declare module "virtual:examples" {
  const examples: import("../build/examples.ts").Example[];
  export default examples;
}
