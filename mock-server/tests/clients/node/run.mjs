// npm chatwork-api-client 3.4.0, unmodified, against a running mock: every operation, call by call.
//
//   node run.mjs READY-FILE [EDITION]
//
// READY-FILE is what `mock-server --ready-file` wrote; EDITION (default `documented`) is the one it was started with.
// Exit 0: every call passed. 1: a call failed. 2: bad usage.
//
// The client sends the parameters of POST and PUT as forms, and of DELETE in the query, which both editions take:
// so every call has the same outcome in both, and the whole list is run in each.
import { Mock } from "./mock.mjs";
import { OPERATIONS, Recorder } from "./recorder.mjs";
import { accept, reject } from "./scenarios/contacts.mjs";
import { files } from "./scenarios/files.mjs";
import { accountLimit, roomLimit, tokens } from "./scenarios/limits.mjs";
import { link } from "./scenarios/link.mjs";
import { me } from "./scenarios/me.mjs";
import { messages } from "./scenarios/messages.mjs";
import { rooms } from "./scenarios/rooms.mjs";
import { tasks } from "./scenarios/tasks.mjs";

const FROZEN = { clock: { frozen: true } };
const SCENARIOS = [
  ["what the token's owner sees", me],
  ["rooms and members", rooms],
  ["messages", messages],
  ["tasks", tasks],
  ["files", files],
  ["invitation links", link],
  ["a contact request accepted", accept],
  ["a contact request rejected", reject],
  ["tokens", tokens],
  ["10 posts in 10 s in a room", roomLimit, FROZEN],
  ["300 requests in 5 minutes", accountLimit, FROZEN],
];

const [readyFile, edition = "documented"] = process.argv.slice(2);
if (readyFile === undefined) {
  console.error("usage: node run.mjs READY-FILE [EDITION]");
  process.exit(2);
}
// The client would take a token from here where a test gives it none.
delete process.env.CHATWORK_API_TOKEN;
if (Object.keys(OPERATIONS).length !== 32) throw new Error("the contract has 32 operations");

const mock = await Mock.fromReadyFile(readyFile);
const recorder = new Recorder(edition);
for (const [name, play, description] of SCENARIOS) {
  await recorder.scenario(name, await mock.world(description), play);
}
process.exitCode = recorder.summary() ? 0 : 1;
