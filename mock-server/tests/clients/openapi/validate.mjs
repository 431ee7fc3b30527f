// node validate.mjs DOCUMENT: exit 0 when the JSON document is valid OpenAPI 3.1.
import { readFile } from "node:fs/promises";
import { Validator } from "@seriousme/openapi-schema-validator";

const document = JSON.parse(await readFile(process.argv[2], "utf8"));
const validator = new Validator();
const result = await validator.validate(document);
if (!result.valid) console.error(JSON.stringify(result.errors, null, 2));
if (validator.version !== "3.1") console.error(`version ${validator.version}, not 3.1`);
process.exitCode = result.valid && validator.version === "3.1" ? 0 : 1;
