// What each step of a training used: for every parameter a bar per step, its own gradient and what `grad` held.

const stage = document.querySelector(".stage");
const steps = told.steps;
const size = (value) => (typeof value === "number" ? value : NaN);
const forgotten = (at) => told.names.filter((name) => steps[at].parameters[name].state === "added");

const HIGH = 90;
const WIDE = 12;

// Two bars for each step, of one scale from 0: its own gradient, and beside it what `grad` held.
function chart(name, used, own) {
  const most = Math.max(...[...used, ...own].filter(Number.isFinite), 0) || 1;
  const svg = h("svg", { class: "bar-chart", viewBox: `0 0 ${WIDE * steps.length} ${HIGH + 2}`, preserveAspectRatio: "none", role: "img", "aria-label": `${name}, step by step` });
  const column = (kind, value, x, width) => {
    const high = Number.isFinite(value) ? (HIGH * value) / most : HIGH;
    return h("rect", { class: Number.isFinite(value) ? kind : `${kind} broken`, x, y: HIGH - high, width, height: high + 1 });
  };
  used.forEach((value, i) => {
    const state = own.length ? steps[i].parameters[name].state : "loss";
    svg.append(h("g", { class: `bar ${state}`, "data-step": i + 1, onclick: () => going.go(i + 1) },
      h("rect", { class: "room", x: WIDE * i, y: 0, width: WIDE, height: HIGH + 2 }),
      own.length ? column("own", own[i], WIDE * i + 1, WIDE / 2 - 1) : null,
      own.length ? column("used", value, WIDE * (i + 0.5), WIDE / 2 - 1) : column("used", value, WIDE * i + 1, WIDE - 2)));
  });
  return svg;
}

const rows = [["loss", steps.map((step) => size(step.loss)), []], ...told.names.map((name) => [
  name, steps.map((step) => size(step.parameters[name].lengths[1])), steps.map((step) => size(step.parameters[name].lengths[0]))])];
const values = rows.map(() => h("div", { class: "values" }));
const charts = h("section", { class: "charts", "aria-label": "Step by step" }, rows.map(([name, used, own], i) => h("div", { class: "track" },
  h("h3", {}, h("b", {}, name), own.length ? ".grad" : ""), h("div", { class: "bars", tabindex: 0, role: "group", "aria-label": `bars of ${name}` }, chart(name, used, own)), values[i])));
const legend = h("p", { class: "legend" }, h("span", { class: "swatch own" }), "length of this step's own gradient ", h("span", { class: "swatch fresh" }),
  "of what .grad held: the same, or ", h("span", { class: "swatch added" }), "something else. Each parameter has a scale of its own.");
const card = h("section", { class: "card", "aria-label": "This step" });
const status = h("p", { class: "unseen", role: "status", "aria-live": "polite" });

function show(place) {
  document.querySelectorAll(".bar").forEach((bar) => {
    const step = Number(bar.dataset.step);
    bar.classList.toggle("here", step === place);
    bar.classList.toggle("ahead", step > place);
  });
  const at = place - 1;
  rows.forEach(([name, used, own], i) => values[i].replaceChildren(...(at < 0 ? [] : own.length
    ? [h("div", {}, number(steps[at].parameters[name].lengths[1])), h("small", {}, "own ", number(steps[at].parameters[name].lengths[0]))]
    : [h("div", {}, number(steps[at].loss))])));
  if (at < 0) {
    card.replaceChildren(h("h2", {}, "Before the first step"), h("p", { class: "lead" },
      "A step of a training adds the gradient of its loss to each parameter's .grad, and the optimizer uses what .grad holds. " +
      "zero_grad makes sure that this is the gradient of this loss, and not a sum of old ones."), more());
    status.textContent = "Before the first step.";
    return;
  }
  const late = forgotten(at);
  const verdict = late.length
    ? `zero_grad was forgotten before step ${place}: .grad is the sum of step ${since(at)} to ${place}`
    : told.names.every((name) => steps[at].parameters[name].state === "fresh") ? "Every .grad is the gradient of this step's loss" : "Some .grad is something else";
  card.replaceChildren(h("h2", { class: late.length ? "bad" : "good" }, verdict), ...told.names.map((name) => parts(name, steps[at].parameters[name])), ...more());
  status.textContent = `Step ${place} of ${steps.length}, loss ${digits(steps[at].loss)}. ${verdict}.`;
}

// The first of the steps whose gradients are in .grad.
function since(at) {
  let first = at;
  while (first > 0 && forgotten(first).length) first -= 1;
  return first + 1;
}

function parts(name, cell) {
  const sign = (text) => h("span", { class: "sign" }, text);
  const word = (text) => h("span", {}, text);
  const sum = cell.before === null ? [grid(cell.own, word("this step's own")), sign(cell.state === "fresh" ? "=" : "≠"), grid(cell.used, word(".grad"))]
    : [grid(cell.before, word("left from before")), sign("+"), grid(cell.own, word("this step's own")), sign("="), grid(cell.used, word(".grad"))];
  return h("div", { class: cell.state === "fresh" ? "passing" : "passing late", "data-name": name }, h("h3", {}, h("b", {}, name)),
    h("div", { class: "operands", tabindex: 0, role: "group", "aria-label": `the numbers of ${name}` }, sum));
}

const more = () => (told.dropped ? [h("p", { class: "about" }, `The first ${steps.length} steps are shown; ${told.dropped} more came after them.`)] : []);

const says = (place) => (place === 0 ? "start" : `step ${place} of ${steps.length}`);
const going = player(steps.length, "step", says, show);
const exact = h("input", { type: "checkbox", onchange: () => { settings.exact = exact.checked; going.again(); } });
document.querySelector(".tools").append(h("label", {}, exact, " all digits"), themeButton());
stage.append(charts, legend, going.controls, card, status);
const asked = /^#(\d+)$/.exec(location.hash);
going.go(asked ? Number(asked[1]) : steps.length);
