// SPDX-License-Identifier: BSD-2-Clause
// Holds GraphQL documents and the replies of a fake server against a schema.
// Arguments: the graphql module's folder, the schema.  Standard input: a JSON
// array of {name, document, variables, data}; standard output: {name: [errors]}.
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";

const [modules, schemaFile] = process.argv.slice(2);
const require = createRequire(path.join(modules, "index.js"));
const { buildSchema, parse, validate, execute } = require("graphql");

const schema = buildSchema(fs.readFileSync(schemaFile, "utf8"), { assumeValidSDL: true });

// A reply is right where the schema's own executor, given the reply's objects
// as what its resolvers found, makes the same reply of them.
function replyErrors(document, variables, data) {
  const result = execute({ schema, document, rootValue: data, variableValues: variables });
  const errors = (result.errors ?? []).map((e) => e.message);
  const wanted = JSON.stringify(data);
  if (errors.length === 0 && JSON.stringify(result.data) !== wanted)
    errors.push(`the schema makes ${JSON.stringify(result.data)} of ${wanted}`);
  return errors;
}

function check({ document, variables, data }) {
  const parsed = parse(document);
  const errors = validate(schema, parsed).map((e) => e.message);
  return errors.length > 0 ? errors : replyErrors(parsed, variables, data);
}

const cases = JSON.parse(fs.readFileSync(0, "utf8"));
console.log(JSON.stringify(Object.fromEntries(cases.map((c) => [c.name, check(c)]))));
