// Calls the client's methods one by one, judges each call, prints one line for it and keeps the score.
import assert from "node:assert/strict";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const module = require("chatwork-api-client/dist/api");
const ChatworkApi = require("chatwork-api-client").default;
const axios = createRequire(require.resolve("chatwork-api-client"))("axios");

/** Every operation of the contract, and the client's method for it. */
export const OPERATIONS = {
  "GET /me": "getMe",
  "GET /my/status": "getMyStatus",
  "GET /my/tasks": "getMyTasks",
  "GET /contacts": "getContacts",
  "GET /rooms": "getRooms",
  "POST /rooms": "postRoom",
  "GET /rooms/{room_id}": "getRoom",
  "PUT /rooms/{room_id}": "putRoom",
  "DELETE /rooms/{room_id}": "deleteRoom",
  "GET /rooms/{room_id}/members": "getRoomMembers",
  "PUT /rooms/{room_id}/members": "putRoomMembers",
  "GET /rooms/{room_id}/messages": "getRoomMessages",
  "POST /rooms/{room_id}/messages": "postRoomMessage",
  "PUT /rooms/{room_id}/messages/read": "putRoomMessagesRead",
  "PUT /rooms/{room_id}/messages/unread": "putRoomMessagesUnread",
  "GET /rooms/{room_id}/messages/{message_id}": "getRoomMessage",
  "PUT /rooms/{room_id}/messages/{message_id}": "putRoomMessage",
  "DELETE /rooms/{room_id}/messages/{message_id}": "deleteRoomMessage",
  "GET /rooms/{room_id}/tasks": "getRoomTasks",
  "POST /rooms/{room_id}/tasks": "postRoomTask",
  "GET /rooms/{room_id}/tasks/{task_id}": "getRoomTask",
  "PUT /rooms/{room_id}/tasks/{task_id}/status": "putRoomTaskStatus",
  "GET /rooms/{room_id}/files": "getRoomFiles",
  "POST /rooms/{room_id}/files": "postRoomFile",
  "GET /rooms/{room_id}/files/{file_id}": "getRoomFile",
  "GET /rooms/{room_id}/link": "getRoomLink",
  "POST /rooms/{room_id}/link": "postRoomLink",
  "PUT /rooms/{room_id}/link": "putRoomLink",
  "DELETE /rooms/{room_id}/link": "deleteRoomLink",
  "GET /incoming_requests": "getIncomingRequests",
  "PUT /incoming_requests/{request_id}": "putIncomingRequest",
  "DELETE /incoming_requests/{request_id}": "deleteIncomingRequest",
};
const OPERATION_OF = Object.fromEntries(Object.entries(OPERATIONS).map(([operation, method]) => [method, operation]));

// The client hides the status. Its own HTTP library tells it, before the client sees the answer.
let answered;
const see = ({ status, headers, data, config }) => (answered = { status, headers, data, config });
axios.interceptors.response.use(
  (response) => (see(response), response),
  (error) => {
    if (error.response !== undefined) see(error.response);
    throw error;
  },
);

export class Recorder {
  constructor(edition) {
    this.edition = edition;
    this.passed = 0;
    this.failures = [];
    this.calls = Object.fromEntries(Object.keys(OPERATIONS).map((operation) => [operation, { ok: 0, failed: 0, served: 0 }]));
  }

  /** A client of a world. `token` replaces the world's own one; `null` gives none. */
  client(world, token = world.token) {
    // The base URL is an exported constant of the client's module: a script sets it, no file is touched.
    module.CHATWORK_URL = world.baseUrl;
    return new Client(this, world, new ChatworkApi(token ?? undefined), token);
  }

  /** One judged fact. Prints its line; a failure is kept, and the run goes on. */
  async judge(operation, what, judgement) {
    try {
      const outcome = await judgement();
      this.passed += 1;
      if (this.calls[operation] !== undefined) this.calls[operation].ok += 1;
      console.log(`ok    ${operation}  ${what}  ${outcome}`);
    } catch (error) {
      if (this.calls[operation] !== undefined) this.calls[operation].failed += 1;
      this.failures.push(`${operation}  ${what}`);
      console.log(`FAIL  ${operation}  ${what}\n      ${error.message.replaceAll("\n", "\n      ")}`);
    }
  }

  /** Runs a scenario in a world of its own. What breaks it off counts as a failure. */
  async scenario(name, world, play) {
    console.log(`\n# ${name} (edition ${this.edition})`);
    try {
      await play(this.client(world), world);
    } catch (error) {
      this.failures.push(`${name}: broken off`);
      console.log(`FAIL  ${name}: broken off\n      ${error.stack}`);
    }
    await world.end();
  }

