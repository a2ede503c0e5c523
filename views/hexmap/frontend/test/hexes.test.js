import assert from "node:assert/strict";
import test from "node:test";
import { getPentagons, gridDisk, h3IndexToSplitLong, latLngToCell } from "h3-js";
import { FEW, painted } from "../src/colours.js";
import { corners, outlines, place, reach, text, under } from "../src/hexes.js";
import { nearest, project, unproject } from "../src/mercator.js";

const order = (a, b) => (BigInt(`0x${a}`) < BigInt(`0x${b}`) ? -1 : 1);
const packed = (hexes) => Uint32Array.from([...hexes].sort(order).flatMap((hex) =>
  h3IndexToSplitLong(hex).map((word) => word >>> 0)));
const around = (lat, lon, level, k) => gridDisk(latLngToCell(lat, lon, level), k);

for (const [what, hexes] of Object.entries({
  town: around(53.8, -1.55, 8, 6), "date line": around(-17, 179.99, 6, 5),
  pentagon: gridDisk(getPentagons(5)[0], 3), nothing: [],
})) {
  test(`each hexagon is found at its place in the set: ${what}`, () => {
    const { ids, n } = outlines(packed(hexes));
    assert.equal(n, hexes.length);
    for (const hex of hexes) assert.equal(text(ids, place(ids, hex)), hex);
    assert.equal(place(ids, latLngToCell(10, 10, 8)), -1);
  });

  test(`a fan goes round each centre, close to it: ${what}`, () => {
    const set = outlines(packed(hexes));
    const most = Math.max(...Array.from({ length: set.n }, (_, i) => set.first[i + 1] - set.first[i]));
    assert.ok(set.n === 0 || most <= 11);
    for (let i = 0; i < set.n; i++) {
      const [x, y] = [set.at[2 * set.first[i]], set.at[2 * set.first[i] + 1]];
      for (let k = set.first[i] + 1; k < set.first[i + 1]; k++) {
        const far = Math.hypot(set.at[2 * k] - x, set.at[2 * k + 1] - y);
        assert.ok(far < 2.2 * reach(set), `${far} against ${reach(set)}`);
      }
    }
    assert.equal(set.fans.length, 3 * (set.first[set.n] - set.n));
  });
}

test("the middle of every fan lies in its own hexagon", () => {
  const set = outlines(packed(around(53.8, -1.55, 8, 6)));
  for (let i = 0; i < set.n; i++) {
    const at = [0, 1].map((k) => set.at[2 * set.first[i] + k] + set.origin[k]);
    assert.equal(under(set, ...unproject(...at), 8), i);
  }
});

test("an outline does not jump round the world", () => {
  const at = corners(latLngToCell(-17, 179.999, 5));
  const xs = at.map(([x]) => x);
  assert.ok(Math.max(...xs) - Math.min(...xs) < 0.01);
  assert.ok(Math.abs(nearest(xs[0], project(-17, 180)[0]) - project(-17, 180)[0]) < 0.01);
});

test("all corners of a hexagon have its colour, and one without a value is hatched", () => {
  const set = outlines(packed(around(53.8, -1.55, 8, 1)));
  const shade = Uint8Array.from([0, 250, 125, FEW, 0, 0, 0]);
  const alpha = Uint8Array.from([230, 200, 110, 0, 230, 230, 230]);
  const paint = painted(set, { shade, alpha }, ["000000", "ff8040"]);
  const of = (i) => [...paint.slice(4 * set.first[i], 4 * set.first[i + 1])];
  assert.deepEqual(of(1).slice(0, 4), [255, 128, 64, 200]);
  assert.deepEqual(of(2), Array(7).fill([128, 64, 32, 110]).flat());
  assert.equal(of(3)[3], 0);
});
