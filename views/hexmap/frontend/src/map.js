// One map on the page: keeps what it shows, draws when something changed, tells Python what it sees.

import { painted, FEW, HIDDEN, UNSAFE } from "./colours.js";
import { listen } from "./controls.js";
import { WORDS, legend, legendOnto, made, tell, tool } from "./furniture.js";
import { PAPER, over, pixel, prepared, under as underneath } from "./ground.js";
import { outlines, place, reach, text, under } from "./hexes.js";
import { between, held, project, scaleAt, unproject, zoomed } from "./mercator.js";
import { painter } from "./paint.js";
import { holds } from "./wire.js";
import { tiles } from "./tiles.js";
import { lines } from "./words.js";

const REPORT_MS = 250;
const GLIDE_MS = 220;
const linked = new Map();
const lastViews = new Map();

export class HexMap {
  constructor(root, send) {
    this.send = send;
    this.root = root;
    this.chosen = this.hovered = this.focused = null;
    this.build();
    this.brush = painter(this.canvas.hexes);
    if (this.brush.slow) this.notify(WORDS.slow);
    this.watch();
  }

  build() {
    const canvas = (name) => made("canvas", name);
    this.canvas = { under: canvas("under"), hexes: canvas("hexes"), over: canvas("over") };
    this.stage = made("div", "stage", "", ...Object.values(this.canvas));
    this.stage.tabIndex = 0;
    this.stage.setAttribute("role", "application");
    this.stage.setAttribute("aria-roledescription", "map");
    this.legend = made("div", "legend");
    this.tip = made("div", "tip");
    this.tip.hidden = true;
    this.notice = made("div", "notice");
    this.notice.setAttribute("role", "status");
    this.notice.hidden = true;
    this.spoken = made("div", "unseen");
    this.spoken.setAttribute("aria-live", "polite");
    this.places = made("div", "places");
    this.places.setAttribute("role", "group");
    this.places.setAttribute("aria-label", WORDS.places);
    this.note = made("div", "attribution");
    this.note.dir = "auto";
    const tools = made("div", "tools", "",
      tool("closer", () => this.zoom(1)), tool("farther", () => this.zoom(-1)),
      tool("all", () => this.home()), tool("full", () => this.full()),
      tool("save", () => this.save()));
    this.root.replaceChildren(this.stage, this.legend, tools, this.places, this.note, this.notice,
      this.tip, this.spoken);
  }

  watch() {
    listen(this.stage, {
      view: () => this.target ?? this.view,
      look: (view, how) => (how.glide ? this.glide(view) : this.look(view)),
      zoom: (steps, px, py) => this.zoom(steps, px, py),
      click: (px, py) => this.choose(this.hexAt(px, py)),
      hover: (px, py) => this.hover(px, py),
      leave: () => this.hover(null),
      home: () => this.home(),
      middle: () => this.choose(this.hexAt(0, 0)),
      clear: () => this.choose(null),
    });
    this.resized = new ResizeObserver(() => this.resize());
    this.resized.observe(this.root);
    const { hexes } = this.canvas;
    hexes.addEventListener("webglcontextlost", (event) => {
      event.preventDefault();
      this.notify(WORDS.lost);
    });
    hexes.addEventListener("webglcontextrestored", () => {
      this.brush = painter(hexes);
      if (this.set) this.brush.outline(this.set);
      if (this.paint) this.brush.colour(this.paint);
      this.notify("");
      this.draw();
    });
  }

  // ------------------------------------------------------------------------------- what is shown

  show(header, parcels) {
    const before = this.header;
    this.header = header;
    this.paper = PAPER[header.theme];
    this.root.dataset.theme = header.theme;
    this.root.style.height = `${header.height}px`;
    this.stage.setAttribute("aria-label", `${header.look.title}, ${header.heading}. ${WORDS.map}`);
    this.note.textContent = header.tiles?.attribution ?? "";
    this.setGround(before, parcels);
    this.setHexes(before, parcels);
    if (!same(before?.look, header.look)) legend(this.legend, header.look);
    if (!same(before?.places, header.places)) this.listPlaces();
    // Python's word counts when it changes: a click here may be newer than what it knows
    if (!before || before.chosen !== header.chosen) this.chosen = header.chosen;
    this.link(header.link);
    this.resize();
    if (before?.goal.key !== header.goal.key) this.goTo(before);
    this.draw();
    if (!before) this.reportSoon();
  }

  setGround(before, parcels) {
    const hashes = ({ parcels: { land, border, regions, points } }) =>
      [land, border, regions, points].map(({ hash }) => hash);
    if (before && same(hashes(before), hashes(this.header))) return;
    this.ground = prepared(parcels, this.header);
  }

