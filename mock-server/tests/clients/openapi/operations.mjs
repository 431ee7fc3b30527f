// node operations.mjs DOCUMENT: exit 0 when the document has exactly the operations of Chatwork API v2, each with an
// operationId of its own, at least one answer, and its path parameters declared. The list is written here by hand.
import { readFile } from "node:fs/promises";

const WANTED = `
GET /me
GET /my/status
GET /my/tasks
GET /contacts
GET /rooms
POST /rooms
GET /rooms/{room_id}
PUT /rooms/{room_id}
DELETE /rooms/{room_id}
GET /rooms/{room_id}/members
PUT /rooms/{room_id}/members
GET /rooms/{room_id}/messages
POST /rooms/{room_id}/messages
PUT /rooms/{room_id}/messages/read
PUT /rooms/{room_id}/messages/unread
GET /rooms/{room_id}/messages/{message_id}
PUT /rooms/{room_id}/messages/{message_id}
DELETE /rooms/{room_id}/messages/{message_id}
GET /rooms/{room_id}/tasks
POST /rooms/{room_id}/tasks
GET /rooms/{room_id}/tasks/{task_id}
PUT /rooms/{room_id}/tasks/{task_id}/status
GET /rooms/{room_id}/files
POST /rooms/{room_id}/files
GET /rooms/{room_id}/files/{file_id}
GET /rooms/{room_id}/link
POST /rooms/{room_id}/link
PUT /rooms/{room_id}/link
DELETE /rooms/{room_id}/link
GET /incoming_requests
PUT /incoming_requests/{request_id}
DELETE /incoming_requests/{request_id}
`.trim().split("\n");

const document = JSON.parse(await readFile(process.argv[2], "utf8"));
const verbs = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];
const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  verbs.filter((verb) => item[verb] !== undefined).map((verb) => ({
    // The version may stand in the paths or in the server's URL.
    name: `${verb.toUpperCase()} ${path.replace(/^\/v2(?=\/)/, "")}`,
    declared: [...(item.parameters ?? []), ...(item[verb].parameters ?? [])],
    ...item[verb],
  })),
);
const resolve = (node) => (node.$ref === undefined ? node : node.$ref.slice(2).split("/").reduce((at, key) => at?.[key], document));

const faults = [];
const names = operations.map((operation) => operation.name);
faults.push(...WANTED.filter((name) => !names.includes(name)).map((name) => `${name} is missing`));
faults.push(...names.filter((name) => !WANTED.includes(name)).map((name) => `${name} is no operation of the service`));
const ids = new Set();
for (const { name, operationId, responses, declared } of operations) {
  if (typeof operationId !== "string" || ids.has(operationId)) faults.push(`${name}: operationId ${operationId} is absent or used twice`);
  ids.add(operationId);
  if (!Object.keys(responses ?? {}).some((status) => status.startsWith("2"))) faults.push(`${name}: no answer of success`);
  if (responses?.["401"] === undefined) faults.push(`${name}: no 401`);
  const inPath = declared.map(resolve).filter((parameter) => parameter?.in === "path").map((parameter) => parameter.name);
  for (const [, wanted] of name.matchAll(/\{([a-z_]+)\}/g)) {
    if (!inPath.includes(wanted)) faults.push(`${name}: path parameter ${wanted} is not declared`);
  }
}
faults.forEach((fault) => console.error(fault));
console.log(`${names.filter((name) => WANTED.includes(name)).length} of ${WANTED.length} operations`);
process.exitCode = faults.length === 0 ? 0 : 1;
