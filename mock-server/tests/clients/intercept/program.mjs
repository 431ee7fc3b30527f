// A program that knows nothing of any mock: the real address of Chatwork is built in. It does what Node needs to hear HTTPS_PROXY.
//
//   node program.mjs post|elsewhere
//
// `post` posts the text of CHATWORK_TEXT and reads it back; `elsewhere` calls another host. Exit 0: done. 60: the certificate was
// refused. 1: anything else.
import { EnvHttpProxyAgent, fetch, setGlobalDispatcher } from "undici";

const API = "https://api.chatwork.com/v2";
const { CHATWORK_API_TOKEN, CHATWORK_ROOM_ID, CHATWORK_TEXT } = process.env;
const CERTIFICATE = /CERT|ALTNAME|SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)/;

setGlobalDispatcher(new EnvHttpProxyAgent());

async function call(url, options = {}) {
  const answer = await fetch(url, { ...options, headers: { "x-chatworktoken": CHATWORK_API_TOKEN } });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status} ${await answer.text()}`);
  return answer.json();
}

async function post() {
  const messages = `${API}/rooms/${CHATWORK_ROOM_ID}/messages`;
  const { message_id } = await call(messages, { method: "POST", body: new URLSearchParams({ body: CHATWORK_TEXT }) });
  const { body } = await call(`${messages}/${message_id}`);
  if (body !== CHATWORK_TEXT) throw new Error(`posted '${CHATWORK_TEXT}', read '${body}'`);
  console.log(body);
}

try {
  await (process.argv[2] === "post" ? post() : call("https://example.com/"));
} catch (error) {
  console.error(error.cause ?? error);
  process.exitCode = CERTIFICATE.test(error.cause?.code ?? "") ? 60 : 1;
}
