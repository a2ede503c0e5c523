// Hand and keyboard: drags, wheels, pinches and keys become moves of the view.

import { panned, zoomed } from "./mercator.js";

const CLICK = 5;
const STEP = 90;
const KEYS = {
  ArrowLeft: [STEP, 0, 0], ArrowRight: [-STEP, 0, 0], ArrowUp: [0, STEP, 0],
  ArrowDown: [0, -STEP, 0], "+": [0, 0, 1], "=": [0, 0, 1], "-": [0, 0, -1], _: [0, 0, -1],
};

/** Listens on an element and calls back.
 *
 * view(): where the map looks; look(view, {glide}): look there; click(px, py), hover(px, py) at
 * pixels from the middle; leave(); home(); middle(): choose what is in the middle; clear().
 */
export function listen(element, on) {
  const hands = new Map();
  let moved = 0;
  const at = (event) => {
    const box = element.getBoundingClientRect();
    return [event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2];
  };
  const spread = () => {
    const [[ax, ay], [bx, by]] = [...hands.values()];
    return { far: Math.hypot(ax - bx, ay - by), mid: [(ax + bx) / 2, (ay + by) / 2] };
  };

  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    element.setPointerCapture(event.pointerId);
    hands.set(event.pointerId, at(event));
    if (hands.size === 1) moved = 0;
  });
  element.addEventListener("pointermove", (event) => {
    const [x, y] = at(event);
    const before = hands.get(event.pointerId);
    if (!before) return on.hover(x, y);
    if (hands.size === 1) {
      moved += Math.hypot(x - before[0], y - before[1]);
      hands.set(event.pointerId, [x, y]);
      if (moved > CLICK) on.look(panned(on.view(), x - before[0], y - before[1]), {});
      return;
    }
    const old = spread();
    hands.set(event.pointerId, [x, y]);
    const now = spread();
    moved = CLICK + 1;
    const slid = panned(on.view(), now.mid[0] - old.mid[0], now.mid[1] - old.mid[1]);
    on.look(zoomed(slid, Math.log2(now.far / Math.max(old.far, 1)), ...now.mid), {});
  });
  const release = (event) => {
    const was = hands.delete(event.pointerId);
    if (was && !hands.size && moved <= CLICK && event.type === "pointerup") on.click(...at(event));
  };
  element.addEventListener("pointerup", release);
  element.addEventListener("pointercancel", release);
  element.addEventListener("pointerleave", () => hands.size || on.leave());
  element.addEventListener("wheel", (event) => {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 24 : 1;
    const steps = Math.max(-1.5, Math.min(1.5, (-event.deltaY * lines) / 250));
    on.zoom(steps, ...at(event));
  }, { passive: false });
  element.addEventListener("dblclick", (event) => on.zoom(1, ...at(event)));
  element.addEventListener("keydown", (event) => {
    if (event.target !== element || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = KEYS[event.key];
    if (step) on.look(zoomed(panned(on.view(), step[0], step[1]), step[2]), { glide: true });
    else if (event.key === "Home") on.home();
    else if (event.key === "Enter" || event.key === " ") on.middle();
    else if (event.key === "Escape") on.clear();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
}
