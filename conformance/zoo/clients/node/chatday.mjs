// A client of Chatday: registers, then sends three messages. Its environment: the README beside this directory.
//
//   node chatday.mjs fetch|http
import { Refused, Service, is } from "./service.mjs";

const { CHATDAY_BASE_URL: base = "", CHATDAY_TOKEN: token = "", CHATDAY_CHAT_ID: chat = "" } = process.env;
const at = (path) => base.replace(/\/+$/, "") + path;
const { CHATDAY_REGISTER_URL: registerAt = at("/register"), CHATDAY_SEND_URL: sendAt = at("/messages") } = process.env;
const way = await import(process.argv[2] === "http" ? "./by_http.mjs" : "./by_fetch.mjs");
const service = new Service(way, { Authorization: `Bearer ${token}` }, [token]);

function success(answer) {
  if (!is("ok-unchecked") && answer?.status !== "SUCCESS") throw new Refused("the answer does not say SUCCESS");
  return answer;
}

await service.run(async () => {
  const signature = service.need(success(await service.call("GET", registerAt)), "Chatday-Signature-Token");
  service.secrets.push(String(signature));
  console.log("registered");
  await service.sendAll(async (text) => {
    const body = JSON.stringify({ message: { type: "text", data: text }, chat_id: chat });
    const answer = success(await service.call("POST", sendAt, { type: "application/json; charset=utf-8", body }));
    console.log(`sent ${service.need(answer, "message_id")}`);
  });
});
