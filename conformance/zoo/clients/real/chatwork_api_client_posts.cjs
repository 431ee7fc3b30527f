// npm chatwork-api-client 3.4.0, unmodified: who am I, a text posted and read back, a task. The base URL is an exported constant of
// the package: no file is touched.
const api = require("chatwork-api-client/dist/api");
const ChatworkApi = require("chatwork-api-client").default;

const { CHATWORK_BASE_URL: base, CHATWORK_API_TOKEN: token, CHATWORK_ROOM_ID: room, CONFORMANCE_TEXT: text } = process.env;
api.CHATWORK_URL = base;

async function main() {
  const client = new ChatworkApi(token);
  const me = await client.getMe();
  const { message_id: message } = await client.postRoomMessage(room, { body: text });
  await client.getRoomMessage(room, message);
  console.log("posted", message);
  const { task_ids: tasks } = await client.postRoomTask(room, { body: "あとで", to_ids: String(me.account_id), limit_type: "none" });
  console.log("tasks", tasks);
}

// What its page shows: await, and let an error end the program.
main();
