// Lets `conformance client --drive` tell a library what to do: replace `call` by yours.
// conformance client --service chatwork --drive -- node driver.mjs
import { createInterface } from "node:readline";

const { CHATWORK_BASE_URL: base, CHATWORK_API_TOKEN: token } = process.env;
const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

async function call(path, form) {
  for (let attempt = 1; ; attempt++) {
    const answer = await fetch(base + path, {
      method: form ? "POST" : "GET",
      headers: { "X-ChatWorkToken": token },
      body: form && new URLSearchParams(form),
      redirect: "error", // A redirect would take the token to another host.
      signal: AbortSignal.timeout(10_000),
    });
    const text = await answer.text();
    if (answer.ok) return text ? JSON.parse(text) : [];
    if (answer.status !== 429 || attempt === 3) throw new Error(`refused with ${answer.status}`);
    const reset = Number(answer.headers.get("x-ratelimit-reset"));
    const now = Date.parse(answer.headers.get("date") ?? "") || Date.now();
    await pause(Math.min(Math.max(reset > 0 ? reset - now / 1000 : 5, 1), 8) + 0.2);
  }
}

const steps = {
  whoami: () => call("/me"),
  send: ({ place, text }) => call(`/rooms/${place}/messages`, { body: text }),
  read: ({ place }) => call(`/rooms/${place}/messages`),
};

for await (const line of createInterface({ input: process.stdin })) {
  const step = JSON.parse(line);
  let answer = { id: step.id, ok: true };
  try {
    if (steps[step.do]) answer.message_id = (await steps[step.do](step)).message_id;
    else answer = { id: step.id, ok: false, error: "unsupported" };
  } catch (error) {
    answer = { id: step.id, ok: false, error: String(error.cause ?? error) }; // Whatever went wrong is told.
  }
  console.log(JSON.stringify(answer));
}
