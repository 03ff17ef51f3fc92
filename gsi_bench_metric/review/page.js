"use strict";
const $ = (id) => document.getElementById(id);
const told = (id) => JSON.parse($(id).textContent);
const head = told("review-head"), items = told("review-items");
const VERDICTS = { keep: "Kept", drop: "Dropped", amend: "Amended" };
const LONGEST_NAME = 100, TALLEST = "72vh"; // of the image, so that its legend is in sight too
const KEY = "gsi-bench-review/" + head.page;
const byId = new Map(items.map((item, place) => [item.id, place]));
let kept = true; // whether the browser keeps what is decided
let state = { current: "reviewer 1", at: 0, reviewers: {} };

function recall() {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) || "null");
    if (found && typeof found.reviewers === "object" && typeof found.current === "string") state = found;
    localStorage.setItem(KEY, JSON.stringify(state));
  } catch (error) { kept = false; }
  if (!(state.at >= 0 && state.at < items.length)) state.at = 0;
}

function keepState() {
  try { localStorage.setItem(KEY, JSON.stringify(state)); kept = true; } catch (error) { kept = false; }
  if (!kept) say("This browser keeps nothing of this page: save your decisions before you close it.");
}

// Names come from people: with "@" before them none is a word that objects know.
function of(name) { return (state.reviewers["@" + name] ||= {}); }
function mine() { return of(state.current); }
function decided(decisions) { return items.filter((item) => decisions[item.id]?.verdict).length; }
function say(text) { $("status").textContent = text; }
function item() { return items[state.at]; }
function imageOf(number) { return number === null ? "" : told("image-" + number); }

// ---- one sample ----

function draw() {
  const it = item(), decision = mine()[it.id] || {};
  $("place").textContent = `${state.at + 1} of ${items.length}`;
  $("id").textContent = it.id;
  $("kind").textContent = it.kind || "not understood";
  if ($("source").dataset.number !== String(it.image)) {
    $("source").src = imageOf(it.image);
    $("source").dataset.number = it.image;
  }
  $("source").alt = `Source image; the target is the ${it.target}`;
  $("source").width = it.size[0]; $("source").height = it.size[1];
  $("stage").style.maxWidth = `calc(${TALLEST} * ${it.size[0] / it.size[1]})`;
  drawDepth(it);
  drawBoxes(it);
  const amended = decision.verdict === "amend";
  for (const key of ["prompt", "prompt_zh"]) {
    $(key).textContent = (amended && decision[key]) || it[key] || "";
    $(key).classList.toggle("new", amended && Boolean(decision[key]));
  }
  $("suspect").hidden = !it.suspect;
  $("suspect").textContent = it.suspect ? `Goal and words may differ: ${it.suspect}` : "";
  $("verdict").textContent = VERDICTS[decision.verdict] || "Not decided";
  $("verdict").className = `verdict ${decision.verdict || ""}`;
  for (const [button, verdict] of [["keep", "keep"], ["drop", "drop"], ["change", "amend"]])
    $(button).setAttribute("aria-pressed", String(decision.verdict === verdict));
  $("note").value = decision.note || "";
  closeAmend();
  drawProgress();
}

function drawDepth(it) {
  const shown = $("show-depth").getAttribute("aria-pressed") === "true" && it.depth !== null;
  $("show-depth").disabled = it.depth === null;
  $("depth").hidden = !shown;
  if (shown && $("depth").dataset.number !== String(it.depth.image)) {
    $("depth").src = imageOf(it.depth.image);
    $("depth").dataset.number = it.depth.image;
  }
  $("scale").textContent = shown
    ? `Depth: red ${it.depth.near.toFixed(2)} m, blue ${it.depth.far.toFixed(2)} m, grey unknown.`
    : it.depth === null ? "No depth." : "";
}

function drawBoxes(it) {
  const shown = $("show-boxes").getAttribute("aria-pressed") === "true", svg = $("boxes");
  svg.setAttribute("viewBox", `0 0 ${it.size[0]} ${it.size[1]}`);
  svg.setAttribute("aria-label", it.goal ? "Boxes of target and goal" : "Box of the target");
  for (const key of ["original", "step", "goal"]) {
    const path = svg.querySelector("." + key);
    path.setAttribute("d", (shown && it[key]) || "");
    path.previousElementSibling.setAttribute("d", (shown && key !== "step" && it[key]) || "");
  }
  $("wanted").textContent = it.kind === "remove" ? "(nothing: it should go)" : it.goal ? "where it should be" : "(no goal is stored)";
  $("missing").textContent = it.missing ? `Not drawn: ${it.missing}.` : "";
}

