// Files: the client's multipart is chunked, has no Content-Length, and holds a field that the contract does not know.
import assert from "node:assert/strict";
import { each, exactly, shapes } from "../shapes.mjs";
import { EMPTY, group, NOBODY, required } from "./common.mjs";

const FIVE_MIB = 5 * 1024 * 1024;
// The smallest file that the client recognises as a picture: it then names the type itself.
const PICTURE = Buffer.from("89504e470d0a1a0a0000000d4948445200000001000000010806000000", "hex");

export async function files(client) {
  const { room, me } = await group(client);
  await client.call("getRoomFiles", [room], { ...EMPTY, note: `no file yet; ${EMPTY.note}` });
  const content = Buffer.from("議事録\r\nรายงาน\r\n--\r\n");
  const { file_id: file } = await client.call("postRoomFile", [room, { file: content, file_name: "議事録 รายงาน.txt", message: "ดูไฟล์ 📎" }], {
    status: 200,
    note: "chunked; client's own fault: an extra field file_name",
    is: (body) => exactly(shapes.fileId, body),
    sent: ({ headers, body }) => {
      assert.equal(headers["transfer-encoding"], "chunked");
      assert.equal(headers["content-length"], undefined);
      assert.ok(body.includes('name="file_name"'), body);
    },
  });
  await client.call("getRoomFile", [room, file], {
    status: 200,
    is: (body) => {
      exactly(shapes.file, body);
      assert.deepEqual([body.file_id, body.filename, body.filesize, body.account.account_id], [file, "議事録 รายงาน.txt", content.length, me]);
    },
  });
  const listed = await client.call("getRoomFiles", [room, { account_id: me }], {
    status: 200, is: (body) => assert.deepEqual(each(shapes.file, body).map((item) => item.file_id), [file]),
  });
  await client.call("getRoomFiles", [room, { account_id: NOBODY }], { ...EMPTY, note: `nobody's; ${EMPTY.note}` });
  await client.call("getRoomMessage", [room, listed[0].message_id], {
    status: 200,
    note: "a message tells of the file",
    is: (body) => {
      assert.ok(body.body.includes(`[download:${file}]`), body.body);
      assert.ok(body.body.endsWith("ดูไฟล์ 📎"), body.body);
    },
  });
  await download(client, room, file, content);
  await others(client, room);
}

async function download(client, room, file, content) {
  let address;
  await client.call("getRoomFile", [room, file, { create_download_url: 1 }], {
    status: 200,
    note: "create_download_url=1: its bytes are served, for 30 s",
    is: (body) => (address = exactly(shapes.fileWithUrl, body).download_url),
  });
  const operation = "GET /rooms/{room_id}/files/{file_id}";
  await client.recorder.judge(operation, "download_url, without a token", async () => {
    const answer = await fetch(address);
    assert.equal(answer.status, 200);
    assert.deepEqual(Buffer.from(await answer.arrayBuffer()), content);
    return answer.status;
  });
  await client.recorder.judge(operation, "download_url, 31 s later", async () => {
    await client.world.advance(31_000);
    const answer = await fetch(address);
    assert.ok(answer.status >= 400 && answer.status < 500, `refused, not ${answer.status}`);
    return answer.status;
  });
  await client.call("getRoomFile", [room, file, { create_download_url: 0 }], {
    status: 200, note: "create_download_url=0", is: (body) => exactly(shapes.file, body),
  });
}

async function others(client, room) {
  const { file_id: picture } = await client.call("postRoomFile", [room, { message: "trước tệp", file: PICTURE }], {
    status: 200, note: "message first, file without a name: the client calls it NO_NAME", is: (body) => exactly(shapes.fileId, body),
  });
  await client.call("getRoomFile", [room, picture], {
    status: 200, note: "NO_NAME", is: (body) => assert.deepEqual([body.filename, body.filesize], ["NO_NAME", PICTURE.length]),
  });
  await client.call("postRoomFile", [room, { file: Buffer.alloc(FIVE_MIB, 7), file_name: "five.bin" }], {
    status: 200, note: "5 MiB", is: (body) => exactly(shapes.fileId, body),
  });
  await client.call("postRoomFile", [room, { file: Buffer.alloc(FIVE_MIB + 1), file_name: "more.bin" }], {
    status: 400, note: "5 MiB and one byte", errors: true,
  });
  await client.call("postRoomFile", [room, { message: "ไม่มีไฟล์" }], { status: 400, note: "no file", errors: required("file") });
  await client.call("getRoomFile", [room, NOBODY], { status: 404, note: "unknown", errors: true });
  await client.call("getRoom", [room], { status: 200, note: "three files", is: (body) => assert.equal(body.file_num, 3) });
}
