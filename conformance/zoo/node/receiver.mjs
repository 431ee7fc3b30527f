// What the Node receivers of the zoo share: settings, the signature, the event and the reply. No server in it.
import { createHmac, timingSafeEqual } from 'node:crypto';

const HEADERS = { chatwork: 'x-chatworkwebhooksignature', chatday: 'x-chatday-signature-token' };
const ANSWERS = { chatwork: { ok: true }, chatday: { status: 'SUCCESS' } };
export const BODY_MAX = 1024 * 1024;

const { SERVICE: service, SECRET: secret, API_BASE: apiBase, API_TOKEN: apiToken } = process.env;
if (!(service in HEADERS)) throw new Error('SERVICE must be chatwork or chatday');
if (!secret) throw new Error('SECRET is empty: give the webhook token or the Chatday-Signature-Token');

export const header = HEADERS[service];
export const port = Number(process.env.PORT ?? 0);
export const flaw = process.env.FLAW ?? '';
export const delay = Number(process.env.DELAY_MS ?? 0);
export const forgeryStatus = Number(process.env.FORGERY_STATUS ?? 401);

function right(body) {
  if (service === 'chatday') return secret;
  return createHmac('sha256', Buffer.from(secret, 'base64')).update(body).digest('base64');
}

/** Whether the header's value comes from the service. Node joins two headers of one name by a comma; that fits nothing. */
export function isGenuine(given, body) {
  if (typeof given !== 'string') return false;
  const [one, other] = [Buffer.from(given), Buffer.from(right(body))];
  // timingSafeEqual throws where the lengths differ.
  if (one.length !== other.length && flaw !== 'compares-unequal-lengths') return false;
  return timingSafeEqual(one, other);
}

/** Status and answer of an event. Replies go out later. */
export function handle(given, body) {
  if (!isGenuine(given, body)) return [forgeryStatus, { error: 'the signature does not fit' }];
  let event, text;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body);
    event = JSON.parse(text);
  } catch {
    return [400, { error: 'the body is no JSON' }];
  }
  if (event === null || typeof event !== 'object' || Array.isArray(event)) return [400, { error: 'the body is no object' }];
  if (apiBase) setImmediate(() => understand(event, text));
  return [200, ANSWERS[service]];
}

const seen = new Set();

function isKnown(key) {
  if (seen.has(key)) return true;
  seen.add(key);
  if (seen.size > 4096) seen.delete(seen.values().next().value);
  return false;
}

// JSON.parse rounds numbers above 2^53; their digits are read from the text.
const digits = (text, key) => text.match(new RegExp(`"${key}"\\s*:\\s*"?(\\d+)`))?.[1];

let replies = Promise.resolve();
let own;

function understand(event, text) {
  const call = service === 'chatwork' ? chatwork(event, text) : chatday(event, text);
  if (call) replies = replies.then(() => send(...call)).catch(() => {});
}

function chatwork(event, raw) {
  const detail = event.webhook_event ?? {};
  if (!['message_created', 'message_updated', 'mention_to_me'].includes(event.webhook_event_type)) return;
  if (typeof detail.body !== 'string') return;
  const [room, message] = [digits(raw, 'room_id'), digits(raw, 'message_id')];
  const author = digits(raw, 'from_account_id') ?? digits(raw, 'account_id');
  if (isKnown(`${event.webhook_event_type} ${message} ${detail.update_time}`)) return;
  const body = `[rp aid=${author} to=${room}-${message}]\n${detail.body.replaceAll('[', '[\u200b')}`;
  return [author, `/rooms/${room}/messages`, new URLSearchParams({ body: [...body].slice(0, 65535).join('') })];
}

function chatday(event, raw) {
  if (event.message?.type !== 'text' || typeof event.message.data !== 'string') return;
  const data = [...`you wrote: ${event.message.data}`].slice(0, 5000).join('');
  const chatId = typeof event.chat_id === 'number' ? digits(raw, 'chat_id') : JSON.stringify(event.chat_id);
  return [undefined, '/chatday/messages', `{"message":${JSON.stringify({ type: 'text', data })},"chat_id":${chatId}}`];
}

async function send(author, path, body) {
  const base = apiBase.replace(/\/$/, '');
  const headers =
    service === 'chatwork'
      ? { 'x-chatworktoken': apiToken }
      : { authorization: `Bearer ${apiToken}`, 'content-type': 'application/json' };
  const signal = AbortSignal.timeout(10_000);
  if (service === 'chatwork') {
    own ??= String((await (await fetch(`${base}/me`, { headers, signal })).json()).account_id);
    if (author === own) return;
  }
  await fetch(base + path, { method: 'POST', headers, body, signal });
}
