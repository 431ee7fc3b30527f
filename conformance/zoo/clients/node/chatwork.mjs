// A client of Chatwork: who am I, a batch of three messages, what is new, a task. Its environment: the README beside this directory.
//
//   node chatwork.mjs fetch|http
import { Service, TEXT, is, now } from "./service.mjs";

class Chatwork extends Service {
  limitSeconds(answer) {
    const left = answer.header("x-ratelimit-remaining");
    // A room's limit has no header of its own: ten posts in ten seconds.
    if ((left !== null && left !== "0") || answer.text.includes("per room")) return 10;
    return resetSeconds(answer) ?? super.limitSeconds(answer);
  }

  noteLimits(answer) {
    const seconds = answer.header("x-ratelimit-remaining") === "0" ? resetSeconds(answer) : undefined;
    if (seconds !== undefined) this.opensAt = performance.now() + seconds * 1000;
  }
}

/** Seconds until the reset, which is a moment; nothing where it is past, absurd or missing. */
function resetSeconds(answer) {
  const reset = answer.header("x-ratelimit-reset") ?? "";
  const seconds = /^\d{1,12}$/.test(reset) ? Number(reset) - now(answer) : 0;
  return seconds > 0 && seconds < 86400 ? seconds : undefined;
}

const { CHATWORK_BASE_URL: base = "", CHATWORK_API_TOKEN: token = "", CHATWORK_ROOM_ID: room = "" } = process.env;
const way = await import(process.argv[2] === "http" ? "./by_http.mjs" : "./by_fetch.mjs");
const service = new Chatwork(way, { "X-ChatWorkToken": token }, [token]);
const at = (path) => base.replace(/\/+$/, "") + path;
const post = (path, fields) => {
  const body = is("template-literal-form") ? `body=${fields.body}` : new URLSearchParams(fields).toString();
  return service.call("POST", at(path), { type: "application/x-www-form-urlencoded", body });
};

await service.run(async () => {
  const me = service.need(await service.call("GET", at("/me")), "account_id");
  console.log(`I am ${me}`);
  let last;
  await service.sendAll(async (text) => {
    last = service.need(await post(`/rooms/${room}/messages`, { body: text }), "message_id");
    console.log(`posted ${last}`);
  });
  if (last !== undefined) await service.call("GET", at(`/rooms/${room}/messages/${last}`));
  const found = await service.call("GET", at(`/rooms/${room}/messages`));
  console.log(`${found?.length ?? 0} new messages`);
  const made = await post(`/rooms/${room}/tasks`, { body: `${TEXT.slice(0, 10)}…`, to_ids: String(me), limit_type: "none" });
  const task = service.need(made?.task_ids, 0);
  await service.call("GET", at(`/rooms/${room}/tasks/${task}`));
  console.log(`task ${task}`);
});
