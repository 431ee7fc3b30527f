// Invitation links. The client's types call `public` and `need_acceptance` 0 or 1; the contract says true or false.
import assert from "node:assert/strict";
import { exactly, shapes } from "../shapes.mjs";
import { group } from "./common.mjs";

export async function link(client, world) {
  const { room } = await group(client);
  const other = (await group(client)).room;
  const code = (name) => `${name}-${world.id}`.replaceAll(/[^A-Za-z0-9_-]/g, "-").slice(0, 50);
  const judged = (path, need_acceptance, description) => (body) => {
    exactly(shapes.link, body);
    assert.deepEqual([body.public, body.need_acceptance, body.description], [true, need_acceptance, description]);
    assert.match(new URL(body.url).pathname, path);
  };
  const exact = (name) => new RegExp(`^/g/${code(name)}$`);
  const random = /^\/g\/[A-Za-z0-9_-]{1,50}$/;
  const none = (body) => assert.deepEqual(exactly(shapes.noLink, body), { public: false });

  await client.call("getRoomLink", [room], { status: 200, note: "no link", is: none });
  await client.call("putRoomLink", [room, { code: code("a") }], { status: 400, note: "no link", errors: true });
  await client.call("deleteRoomLink", [room], { status: 400, note: "no link", errors: true });
  await client.call("postRoomLink", [room, { code: code("a"), need_acceptance: 0, description: "ยินดีต้อนรับ 歓迎" }], {
    status: 200, is: judged(exact("a"), false, "ยินดีต้อนรับ 歓迎"),
  });
  await client.call("getRoomLink", [room], { status: 200, is: judged(exact("a"), false, "ยินดีต้อนรับ 歓迎") });
  await client.call("postRoomLink", [room, { code: code("b") }], { status: 400, note: "there is a link", errors: true });
  await client.call("postRoomLink", [other, { code: code("a") }], { status: 400, note: "the code is taken", errors: true });
  await client.call("postRoomLink", [other, { code: "a b" }], { status: 400, note: "a code of other characters", errors: true });
  await client.call("postRoomLink", [other], {
    status: 200,
    note: "no parameter, an empty body: a random code",
    is: (body) => judged(random, true, body.description)(body),
  });
  await client.call("putRoomLink", [room, { code: code("a"), need_acceptance: 1, description: "mới" }], {
    status: 200, note: "its own code again", is: judged(exact("a"), true, "mới"),
  });
  await client.call("putRoomLink", [room], {
    status: 200,
    note: "no parameter: a new random code",
    is: (body) => {
      judged(random, true, body.description)(body);
      assert.doesNotMatch(new URL(body.url).pathname, exact("a"));
    },
  });
  await client.call("deleteRoomLink", [room], { status: 200, is: none });
  await client.call("getRoomLink", [room], { status: 200, note: "after the end", is: none });
  await client.call("deleteRoomLink", [room], { status: 400, note: "twice", errors: true });
}
