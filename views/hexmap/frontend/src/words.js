// How figures are written; views/words/numbers.py writes them the same way, and a test holds the
// two together.

export const MISSING = "–";

const grouped = (value, decimals) => {
  const [whole, rest] = fixed(value, decimals).split(".");
  const spaced = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  return rest ? `${spaced}.${rest}` : spaced;
};
const signed = (value, decimals) => {
  const text = `${value < 0 ? "-" : "+"}${grouped(Math.abs(value), decimals)}`;
  return /[1-9]/.test(text) ? text : "0";
};

// ties go to the even digit, as they do in Python
function fixed(value, decimals) {
  const factor = 10 ** decimals;
  const low = Math.floor(Math.abs(value) * factor);
  const tie = Math.abs(value) * factor - low === 0.5 && low % 2 === 0;
  return tie ? ((Math.sign(value) * low) / factor).toFixed(decimals) : value.toFixed(decimals);
}

const twoDigits = (v) => {
  const decimals = v ? Math.max(0, 1 - Math.floor(Math.log10(Math.abs(v)))) : 0;
  return String(Number(fixed(v, decimals)));
};

const WRITTEN = {
  // counts that contradict each other; how far says nothing
  share: (v) => v > 1 ? "over 100 %" : `${fixed(100 * v, v >= 0.1 ? 1 : 2)} %`,
  percent: (v) => `${fixed(v, 0)} %`,
  count: (v) => signed(v, Math.abs(v) >= 10 ? 0 : 1),
  ratio: (v) => `×${v < 10 ? twoDigits(v) : fixed(v, 0)}`,
  points: (v) => signed(v, 0),
  size: (v) => grouped(v, 0),
  plain: (v) => grouped(v, Math.abs(v) >= 100 ? 0 : 1),
};

/** A value as people read it: 1.84 %, +1,234, ×1.9; a dash for missing. */
export const number = (value, figure) =>
  Number.isFinite(value) ? WRITTEN[figure](value).replace("-", "−") : MISSING;

/** A count without a sign: 1,234, or 3.2 where it is small. */
export const amount = (value) => {
  if (!Number.isFinite(value)) return MISSING;
  return grouped(value, value >= 10 || value === Math.round(value) ? 0 : 1);
};

/** A 90 % interval: 1.6 % to 2.1 %; empty where there is none. */
export const interval = (low, high, figure) =>
  Number.isFinite(low) && Number.isFinite(high)
    ? `${number(low, figure)} to ${number(high, figure)}`
    : "";

/** The counts behind a rate: 123 dropped of 4,567 calls; `counted`: what each side counts. */
export function counts(counted, numerator, denominator) {
  const [above, below] = [amount(numerator), amount(denominator)];
  if (below === MISSING || !counted[1]) return "";
  if (!counted[0] || above === MISSING) return `${below} ${counted[1]}`;
  return `${above} ${counted[0]} of ${below} ${counted[1]}`;
}

/** What was measured in the place alone, where the value borrows: 8.1 measured there. */
export const alone = (raw, figure) =>
  Number.isFinite(raw) ? `${number(raw, figure)} measured there` : "";

/** How sure it is that a place is worse than its target: worse than 6.3: 97 %. */
export function worse(likely, target, figure) {
  if (!Number.isFinite(likely) || !Number.isFinite(target)) return "";
  const sure = fixed(100 * likely, 0);
  // never quite certain
  const worded = { 100: "over 99", 0: "under 1" }[sure] ?? sure;
  return `worse than ${number(target, figure)}: ${worded} %`;
}

/** The lines about one hexagon, as the page beside the map says them. */
export function lines(look, row) {
  const between = interval(row.low, row.high, look.figure);
  const behind = counts(look.counted, row.numerator, row.denominator);
  return {
    head: [look.title, look.unit].filter(Boolean).join(", "),
    value: row.hidden ?? number(row.value, look.figure),
    detail: [between && `90 %: ${between}`, behind, alone(row.raw, look.figure),
      worse(row.worse, row.target, look.figure)].filter(Boolean).join(" · "),
    place: [row.region, row.hex].filter(Boolean).join(" · "),
  };
}
