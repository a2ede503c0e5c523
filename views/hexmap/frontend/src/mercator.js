// Web Mercator: the world is a square from 0 to 1, y downwards; at zoom z it is 512 * 2 ** z pixels.

const DEGREE = Math.PI / 180;
const POLE = 85.051129;

/** World coordinates [x, y] of a point in degrees. */
export function project(lat, lon) {
  const held = Math.max(-POLE, Math.min(POLE, lat));
  const y = 0.5 - Math.log(Math.tan(Math.PI / 4 + (held * DEGREE) / 2)) / (2 * Math.PI);
  return [(lon + 180) / 360, y];
}

/** [lat, lon] in degrees of a point of the world; x may lie on a neighbouring copy of it. */
export function unproject(x, y) {
  const lat = (2 * Math.atan(Math.exp((0.5 - y) * 2 * Math.PI)) - Math.PI / 2) / DEGREE;
  return [lat, (x - Math.floor(x)) * 360 - 180];
}

/** Pixels that the world is wide at a zoom. */
export const scaleAt = (zoom) => 512 * 2 ** zoom;

/** Metres on the ground that one pixel covers. */
export const metresPerPixel = (lat, zoom) =>
  (40075016.7 * Math.cos(lat * DEGREE)) / scaleAt(zoom);

/** The copy of `x` that lies nearest to `near`: the world repeats every 1. */
export const nearest = (x, near) => x - Math.round(x - near);

export const ZOOMS = [1, 17];
export const held = (zoom) => Math.max(ZOOMS[0], Math.min(ZOOMS[1], zoom));

/** A view {x, y, zoom} after the map was dragged by some pixels. */
export function panned(view, dx, dy) {
  const scale = scaleAt(view.zoom);
  const y = Math.max(0, Math.min(1, view.y - dy / scale));
  return { ...view, x: view.x - dx / scale, y };
}

/** A view zoomed by steps so that the point at pixels (px, py) from its middle stays where it is. */
export function zoomed(view, steps, px = 0, py = 0) {
  const zoom = held(view.zoom + steps);
  const apart = 1 / scaleAt(view.zoom) - 1 / scaleAt(zoom);
  return { x: view.x + px * apart, y: view.y + py * apart, zoom };
}

/** The view that lies a share (0..1) of the way from one to another. */
export function between(from, to, share) {
  const mix = (a, b) => a + (b - a) * share;
  return {
    x: mix(from.x, nearest(to.x, from.x)),
    y: mix(from.y, to.y),
    zoom: mix(from.zoom, to.zoom),
  };
}
