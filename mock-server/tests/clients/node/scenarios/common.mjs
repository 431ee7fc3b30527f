// What several scenarios need.
import assert from "node:assert/strict";

/** A new group of the caller and two people that the caller may add. Answers the room and the three ids. */
export async function group(client, name = "งานเปิดตัว 製品 🚀") {
  const contacts = await client.api.getContacts();
  assert.ok(contacts.length >= 2, "the default world's first person has at least two contacts");
  const [ben, chie] = contacts.map((contact) => contact.account_id);
  const me = client.world.accountId;
  const { room_id: room } = await client.api.postRoom({
    name, members_admin_ids: `${me}`, members_member_ids: `${ben}`, members_readonly_ids: `${chie}`,
  });
  return { room, me, ben, chie };
}

/** An id that nothing in a world has. */
export const NOBODY = 999_999_999;

export const PERMISSION_ROOM = ["You don't have permission to get this room"];
export const PERMISSION_MESSAGES = ["You don't have permission to get messages in this room"];
export const UNKNOWN_ENDPOINT = ["Invalid Endpoint or HTTP method"];
export const ROOM_LIMIT = ["Rate limit for message posting per room exceeded."];
export const required = (name) => [`Parameter '${name}' is required`];

/** axios gives "" for an empty body where the client's types promise a list. */
export const EMPTY = {
  status: 204,
  note: "client's own fault: an empty list comes as an empty string",
  is: (list) => assert.equal(list, ""),
};
