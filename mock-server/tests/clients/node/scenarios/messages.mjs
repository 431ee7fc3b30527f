// Messages: post, list, read one, edit, delete, read and unread.
import assert from "node:assert/strict";
import { each, exactly, shapes } from "../shapes.mjs";
import { EMPTY, group, NOBODY, required, UNKNOWN_ENDPOINT } from "./common.mjs";

const EVERYDAY = "[info][title]สวัสดี[/title]こんにちは & 50% + a=b; xin chào 👩‍💻\nline 2[/info]";

export async function messages(client) {
  const { room, me } = await group(client);
  const { message_id: message } = await client.call("postRoomMessage", [room, { body: EVERYDAY }], {
    status: 200, is: (body) => exactly(shapes.messageId, body),
  });
  await client.call("getRoomMessage", [room, message], {
    status: 200,
    is: (body) => {
      exactly(shapes.message, body);
      assert.deepEqual([body.message_id, body.body, body.account.account_id, body.update_time], [message, EVERYDAY, me, 0]);
    },
  });
  await lists(client, room, message);
  await changes(client, room, message);
  await refused(client, room);
  await unread(client, room);
}

async function lists(client, room, message) {
  await client.call("getRoomMessages", [room], {
    status: 200,
    note: "the first fetch gives everything",
    is: (body) => {
      assert.deepEqual([each(shapes.message, body).length, body.at(-1).message_id], [2, message]);
      assert.deepEqual(Object.keys(body[0].account), ["account_id", "name", "avatar_image_url"]);
    },
  });
  await client.call("getRoomMessages", [room], { ...EMPTY, note: `nothing new; ${EMPTY.note}` });
  const { message_id: next } = await client.api.postRoomMessage(room, { body: "ต่อไป" });
  await client.call("getRoomMessages", [room, { force: 0 }], {
    status: 200, note: "force=0", is: (body) => assert.deepEqual(each(shapes.message, body).map((item) => item.message_id), [next]),
  });
  const single = await client.api.getRoomMessage(room, message);
  await client.call("getRoomMessages", [room, { force: 1 }], {
    status: 200,
    note: "force=1: all, oldest first",
    is: (body) => {
      assert.deepEqual(each(shapes.message, body).slice(1).map((item) => item.message_id), [message, next]);
      assert.deepEqual(body[1], single, "the list's item is the single one");
    },
  });
}

async function changes(client, room, message) {
  await client.call("putRoomMessage", [room, message, { body: "แก้ไขแล้ว 編集済み" }], {
    status: 200, is: (body) => assert.deepEqual(exactly(shapes.messageId, body), { message_id: message }),
  });
  await client.call("getRoomMessage", [room, message], {
    status: 200,
    note: "after the edit",
    is: (body) => {
      assert.equal(exactly(shapes.message, body).body, "แก้ไขแล้ว 編集済み");
      assert.ok(body.update_time >= body.send_time, "update_time tells when");
    },
  });
  await client.call("putRoomMessage", [room, message, { body: "" }], { status: 400, note: "empty body", errors: required("body") });
  await client.call("deleteRoomMessage", [room, message], {
    status: 200, note: "200 with the id, not 204", is: (body) => assert.deepEqual(exactly(shapes.messageId, body), { message_id: message }),
  });
  await client.call("getRoomMessage", [room, message], {
    status: 200, note: "a tombstone stays", is: (body) => assert.equal(exactly(shapes.message, body).body, "[deleted]"),
  });
  await client.call("deleteRoomMessage", [room, `${NOBODY}`], { status: 404, note: "unknown", errors: true });
  await client.call("putRoomMessage", [room, `${NOBODY}`, { body: "x" }], { status: 404, note: "unknown", errors: true });
  await client.call("getRoomMessage", [room, `${NOBODY}`], { status: 404, note: "unknown", errors: true });
}

async function refused(client, room) {
  await client.call("postRoomMessage", [room, {}], { status: 400, note: "no body", errors: required("body") });
  await client.call("postRoomMessage", [room, { body: "" }], { status: 400, note: "empty body", errors: required("body") });
  await client.call("postRoomMessage", [room, { body: "ก".repeat(65_536) }], { status: 400, note: "65,536 characters", errors: true });
  await client.call("postRoomMessage", [room, { body: "ก".repeat(65_535) }], {
    status: 200, note: "65,535 characters", is: (body) => exactly(shapes.messageId, body),
  });
  await client.call("postRoomMessage", [room, { body: "x", self_unread: 2 }], { status: 400, note: "self_unread=2", errors: true });
  await client.call("postRoomMessage", ["", { body: "x" }], { status: 400, note: "no room id", errors: UNKNOWN_ENDPOINT, route: false });
}

async function unread(client, room) {
  const { api } = client;
  const before = await api.getRoom(room);
  const { message_id: first } = await client.call("postRoomMessage", [room, { body: "จำไว้", self_unread: 1 }], {
    status: 200, note: "self_unread=1", is: (body) => exactly(shapes.messageId, body),
  });
  const { message_id: second } = await api.postRoomMessage(room, { body: "覚えて", self_unread: 1 });
  const counted = (unread_num) => (body) => assert.deepEqual(exactly(shapes.unread, body), { unread_num, mention_num: 0 });
  assert.equal(before.unread_num, 0);
  await client.call("getRoom", [room], { status: 200, note: "two unread", is: (body) => assert.equal(body.unread_num, 2) });
  await client.call("putRoomMessagesRead", [room, { message_id: first }], { status: 200, note: "up to the first", is: counted(1) });
  await client.call("putRoomMessagesRead", [room, { message_id: first }], { status: 400, note: "already read", errors: true });
  await client.call("putRoomMessagesRead", [room], { status: 200, note: "the whole room: an empty body", is: counted(0) });
  await client.call("getMyStatus", [], { status: 200, note: "counts follow", is: (body) => exactly(shapes.status, body) });
  await client.call("putRoomMessagesUnread", [room, { message_id: first }], { status: 200, note: "that and all later", is: counted(2) });
  await client.call("putRoomMessagesUnread", [room, { message_id: second }], { status: 400, note: "already unread", errors: true });
  await client.call("putRoomMessagesUnread", [room, {}], { status: 400, note: "no message_id", errors: required("message_id") });
  await client.call("putRoomMessagesUnread", [room, { message_id: `${NOBODY}` }], { status: 404, note: "unknown", errors: true });
  await client.call("putRoomMessagesRead", [room, { message_id: `${NOBODY}` }], { status: 404, note: "unknown", errors: true });
  await client.call("getRoom", [room], { status: 200, note: "refusals changed nothing", is: (body) => assert.equal(body.unread_num, 2) });
}
