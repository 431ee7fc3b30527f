// What the bodies of Chatwork's answers look like: exact fields, in the documented order, with their types.
// Written from the contract, not from the mock and not from the client's own type declarations.
import assert from "node:assert/strict";

export const integer = (value) => Number.isSafeInteger(value) || `an integer, not ${JSON.stringify(value)}`;
export const count = (value) => (Number.isSafeInteger(value) && value >= 0) || `a count, not ${JSON.stringify(value)}`;
export const id = (value) => (Number.isSafeInteger(value) && value > 0) || `an id, not ${JSON.stringify(value)}`;
export const text = (value) => typeof value === "string" || `a string, not ${JSON.stringify(value)}`;
export const flag = (value) => typeof value === "boolean" || `true or false, not ${JSON.stringify(value)}`;
export const url = (value) => (typeof value === "string" && URL.canParse(value)) || `a URL, not ${JSON.stringify(value)}`;
export const messageId = (value) =>
  (typeof value === "string" && /^[1-9][0-9]*$/.test(value)) || `a string of digits, not ${JSON.stringify(value)}`;
/** Unix seconds of this century: milliseconds would fail. */
export const seconds = (value) =>
  (Number.isSafeInteger(value) && value > 946_684_800 && value < 4_102_444_800) || `Unix seconds, not ${JSON.stringify(value)}`;
export const oneOf = (...words) => (value) => words.includes(value) || `one of ${words.join(", ")}, not ${JSON.stringify(value)}`;
const updated = (value) => value === 0 || seconds(value);

const account = { account_id: id, name: text, avatar_image_url: url };
const person = {
  name: text, chatwork_id: text, organization_id: integer, organization_name: text, department: text, avatar_image_url: url,
};
const rooms = {
  room_id: id, name: text, type: oneOf("my", "direct", "group"), role: oneOf("admin", "member", "readonly"), sticky: flag,
  unread_num: count, mention_num: count, mytask_num: count, message_num: count, file_num: count, task_num: count,
  icon_path: url, last_update_time: seconds,
};
const task = {
  assigned_by_account: account, message_id: messageId, body: text, limit_time: count, status: oneOf("open", "done"),
  limit_type: oneOf("none", "date", "time"),
};
const file = { file_id: id, account, message_id: messageId, filename: text, filesize: count, upload_time: seconds };

export const shapes = {
  me: {
    account_id: id, room_id: id, name: text, chatwork_id: text, organization_id: integer, organization_name: text,
    department: text, title: text, url: text, introduction: text, mail: text, tel_organization: text, tel_extension: text,
    tel_mobile: text, skype: text, facebook: text, twitter: text, avatar_image_url: url, login_mail: text,
  },
  status: {
    unread_room_num: count, mention_room_num: count, mytask_room_num: count, unread_num: count, mention_num: count, mytask_num: count,
  },
  myTask: { task_id: id, room: { room_id: id, name: text, icon_path: url }, ...task },
  contact: { account_id: id, room_id: id, ...person },
  rooms,
  room: { ...rooms, description: text },
  member: { account_id: id, role: oneOf("admin", "member", "readonly"), ...person },
  message: { message_id: messageId, account, body: text, send_time: seconds, update_time: updated },
  task: { task_id: id, account, ...task },
  file,
  fileWithUrl: { ...file, download_url: url },
  link: { public: flag, url, need_acceptance: flag, description: text },
  noLink: { public: oneOf(false) },
  request: { request_id: id, account_id: id, message: text, ...person },
  roomId: { room_id: id },
  messageId: { message_id: messageId },
  taskId: { task_id: id },
  fileId: { file_id: id },
  unread: { unread_num: count, mention_num: count },
};

/** Fails unless `value` has exactly the fields of `shape`, in its order, with its types. Answers `value`. */
export function exactly(shape, value, place = "body") {
  assert.equal(typeof value, "object", `${place} is not an object: ${JSON.stringify(value)}`);
  assert.deepEqual(Object.keys(value), Object.keys(shape), `fields of ${place}`);
  for (const [field, wanted] of Object.entries(shape)) {
    if (typeof wanted === "object") {
      exactly(wanted, value[field], `${place}.${field}`);
    } else {
      const verdict = wanted(value[field]);
      assert.ok(verdict === true, `${place}.${field} should be ${verdict}`);
    }
  }
  return value;
}

/** The same for every item of a list that is not empty: an empty one would be a 204. */
export function each(shape, list) {
  assert.ok(Array.isArray(list) && list.length > 0, `a list with at least one item, not ${JSON.stringify(list)}`);
  list.forEach((item, index) => exactly(shape, item, `body[${index}]`));
  return list;
}
