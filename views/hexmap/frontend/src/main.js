// What Streamlit calls: once when the map is mounted, and again whenever Python sent something.

import { WORDS, made } from "./furniture.js";
import { HexMap } from "./map.js";
import { opened } from "./wire.js";

const maps = new WeakMap();

export default function component({ data, parentElement, setStateValue, setTriggerValue }) {
  const root = parentElement.querySelector(".hexmap") ?? mount(parentElement);
  // the newest call's: an older one may speak for a fragment that is gone
  const send = maps.get(root)?.send ?? {};
  send.seen = (view) => setStateValue("seen", view);
  send.clicked = (hex) => setTriggerValue("clicked", hex);
  const held = maps.get(root) ?? { send, turn: 0, map: null };
  maps.set(root, held);
  show(root, held, data).catch((error) => {
    root.replaceChildren(made("div", "notice", `${WORDS.broken} (${error.message})`));
    throw error;
  });
  // a superseded call is cleaned up while the map stays: only what left the page is taken down
  return () => setTimeout(() => root.isConnected || held.map?.destroy(), 0);
}

function mount(parentElement) {
  const root = made("div", "hexmap");
  parentElement.append(root);
  return root;
}

async function show(root, held, data) {
  const turn = ++held.turn;
  const { header, parcels, missing } = await opened(data);
  if (turn !== held.turn) return;
  held.map ??= new HexMap(root, held.send);
  if (parcels) held.map.show(header, parcels);
  else if (held.map.header) held.map.report({ missing, holds: [] });
  else held.send.seen({ missing });
}
