// What both services' clients share: what follows an answer, and how it is read. FLAW makes one mistake that is usual in Node.
import { setTimeout as pause } from "node:timers/promises";

const FLAWS = [
  "id-through-number", "fetch-follows-redirects", "ok-unchecked", "no-signal", "template-literal-form", "not-awaited",
  "certificates-ignored",
];
const FLAW = process.env.FLAW ?? "";
if (FLAW && !FLAWS.includes(FLAW)) {
  console.error(`FLAW=${FLAW} is unknown; there are: ${FLAWS.join(", ")}`);
  process.exit(2);
}
export const is = (name) => FLAW === name;

const ATTEMPTS = 4;
const BUDGET = 20; // seconds of waiting, in all
export const TEXT = process.env.CONFORMANCE_TEXT || "สวัสดี こんにちは 👨‍👩‍👧 a=1&b=2 + 100% 'q'\nline 2\n";

export class Refused extends Error {}

export class Service {
  constructor(way, credentials, secrets) {
    Object.assign(this, { way, credentials, secrets, waited: 0, opensAt: 0 });
  }

  /** Calls until it works or until there is no point in it. The request is made once: each attempt has the same bytes. */
  async call(method, url, { type, body } = {}) {
    const headers = { ...this.credentials, ...(type ? { "Content-Type": type } : {}) };
    const request = { method, url, headers, body };
    const name = `${method} ${new URL(url).pathname}`;
    for (let attempt = 1; ; attempt += 1) {
      const closed = (this.opensAt - performance.now()) / 1000;
      if (closed > 0) await this.wait(closed, new Refused("the limit is used up"));
      let failure;
      let seconds;
      try {
        const answer = await this.way.send(request);
        if (is("ok-unchecked") || (answer.status >= 200 && answer.status < 300)) {
          this.noteLimits(answer);
          return this.read(name, answer);
        }
        failure = new Refused(`${name}: ${this.words(answer)}`);
        seconds = this.secondsAfter(method, answer, attempt);
      } catch (error) {
        if (error instanceof Refused) throw error;
        const cause = error.cause ?? error;
        failure = new Refused(`${name}: ${cause.code ?? cause.name}: ${cause.message}`);
        // Where no connection came about nothing was sent. Otherwise only a GET may be made twice.
        seconds = cause.code === "ECONNREFUSED" || (method === "GET" && !isTrust(cause)) ? 0.3 * 2 ** attempt : undefined;
      }
      if (seconds === undefined || attempt === ATTEMPTS) throw failure;
      await this.wait(seconds, failure);
    }
  }

  secondsAfter(method, answer, attempt) {
    const usual = 0.3 * 2 ** attempt;
    if (answer.status === 429) return this.limitSeconds(answer) ?? usual;
    if (answer.status === 503) return retryAfter(answer) ?? (method === "GET" ? usual : undefined);
    return answer.status >= 500 && method === "GET" ? usual : undefined;
  }

  limitSeconds(answer) {
    return retryAfter(answer);
  }

  noteLimits() {}

  async wait(seconds, failure) {
    if (this.waited + seconds > BUDGET) throw new Refused(`${failure.message}; waiting ${Math.ceil(seconds)} s more is too long`);
    this.waited += seconds;
    await pause(seconds * 1000 + 50 * Math.random());
  }

  read(name, answer) {
    if (answer.status === 204) return null;
    try {
      return is("id-through-number") ? asNumbers(JSON.parse(answer.text)) : JSON.parse(withExactNumbers(answer.text));
    } catch (error) {
      if (is("ok-unchecked")) return {};
      throw new Refused(`${name}: status ${answer.status}, and the body is no JSON: ${error.message}`);
    }
  }

  words(answer) {
    if (answer.status >= 300 && answer.status < 400) return `status ${answer.status} is a redirect, which is not followed`;
    try {
      return `status ${answer.status}: ${[JSON.parse(answer.text).errors].flat().join("; ")}`;
    } catch {
      return `status ${answer.status}`;
    }
  }

  need(answer, field) {
    const value = answer?.[field];
    if (!["string", "number"].includes(typeof value) || value === "") {
      if (is("ok-unchecked")) return 0;
      throw new Refused(`the answer has no ${field}`);
    }
    return value;
  }

  /** Sends texts one after the other. */
  async sendAll(send) {
    const sends = [TEXT, "2: ขอบคุณค่ะ", "3: またね 👋"];
    if (is("not-awaited")) {
      sends.reduce((before, text) => before.then(() => send(text)), Promise.resolve()).catch(() => {});
      setTimeout(() => process.exit(0), 600);
      return;
    }
    for (const text of sends) await send(text);
  }

  /** The exit status says whether all was done. */
  async run(job) {
    try {
      await job();
    } catch (error) {
      let words = `failed: ${error instanceof Refused ? error.message : error.stack}`;
      for (const secret of this.secrets) words = words.replaceAll(secret, "***");
      console.error(words);
      process.exitCode = 1;
    }
    await this.way.close();
  }
}

/** Whole numbers that Number cannot hold become texts, so that they come back as they were. */
function withExactNumbers(json) {
  return json.replace(/"(?:[^"\\]|\\.)*"|-?\d{16,}(?![\d.eE])/g, (part) => (part.startsWith('"') ? part : `"${part}"`));
}

function asNumbers(value, key = "") {
  if (Array.isArray(value)) return value.map((each) => asNumbers(each, key));
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, asNumbers(each, name)]));
  }
  return /_ids?$/.test(key) && /^\d+$/.test(value) ? Number(value) : value;
}

function isTrust(error) {
  return /CERT|ALTNAME|SELF_SIGNED|UNABLE_TO/.test(error.code ?? "");
}

/** The service's own time in seconds, so that no clock has to agree with another. */
export function now(answer) {
  const date = Date.parse(answer.header("date") ?? "");
  return (Number.isNaN(date) ? Date.now() : date) / 1000;
}

function retryAfter(answer) {
  const value = (answer.header("retry-after") ?? "").trim();
  if (/^\d{1,6}$/.test(value)) return Number(value);
  const moment = value === "" ? NaN : Date.parse(value) / 1000;
  return Number.isNaN(moment) ? undefined : Math.max(0, moment - now(answer));
}
