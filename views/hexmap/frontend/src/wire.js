// What Python sends: "HXM1", the header's length, the header as JSON, then deflated parcels.
// views/hexmap/wire.py writes it. A parcel that this page already holds is named, not sent.

const COLUMNS = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, f32: Float32Array };
const KEPT = 24;
const parcels = new Map();

/** Header and parcels {name: {column: typed array}}; null where one is neither sent nor held. */
export async function opened(bytes) {
  const { header, body } = await split(bytes);
  for (const [name, { hash, columns, at }] of Object.entries(header.parcels)) {
    if (at !== null && !parcels.has(hash)) keep(hash, read(body, at, columns));
    if (!parcels.has(hash)) return { header, parcels: null, missing: name };
  }
  const named = Object.entries(header.parcels).map(([name, { hash }]) => [name, parcels.get(hash)]);
  return { header, parcels: Object.fromEntries(named) };
}

/** Names of the parcels this page holds, newest last. */
export const holds = () => [...parcels.keys()];

function keep(hash, columns) {
  parcels.set(hash, columns);
  if (parcels.size > KEPT) parcels.delete(parcels.keys().next().value);
}

/** The two parts of a payload: its header, and its body inflated. */
export async function split(bytes) {
  const held = bytes.slice();
  const words = new DataView(held.buffer);
  const magic = new TextDecoder().decode(held.subarray(0, 4));
  if (magic !== "HXM1") throw new Error(`not a payload of this map: ${magic}`);
  const end = 8 + words.getUint32(4, true);
  const header = JSON.parse(new TextDecoder().decode(held.subarray(8, end)));
  return { header, body: await inflated(held.subarray(end)) };
}

async function inflated(bytes) {
  if (!bytes.length) return new ArrayBuffer(0);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).arrayBuffer();
}

function read(body, at, columns) {
  const found = {};
  for (const [name, type, length] of columns) {
    found[name] = new COLUMNS[type](body.slice(at, at + length * COLUMNS[type].BYTES_PER_ELEMENT));
    at += found[name].byteLength;
  }
  return found;
}
