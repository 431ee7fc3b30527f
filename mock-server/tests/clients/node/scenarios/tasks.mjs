// Tasks of a room.
import assert from "node:assert/strict";
import { each, exactly, shapes } from "../shapes.mjs";
import { EMPTY, group, NOBODY, required } from "./common.mjs";

const LIMIT = 1_760_054_399;

export async function tasks(client) {
  const { room, me, ben } = await group(client);
  await client.call("getRoomTasks", [room], { ...EMPTY, note: `no task yet; ${EMPTY.note}` });
  const made = await client.call("postRoomTask", [room, { body: "ซื้อนม 牛乳を買う", to_ids: `${me},${ben}`, limit: LIMIT, limit_type: "date" }], {
    status: 200,
    note: "one task for each assignee",
    is: (body) => {
      assert.deepEqual(Object.keys(body), ["task_ids"]);
      assert.equal(new Set(body.task_ids).size, 2);
      assert.ok(body.task_ids.every(Number.isSafeInteger), "task ids are integers");
    },
  });
  const [mine, hers] = made.task_ids;
  const judged = (task, fields) => (body) => {
    exactly(shapes.task, body);
    const { task_id, body: text, limit_time, limit_type, status } = body;
    assert.deepEqual({ task_id, text, limit_time, limit_type, status }, { task_id: task, status: "open", ...fields });
  };
  await client.call("getRoomTask", [room, mine], {
    status: 200,
    is: (body) => {
      judged(mine, { text: "ซื้อนม 牛乳を買う", limit_time: LIMIT, limit_type: "date" })(body);
      assert.deepEqual([body.account.account_id, body.assigned_by_account.account_id], [me, me]);
    },
  });
  await client.call("getRoomMessages", [room, { force: 1 }], {
    status: 200,
    note: "a system message tells of the task",
    is: (body) => assert.ok(body.at(-1).body.includes("[dtext:task_added]"), body.at(-1).body),
  });
  await limits(client, room, me, judged);
  await lists(client, room, { me, ben, mine, hers });
  await statuses(client, room, mine);
  await refused(client, room, me);
}

async function limits(client, room, me, judged) {
  const task = async (params, note, fields) => {
    const made = await client.call("postRoomTask", [room, { body: "x", to_ids: `${me}`, ...params }], {
      status: 200, note, is: (body) => assert.equal(body.task_ids.length, 1),
    });
    const [id] = made.task_ids;
    await client.call("getRoomTask", [room, id], { status: 200, note, is: judged(id, { text: "x", ...fields }) });
  };
  await task({ limit_type: "none" }, "limit_type=none", { limit_time: 0, limit_type: "none" });
  await task({ limit: LIMIT }, "limit_type is time unless given", { limit_time: LIMIT, limit_type: "time" });
  await task({ limit: LIMIT * 1000, limit_type: "time" }, "limit in milliseconds: taken as the number it is", {
    limit_time: LIMIT * 1000, limit_type: "time",
  });
}

async function lists(client, room, { me, ben, mine, hers }) {
  const ids = (...wanted) => (body) => {
    const got = each(shapes.task, body).map((task) => task.task_id);
    assert.ok(wanted.every((task) => got.includes(task)), `${wanted} among ${got}`);
  };
  await client.call("getRoomTasks", [room], {
    status: 200, is: (body) => { ids(mine, hers)(body); assert.equal(body.length, 5); },
  });
  await client.call("getRoomTasks", [room, { account_id: ben, assigned_by_account_id: me, status: "open" }], {
    status: 200, note: "every filter", is: (body) => { ids(hers)(body); assert.equal(body.length, 1); },
  });
  await client.call("getRoomTasks", [room, { assigned_by_account_id: ben }], { ...EMPTY, note: `asked for by nobody; ${EMPTY.note}` });
  await client.call("getRoomTasks", [room, { status: "later" }], { status: 400, note: "unknown status", errors: true });
  await client.call("getRoom", [room], {
    status: 200, note: "counts", is: (body) => assert.deepEqual([body.task_num, body.mytask_num], [5, 4]),
  });
}

async function statuses(client, room, task) {
  await client.call("putRoomTaskStatus", [room, task, { body: "done" }], {
    status: 200, is: (body) => assert.deepEqual(exactly(shapes.taskId, body), { task_id: task }),
  });
  await client.call("getRoomTasks", [room, { status: "done" }], {
    status: 200, note: "status=done", is: (body) => assert.deepEqual(each(shapes.task, body).map((item) => item.task_id), [task]),
  });
  await client.call("getRoom", [room], {
    status: 200, note: "counts follow", is: (body) => assert.deepEqual([body.task_num, body.mytask_num], [4, 3]),
  });
  await client.call("putRoomTaskStatus", [room, task, { body: "open" }], {
    status: 200, note: "open again", is: (body) => exactly(shapes.taskId, body),
  });
  await client.call("getRoomTask", [room, task], { status: 200, note: "open again", is: (body) => assert.equal(body.status, "open") });
}

async function refused(client, room, me) {
  const to_ids = `${me}`;
  await client.call("putRoomTaskStatus", [room, NOBODY, { body: "done" }], { status: 404, note: "unknown", errors: true });
  await client.call("getRoomTask", [room, NOBODY], { status: 404, note: "unknown", errors: true });
  await client.call("postRoomTask", [room, { to_ids }], { status: 400, note: "no body", errors: required("body") });
  await client.call("postRoomTask", [room, { body: "x" }], { status: 400, note: "no to_ids", errors: required("to_ids") });
  await client.call("postRoomTask", [room, { body: "x", to_ids: `${NOBODY}` }], { status: 400, note: "not a member", errors: true });
  await client.call("postRoomTask", [room, { body: "x", to_ids, limit_type: "someday" }], { status: 400, note: "unknown limit_type", errors: true });
}
