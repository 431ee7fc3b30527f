// GET /me, /my/status, /my/tasks, /contacts, /rooms: what the token's owner sees of the default world.
import assert from "node:assert/strict";
import { each, exactly, shapes } from "../shapes.mjs";
import { EMPTY, NOBODY } from "./common.mjs";

export async function me(client, world) {
  const own = await client.call("getMe", [], {
    status: 200,
    is: (body) => assert.equal(exactly(shapes.me, body).account_id, world.accountId),
  });
  const rooms = await client.call("getRooms", [], { status: 200, is: (body) => judgeRooms(body, own, world) });
  await client.call("getMyStatus", [], { status: 200, is: (body) => judgeStatus(body, rooms) });

  const contacts = await client.call("getContacts", [], { status: 200, is: (body) => each(shapes.contact, body) });
  for (const contact of contacts) {
    await client.call("getRoom", [contact.room_id], {
      status: 200,
      note: `direct chat with ${contact.chatwork_id}`,
      is: (body) => assert.deepEqual([body.type, body.name], ["direct", contact.name]),
    });
  }
  await client.call("getRoomMembers", [own.room_id], {
    status: 200,
    note: "My Chat",
    is: (body) => assert.deepEqual(each(shapes.member, body).map((member) => member.account_id), [own.account_id]),
  });
  await myTasks(client);
}

function judgeRooms(rooms, own, world) {
  each(shapes.rooms, rooms);
  const mine = rooms.filter((room) => room.type === "my");
  assert.deepEqual(mine.map((room) => room.room_id), [own.room_id], "one My Chat, and it is the one that /me names");
  assert.deepEqual([mine[0].name, mine[0].role, mine[0].sticky], ["マイチャット", "member", true]);
  assert.ok(rooms.some((room) => room.type === "direct"), "a direct chat");
  assert.ok(rooms.some((room) => room.room_id === world.roomId), "the room that the ready line names");
  assert.equal(new Set(rooms.map((room) => room.room_id)).size, rooms.length, "no room twice");
}

function judgeStatus(status, rooms) {
  exactly(shapes.status, status);
  for (const kind of ["unread", "mention", "mytask"]) {
    const counts = rooms.map((room) => room[`${kind}_num`]);
    assert.equal(status[`${kind}_num`], counts.reduce((sum, count) => sum + count, 0), `${kind}_num is the sum over the rooms`);
    assert.equal(status[`${kind}_room_num`], counts.filter((count) => count > 0).length, `${kind}_room_num`);
  }
}

async function myTasks(client) {
  const { api, world } = client;
  const task = async (params) => (await api.postRoomTask(world.roomId, { to_ids: `${world.accountId}`, ...params })).task_ids[0];
  const open = await task({ body: "ซื้อนม 牛乳" });
  const done = await task({ body: "xong rồi ✅", limit_type: "none" });
  await api.putRoomTaskStatus(world.roomId, done, { body: "done" });

  const among = (list, ...ids) => ids.map((id) => list.some((item) => item.task_id === id));
  const listed = (...wanted) => (body) => assert.deepEqual(among(each(shapes.myTask, body), open, done), wanted);
  await client.call("getMyTasks", [], {
    status: 200,
    is: (body) => {
      listed(true, false)(body);
      assert.ok(body.every((task) => task.status === "open"), "open is the default");
      const made = body.find((item) => item.task_id === open);
      assert.deepEqual([made.body, made.room.room_id, made.assigned_by_account.account_id], ["ซื้อนม 牛乳", world.roomId, world.accountId]);
    },
  });
  await client.call("getMyTasks", [{ status: "open" }], { status: 200, note: "status=open", is: listed(true, false) });
  await client.call("getMyTasks", [{ status: "done" }], { status: 200, note: "status=done", is: listed(false, true) });
  await client.call("getMyTasks", [{ assigned_by_account_id: world.accountId, status: "done" }], {
    status: 200, note: "asked for by oneself", is: listed(false, true),
  });
  await client.call("getMyTasks", [{ assigned_by_account_id: NOBODY }], { ...EMPTY, note: `nobody's; ${EMPTY.note}` });
  await client.call("getMyTasks", [{ status: "later" }], { status: 400, note: "unknown status", errors: true });
}
