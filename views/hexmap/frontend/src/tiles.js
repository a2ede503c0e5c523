// An online basemap of raster tiles, drawn only where the settings name a server for it.

import { scaleAt } from "./mercator.js";

const KEPT = 200;

/** Draws tiles of `{z}/{x}/{y}` addresses; `ready` is called when another one has come. */
export function tiles(address, ready) {
  const held = new Map();
  const image = (z, x, y) => {
    const url = address.replace("{z}", z).replace("{x}", x).replace("{y}", y);
    if (!held.has(url)) {
      const made = new Image();
      made.crossOrigin = "anonymous"; // else no picture of the map could be saved
      made.onload = ready;
      made.src = url;
      held.set(url, made);
      if (held.size > KEPT) held.delete(held.keys().next().value);
    }
    return held.get(url);
  };
  return {
    draw(context, { x, y, zoom, width, height }) {
      const z = Math.max(0, Math.min(19, Math.round(zoom + 1)));
      const many = 2 ** z, side = scaleAt(zoom) / many;
      const from = [x * many - width / 2 / side, y * many - height / 2 / side].map(Math.floor);
      for (let i = 0; i <= Math.ceil(width / side) + 1; i++)
        for (let k = 0; k <= Math.ceil(height / side) + 1; k++) {
          const [column, row] = [from[0] + i, from[1] + k];
          if (row < 0 || row >= many) continue;
          const tile = image(z, ((column % many) + many) % many, row);
          const left = (column / many - x) * side * many, top = (row / many - y) * side * many;
          if (tile.complete && tile.naturalWidth)
            context.drawImage(tile, left, top, side + 0.5, side + 0.5);
        }
      return true;
    },
  };
}