  summary() {
    const width = Math.max(...Object.keys(this.calls).map((operation) => operation.length));
    console.log(`\n${"operation".padEnd(width)}   calls  failed`);
    for (const [operation, { ok, failed }] of Object.entries(this.calls)) {
      console.log(`${operation.padEnd(width)}  ${String(ok + failed).padStart(6)}  ${String(failed).padStart(6)}`);
    }
    const rows = Object.values(this.calls);
    const total = rows.reduce((sum, { ok, failed }) => sum + ok + failed, 0);
    const covered = rows.filter(({ served }) => served > 0).length;
    console.log(`${total} calls, ${covered} of ${rows.length} operations covered with success`);
    if (covered < rows.length) this.failures.push("an operation was never called with success");
    this.failures.forEach((failure) => console.log(`failed: ${failure}`));
    console.log(`chatwork-api-client 3.4.0, edition ${this.edition}: ${this.passed} passed, ${this.failures.length} failed`);
    return this.failures.length === 0;
  }
}

export class Client {
  constructor(recorder, world, api, token) {
    this.recorder = recorder;
    this.world = world;
    this.api = api;
    this.token = token;
  }

  /**
   * Calls a method of the client and judges status, headers, journal and body.
   * `wanted`: `status`, one or several; then `is`, a function that judges what the client gives back; or `errors`, the exact texts
   * (an array) or `true` for any; `note`, what is remarkable; `sent`, a function that judges the journal's entry;
   * `route: false` where the path is meant to be unknown.
   * Answers what the client gave back, also when the judgement failed.
   */
  async call(method, args, wanted) {
    const operation = OPERATION_OF[method];
    const what = `chatwork-api-client ${method}${wanted.note === undefined ? "" : ` (${wanted.note})`}`;
    let result;
    await this.recorder.judge(operation, what, async () => {
      await this.world.clearJournal();
      answered = undefined;
      let thrown;
      try {
        result = await this.api[method](...args);
      } catch (error) {
        thrown = error;
      }
      if (answered === undefined) throw thrown ?? new Error("nothing was sent");
      const got = `${answered.status} ${JSON.stringify(answered.data)}`;
      // Where no source names the status of a refusal, several will do.
      const statuses = [wanted.status].flat();
      assert.ok(statuses.includes(answered.status), `status: wanted ${statuses.join(" or ")}, got ${got}`);
      this.#judgeHeaders(answered);
      if (wanted.errors === undefined) {
        if (thrown !== undefined) throw thrown;
        await wanted.is?.(result);
      } else {
        this.#judgeError(thrown, wanted);
      }
      if (answered.status !== 401) await this.#judgeJournal(operation, wanted);
      if (answered.status < 300) this.recorder.calls[operation].served += 1;
      return answered.status;
    });
    return result;
  }

  #judgeHeaders({ status, headers }) {
    const limits = ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"];
    if (status === 401) {
      limits.forEach((name) => assert.equal(headers[name], undefined, `${name} on a 401`));
    } else {
      limits.forEach((name) => assert.match(headers[name] ?? "(absent)", /^[0-9]+$/, name));
      assert.equal(headers["x-ratelimit-limit"], "300");
      assert.ok(String(headers["x-ratelimit-reset"]).length === 10, "x-ratelimit-reset counts seconds");
    }
    assert.equal(headers["content-type"], status === 204 ? undefined : "application/json; charset=utf-8");
    if (status === 200 && this.api.rateLimits !== undefined) {
      // What the client read from them.
      assert.deepEqual(Object.keys(this.api.rateLimits).sort(), [...limits].sort());
      limits.forEach((name) => assert.equal(this.api.rateLimits[name], Number(headers[name])));
    }
  }

  #judgeError(thrown, wanted) {
    assert.equal(thrown?.message, `Request failed with status code ${answered.status}`);
    const body = thrown.response.data;
    assert.deepEqual(Object.keys(body), ["errors"]);
    assert.ok(Array.isArray(body.errors) && body.errors.length > 0, "errors is a list that is not empty");
    body.errors.forEach((error) => assert.ok(typeof error === "string" && error !== "", "each error is a text"));
    if (wanted.errors !== true) assert.deepEqual(body.errors, wanted.errors);
  }

  async #judgeJournal(operation, wanted) {
    const entries = await this.world.journal();
    assert.equal(entries.length, 1, `one request in the journal, not ${entries.length}`);
    const [entry] = entries;
    const [verb, template] = operation.split(" ");
    assert.equal(entry.method, verb);
    assert.equal(entry.status, answered.status);
    if (wanted.route !== false) {
      const pattern = new RegExp(`^/v2${template.replaceAll(/\{[a-z_]+\}/g, "[0-9]+")}$`);
      assert.match(entry.path, pattern);
      assert.equal(typeof entry.operation, "string", "the journal names the operation");
    }
    assert.deepEqual(entry.violations, [], "the mock has nothing to say against the request");
    assert.ok(!JSON.stringify(entry).includes(this.token), "the token is masked in the journal");
    await wanted.sent?.(entry);
  }
}
