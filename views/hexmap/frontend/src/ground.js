// What lies under and over the hexagons, on plain canvases: land, borders, regions, masts,
// interventions, names, the chosen hexagon.

import { corners } from "./hexes.js";
import { metresPerPixel, nearest, project, scaleAt } from "./mercator.js";

export const PAPER = {
  light: {
    sea: "#d3dee6", land: "#eef0f1", line: "#a3aab1", region: "rgba(74,78,90,.62)",
    text: "#2e333b", halo: "rgba(255,255,255,.88)", chosen: "#0b0e14", ring: "#ffffff",
    site: "rgba(32,38,48,.82)", sector: "rgba(32,38,48,.5)", interventions: "#1a5fb4",
    seam: [0.933, 0.941, 0.945, 0.75], hatch: [0.45, 0.47, 0.5, 0.45],
  },
  dark: {
    sea: "#0d1217", land: "#1e2228", line: "#5a626c", region: "rgba(196,202,212,.55)",
    text: "#dfe3e9", halo: "rgba(10,13,17,.85)", chosen: "#ffffff", ring: "#10141a",
    site: "rgba(238,241,246,.85)", sector: "rgba(238,241,246,.5)", interventions: "#78b7ff",
    seam: [0.09, 0.1, 0.12, 0.75], hatch: [0.62, 0.64, 0.67, 0.42],
  },
};

const NEAR = { sites: 7.5, sectors: 11.2, interventions: 8.5 };

/** Paths in world coordinates of lines or rings; `xy`: lon, lat; `at`: where each one begins. */
export function path({ xy, at }, origin) {
  const made = new Path2D();
  for (let i = 0; i + 1 < at.length; i++) {
    let before = 0;
    for (let k = at[i]; k < at[i + 1]; k++) {
      const [x, y] = project(xy[2 * k + 1], xy[2 * k]);
      const dx = k === at[i] ? nearest(x - origin[0], 0) : nearest(x - origin[0], before);
      before = dx;
      made[k === at[i] ? "moveTo" : "lineTo"](dx, y - origin[1]);
    }
  }
  return made;
}

/** Paths of everything that does not change while the map moves. */
export function prepared(parcels, header) {
  const origin = project(header.home.lat, header.home.lon);
  const { land, border, regions, points } = parcels;
  const places = (xy) => Array.from({ length: (xy?.length ?? 0) / 2 }, (_, i) =>
    project(xy[2 * i + 1], xy[2 * i]));
  return {
    origin,
    land: path(land, origin), border: path(border, origin), regions: path(regions, origin),
    sites: places(points.sites), interventions: places(points.interventions), names: places(points.names),
    sectors: sectors(points),
  };
}

function sectors({ sectors: given, beams }) {
  return Array.from({ length: (given?.length ?? 0) / 2 }, (_, i) => ({
    at: project(given[2 * i + 1], given[2 * i]),
    towards: beams[2 * i], wide: beams[2 * i + 1], lat: given[2 * i + 1],
  }));
}

/** Draws sea, land and borders, or the tiles of a server where the settings name one. */
export function under(context, frame, ground, paper, tiles) {
  const { width, height } = frame;
  clear(context, frame);
  context.fillStyle = paper.sea;
  context.fillRect(-width / 2, -height / 2, width, height);
  if (tiles?.draw(context, frame)) return;
  inWorld(context, frame, ground.origin, (scale) => {
    context.fillStyle = paper.land;
    context.fill(ground.land, "evenodd");
    context.strokeStyle = paper.line;
    context.lineWidth = 0.8 / scale;
    context.stroke(ground.land);
    context.setLineDash([4 / scale, 3 / scale]);
    context.lineWidth = 1.1 / scale;
    context.stroke(ground.border);
    context.setLineDash([]);
  });
}

/** Draws all that lies over the hexagons. */
export function over(context, frame, ground, paper, { header, chosen, hovered, focused }) {
  clear(context, frame);
  inWorld(context, frame, ground.origin, (scale) => {
    context.lineJoin = "round";
    context.strokeStyle = paper.region;
    context.lineWidth = 1.3 / scale;
    context.stroke(ground.regions);
  });
  if (frame.zoom >= NEAR.sectors) wedges(context, frame, ground.sectors, paper);
  if (frame.zoom >= NEAR.sites) dots(context, frame, ground.sites, paper);
  if (frame.zoom >= NEAR.interventions) diamonds(context, frame, ground.interventions, paper);
  if (hovered && hovered !== chosen) outlined(context, frame, hovered, paper, 1.6);
  if (focused) outlined(context, frame, focused, paper, 3);
  if (chosen) outlined(context, frame, chosen, paper, 3);
  names(context, frame, ground.names, header.names, paper);
}

