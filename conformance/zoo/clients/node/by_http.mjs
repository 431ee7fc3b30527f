// One exchange by node:http and node:https, with agents that keep their connections, and CONNECT where HTTPS_PROXY asks for it.
import http from "node:http";
import https from "node:https";
import tls from "node:tls";
import zlib from "node:zlib";
import { is } from "./service.mjs";

if (is("certificates-ignored")) process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";

/** TLS inside a tunnel. What is inside is verified as it would be without the proxy. */
class Tunnel extends https.Agent {
  constructor(proxy, options) {
    super(options);
    this.proxy = new URL(proxy);
  }

  createConnection(options, done) {
    const host = `${options.host}:${options.port || 443}`;
    const { hostname, port } = this.proxy;
    const asked = http.request({ host: hostname, port, method: "CONNECT", path: host, headers: { host }, timeout: 5000 });
    asked.once("connect", (answer, socket) => {
      if (answer.statusCode !== 200) {
        socket.destroy();
        return done(new Error(`the proxy answered CONNECT with ${answer.statusCode}`));
      }
      const secure = tls.connect({ socket, servername: options.servername || options.host });
      secure.once("secureConnect", () => done(null, secure));
      secure.once("error", done);
    });
    asked.once("timeout", () => asked.destroy(new Error("the proxy does not answer")));
    asked.once("error", done);
    asked.end();
  }
}

const keep = { keepAlive: true, maxSockets: 4 };
const plain = new http.Agent(keep);
const secure = process.env.HTTPS_PROXY ? new Tunnel(process.env.HTTPS_PROXY, keep) : new https.Agent(keep);

export function send({ method, url, headers, body }) {
  const at = new URL(url);
  const [module, agent] = at.protocol === "https:" ? [https, secure] : [http, plain];
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => request.destroy(new Error("no answer within 5 s")), 5000);
    const fail = (error) => {
      clearTimeout(late);
      reject(error);
    };
    const length = body === undefined ? {} : { "Content-Length": Buffer.byteLength(body) };
    const request = module.request(at, { method, agent, headers: { ...headers, ...length, "Accept-Encoding": "gzip" } });
    request.once("error", fail);
    request.once("response", (answer) => {
      const pieces = [];
      answer.on("data", (piece) => pieces.push(piece));
      answer.once("error", fail);
      answer.once("end", () => {
        clearTimeout(late);
        try {
          const bytes = Buffer.concat(pieces);
          const text = (answer.headers["content-encoding"] === "gzip" ? zlib.gunzipSync(bytes) : bytes).toString("utf8");
          resolve({ status: answer.statusCode, header: (name) => answer.headers[name.toLowerCase()] ?? null, text });
        } catch (error) {
          reject(error);
        }
      });
    });
    request.end(body);
  });
}

export async function close() {
  plain.destroy();
  secure.destroy();
}
