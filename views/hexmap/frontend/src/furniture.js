// What stands on the map besides its canvases: legend, buttons, tooltip, places for the keyboard.
// Text from data is only ever set as text.

export const WORDS = {
  map: "Map of hexagons. Arrows move, plus and minus zoom, Home shows all, Enter chooses what is " +
    "in the middle, Tab walks the places of the list. The table below says the same.",
  closer: "Zoom in", farther: "Zoom out", all: "Show the whole map", full: "Full screen",
  save: "Save as a picture", places: "Places of the list",
  unsure: "fainter = less sure",
  slow: "This browser offers no WebGL: the map is drawn without it, more slowly.",
  lost: "The browser took the graphics away; the map comes back when they do. If it does not, " +
    "reload the page.",
  broken: "The map can't be drawn here; the table below says the same.",
};

const ICONS = {
  closer: "M8 3v10M3 8h10", farther: "M3 8h10",
  all: "M3 8l5-5 5 5M4.5 7v6h7V7", full: "M3 6V3h3M10 3h3v3M13 10v3h-3M6 13H3v-3",
  save: "M8 2.5v7.5M4.8 7L8 10.2 11.2 7M3 13h10",
};

/** An element with a class, its text and its children. */
export function made(tag, name, text, ...children) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  if (text) element.textContent = text;
  element.append(...children);
  return element;
}

/** A button with an icon; its word is its name and its tip. */
export function tool(name, onClick) {
  const button = made("button", `tool ${name}`);
  button.type = "button";
  button.title = WORDS[name];
  button.setAttribute("aria-label", WORDS[name]);
  const icon = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  icon.setAttribute("viewBox", "0 0 16 16");
  icon.setAttribute("aria-hidden", "true");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", ICONS[name]);
  icon.append(line);
  button.append(icon);
  button.addEventListener("click", onClick);
  return button;
}

/** Fills the legend: title, scale with its ticks, what faint and hatched mean. */
export function legend(box, look) {
  const title = made("div", "title", look.title, made("span", "unit", ` ${look.unit}`));
  title.dir = "auto";
  const notes = [];
  if (look.stops) {
    const bar = made("div", "bar");
    bar.style.background = `linear-gradient(to right, ${look.stops.map((s) => `#${s}`).join()})`;
    const ticks = made("div", "ticks", "", ...look.ticks.map(([at, text]) => {
      const tick = made("span", "", text);
      tick.style.left = `${100 * at}%`;
      tick.style.transform = `translateX(${-100 * at}%)`;
      return tick;
    }));
    title.after(bar);
    notes.push(made("span", "", WORDS.unsure));
    box.replaceChildren(title, bar, ticks);
  } else box.replaceChildren(title);
  if (look.unreleased) notes.push(made("span", "", "", made("i", "hatch"), look.unreleased));
  if (notes.length) box.append(made("div", "notes", "", ...notes));
}

/** Writes a hexagon's lines into the tooltip and puts it beside the pointer, inside the map. */
export function tell(box, { head, value, detail, place }, [x, y], { width, height }) {
  const rows = [made("div", "", head), made("b", "", value)];
  if (detail) rows.push(made("div", "", detail));
  rows.push(made("div", "place", place));
  rows.forEach((row) => { row.dir = "auto"; });
  box.replaceChildren(...rows);
  box.hidden = false;
  const left = x + width / 2, top = y + height / 2;
  const { offsetWidth: wide, offsetHeight: high } = box;
  box.style.left = `${Math.max(4, left + 14 + wide > width ? left - wide - 14 : left + 14)}px`;
  box.style.top = `${Math.max(4, Math.min(top + 14, height - high - 4))}px`;
}

/** Draws the legend at the lower left of a picture that is saved. */
export function legendOnto(context, look, heading, { height }, paper) {
  const [left, top] = [12, height - 78];
  context.setTransform(context.canvas.dataset.sharp, 0, 0, context.canvas.dataset.sharp, 0, 0);
  context.fillStyle = paper.halo;
  context.fillRect(left, top, 300, 66);
  context.textAlign = "left";
  context.textBaseline = "alphabetic";
  context.fillStyle = paper.text;
  context.font = "600 12px sans-serif";
  context.fillText(`${look.title}, ${look.unit}`, left + 8, top + 16, 284);
  context.font = "11px sans-serif";
  context.fillText(heading, left + 8, top + 31, 284);
  if (!look.stops) return;
  const bar = context.createLinearGradient(left + 8, 0, left + 292, 0);
  look.stops.forEach((stop, i) => bar.addColorStop(i / (look.stops.length - 1), `#${stop}`));
  context.fillStyle = bar;
  context.fillRect(left + 8, top + 38, 284, 8);
  context.fillStyle = paper.text;
  for (const [at, text] of look.ticks) {
    context.textAlign = at === 0 ? "left" : at === 1 ? "right" : "center";
    context.fillText(text, left + 8 + 284 * at, top + 60);
  }
}
