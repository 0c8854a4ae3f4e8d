// SPDX-License-Identifier: BSD-2-Clause
// Holds envelopes against their schema.  Arguments: the folder with
// node_modules, the schema.  Standard input: a JSON array of envelopes;
// standard output: a JSON array with the errors of each.
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";

const [modules, schema] = process.argv.slice(2);
const require = createRequire(path.join(modules, "index.js"));
const Ajv = require("ajv/dist/2020");

const ajv = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true,
  formats: { "date-time": true } });	// its pattern is stricter
const validate = ajv.compile(JSON.parse(fs.readFileSync(schema, "utf8")));

console.log(JSON.stringify(JSON.parse(fs.readFileSync(0, "utf8")).map((envelope) =>
  validate(envelope) ? [] : validate.errors.map((e) => `${e.instancePath} ${e.message}`))));