function drawProgress() {
  const all = mine(), counts = Object.keys(VERDICTS).map((v) => items.filter((it) => all[it.id]?.verdict === v).length);
  $("done").value = counts[0] + counts[1] + counts[2];
  $("counts").textContent = `${$("done").value} of ${items.length} decided: ${counts[0]} kept, ${counts[1]} dropped, ${counts[2]} amended`;
}

function go(place) {
  leaveNote();
  state.at = Math.min(Math.max(place, 0), items.length - 1);
  keepState();
  draw();
}

function nextOpen() {
  const all = mine();
  for (let step = 1; step <= items.length; step += 1) {
    const place = (state.at + step) % items.length;
    if (!all[items[place].id]?.verdict) return go(place);
  }
  go(state.at);
  say("All are decided. Save the decisions.");
}

// ---- decisions ----

function decide(verdict, more = {}) {
  leaveNote();
  const it = item(), before = mine()[it.id] || {}, note = before.note ? { note: before.note } : {};
  const again = before.verdict === verdict && verdict !== "amend";
  mine()[it.id] = again ? note : { verdict, seen: it.seen, ...more, ...note };
  keepState();
  drawAgreement();
  if (kept) say(again ? `Taken back: ${it.id}` : `${VERDICTS[verdict]}: ${it.id}`);
  if (again) draw(); else nextOpen();
}

function leaveNote() {
  const it = item(), text = $("note").value.trim(), decision = mine()[it.id] || {};
  if (text === (decision.note || "")) return;
  const { note, ...rest } = decision;
  mine()[it.id] = text ? { ...rest, note: text } : rest;
  keepState();
}

function openAmend() {
  const it = item(), decision = mine()[it.id] || {};
  $("new_prompt").value = decision.prompt || it.prompt;
  $("new_prompt_zh").value = decision.prompt_zh || it.prompt_zh || "";
  $("chinese").hidden = it.prompt_zh === null;
  $("amend").hidden = false;
  $("new_prompt").focus();
}

function closeAmend() { $("amend").hidden = true; }

function amend() {
  const it = item(), more = {};
  for (const key of ["prompt", "prompt_zh"]) {
    const text = $("new_" + key).value.replace(/\s+/g, " ").trim();
    if (text && text !== it[key]) more[key] = text;
  }
  if (!more.prompt && !more.prompt_zh) return say("The instruction is as it was: change it, or keep the sample.");
  closeAmend();
  decide("amend", more);
  return $("card").focus({ preventScroll: true });
}

// ---- files ----

function file() {
  const decisions = {};
  for (const it of items) if (mine()[it.id]?.verdict) decisions[it.id] = mine()[it.id];
  return { format: "gsi-bench-review", version: 1, split: head.split, reviewer: state.current, decisions };
}

