"use strict";
const $ = (id) => document.getElementById(id);
const start = JSON.parse($("start").textContent);
const SVG = "http://www.w3.org/2000/svg";
const BLOCK = { right: "to the right", away: "away", turn: "turn, °", width: "width", height: "height", depth: "depth" };
const CAMERA = { focal: "focal, mm", pitch: "down, °", height: "height, cm" };
const LEVELLED = {
  assumed: "Assumed: give the camera's height, one known length, or lay the printed board.",
  typed: "As typed.", board: "Found by the printed board.", file: "As boxes.json had it.",
};
const NEAR_PX = 14, STEP = 0.01, FAR = 0.05; // of a handle on the screen; of the photograph's longer side, for the cross
const STILL_PX = 5, MENDING = ["add", "take", "put"]; // a click, and no drag; with these tools a click never means a handle
let shown = null, chosen = null, cross = null, corner = null, drag = null, busy = Promise.resolve();

async function ask(what, given = {}) {
  const body = JSON.stringify({ number: shown ? shown.number : 0, id: chosen, ...given, what });
  const answer = await fetch("/do", { method: "POST", headers: { "X-Token": start.token, "Content-Type": "application/json" }, body });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

// One after another: a step must see what the last one made.
function act(what, given = {}) {
  busy = busy.then(() => ask(what, given)).then(show).catch((error) => say(`Not saved: ${error.message}`));
  return busy;
}

function say(text) { $("status").textContent = text; }
function object() { return shown?.objects?.find((o) => o.id === chosen) || null; }

function show(state) {
  if (state.number === undefined) return say(state.message);
  const moved = !shown || shown.number !== state.number || shown.look !== state.look;
  shown = state;
  chosen = state.chosen ?? null;
  $("place").textContent = `${state.number + 1} of ${state.count}: ${state.file} · ${state.marked} marked`;
  $("back").disabled = state.number === 0;
  $("next").disabled = state.number === state.count - 1;
  $("undo").disabled = !state.undo;
  say(state.problem || (state.message === "saved" ? `Saved in ${state.out}` : state.message));
  document.querySelector(".work").hidden = Boolean(state.problem);
  if (state.problem) return undefined;
  if (moved) $("photo").src = `/image/${state.number}?token=${encodeURIComponent(start.token)}&look=${state.look}`;
  $("photo").width = state.size[0]; $("photo").height = state.size[1];
  $("over").setAttribute("viewBox", `0 0 ${state.size[0]} ${state.size[1]}`);
  fill();
  return draw();
}

function fill() {
  const one = object();
  $("objects").replaceChildren(...shown.objects.map((o, n) => option(o.id, `${n + 1}. ${[o.colour, o.name || "(no name yet)"].filter(Boolean).join(" ")}${o.mask ? "" : " · no mask"}`)));
  $("objects").value = chosen ?? "";
  for (const part of $("one").querySelectorAll("input, select, button")) part.disabled = !one;
  $("known").disabled = !one;
  const carriers = shown.objects.filter((o) => o.id !== chosen).map((o) => option(o.id, o.name || o.id));
  $("on").replaceChildren(option("", "the ground"), ...carriers);
  $("on").value = one?.on || "";
  for (const field of document.querySelectorAll("[data-text]")) put(field.id, one?.[field.dataset.text] ?? "");
  for (const key of Object.keys(BLOCK)) put("block-" + key, one ? one[key] : "");
  for (const key of Object.keys(CAMERA)) put("camera-" + key, shown.camera[key]);
  $("levelled").textContent = LEVELLED[shown.levelled] + (shown.focal_source === "none" ? " The photograph's file says no focal length." : "");
}

// Not what is being typed: an answer may come late.
function put(id, value) { if ($(id) !== document.activeElement || !$(id).matches("input")) $(id).value = value; }

function option(value, text) {
  const made = document.createElement("option");
  made.value = value; made.textContent = text;
  return made;
}

function shape(kind, where, group, name) {
  const made = document.createElementNS(SVG, kind);
  for (const [key, value] of Object.entries(where)) made.setAttribute(key, value);
  if (name) made.setAttribute("class", name);
  group.append(made);
  return made;
}

function draw(live = null) {
  const over = $("over"), scale = shown.size[0] / Math.max(1, over.getBoundingClientRect().width);
  over.replaceChildren();
  for (const o of [...shown.objects.filter((o) => o.id !== chosen), object()].filter(Boolean)) {
    const seen = o.id === chosen && live ? live : o, group = shape("g", {}, over, o.id === chosen ? "chosen" : "");
    for (const name of ["under", ""]) for (const [x1, y1, x2, y2] of seen.edges) shape("line", { x1, y1, x2, y2 }, group, name);
    if (o.id !== chosen) continue;
    for (const [name, [cx, cy]] of Object.entries(MENDING.includes(tool()) ? {} : seen.handles)) {
      shape("circle", { cx, cy, r: 6 * scale }, group, name);
      shape("circle", { cx, cy, r: NEAR_PX * scale, "data-handle": name }, group, "grip");
    }
  }
  if (corner) shape("rect", { x: corner[0] - 3 * scale, y: corner[1] - 3 * scale, width: 6 * scale, height: 6 * scale }, over);
  if (cross) {
    const group = shape("g", {}, over, "cross"), [x, y] = cross, far = 12 * scale;
    for (const name of ["under", ""]) {
      shape("line", { x1: x - far, y1: y, x2: x + far, y2: y }, group, name);
      shape("line", { x1: x, y1: y - far, x2: x, y2: y + far }, group, name);
    }
  }
}

// ---- the photograph

function pointOf(event) {
  const box = $("over").getBoundingClientRect();
  const at = [(event.clientX - box.left) / box.width * shown.size[0], (event.clientY - box.top) / box.height * shown.size[1]];
  return at.map((v, n) => Math.min(Math.max(v, 0), shown.size[n]));
}

// Grips overlap where a box is small: the handle whose middle is nearest is meant.
function nearest(point) {
  const away = ([, [x, y]]) => Math.hypot(x - point[0], y - point[1]);
  return Object.entries(object().handles).reduce((a, b) => (away(b) < away(a) ? b : a))[0];
}

function tool() { return document.querySelector("[name=tool]:checked").value; }

function click([x, y]) {
  const what = tool();
  if (what === "mark") { say("Looking …"); return act("mark", { x, y }); }
  if (what === "frame" && !corner) { corner = [x, y]; say("The other corner."); return draw(); }
  if (what === "frame") { const [x2, y2] = corner; corner = null; return act("frame", { x, y, x2, y2 }); }
  if (!object()) return say("Mark an object first.");
  return what === "put" ? act("put", { x, y }) : act("retouch", { x, y, adds: what === "add" });
}

$("over").addEventListener("pointerdown", (event) => {
  if (event.button !== 0 || !shown) return;
  const handle = event.target.dataset.handle && nearest(pointOf(event));
  if (!handle) { drag = { click: true, from: [event.clientX, event.clientY] }; return; }
  event.preventDefault();
  drag = { handle, id: chosen, waiting: false, last: null, from: [event.clientX, event.clientY] };
  $("over").setPointerCapture(event.pointerId);
});
$("over").addEventListener("pointermove", async (event) => {
  if (!drag?.handle) return;
  drag.last = pointOf(event);
  if (drag.waiting) return;
  const mine = drag;
  mine.waiting = true;
  try {
    const live = await ask("try", { id: mine.id, handle: mine.handle, x: mine.last[0], y: mine.last[1] });
    if (drag === mine && live.edges) draw(live);
  } catch (error) { say(`The box cannot be shown: ${error.message}`); }
  mine.waiting = false;
});
$("over").addEventListener("pointerup", (event) => {
  const done = drag;
  drag = null;
  if (!done) return undefined;
  const [x, y] = pointOf(event);
  const still = Math.hypot(event.clientX - done.from[0], event.clientY - done.from[1]) < STILL_PX;
  if (done.handle && !still) return act("drag", { id: done.id, handle: done.handle, x, y });
  return still ? click([x, y]) : undefined;
});
$("over").addEventListener("pointercancel", () => { drag = null; draw(); });
$("stage").addEventListener("focus", () => { cross ||= [shown.size[0] / 2, shown.size[1] / 2]; draw(); });
$("stage").addEventListener("blur", () => { cross = null; draw(); });
$("stage").addEventListener("keydown", (event) => {
  const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  if (way && cross) {
    const far = (event.shiftKey ? FAR : STEP) * Math.max(...shown.size);
    cross = cross.map((v, n) => Math.min(Math.max(v + far * way[n], 0), shown.size[n]));
    draw();
  } else if (event.key === "Enter" && cross) click(cross);
  else return;
  event.preventDefault();
});

// ---- fields and keys

function fields(into, names, what) {
  for (const [key, words] of Object.entries(names)) {
    const box = document.createElement("div"), label = document.createElement("label"), input = document.createElement("input");
    input.type = "number"; input.step = key === "focal" || key === "pitch" ? "0.5" : key === "turn" ? "5" : "1"; input.id = `${into}-${key}`;
    label.htmlFor = input.id; label.textContent = words;
    input.addEventListener("change", () => {
      if (Number.isFinite(input.valueAsNumber)) act(what, { [key]: input.valueAsNumber }); else say("Expected a number.");
    });
    box.append(label, input);
    $(into).append(box);
  }
}
fields("block", BLOCK, "block");
fields("camera", CAMERA, "camera");
for (const field of document.querySelectorAll("[data-text]")) field.addEventListener("change", () => act("name", { [field.dataset.text]: field.value }));
$("on").addEventListener("change", () => act("stand", { on: $("on").value }));
$("objects").addEventListener("change", () => { chosen = $("objects").value; fill(); draw(); });
$("known").addEventListener("click", () => act("known", { side: $("side").value, length: $("length").valueAsNumber }));
$("board").addEventListener("click", () => act("board", { marker: $("marker").valueAsNumber }));
$("remove").addEventListener("click", () => act("remove"));
$("undo").addEventListener("click", () => act("undo"));
function turn(by) {
  const number = shown.number + by;
  if (number < 0 || number >= shown.count) return undefined;
  corner = null; chosen = null;
  return act("show", { number, id: null });
}
$("back").addEventListener("click", () => turn(-1));
$("next").addEventListener("click", () => turn(1));
const KEYS = { "[": () => turn(-1), "]": () => turn(1), z: () => act("undo"), p: () => $("stage").focus(), o: () => $("objects").focus(), Delete: () => object() && act("remove") };
document.addEventListener("keydown", (event) => {
  const typing = event.target.matches("input:not([type=radio]), textarea");
  if (event.key === "Escape") { corner = null; event.target.blur(); return shown && draw(); }
  if (event.key === "Enter" && typing) return event.target.blur();
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return undefined;
  const number = "12345".indexOf(event.key), act_ = KEYS[event.key];
  if (number < 0 && !act_) return undefined;
  if (event.target.matches("select") && event.key.length === 1 && !"[]".includes(event.key)) return undefined;
  event.preventDefault();
  if (number >= 0 && event.key) { document.querySelectorAll("[name=tool]")[number].checked = true; corner = null; return draw(); }
  return act_();
});
$("tools").addEventListener("change", () => { corner = null; if (shown?.size) draw(); });
window.addEventListener("resize", () => shown?.size && draw());
act("show");