function clear(context, { width, height, sharp }) {
  context.setTransform(sharp, 0, 0, sharp, (sharp * width) / 2, (sharp * height) / 2);
  context.clearRect(-width / 2, -height / 2, width, height);
}

function inWorld(context, { x, y, zoom }, origin, draw) {
  const scale = scaleAt(zoom);
  context.save();
  context.scale(scale, scale);
  context.translate(nearest(origin[0], x) - x, origin[1] - y);
  draw(scale);
  context.restore();
}

/** Pixels from the middle of the map to a point of the world. */
export function pixel({ x, y, zoom }, at) {
  const scale = scaleAt(zoom);
  return [(nearest(at[0], x) - x) * scale, (at[1] - y) * scale];
}

function inside({ width, height }, [x, y], margin = 20) {
  return Math.abs(x) < width / 2 + margin && Math.abs(y) < height / 2 + margin;
}

function seen(frame, places, margin) {
  return places.map((at) => pixel(frame, at)).filter((at) => inside(frame, at, margin));
}

function dots(context, frame, sites, paper) {
  const radius = Math.max(1, Math.min(4, 1 + (frame.zoom - NEAR.sites) * 0.7));
  context.fillStyle = paper.site;
  context.beginPath();
  for (const [x, y] of seen(frame, sites)) {
    context.moveTo(x + radius, y);
    context.arc(x, y, radius, 0, 2 * Math.PI);
  }
  context.fill();
}

function wedges(context, frame, given, paper) {
  context.strokeStyle = paper.sector;
  context.fillStyle = paper.sector;
  context.lineWidth = 1;
  for (const { at, towards, wide, lat } of given) {
    const [x, y] = pixel(frame, at);
    const length = Math.max(14, Math.min(46, 260 / metresPerPixel(lat, frame.zoom)));
    if (!inside(frame, [x, y], length)) continue;
    const middle = ((towards - 90) * Math.PI) / 180, half = ((wide / 2) * Math.PI) / 180;
    context.beginPath();
    context.moveTo(x, y);
    context.arc(x, y, length, middle - half, middle + half);
    context.closePath();
    context.globalAlpha = 0.4;
    context.fill();
    context.globalAlpha = 1;
    context.stroke();
  }
}

function diamonds(context, frame, interventions, paper) {
  context.fillStyle = paper.interventions;
  context.strokeStyle = paper.ring;
  context.lineWidth = 1.5;
  for (const [x, y] of seen(frame, interventions)) {
    context.beginPath();
    context.moveTo(x, y - 13);
    context.lineTo(x + 5.5, y - 7.5);
    context.lineTo(x, y - 2);
    context.lineTo(x - 5.5, y - 7.5);
    context.closePath();
    context.fill();
    context.stroke();
  }
}

function outlined(context, frame, hex, paper, thick) {
  const points = corners(hex).map((at) => pixel(frame, at));
  const size = Math.max(...points.map(([x]) => x)) - Math.min(...points.map(([x]) => x));
  context.beginPath();
  if (size < 9) {
    // too small to be seen by its outline: a ring around it
    const [x, y] = [0, 1].map((k) => points.reduce((sum, at) => sum + at[k], 0) / points.length);
    context.arc(x, y, 8, 0, 2 * Math.PI);
  } else points.forEach((at) => context.lineTo(...at));
  context.closePath();
  context.lineJoin = "round";
  for (const [colour, width] of [[paper.ring, thick + 2], [paper.chosen, thick]]) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.stroke();
  }
}

function names(context, frame, places, texts, paper) {
  context.font = "600 13px 'Source Sans', 'Source Sans Pro', 'DejaVu Sans', sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  context.lineWidth = 3.5;
  const taken = [];
  places.forEach((at, i) => {
    const [x, y] = pixel(frame, at);
    const half = context.measureText(texts[i]).width / 2 + 4;
    const box = [x - half, y - 10, x + half, y + 10];
    if (!inside(frame, [x, y], 0) || taken.some((other) => overlap(box, other))) return;
    taken.push(box);
    context.strokeStyle = paper.halo;
    context.strokeText(texts[i], x, y);
    context.fillStyle = paper.text;
    context.fillText(texts[i], x, y);
  });
}

const overlap = (a, b) => a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
