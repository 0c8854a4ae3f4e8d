// SPDX-License-Identifier: BSD-2-Clause
// A receiver of webhooks behind TLS, made with the library `standardwebhooks`
// as its manual says, and told by a script what to answer.
//
// Arguments: the folder with node_modules, certificate, key, journal, secrets
// joined by commas.  Every webhook is a line of the journal, a JSON object:
// id, path, agent, body, and for each secret what the library said of the
// signature ("" for right).  What it made is counted by id, once an id.
//
// /control on the same port, for tests: GET tells {requests, made: {id: times}};
// POST {"script": [...]} sets what the next webhooks get, one step each: {status,
// headers, body}, {end: "drop"} (made, and the connection closed without a reply)
// or {end: "silence"} (made, and no reply).  Without a step, it answers 204, and
// 409 for an id it knows.
import fs from "node:fs";
import https from "node:https";
import path from "node:path";
import { createRequire } from "node:module";

const [modules, certificate, key, journal, secrets] = process.argv.slice(2);
const require = createRequire(path.join(modules, "index.js"));
const { Webhook } = require("standardwebhooks");

const hooks = secrets.split(",").map((secret) => new Webhook(secret));
const made = new Map();
let script = [];
let requests = 0;

function said(hook, body, headers) {
  try {
    hook.verify(body, headers);
    return "";
  } catch (error) {
    return error.message;
  }
}

function control(request, body, response) {
  if (request.method === "POST") script = JSON.parse(body).script;
  response.setHeader("Content-Type", "application/json");
  response.end(JSON.stringify({ requests, made: Object.fromEntries(made), left: script.length }));
}

function receive(request, body, response) {
  const id = request.headers["webhook-id"];
  const step = script.shift() ?? { status: made.has(id) ? 409 : 204 };

  fs.appendFileSync(journal, JSON.stringify({
    id, path: request.url, agent: request.headers["user-agent"],
    method: request.method, type: request.headers["content-type"],
    timestamp: request.headers["webhook-timestamp"], body,
    said: hooks.map((hook) => said(hook, body, request.headers)),
  }) + "\n");
  if ((step.status ?? 200) < 300) made.set(id, (made.get(id) ?? 0) + 1);
  if (step.end === "drop") request.socket.destroy();
  else if (step.end !== "silence")
    response.writeHead(step.status, step.headers ?? {}).end(step.body ?? "");
}

const server = https.createServer({ cert: fs.readFileSync(certificate), key: fs.readFileSync(key) },
  (request, response) => {
    const chunks = [];

    if (request.url !== "/control") requests += 1;
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString("utf8");

      (request.url === "/control" ? control : receive)(request, body, response);
    });
  });

server.listen(0, "127.0.0.1", () =>
  console.log(`receiver listening on 127.0.0.1:${server.address().port}`));
