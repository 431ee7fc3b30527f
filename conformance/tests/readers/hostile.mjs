// An endpoint that accepts everything, and answers in order to do harm to whoever reads the report.
//   node hostile.mjs            prints its URL
import { createServer } from "node:http";

const attack = [
  "</pre></details></script><script>alert(1)</script><img src=x onerror=alert(2)><svg onload=alert(3)>",
  "'\"><a href=javascript:alert(4)>x</a> ]]> --> ``` | **b** \u202egnirts desrever\u202c \u0000\u001b[31m",
  "::error title=x::not ours\n::add-mask::x ##[error]not ours",
  "สวัสดี こんにちは مرحبا بالعالم שלום 👩‍👩‍👧‍👦 e\u0301 " + "漢".repeat(300),
].join("\n");

const server = createServer((request, response) => {
  request.resume().on("end", () => {
    response.writeHead(200, { "content-type": "text/html", "x-attack": "<script>alert(5)</script>" });
    response.end(attack);
  });
});
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/webhook`));
