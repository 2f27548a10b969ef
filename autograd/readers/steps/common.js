"use strict";
// What both pages use: elements, numbers, formulas, grids. Data reaches the page as text nodes only.

const told = JSON.parse(document.querySelector("script.data").textContent);
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const settings = { exact: false };

function h(tag, attributes, ...children) {
  const svg = ["svg", "g", "rect", "path", "text"].includes(tag);
  const element = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value);
  }
  for (const child of children.flat(Infinity)) if (child !== null && child !== undefined && child !== "") element.append(child);
  return element;
}

const isArray = (value) => value !== null && typeof value === "object";
const signed = (text) => text.replace(/-/g, "−");

// Four digits, or every digit that the engine has.
function digits(value) {
  if (typeof value === "string") return signed(value);
  if (Object.is(value, -0)) return "−0";
  if (settings.exact || value === 0) return signed(String(value));
  const size = Math.abs(value);
  if (size >= 1e-4 && size < 1e6) return signed(String(Number(value.toPrecision(4))));
  return signed(value.toExponential(3).replace(/\.?0+e/, "e").replace("e+", "e"));
}

function number(value, bracket = false) {
  const text = digits(value);
  const shown = h("span", { class: "n", "data-value": value, title: signed(String(value)) }, text);
  return bracket && text.startsWith("−") ? h("span", { class: "bracketed" }, "(", shown, ")") : shown;
}

const shapeText = (shape) => `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;

// How far a number is from 0, of the largest in its array: negative below, positive above.
function strengths(rows) {
  const most = Math.max(...rows.flat().map((x) => (typeof x === "number" ? Math.abs(x) : 0)), 0);
  return rows.map((row) => row.map((x) => (typeof x !== "number" ? null : most ? x / most : 0)));
}

function tint(strength) {
  if (strength === null) return "var(--bad)";
  const share = Math.round(Math.abs(strength) * 100);
  return `color-mix(in srgb, var(${strength < 0 ? "--minus" : "--plus"}) ${share}%, var(--zero))`;
}

// An array as a grid of numbers, with its name and shape below; a number as itself.
function grid(value, name) {
  const caption = [name === undefined || name instanceof Element ? name : math(name)];
  if (!isArray(value)) {
    return h("div", { class: "operand" }, h("div", { class: "single" }, number(value)), h("div", { class: "caption" }, caption));
  }
  const strength = strengths(value.rows);
  const table = h("table", { class: "grid" }, value.rows.map((row, i) => h("tr", {}, row.map((x, j) => {
    const cell = h("td", {}, number(x));
    const share = strength[i][j] === null ? 100 : Math.round(Math.abs(strength[i][j]) * 55);
    const hue = strength[i][j] === null ? "--bad" : strength[i][j] < 0 ? "--minus" : "--plus";
    cell.style.background = `color-mix(in srgb, var(${hue}) ${share}%, transparent)`;
    return cell;
  }))));
  const size = value.rows.length ? null : "empty ";
  caption.push(h("span", { class: "shape" }, size, shapeText(value.shape)));
  const more = "norm" in value
    ? h("div", { class: "more" }, "its corner; ", number(value.low), " … ", number(value.high), ", length ", number(value.norm))
    : null;
  return h("div", { class: "operand" }, table, h("div", { class: "caption" }, caption), more);
}

// A formula from its text: fractions and numbers are marked by characters that no name can hold.
function math(text) {
  const parts = [];
  let rest = text;
  for (;;) {
    const found = /\ue000([^\ue001]*)\ue001([^\ue002]*)\ue002|\ue003([^\ue004]*)\ue004/.exec(rest);
    if (!found) break;
    parts.push(rest.slice(0, found.index));
    if (found[3] !== undefined) parts.push(number(["nan", "inf", "-inf"].includes(found[3]) ? found[3] : Number(found[3])));
    else parts.push(fraction(found[1], found[2]));
    rest = rest.slice(found.index + found[0].length);
  }
  return h("span", { class: "math" }, parts, rest);
}

function fraction(top, bottom) {
  return h("span", { class: "fraction", role: "img", "aria-label": `${top} by ${bottom}` },
    h("span", { "aria-hidden": "true" }, top), h("span", { "aria-hidden": "true" }, bottom));
}

// The same for a screen reader, and for titles.
const spoken = (value) => (isArray(value) ? `an array of shape ${shapeText(value.shape)}` : digits(value));

function button(label, sign, action) {
  return h("button", { type: "button", "aria-label": label, title: label, onclick: action }, sign);
}

const scheme = matchMedia("(prefers-color-scheme: dark)");

function themeButton() {
  return button("light or dark", "◐", () => {
    const root = document.documentElement;
    const dark = root.style.colorScheme ? root.style.colorScheme === "dark" : scheme.matches;
    root.style.colorScheme = dark ? "light" : "dark";
  });
}

// Buttons, slider and keys to go through `count` + 1 places; `show` is called with each, `says` names it.
function player(count, unit, says, show) {
  let place = 0;
  let timer = null;
  const slider = h("input", { type: "range", min: 0, max: count, value: 0, step: 1, "aria-label": unit, oninput: () => go(Number(slider.value)) });
  const counter = h("output", { class: "counter" });
  const play = button("play", "▶", () => (timer === null ? start() : stop()));
  play.classList.add("play");
  const pace = h("select", { "aria-label": "speed" },
    [["3000", "slow"], ["1500", "normal"], ["600", "fast"]].map(([value, name]) => h("option", { value, selected: value === "1500" ? "" : null }, name)));
  const controls = h("div", { class: "controls", role: "group", "aria-label": `Move through the ${unit}s` },
    button("to the start", "⇤", () => go(0)), button("back", "←", () => go(place - 1)), play,
    button("forward", "→", () => go(place + 1)), button("to the end", "⇥", () => go(count)), slider, counter, pace);

  function start() {
    if (place === count) go(0);
    play.textContent = "❚❚";
    play.setAttribute("aria-label", "pause");
    const tick = () => {
      go(place + 1, true);
      if (place < count) timer = setTimeout(tick, Number(pace.value));
      else stop();
    };
    timer = setTimeout(tick, Number(pace.value) / 2);
  }

  function stop() {
    clearTimeout(timer);
    timer = null;
    play.textContent = "▶";
    play.setAttribute("aria-label", "play");
  }

  function go(to, playing = false) {
    if (!playing) stop();
    place = Math.max(0, Math.min(count, to));
    slider.value = place;
    slider.setAttribute("aria-valuetext", says(place));
    counter.textContent = says(place);
    show(place);
  }

  document.addEventListener("keydown", (event) => {
    const typing = ["INPUT", "SELECT", "TEXTAREA"].includes(event.target.tagName) && event.target !== slider;
    if (typing || event.ctrlKey || event.altKey || event.metaKey) return;
    const moves = { ArrowRight: place + 1, ArrowLeft: place - 1, Home: 0, End: count };
    const grounds = event.target.closest(".operands, .frame") && event.target !== document.body;
    if (event.key in moves && !(grounds && event.shiftKey)) go(moves[event.key]);
    else if (event.key === " " && !["BUTTON", "SUMMARY"].includes(event.target.tagName)) timer === null ? start() : stop();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  return { controls, go, again: () => show(place) };
}
