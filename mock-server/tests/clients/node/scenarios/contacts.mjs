// Contact requests: the default world has at least one pending.
import assert from "node:assert/strict";
import { each, exactly, shapes } from "../shapes.mjs";
import { EMPTY, NOBODY } from "./common.mjs";

/** No source tells which of these a request gets that is not there. */
const UNKNOWN_REQUEST = [400, 403, 404];

export async function accept(client) {
  const requests = await client.call("getIncomingRequests", [], { status: 200, is: (body) => each(shapes.request, body) });
  const [request] = requests;
  const contact = await client.call("putIncomingRequest", [request.request_id], {
    status: 200,
    note: "an empty body",
    is: (body) => {
      exactly(shapes.contact, body);
      assert.deepEqual([body.account_id, body.name], [request.account_id, request.name]);
    },
  });
  await client.call("getContacts", [], {
    status: 200,
    note: "accepted",
    is: (body) => assert.deepEqual(each(shapes.contact, body).find((item) => item.account_id === request.account_id), contact),
  });
  await client.call("getRoom", [contact.room_id], {
    status: 200, note: "the new direct chat", is: (body) => assert.deepEqual([body.type, body.name], ["direct", request.name]),
  });
  await client.call("putIncomingRequest", [request.request_id], { status: UNKNOWN_REQUEST, note: "twice", errors: true });
  await gone(client, requests);
}

export async function reject(client) {
  const requests = await client.call("getIncomingRequests", [], { status: 200, is: (body) => each(shapes.request, body) });
  const [request] = requests;
  const contacts = await client.api.getContacts();
  await client.call("deleteIncomingRequest", [request.request_id], { status: 204, is: (body) => assert.equal(body, "") });
  await client.call("getContacts", [], { status: 200, note: "unchanged", is: (body) => assert.deepEqual(body, contacts) });
  await client.call("deleteIncomingRequest", [NOBODY], { status: UNKNOWN_REQUEST, note: "unknown", errors: true });
  await gone(client, requests);
}

async function gone(client, [request, ...rest]) {
  if (rest.length === 0) {
    await client.call("getIncomingRequests", [], { ...EMPTY, note: `none is left; ${EMPTY.note}` });
  } else {
    await client.call("getIncomingRequests", [], {
      status: 200, note: "the others are left", is: (body) => assert.ok(body.every((item) => item.request_id !== request.request_id)),
    });
  }
}
