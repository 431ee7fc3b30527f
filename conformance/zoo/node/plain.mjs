// A receiver with Node's own http module. CLOSE=1 closes each connection, which is unusual and correct.
import { createServer } from 'node:http';
import { BODY_MAX, delay, flaw, handle, header, port } from './receiver.mjs';

function answer(response, status, body, headers = {}) {
  const close = process.env.CLOSE ? { connection: 'close' } : {};
  const text = JSON.stringify(body);
  const length = { 'content-length': Buffer.byteLength(text) };
  response.writeHead(status, { 'content-type': 'application/json', ...length, ...close, ...headers });
  response.end(text);
}

const server = createServer((request, response) => {
  const refuse = (status, error, headers) => {
    request.resume();
    answer(response, status, { error }, headers);
  };
  if (new URL(request.url, 'http://x').pathname !== '/webhook') return refuse(404, 'there is only /webhook');
  if (request.method !== 'POST') return refuse(405, 'events are sent with POST', { allow: 'POST' });
  if ((request.headers['content-encoding'] ?? 'identity') !== 'identity') return refuse(415, 'send the body as it is');
  const chunks = [];
  let length = 0;
  let text = '';
  request.on('data', (chunk) => {
    length += chunk.length;
    if (flaw === 'concatenates-strings') text += chunk;
    else if (length <= BODY_MAX) chunks.push(chunk);
  });
  request.on('error', () => {});
  request.on('end', () => {
    if (length > BODY_MAX) return answer(response, 413, { error: 'too large' }, { connection: 'close' });
    const body = flaw === 'concatenates-strings' ? Buffer.from(text) : Buffer.concat(chunks);
    const [status, said] = handle(request.headers[header], body);
    if (delay) setTimeout(() => answer(response, status, said), delay);
    else answer(response, status, said);
  });
});

server.listen(port, '127.0.0.1', () => console.log(server.address().port));