  setHexes(before, { set, values }) {
    const { parcels, look } = this.header;
    const sameSet = before?.parcels.set.hash === parcels.set.hash;
    if (!sameSet) {
      this.set = { ...outlines(set.ids), region: set.region };
      this.level = set.ids.length ? (set.ids[1] >>> 20) & 15 : 0;
      this.set.reach = reach(this.set);
      this.brush.outline(this.set);
      this.hovered = null;
    }
    this.values = values;
    if (sameSet && before.parcels.values.hash === parcels.values.hash
      && same(before.look.stops, look.stops)) return;
    this.paint = painted(this.set, values, look.stops ?? ["8c8c8c", "8c8c8c"]);
    this.brush.colour(this.paint);
  }

  goTo(before) {
    const { name, goal } = this.header;
    const last = lastViews.get(name);
    const [x, y] = project(goal.lat, goal.lon);
    const view = { x, y, zoom: held(goal.zoom) };
    if (before) this.glide(view);
    else if (last?.key === goal.key) this.look(last.view);
    else this.look(view);
  }

  home() {
    const { lat, lon, zoom } = this.header.home;
    const [x, y] = project(lat, lon);
    this.glide({ x, y, zoom });
  }

  listPlaces() {
    this.places.replaceChildren(...this.header.places.map(([hex, label]) => {
      const button = made("button", "place", label);
      button.type = "button";
      button.dir = "auto";
      button.addEventListener("focus", () => { this.focused = hex; this.bringIn(hex); });
      button.addEventListener("blur", () => { this.focused = null; this.draw(); });
      button.addEventListener("click", () => this.choose(hex));
      return button;
    }));
  }

  bringIn(hex) {
    const [lat, lon] = this.centreOf(hex);
    const at = project(lat, lon);
    const [px, py] = pixel(this.view, at);
    const { width, height } = this.frame;
    if (Math.abs(px) > width * 0.42 || Math.abs(py) > height * 0.42)
      this.glide({ x: at[0], y: at[1], zoom: this.view.zoom });
    this.draw();
  }

  // ---------------------------------------------------------------------------------- the view

  look(view, { quiet = false } = {}) {
    cancelAnimationFrame(this.gliding);
    this.gliding = this.target = this.wheel = null;
    this.move(view, quiet);
  }

  move(view, quiet) {
    this.view = { ...view, zoom: held(view.zoom) };
    const { name, goal } = this.header;
    lastViews.set(name, { key: goal.key, view: this.view });
    this.draw();
    this.reportSoon();
    if (quiet) return;
    for (const other of linked.get(this.header.link) ?? [])
      if (other !== this) other.look(this.view, { quiet: true });
  }

  glide(target) {
    const from = this.view, start = performance.now();
    const far = Math.max(...pixel(from, [target.x, target.y]).map(Math.abs));
    if (far > 4 * this.frame.width || matchMedia("(prefers-reduced-motion: reduce)").matches)
      return this.look(target);
    cancelAnimationFrame(this.gliding);
    this.target = target;
    const step = (now) => {
      const share = Math.max(0, Math.min(1, (now - start) / GLIDE_MS));
      if (share === 1) return this.look(target);
      this.move(between(from, target, 1 - (1 - share) ** 3));
      this.gliding = requestAnimationFrame(step);
    };
    this.gliding = requestAnimationFrame(step);
  }

  /** Zooms smoothly; the point under the pointer stays where it is. */
  zoom(steps, px = 0, py = 0) {
    const goal = held((this.wheel?.goal ?? this.view.zoom) + steps);
    const running = this.wheel;
    this.wheel = { goal, px, py };
    if (running) return;
    cancelAnimationFrame(this.gliding);
    this.target = null;
    const step = () => {
      if (!this.wheel) return;
      const left = this.wheel.goal - this.view.zoom;
      const done = Math.abs(left) < 0.01;
      this.move(zoomed(this.view, done ? left : left * 0.35, this.wheel.px, this.wheel.py));
      if (done) this.wheel = null;
      else this.gliding = requestAnimationFrame(step);
    };
    this.gliding = requestAnimationFrame(step);
  }

  link(name) {
    for (const group of linked.values()) group.delete(this);
    if (!name) return;
    if (!linked.has(name)) linked.set(name, new Set());
    linked.get(name).add(this);
  }

  /** Linked maps tell one after the other: in one breath, Streamlit would hear but one of them. */
  reportSoon() {
    const turn = [...(linked.get(this.header.link) ?? [])].indexOf(this);
    clearTimeout(this.later);
    this.later = setTimeout(() => this.report(), REPORT_MS * (1 + Math.max(0, turn)));
  }

  report(more = {}) {
    const [lat, lon] = unproject(this.view.x, this.view.y);
    const { width, height } = this.frame;
    if (!width) return;
    this.send.seen({
      lat: Number(lat.toFixed(5)), lon: Number(lon.toFixed(5)),
      zoom: Number(this.view.zoom.toFixed(2)), width, height, goal: this.header.goal.key,
      holds: holds(), ...more,
    });
  }

  // ---------------------------------------------------------------------- pointing and choosing