function save() {
  leaveNote();
  const all = file(), count = Object.keys(all.decisions).length;
  if (!count) return say("Nothing is decided yet.");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(all, null, 1) + "\n"], { type: "application/json" }));
  link.download = `decisions-${head.split}-${state.current.replace(/[^\p{L}\p{N}_-]+/gu, "_")}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  return say(`Saved ${count} decisions: ${link.download}`);
}

function take(found) {
  const right = found && found.format === "gsi-bench-review" && found.version === 1 && typeof found.reviewer === "string";
  if (!right || typeof found.decisions !== "object" || !found.reviewer.trim() || found.reviewer.length > LONGEST_NAME)
    return say("That file holds no decisions of a review.");
  if (found.split !== head.split) return say(`These decisions are of split ${found.split}, and this page shows ${head.split}.`);
  const name = found.reviewer.trim(), theirs = of(name);
  let taken = 0, other = 0, before = 0;
  for (const [id, decision] of Object.entries(found.decisions || {})) {
    const place = byId.get(id);
    if (place === undefined || items[place].seen !== decision?.seen || !sound(decision)) other += 1;
    else if (!theirs[id]?.verdict) { theirs[id] = decision; taken += 1; }
    else if (["verdict", "prompt", "prompt_zh", "note"].some((key) => (theirs[id][key] ?? null) !== (decision[key] ?? null))) before += 1;
  }
  keepState();
  draw();
  drawAgreement();
  return say(`${taken} decisions of ${name} loaded` + (other ? `; ${other} are of samples that this page does not show, or shows otherwise` : "")
    + (before ? `; ${before} stay as they were decided here, otherwise than in the file` : ""));
}

// A file comes from elsewhere: only what this page could have saved is taken.
function sound(decision) {
  const { verdict, seen, ...more } = decision;
  const texts = Object.entries(more).every(([key, text]) => ["prompt", "prompt_zh", "note"].includes(key) && (text === null || typeof text === "string"));
  return typeof verdict === "string" && Object.hasOwn(VERDICTS, verdict) && texts;
}

// ---- agreement ----

function kappa(pairs) {
  const count = (values) => values.reduce((all, v) => ({ ...all, [v]: (all[v] || 0) + 1 }), {});
  const n = pairs.length, first = count(pairs.map((p) => p[0])), second = count(pairs.map((p) => p[1]));
  const chance = Object.keys(first).reduce((sum, v) => sum + first[v] * (second[v] || 0), 0);
  const seen = pairs.filter((p) => p[0] === p[1]).length;
  return chance === n * n ? null : (n * seen - chance) / (n * n - chance);
}

function drawAgreement() {
  const all = Object.keys(state.reviewers).map((key) => key.slice(1)), blocks = [];
  const names = all.filter((name) => decided(of(name)) > 0);
  for (let i = 0; i < names.length; i += 1)
    for (let j = i + 1; j < names.length; j += 1) blocks.push(pairOf(names[i], names[j]));
  $("agreement").replaceChildren(...(blocks.length ? blocks : [words("p", "One reviewer so far.")]));
}

function pairOf(first, second) {
  const a = of(first), b = of(second), block = document.createElement("div");
  const both = items.filter((it) => a[it.id]?.verdict && b[it.id]?.verdict);
  const value = kappa(both.map((it) => [a[it.id].verdict, b[it.id].verdict]));
  const apart = both.filter((it) => a[it.id].verdict !== b[it.id].verdict);
  const said = both.length ? `κ ${value === null ? "– (one verdict throughout)" : value.toFixed(2)}, ${both.length - apart.length} of ${both.length} alike` : "no sample that both decided";
  block.append(words("p", `${first}, ${second}: ${said}`));
  for (const it of apart) {
    const button = words("button", `${it.id}: ${a[it.id].verdict}, ${b[it.id].verdict}`);
    button.type = "button";
    button.addEventListener("click", () => { go(byId.get(it.id)); $("card").focus(); });
    block.append(button);
  }
  return block;
}

function words(tag, text) {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}

// ---- hands and keys ----

function toggle(id) {
  if ($(id).disabled) return say("This sample has no depth.");
  $(id).setAttribute("aria-pressed", String($(id).getAttribute("aria-pressed") !== "true"));
  drawDepth(item());
  return drawBoxes(item());
}

const KEYS = {
  y: () => decide("keep"), n: () => decide("drop"), e: openAmend, m: () => $("note").focus(), u: () => { leaveNote(); nextOpen(); },
  s: save, d: () => toggle("show-depth"), b: () => toggle("show-boxes"),
  ArrowLeft: () => go(state.at - 1), ArrowRight: () => go(state.at + 1),
};

document.addEventListener("keydown", (event) => {
  const typing = event.target.matches("input, textarea");
  if (event.key === "Escape" && typing) {
    if (!$("amend").hidden) closeAmend();
    event.target.blur();
    leaveNote();
    return $("card").focus({ preventScroll: true });
  }
  if (event.key === "Enter" && event.target.closest("#amend textarea")) { event.preventDefault(); return amend(); }
  if (event.key === "Enter" && event.target.id === "reviewer") return event.target.blur();
  const act = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (typing || !act || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return undefined;
  event.preventDefault();
  return act();
});
$("keep").addEventListener("click", () => decide("keep"));
$("drop").addEventListener("click", () => decide("drop"));
$("change").addEventListener("click", openAmend);
$("back").addEventListener("click", () => go(state.at - 1));
$("next").addEventListener("click", () => go(state.at + 1));
$("cancel").addEventListener("click", () => { closeAmend(); $("card").focus({ preventScroll: true }); });
$("amend").addEventListener("submit", (event) => { event.preventDefault(); amend(); });
$("note").addEventListener("change", leaveNote);
$("show-depth").addEventListener("click", () => toggle("show-depth"));
$("show-boxes").addEventListener("click", () => toggle("show-boxes"));
$("save").addEventListener("click", save);
$("load").addEventListener("change", async () => {
  for (const given of $("load").files) {
    try { take(JSON.parse(await given.text())); } catch (error) { say(`${given.name} is no JSON.`); }
  }
  $("load").value = "";
});
$("reviewer").addEventListener("change", () => {
  leaveNote();
  state.current = $("reviewer").value.trim() || "reviewer 1";
  $("reviewer").value = state.current;
  keepState();
  draw();
  say(`Decisions are ${state.current}'s now.`);
});
window.addEventListener("pagehide", leaveNote);

recall();
$("reviewer").value = state.current;
if (!kept) say("This browser keeps nothing of this page: save your decisions before you close it.");
draw();
drawAgreement();
