// Answers a question of test_hexmap.py by the map's own code: one JSON in, one JSON out.

import { ramp } from "../../../views/hexmap/frontend/src/colours.js";
import { opened } from "../../../views/hexmap/frontend/src/wire.js";
import { lines } from "../../../views/hexmap/frontend/src/words.js";

const QUESTIONS = {
  lines: ({ look, rows }) => rows.map((row) => lines(look, row)),
  ramp: ({ stops }) => ramp(stops),
  open: async ({ payloads }) => {
    const found = [];
    for (const text of payloads) {
      const { header, parcels, missing } = await opened(Uint8Array.from(Buffer.from(text, "base64")));
      const plain = Object.entries(parcels ?? {}).map(([name, columns]) => [name,
        Object.fromEntries(Object.entries(columns).map(([key, given]) => [key, [...given].map(
          (value) => (Number.isFinite(value) ? value : null))]))]);
      found.push({ header, parcels: Object.fromEntries(plain), missing: missing ?? null });
    }
    return found;
  },
};

let asked = "";
for await (const piece of process.stdin) asked += piece;
const { question, ...given } = JSON.parse(asked);
process.stdout.write(JSON.stringify(await QUESTIONS[question](given)));