  hexAt(px, py) {
    if (!this.set?.n) return null;
    const scale = scaleAt(this.view.zoom);
    const [lat, lon] = unproject(this.view.x + px / scale, this.view.y + py / scale);
    const at = under(this.set, lat, lon, this.level);
    return at < 0 ? null : text(this.set.ids, at);
  }

  hover(px, py) {
    const hex = px === null || this.view === undefined ? null : this.hexAt(px, py);
    this.stage.style.cursor = hex ? "pointer" : "grab";
    if (hex) tell(this.tip, this.linesOf(hex), [px, py], this.frame);
    else this.tip.hidden = true;
    if (hex === this.hovered) return;
    for (const map of linked.get(this.header?.link) ?? [this]) {
      map.hovered = hex;
      map.draw(["over"]);
    }
  }

  choose(hex) {
    if (hex === null && this.chosen === null) return;
    this.chosen = hex;
    this.draw(["over"]);
    if (hex && place(this.set.ids, hex) >= 0) {
      const { head, value, detail, place: where } = this.linesOf(hex);
      this.spoken.textContent = [head, value, detail, where].filter(Boolean).join(". ");
    }
    this.send.clicked({ hex });
  }

  linesOf(hex) {
    const i = place(this.set.ids, hex);
    const { value, low, high, numerator, denominator, raw, worse, target, shade } = this.values;
    const { look, regions } = this.header;
    return lines(look, {
      value: value[i], low: low[i], high: high[i],
      numerator: numerator[i], denominator: denominator[i],
      raw: raw?.[i], worse: worse?.[i], target: target?.[i],
      region: regions[this.set.region[i]], hex,
      hidden: {
        [FEW]: look.hidden.few, [HIDDEN]: look.hidden.hidden, [UNSAFE]: look.hidden.unsafe,
      }[shade[i]],
    });
  }

  centreOf(hex) {
    const found = this.header.places.find(([named]) => named === hex);
    return [found[2], found[3]];
  }

  // ----------------------------------------------------------------------------------- drawing

  resize() {
    const { clientWidth: width, clientHeight: height } = this.root;
    const sharp = Math.min(window.devicePixelRatio || 1, 2);
    if (this.frame?.width === width && this.frame?.height === height && this.frame.sharp === sharp)
      return;
    this.frame = { width, height, sharp };
    for (const canvas of Object.values(this.canvas)) {
      canvas.width = Math.round(width * sharp);
      canvas.height = Math.round(height * sharp);
    }
    if (!this.view) return;
    this.paintNow();
    this.reportSoon();
  }

  draw(which = ["under", "hexes", "over"]) {
    this.stale = new Set([...(this.stale ?? []), ...which]);
    this.pending ??= requestAnimationFrame(() => this.paintNow());
  }

  paintNow() {
    cancelAnimationFrame(this.pending);
    const stale = this.stale?.size ? this.stale : new Set(["under", "hexes", "over"]);
    this.pending = this.stale = null;
    if (!this.view || !this.frame?.width || !this.header) return;
    const frame = { ...this.frame, ...this.view, scale: scaleAt(this.view.zoom) };
    // nothing shines through the lowest one
    const context = (name) => this.canvas[name].getContext("2d", { alpha: name !== "under" });
    if (stale.has("under"))
      underneath(context("under"), frame, this.ground, this.paper, this.basemap());
    if (stale.has("hexes") && this.set)
      this.brush.draw({ ...frame, shift: pixel(frame, this.set.origin), reach: this.set.reach },
        this.paper);
    if (stale.has("over")) over(context("over"), frame, this.ground, this.paper, this);
    this.root.dataset.drawn = `${this.header.file} ${this.level} ${this.set.n}`;
  }

  basemap() {
    const address = this.header.tiles?.address;
    if (!address) return null;
    if (this.tilesFrom !== address) {
      this.tilesFrom = address;
      this.tiles = tiles(address, () => this.draw(["under"]));
    }
    return this.tiles;
  }

  notify(said) {
    this.notice.textContent = said;
    this.notice.hidden = !said;
  }

  full() {
    if (document.fullscreenElement) return document.exitFullscreen();
    return this.root.requestFullscreen?.().catch(() => {});
  }

  /** The map with its legend as a PNG; drawn anew, since a drawn frame is not kept. */
  picture() {
    const { width, height } = this.canvas.under;
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    canvas.dataset.sharp = this.frame.sharp;
    const context = canvas.getContext("2d");
    this.paintNow();
    for (const layer of Object.values(this.canvas)) context.drawImage(layer, 0, 0);
    legendOnto(context, this.header.look, this.header.heading, this.frame, this.paper);
    return new Promise((resolve) => { canvas.toBlob(resolve, "image/png"); });
  }

  async save() {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await this.picture());
    link.download = `${this.header.file}.png`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  destroy() {
    this.link(null);
    this.resized.disconnect();
    clearTimeout(this.later);
    cancelAnimationFrame(this.gliding);
    cancelAnimationFrame(this.pending);
  }
}

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
