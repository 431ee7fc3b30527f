// POST, GET, PUT, DELETE of rooms, and their members.
import assert from "node:assert/strict";
import { each, exactly, shapes } from "../shapes.mjs";
import { group, NOBODY, PERMISSION_MESSAGES, PERMISSION_ROOM, required, UNKNOWN_ENDPOINT } from "./common.mjs";

export async function rooms(client, world) {
  const { api } = client;
  const [ben, chie] = (await api.getContacts()).map((contact) => contact.account_id);
  const me = world.accountId;
  const name = "Dự án & 計画 + แผน 100% 😀";
  const code = `launch-${world.id}`.replaceAll(/[^A-Za-z0-9_-]/g, "-").slice(0, 50);

  const { room_id: room } = await client.call("postRoom", [{
    name, description: "บรรทัดหนึ่ง\n二行目", link: 1, link_code: code, link_need_acceptance: 0, members_admin_ids: `${me}`,
    members_member_ids: `${ben}`, members_readonly_ids: `${chie}`, icon_preset: "star",
  }], { status: 200, note: "every parameter", is: (body) => exactly(shapes.roomId, body) });
  await client.call("getRoom", [room], {
    status: 200,
    is: (body) => {
      exactly(shapes.room, body);
      assert.deepEqual(
        [body.room_id, body.name, body.description, body.type, body.role, body.message_num],
        [room, name, "บรรทัดหนึ่ง\n二行目", "group", "admin", 1],
      );
      assert.match(body.icon_path, /ico_star\.png$/);
    },
  });
  await client.call("getRoomMessages", [room, { force: 1 }], {
    status: 200,
    note: "a new room starts with one system message",
    is: (body) => {
      assert.equal(each(shapes.message, body).length, 1);
      assert.ok(body[0].body.includes("[dtext:chatroom_groupchat_created]"), body[0].body);
      assert.ok(body[0].body.includes(name), "it tells the name");
    },
  });
  await client.call("getRoomLink", [room], {
    status: 200,
    note: "the link made with the room",
    is: (body) => {
      exactly(shapes.link, body);
      assert.deepEqual([body.public, body.need_acceptance, new URL(body.url).pathname], [true, false, `/g/${code}`]);
    },
  });
  await refusedRooms(client, me);
  await members(client, room, { me, ben, chie });
  await changes(client, room);
  await endings(client, room);
}

async function refusedRooms(client, me) {
  const admins = `${me}`;
  const refused = (params, note, errors = true) => client.call("postRoom", [params], { status: 400, note, errors });
  await refused({ members_admin_ids: admins }, "no name", required("name"));
  await refused({ name: "x" }, "no admins", required("members_admin_ids"));
  await refused({ name: "ก".repeat(256), members_admin_ids: admins }, "name of 256 characters");
  await refused({ name: "x", members_admin_ids: admins, icon_preset: "rocket" }, "unknown icon");
  await refused({ name: "x", members_admin_ids: admins, link: 1, link_code: "โค้ด" }, "link code of other characters");
  await client.call("postRoom", [{ name: "ก".repeat(255), members_admin_ids: admins }], {
    status: 200, note: "name of 255 characters", is: (body) => exactly(shapes.roomId, body),
  });
}

async function members(client, room, { me, ben, chie }) {
  const roles = (list) => Object.fromEntries(each(shapes.member, list).map((member) => [member.account_id, member.role]));
  await client.call("getRoomMembers", [room], {
    status: 200, is: (body) => assert.deepEqual(roles(body), { [me]: "admin", [ben]: "member", [chie]: "readonly" }),
  });
  await client.call("putRoomMembers", [room, { members_admin_ids: `${me},${ben}` }], {
    status: 200,
    note: "replaces everybody",
    is: (body) => {
      assert.deepEqual(Object.keys(body), ["admin", "member", "readonly"]);
      assert.deepEqual([body.admin.toString(), body.member, body.readonly], [`${[me, ben]}`, [], []]);
    },
  });
  await client.call("getRoomMembers", [room], {
    status: 200, note: "who was not listed has left", is: (body) => assert.deepEqual(roles(body), { [me]: "admin", [ben]: "admin" }),
  });
  await client.call("putRoomMembers", [room, { members_member_ids: `${ben}` }], {
    status: 400, note: "no admins", errors: required("members_admin_ids"),
  });
}

async function changes(client, room) {
  await client.call("putRoom", [room, { name: "新しい名前 ใหม่", description: "", icon_preset: "magcup" }], {
    status: 200, is: (body) => assert.deepEqual(exactly(shapes.roomId, body), { room_id: room }),
  });
  await client.call("getRoom", [room], {
    status: 200,
    note: "after the change",
    is: (body) => {
      assert.deepEqual([body.name, body.description], ["新しい名前 ใหม่", ""]);
      assert.match(body.icon_path, /ico_magcup\.png$/);
    },
  });
  await client.call("putRoom", [room, { description: "mô tả" }], { status: 200, note: "description only", is: (body) => exactly(shapes.roomId, body) });
  await client.call("getRoom", [room], {
    status: 200, note: "what was not sent stays", is: (body) => assert.deepEqual([body.name, body.description], ["新しい名前 ใหม่", "mô tả"]),
  });
  await client.call("putRoom", [room, { icon_preset: "rocket" }], { status: 400, note: "unknown icon", errors: true });
}

async function endings(client, room) {
  await client.call("deleteRoom", [room, { action_type: "vanish" }], { status: 400, note: "unknown action_type", errors: true });
  await client.call("deleteRoom", [room, {}], { status: 400, note: "no action_type", errors: required("action_type") });
  await client.call("deleteRoom", [room, { action_type: "delete" }], {
    status: 204,
    note: "action_type in the query, as the client sends it",
    is: (body) => assert.equal(body, ""),
    sent: (entry) => assert.deepEqual([entry.query, entry.body], ["action_type=delete", ""]),
  });
  const { room: second } = await group(client);
  await client.call("deleteRoom", [second, { action_type: "leave" }], { status: 204, note: "leave", is: (body) => assert.equal(body, "") });
  for (const gone of [room, second, NOBODY]) {
    const note = gone === NOBODY ? "a room that never was" : "a room that is gone";
    await client.call("getRoom", [gone], { status: 403, note, errors: PERMISSION_ROOM });
    await client.call("getRoomMessages", [gone], { status: 403, note, errors: PERMISSION_MESSAGES });
    await client.call("getRoomMembers", [gone], { status: 403, note, errors: true });
  }
  await client.call("getRoom", ["rid123"], { status: 400, note: "an id that is no number", errors: UNKNOWN_ENDPOINT, route: false });
  await client.call("getRooms", [], {
    status: 200, note: "neither is listed", is: (body) => assert.ok(body.every((item) => item.room_id !== room && item.room_id !== second)),
  });
}
