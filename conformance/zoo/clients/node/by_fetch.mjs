// One exchange by fetch. It does not hear HTTPS_PROXY in this Node: for that there is by_http.mjs.
import { is } from "./service.mjs";

export async function send({ method, url, headers, body }) {
  const answer = await fetch(url, {
    method,
    headers,
    body,
    redirect: is("fetch-follows-redirects") ? "follow" : "manual",
    // For the answer as a whole, to the end of its body.
    signal: is("no-signal") ? undefined : AbortSignal.timeout(5000),
  });
  return { status: answer.status, header: (name) => answer.headers.get(name), text: await answer.text() };
}

export async function close() {}
