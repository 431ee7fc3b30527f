// A receiver with Express.
import express from 'express';
import { BODY_MAX, delay, flaw, handle, header, port } from './receiver.mjs';

const app = express();
app.set('strict routing', true);
app.disable('x-powered-by');

// The raw bytes, whatever the media type says: a parsed body cannot be written again as it was.
const raw = express.raw({ type: () => true, limit: BODY_MAX, inflate: false });
const body = flaw !== 'stringifies-again' ? [raw] : [
  express.json({ type: () => true, limit: BODY_MAX }),
  (request, _response, next) => {
    request.body = Buffer.from(JSON.stringify(request.body ?? {}));
    next();
  },
];

app
  .route('/webhook')
  .post(...body, (request, response) => {
    const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const [status, said] = handle(request.headers[header], bytes);
    setTimeout(() => response.status(status).json(said), delay);
  })
  .all((_, response) => response.set('allow', 'POST').status(405).json({ error: 'events are sent with POST' }));
app.use((_, response) => response.status(404).json({ error: 'there is only /webhook' }));
if (flaw !== 'compares-unequal-lengths') {
  // Without this, Express answers with a stack trace.
  app.use((error, _request, response, _next) => response.status(error.status ?? 500).json({ error: 'the body cannot be read' }));
}

const server = app.listen(port, '127.0.0.1', () => console.log(server.address().port));
