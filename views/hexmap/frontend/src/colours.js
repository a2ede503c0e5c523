// From shades (0 lowest .. 250 highest, above: not released) to colours.

export const TOP_SHADE = 250;
export const UNSAFE = 253;
export const FEW = 254;
export const HIDDEN = 255;

/** 256 colours [r, g, b] of a scale given by its stops, e.g. ["f9f0c2", "760023"]. */
export function ramp(stops) {
  const rgb = stops.map((stop) => [0, 2, 4].map((i) => parseInt(stop.slice(i, i + 2), 16)));
  return Array.from({ length: 256 }, (_, shade) => {
    const along = (Math.min(shade, TOP_SHADE) / TOP_SHADE) * (rgb.length - 1);
    const low = Math.min(Math.floor(along), rgb.length - 2);
    return rgb[low].map((c, k) => Math.round(c + (rgb[low + 1][k] - c) * (along - low)));
  });
}

/** Red, green, blue, alpha of every vertex; alpha 0 says "hatched": its value is not released. */
export function painted({ n, first }, { shade, alpha }, stops) {
  const colours = ramp(stops);
  const paint = new Uint8Array(4 * first[n]);
  const words = new Uint32Array(paint.buffer);
  for (let i = 0; i < n; i++) {
    const [r, g, b] = colours[shade[i]];
    const word = ((alpha[i] << 24) | (b << 16) | (g << 8) | r) >>> 0;
    words.fill(word, first[i], first[i + 1]);
  }
  return paint;
}
