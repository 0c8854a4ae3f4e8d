// SPDX-License-Identifier: BSD-2-Clause
// A target that takes its time: every request is answered 200 so many ms later.
// Prints its port, then at each line of standard input how many it answered
// and the most it had in hand at once.
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { createInterface } from "node:readline";

const [certificate, key, delay] = process.argv.slice(2);
let answered = 0, open = 0, most = 0;

const server = createServer({ cert: readFileSync(certificate), key: readFileSync(key) },
  (request, response) => {
    most = Math.max(most, ++open);
    request.resume();
    request.on("end", () => setTimeout(() => {
      open--;
      answered++;
      response.writeHead(200, { "content-type": "application/json" });
      response.end("{}");
    }, Number(delay)));
  });

server.listen(0, "127.0.0.1", () => console.log(server.address().port));
createInterface({ input: process.stdin }).on("line", () => {
  console.log(JSON.stringify({ answered, most }));
  most = open;
}).on("close", () => process.exit(0));
