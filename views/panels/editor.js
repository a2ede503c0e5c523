// An editor for one SELECT: a plain text area over its own coloured copy, with a list of names.
const KEYWORDS = new Set(`select from where group by order having limit qualify with as on using join
left right full cross semi anti asof lateral union all except intersect distinct case when then else
end and or not in is null like ilike between exists pivot unpivot summarize describe show values
over partition rows range asc desc true false interval date cast filter recursive`.split(/\s+/));
const PIECES = /(--[^\n]*|\/\*[\s\S]*?\*\/)|('(?:[^']|'')*'?)|(\$\w+)|(\b\d[\w.]*)|(\w+)|([\s\S])/g;
const CLASSES = ["c", "s", "p", "n"];
const parts = new WeakMap();

function escaped(text) {
  return text.replace(/[&<>]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[sign]);
}

function coloured(text) {
  return text.replace(PIECES, (piece, ...found) => {
    const at = found.slice(0, 4).findIndex((one) => one !== undefined);
    const kind = at >= 0 ? CLASSES[at] : KEYWORDS.has(piece.toLowerCase()) ? "k" : "";
    return kind ? `<span class="${kind}">${escaped(piece)}</span>` : escaped(piece);
  });
}

function build(parent) {
  const root = parent.querySelector(".editor");
  const one = { area: root.querySelector("textarea"), copy: root.querySelector("pre"),
    list: root.querySelector("ul"), words: [], shown: [], at: 0, version: null, later: 0 };
  const { area, copy, list } = one;
  const paint = () => { copy.innerHTML = coloured(area.value) + "\n"; };
  const close = () => { one.shown = []; list.hidden = true; };
  const word = () => (area.value.slice(0, area.selectionStart).match(/[A-Za-z_]\w*$/) || [""])[0];
  const tell = () => { clearTimeout(one.later); one.say("text", area.value); };
  const draw = () => {
    const before = area.value.slice(0, area.selectionStart).split("\n");
    list.innerHTML = one.shown.map(([name, about], n) => `<li role="option"
      aria-selected="${n === one.at}"><b>${escaped(name)}</b> <i>${escaped(about)}</i></li>`).join("");
    list.style.top = `${before.length * 21 + 10 - area.scrollTop}px`;
    list.style.left = `min(${before.at(-1).length}ch, 55%)`;
    list.hidden = !one.shown.length;
    list.children[one.at]?.scrollIntoView({ block: "nearest" });
  };
  const suggest = (always) => {
    const begun = word().toLowerCase();
    const fits = ([name]) => name.toLowerCase().startsWith(begun) && name.toLowerCase() !== begun;
    const within = ([name]) => name.toLowerCase().includes(begun) && !fits([name]);
    const all = begun.length > 1 || always ? one.words : [];
    one.shown = [...all.filter(fits), ...(begun.length > 2 ? all.filter(within) : [])].slice(0, 40);
    one.at = 0;
    draw();
  };
  const take = () => {
    const begun = word(), end = area.selectionStart;
    area.setRangeText(one.shown[one.at][0].replace(/\(.*/, "("), end - begun.length, end, "end");
    close(); paint(); tell();
  };
  area.addEventListener("input", () => {
    paint(); suggest(false);
    clearTimeout(one.later);
    one.later = setTimeout(tell, 1500);
  });
  area.addEventListener("scroll", () => { copy.scrollTop = area.scrollTop; copy.scrollLeft = area.scrollLeft; });
  area.addEventListener("blur", () => { close(); tell(); });
  list.addEventListener("mousedown", (event) => {
    const row = event.target.closest("li");
    event.preventDefault();
    if (row) { one.at = [...list.children].indexOf(row); take(); }
  });
  area.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { close(); clearTimeout(one.later); one.run(area.value); }
    else if (event.key === " " && event.ctrlKey) suggest(true);
    else if (one.shown.length && step) { one.at = (one.at + step + one.shown.length) % one.shown.length; draw(); }
    else if (one.shown.length && (event.key === "Enter" || event.key === "Tab")) take();
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  });
  one.put = (text) => { area.value = text; paint(); close(); };
  return one;
}

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  if (!parts.has(parentElement)) parts.set(parentElement, build(parentElement));
  const one = parts.get(parentElement);
  one.say = (name, text) => { if (text !== one.said) { one.said = text; setStateValue(name, text); } };
  one.run = (text) => { one.said = text; setStateValue("text", text); setTriggerValue("run", text); };
  one.words = data.words;
  if (data.version !== one.version) { one.version = data.version; one.said = data.text; one.put(data.text); }
}
