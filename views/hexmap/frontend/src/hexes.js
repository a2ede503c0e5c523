// A set of hexagons: where each lies, what it holds, and which one is under a point.

import { cellToBoundary, cellToLatLng, h3IndexToSplitLong, latLngToCell, splitLongToH3Index }
  from "h3-js";
import { nearest, project } from "./mercator.js";

/** Fans of triangles around each centre, in world coordinates relative to `origin`.
 *
 * ids: pairs of 32-bit words, low first, ascending as 64-bit numbers.
 * first: where each hexagon's vertices begin, its centre first; edge: 0 centre, 255 corner.
 */
export function outlines(ids) {
  const n = ids.length / 2;
  const corners = new Array(n);
  const first = new Uint32Array(n + 1);
  for (let i = 0; i < n; i++) {
    corners[i] = cellToBoundary([ids[2 * i], ids[2 * i + 1]]);
    first[i + 1] = first[i] + corners[i].length + 1;
  }
  const origin = n ? project(...cellToLatLng([ids[0], ids[1]])) : [0, 0];
  const at = new Float32Array(2 * first[n]);
  const edge = new Uint8Array(first[n]).fill(255);
  const fans = new Uint32Array(3 * (first[n] - n));
  let next = 0;
  for (let i = 0; i < n; i++) {
    const centre = first[i], many = corners[i].length;
    let sumX = 0, sumY = 0, x0 = 0;
    for (let k = 0; k < many; k++) {
      const [x, y] = project(...corners[i][k]);
      // across the date line a hexagon stays whole, and the set stays together
      const dx = k ? nearest(x - origin[0], x0) : nearest(x - origin[0], 0);
      if (!k) x0 = dx;
      at[2 * (centre + 1 + k)] = dx;
      at[2 * (centre + 1 + k) + 1] = y - origin[1];
      sumX += dx;
      sumY += y - origin[1];
      fans[next++] = centre;
      fans[next++] = centre + 1 + k;
      fans[next++] = centre + 1 + ((k + 1) % many);
    }
    at[2 * centre] = sumX / many;
    at[2 * centre + 1] = sumY / many;
    edge[centre] = 0;
  }
  return { n, ids, origin, at, edge, fans, first };
}

/** Where a hexagon stands in the set; -1 where it is not in it. */
export function place(ids, hex) {
  const [low, high] = h3IndexToSplitLong(hex);
  let from = 0, to = ids.length / 2 - 1;
  while (from <= to) {
    const middle = (from + to) >> 1;
    const order = ids[2 * middle + 1] - (high >>> 0) || ids[2 * middle] - (low >>> 0);
    if (order === 0) return middle;
    if (order < 0) from = middle + 1;
    else to = middle - 1;
  }
  return -1;
}

/** The place in the set of the hexagon under a point; -1 where there is none. */
export const under = (set, lat, lon, level) => place(set.ids, latLngToCell(lat, lon, level));

/** The text of the hexagon at a place of the set. */
export const text = (ids, i) => splitLongToH3Index(ids[2 * i], ids[2 * i + 1]);

/** Corners of any hexagon in world coordinates, around its first one. */
export function corners(hex) {
  let x0;
  return cellToBoundary(hex).map(([lat, lon]) => {
    const [x, y] = project(lat, lon);
    x0 ??= x;
    return [nearest(x, x0), y];
  });
}

/** About how far the middle of a side is from the centre, in world units. */
export function reach({ n, at, first }) {
  if (!n) return 0;
  const [x, y] = [at[0] - at[2], at[1] - at[3]];
  return Math.hypot(x, y) * (first[1] > 6 ? 0.866 : 0.809);
}
