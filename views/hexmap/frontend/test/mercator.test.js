import assert from "node:assert/strict";
import test from "node:test";
import { between, nearest, panned, project, scaleAt, unproject, zoomed } from "../src/mercator.js";

const near = (a, b, by = 1e-9) => assert.ok(Math.abs(a - b) < by, `${a} is not ${b}`);

test("a point comes back from the world", () => {
  for (const [lat, lon] of [[0, 0], [53.8, -1.55], [-33.9, 151.2], [84, 179.9], [-70, -179.9]]) {
    const [back, aside] = unproject(...project(lat, lon));
    near(back, lat);
    near(aside, lon);
  }
});

test("what is under the pointer stays there while zooming", () => {
  const view = { x: 0.49, y: 0.32, zoom: 9.3 };
  const under = ({ x, y, zoom }, px, py) => [x + px / scaleAt(zoom), y + py / scaleAt(zoom)];
  for (const steps of [-4, -0.3, 0.7, 5]) {
    const before = under(view, 120, -80), after = under(zoomed(view, steps, 120, -80), 120, -80);
    near(before[0], after[0], 1e-12);
    near(before[1], after[1], 1e-12);
  }
});

test("the zoom has ends", () => {
  assert.equal(zoomed({ x: 0.5, y: 0.5, zoom: 16 }, 9).zoom, 17);
  assert.equal(zoomed({ x: 0.5, y: 0.5, zoom: 2 }, -9).zoom, 1);
});

test("a drag to the right shows what lies to the left", () => {
  const { x, y } = panned({ x: 0.5, y: 0.5, zoom: 1 }, 102.4, 0);
  near(x, 0.4);
  assert.equal(y, 0.5);
});

test("the way over the date line is the short one", () => {
  near(nearest(0.01, 0.99), 1.01);
  near(between({ x: 0.99, y: 0.5, zoom: 3 }, { x: 0.01, y: 0.5, zoom: 3 }, 0.5).x, 1.0);
});
