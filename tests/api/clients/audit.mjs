// The audits of graphql-http: GraphQL over HTTP, requirement by requirement. Prints the failures
// and how many audits there were.
import { auditServer } from 'graphql-http';

const results = await auditServer({ url: process.argv[2] });
for (const { status, id, name, reason } of results) {
  if (status !== 'ok') console.error(`${status} ${id} ${name}: ${reason}`);
}
console.log(`${results.filter(({ status }) => status === 'ok').length} of ${results.length}`);
