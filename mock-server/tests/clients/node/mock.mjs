// The mock's control plane, as far as these tests need it.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";

export class Mock {
  constructor(ready) {
    this.ready = ready;
  }

  static async fromReadyFile(path) {
    return new Mock(JSON.parse(await readFile(path, "utf8")));
  }

  /** A world of its own, so that a scenario can be repeated and never meets another one. */
  async world(description) {
    const body = description === undefined ? { seed: 7 } : { seed: 7, world: description };
    const made = await this.control("POST", "/worlds", body);
    return new World(this, made.id, made.chatwork);
  }

  async control(method, path, body, headers = {}) {
    const answer = await fetch(this.ready.control_url + path, {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    assert.ok(answer.ok, `control plane: ${method} ${path} answered ${answer.status} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  }
}

export class World {
  constructor(mock, id, chatwork) {
    this.mock = mock;
    this.id = id;
    this.baseUrl = chatwork.base_url;
    this.token = chatwork.token;
    this.accountId = chatwork.account_id;
    this.roomId = chatwork.room_id;
  }

  control(method, path, body) {
    return this.mock.control(method, path, body, { "x-mock-world": this.id });
  }

  /** What this world was asked since the last call of `clearJournal`, oldest first. */
  async journal() {
    const { requests } = await this.control("GET", "/requests?service=chatwork");
    return requests;
  }

  clearJournal() {
    return this.control("DELETE", "/requests");
  }

  advance(milliseconds) {
    return this.control("POST", "/clock", { advance_ms: milliseconds });
  }

  /** Ends this world. */
  end() {
    return this.mock.control("DELETE", `/worlds/${this.id}`);
  }
}
