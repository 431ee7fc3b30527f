// Tokens and rate limits, from the world's own clock: no scenario waits.
import assert from "node:assert/strict";
import { exactly, shapes } from "../shapes.mjs";
import { group, ROOM_LIMIT } from "./common.mjs";

export async function tokens(client, world) {
  const { recorder } = client;
  for (const [token, note] of [["0".repeat(32), "unknown token"], ["x", "short token"]]) {
    await recorder.client(world, token).call("getMe", [], { status: 401, note, errors: ["Invalid API token"] });
    await recorder.client(world, token).call("postRoomMessage", [world.roomId, { body: "x" }], {
      status: 401, note, errors: ["Invalid API token"],
    });
  }
  await recorder.judge("GET /me", "chatwork-api-client getMe (no token: the client refuses before it sends)", async () => {
    await world.clearJournal();
    await assert.rejects(recorder.client(world, null).api.getMe(), { message: "Chatwork API Token is not set." });
    assert.deepEqual(await world.journal(), []);
    return "-";
  });
  await client.call("getMe", [], { status: 200, note: "the right token still works", is: (body) => exactly(shapes.me, body) });
}

export async function roomLimit(client, world) {
  const { room, me } = await group(client);
  const other = (await group(client)).room;
  for (let n = 0; n < 9; n += 1) await client.api.postRoomMessage(room, { body: `${n}` });
  await client.call("postRoomTask", [room, { body: "tenth", to_ids: `${me}`, limit_type: "none" }], {
    status: 200, note: "tenth in 10 s, together with messages", is: (body) => assert.equal(body.task_ids.length, 1),
  });
  await client.call("postRoomMessage", [room, { body: "eleventh" }], { status: 429, note: "eleventh in 10 s", errors: ROOM_LIMIT });
  await client.call("postRoomTask", [room, { body: "x", to_ids: `${me}` }], { status: 429, note: "eleventh in 10 s", errors: ROOM_LIMIT });
  await client.call("postRoomMessage", [other, { body: "x" }], {
    status: 200, note: "another room is free", is: (body) => exactly(shapes.messageId, body),
  });
  await client.call("getRoom", [room], {
    status: 200, note: "refusals posted nothing", is: (body) => assert.deepEqual([body.message_num, body.task_num], [1 + 9 + 1, 1]),
  });
  await world.advance(10_000);
  await client.call("postRoomMessage", [room, { body: "หลัง 10 วินาที" }], {
    status: 200, note: "10 s later", is: (body) => exactly(shapes.messageId, body),
  });
}

export async function accountLimit(client, world) {
  await client.call("getMyStatus", [], {
    status: 200, note: "first of 300", is: () => assert.equal(client.api.rateLimits["x-ratelimit-remaining"], 299),
  });
  const reset = client.api.rateLimits["x-ratelimit-reset"];
  for (let n = 1; n < 300; n += 1) await client.api.getMyStatus();
  assert.deepEqual(client.api.rateLimits, { "x-ratelimit-limit": 300, "x-ratelimit-remaining": 0, "x-ratelimit-reset": reset });
  await client.call("getMyStatus", [], { status: 429, note: "301st in 5 minutes", errors: true });
  await client.call("postRoomMessage", [world.roomId, { body: "x" }], { status: 429, note: "all operations share it", errors: true });
  await world.advance(300_000);
  await client.call("getMyStatus", [], {
    status: 200,
    note: "5 minutes later",
    is: () => assert.deepEqual([client.api.rateLimits["x-ratelimit-remaining"], client.api.rateLimits["x-ratelimit-reset"]], [299, reset + 300]),
  });
}
