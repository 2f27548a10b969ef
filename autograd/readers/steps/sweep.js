// The backward pass: one visit after the other, on the graph, in symbols and in numbers.

const stage = document.querySelector(".stage");
const svg = stage.querySelector("svg");
const boxes = [...svg.querySelectorAll(".node")];
const wires = [...svg.querySelectorAll(".wire")];
const pills = svg.querySelector(".pills");
const card = h("section", { class: "card", "aria-label": "This step" });
const ledger = h("section", { class: "ledger", "aria-label": "Gradients so far" });
const status = h("p", { class: "unseen", role: "status", "aria-live": "polite" });
const nodes = told.nodes;
const edges = told.edges;
const name = (i) => nodes[i].name;
const tracked = nodes.map((node, i) => i).filter((i) => nodes[i].kind !== "constant");
const leaves = tracked.filter((i) => nodes[i].kind === "leaf");
let order = told.orders[0];

const derivative = (i) => `\ue000∂${told.root}\ue001∂${name(i)}\ue002`;

// What has added up at every node after the first `count` visits, and who has been visited.
function sums(count) {
  const state = new Map([[order.visits[0].node, { sum: order.visits[0].cotangent, shares: 1, visited: 0 }]]);
  order.visits.slice(0, count).forEach((visit, at) => {
    state.get(visit.node).visited = at + 1;
    for (const share of visit.shares) {
      const tail = edges[share.edge].tail;
      const entry = state.get(tail) || { shares: 0, visited: 0 };
      state.set(tail, { ...entry, sum: share.after, shares: entry.shares + 1 });
    }
  });
  return state;
}

const uses = nodes.map(() => 0);
edges.forEach((edge) => { if (!edge.constant) uses[edge.tail] += 1; });
uses[order.visits[0].node] += 1;

// --- the graph ---

function heat(box, kind, value) {
  const place = box.querySelector(`.heat.${kind}`);
  if (!place) return;
  place.querySelectorAll(".cell").forEach((cell) => cell.remove());
  if (!isArray(value)) return;
  strengths(value.rows).forEach((row, i) => row.forEach((strength, j) => {
    const cell = h("rect", { class: "cell", x: 8 * j, y: 8 * i, width: 7, height: 7, rx: 1 });
    cell.style.fill = tint(strength);
    place.append(cell);
  }));
}

function paint(count) {
  const state = sums(count);
  const visit = count > 0 && count <= order.visits.length ? order.visits[count - 1] : null;
  const fed = new Set(visit ? visit.shares.map((share) => edges[share.edge].tail) : []);
  boxes.forEach((box, i) => {
    const entry = state.get(i);
    const complete = entry && (entry.visited > 0 || entry.shares === uses[i]);
    box.classList.toggle("current", Boolean(visit) && visit.node === i);
    box.classList.toggle("fed", fed.has(i));
    box.classList.toggle("done", Boolean(entry) && entry.visited > 0);
    box.classList.toggle("partial", Boolean(entry) && !complete);
    box.classList.toggle("wrong", count > order.visits.length && (order.wrong || []).includes(i));
    const place = box.querySelector("text.grad");
    if (place) place.textContent = entry ? digitsShort(entry.sum) : "–";
    if (tracked.includes(i)) heat(box, "grad", entry ? entry.sum : null);
  });
  const active = new Map((visit ? visit.shares : []).map((share) => [share.edge, share]));
  wires.forEach((wire, i) => {
    wire.classList.toggle("active", active.has(i));
    wire.classList.toggle("late", active.has(i) && active.get(i).late && nodes[edges[i].tail].kind === "result");
    wire.classList.toggle("done", !edges[i].constant && (state.get(edges[i].head) || {}).visited > 0);
  });
  pills.replaceChildren();
  for (const edge of active.keys()) pill(edge);
  if (visit || count === 0) reveal(boxes[(visit || order.visits[0]).node], fed);
}

function digitsShort(value) {
  const exact = settings.exact;
  settings.exact = false;
  const text = digits(value);
  settings.exact = exact;
  return text;
}

// Whether the cotangent is passed on as it is, or times one number: then a formula says it all.
const plain = (edge) => isArray(edge.local) && /^[−\d.]+$/.test(edge.localRule);

// The local derivative, on its wire.
function pill(i) {
  const edge = edges[i];
  if (edge.local === undefined || plain(edge)) return;
  const factor = edge.side === "left" ? `${edge.localName} @` : `@ ${edge.localName}`;
  const text = !isArray(edge.local) ? `× ${digitsShort(edge.local)}` : edge.times === "@" && factor.length < 10 ? factor : edge.times;
  const line = wires[i].querySelector(".line");
  const length = line.getTotalLength();
  const at = line.getPointAtLength(Math.max(length / 2, length - 60));
  const width = 14 + 6.6 * text.length;
  pills.append(h("rect", { x: at.x - width / 2, y: at.y - 10, width, height: 20, rx: 10 }), h("text", { x: at.x, y: at.y + 4 }, text));
}

// Bring the visited node and those it feeds into view, within the frame only.
function reveal(box, fed) {
  const frame = stage.querySelector(".frame");
  const room = frame.getBoundingClientRect();
  const middle = (element) => { const at = element.getBoundingClientRect(); return [at.x + at.width / 2, at.y + at.height / 2]; };
  const [x, y] = middle(box);
  const mean = [...fed].reduce((sum, i) => sum + middle(boxes[i])[0], x) / (fed.size + 1);
  const left = Math.max(mean, x - 0.38 * room.width);
  frame.scrollTo({
    left: frame.scrollLeft + left - room.x - room.width / 2,
    top: frame.scrollTop + y - room.y - room.height / 2,
    behavior: calm.matches ? "auto" : "smooth",
  });
}

// --- the step in symbols and numbers ---

function show(count) {
  paint(count);
  const visits = order.visits;
  if (count === 0) card.replaceChildren(...opening());
  else if (count > visits.length) card.replaceChildren(...closing());
  else card.replaceChildren(...visiting(visits[count - 1], count));
  book(count);
  status.textContent = inWords(count);
}

function opening() {
  const root = order.visits[0];
  return [
    h("h2", {}, "Before the first step"),
    h("p", { class: "lead" }, "The forward pass is done: every box holds its data. Now the sweep goes from ", h("b", {}, told.root),
      " back to the leaves. It starts with ", math(derivative(root.node)), " = ", isArray(root.cotangent) ? "the seed" : number(root.cotangent),
      " and, at each node, multiplies what came in by the local derivative and adds the product to what the argument has."),
    h("p", { class: "about" }, h("b", {}, "The order: "), order.about, order.lost ? "" : " What if it were another? Choose one above, and see what comes out wrong."),
  ];
}

function visiting(visit, count) {
  const node = nodes[visit.node];
  const title = h("h2", {}, node.symbol ? h("span", { class: "symbol" }, node.symbol) : null, h("span", { class: "name" }, node.name),
    node.made ? h("span", { class: "made" }, math(`${node.name} = ${node.made}`)) : h("span", { class: "made" }, "a leaf"),
    node.where ? h("span", { class: "where" }, `in ${node.where}`) : null);
  return [title, incoming(visit, count), visit.shares.length ? h("div", { class: "passings" }, visit.shares.map((share) => passing(visit, share, count))) : stops(visit)];
}

// Where the cotangent comes from, and whether it is complete.
function incoming(visit, count) {
  const came = [];
  order.visits.slice(0, count - 1).forEach((earlier, at) => earlier.shares.forEach((share) => {
    if (edges[share.edge].tail === visit.node) came.push({ from: earlier.node, at: at + 1, share: share.share });
  }));
  const missing = uses[visit.node] - came.length - (visit.node === order.visits[0].node ? 1 : 0);
  const sum = [math(derivative(visit.node))];
  const equals = () => h("span", { class: "sign" }, "=");
  if (came.length > 1) {
    came.forEach((entry, i) => sum.push(i ? h("span", { class: "sign" }, "+") : equals(), isArray(entry.share) ? grid(entry.share, h("span", {}, `from ${name(entry.from)}`))
      : h("span", { class: "from" }, number(entry.share, i > 0), h("small", {}, `from ${name(entry.from)}`))));
  }
  if (!isArray(visit.cotangent)) sum.push(equals(), h("strong", { class: "cotangent" }, number(visit.cotangent)));
  else if (came.length > 1 || !visit.shares.length) sum.push(equals(), grid(visit.cotangent));
  else sum.push(h("span", { class: "shape" }, shapeText(visit.cotangent.shape)));
  const first = order.lost ? "All its shares are in" : "Complete";
  const why = visit.node === order.visits[0].node ? "The seed: the sweep starts here."
    : missing > 0 ? `${missing} more ${missing === 1 ? "share is" : "shares are"} still to come, and ${name(visit.node)} does not wait.`
      : came.length > 1 ? `${first}: all ${came.length} uses of ${name(visit.node)} have been visited (steps ${came.map((entry) => entry.at).join(", ")}).`
        : `${first}: its only use, ${name(came[0].from)}, was step ${came[0].at}.`;
  return h("div", { class: "incoming" }, h("h3", {}, "comes in"), h("div", { class: "operands", tabindex: 0, role: "group", "aria-label": "what comes in" }, sum),
    h("p", { class: missing > 0 ? "bad" : "why" }, why));
}

function passing(visit, share, count) {
  const edge = edges[share.edge];
  const tail = name(edge.tail);
  const late = share.late && nodes[edge.tail].kind === "result";
  const single = !isArray(visit.cotangent) && !isArray(share.share);
  const rule = [math(edge.target), h("span", { class: "sign" }, "+="),
    edge.localName && edge.times !== "@" && !plain(edge) && share.product === undefined ? [math(derivative(visit.node)), h("span", { class: "sign" }, edge.times), math(edge.localName)] : math(edge.rule)];
  if (edge.localRule && !plain(edge)) {
    const local = [math(edge.localName), h("span", { class: "sign" }, "="), math(edge.localRule)];
    if (!isArray(edge.local)) {
      if (edge.localNumbers && /[^\ue003\ue004\d.\-e−]/.test(edge.localNumbers)) local.push(h("span", { class: "sign" }, "="), math(edge.localNumbers));
      if (!/^[−\d.]+$/.test(edge.localRule)) local.push(h("span", { class: "sign" }, "="), number(edge.local));
    }
    rule.push(h("span", { class: "local" }, h("span", { class: "label" }, "where"), local));
  }
  const lines = [h("p", { class: "rule" }, rule)];
  if (single && edge.local !== undefined) {
    lines.push(h("p", { class: "numbers" }, number(visit.cotangent), h("span", { class: "sign" }, "·"), number(edge.local, true),
      h("span", { class: "sign" }, "="), h("strong", {}, number(share.share))));
  } else lines.push(h("div", { class: "operands", tabindex: 0, role: "group", "aria-label": `the numbers for ${tail}` }, operands(visit, edge, share)));
  if (edge.reasons && edge.reasons.length) lines.push(h("ul", { class: "reasons" }, edge.reasons.map((reason) => h("li", {}, reason))));
  lines.push(adding(edge, share, count, late));
  const twin = visit.shares.filter((other) => edges[other.edge].tail === edge.tail).length > 1;
  return h("div", { class: `passing${late ? " late" : ""}${single ? "" : " wide"}`, "data-target": edge.tail },
    h("h3", {}, "goes to ", h("b", {}, tail), twin ? ` as argument ${edge.position + 1}` : ""), lines);
}

function operands(visit, edge, share) {
  const g = grid(visit.cotangent, derivative(visit.node));
  const result = share.product !== undefined && !plain(edge)
    ? [grid(share.product), h("span", { class: "sign" }, "→"), grid(share.share)] : [grid(share.share)];
  const equals = h("span", { class: "sign" }, "=");
  if (edge.local === undefined || plain(edge)) return [g, h("span", { class: "sign" }, "→"), ...result];
  const local = grid(edge.local, edge.localName);
  const times = h("span", { class: "sign" }, edge.times);
  return edge.side === "left" ? [local, times, g, equals, ...result] : [g, times, local, equals, ...result];
}

// The running sum at the argument.
function adding(edge, share, count, late) {
  const tail = name(edge.tail);
  const came = sums(count).get(edge.tail).shares;
  const parts = [h("span", { class: "label" }, `${tail} has now`)];
  if (share.before !== null) {
    if (isArray(share.before)) parts.push(grid(share.before, h("span", {}, "before")), h("span", { class: "sign" }, "+"), grid(share.share, h("span", {}, "this")), h("span", { class: "sign" }, "="));
    else parts.push(number(share.before), h("span", { class: "sign" }, "+"), number(share.share, true), h("span", { class: "sign" }, "="));
  }
  if (!isArray(share.after)) parts.push(h("strong", { class: "after" }, number(share.after)));
  else parts.push(share.before === null ? h("span", {}, "just this") : grid(share.after));
  const due = uses[edge.tail];
  const tally = late ? `too late: ${tail} was visited in step ${sums(count).get(edge.tail).visited}, and what lies below it will not hear of this`
    : due === 1 ? "complete" : came >= due ? `complete: ${due} of ${due} shares` : `${came} of ${due} shares so far`;
  return h("div", { class: "adding" }, parts, h("span", { class: late ? "tally bad" : came >= due ? "tally good" : "tally" }, tally));
}

function stops(visit) {
  return h("p", { class: "lead" }, "Nothing was computed to make ", h("b", {}, name(visit.node)), ", so the sweep ends here: this is its gradient. ",
    h("code", {}, `${name(visit.node)}.grad`), " grows by it.");
}

function closing() {
  if (!order.lost) {
    return [h("h2", {}, "Done"), h("p", { class: "lead" }, "Every node has been visited once, after everything that uses it. The gradients of the leaves:"),
      h("div", { class: "operands", tabindex: 0, role: "group", "aria-label": "the gradients" }, leaves.filter((i) => i in order.gradients).map((i) => grid(order.gradients[i], derivative(i))))];
  }
  const right = told.orders[0].gradients;
  const wrong = order.wrong.filter((i) => nodes[i].kind === "leaf");
  if (!order.lost.length) {
    return [h("h2", {}, "Done, and nothing is lost"), h("p", { class: "lead" },
      "No result in this graph is used twice, or all its uses happened to be visited before it: each cotangent was complete when it was passed on. " +
      "Take an expression that uses a result twice at different depths, such as b · (b + 1) with b = 3 · a.")];
  }
  return [
    h("h2", { class: "bad" }, wrong.length ? `Wrong: ${wrong.map(name).join(", ")}` : "Wrong on the way"),
    h("ul", { class: "reasons" }, order.lost.map((sentence) => h("li", {}, sentence))),
    h("div", { class: "verdicts" }, leaves.filter((i) => i in right).map((i) => {
      const bad = wrong.includes(i);
      return h("div", { class: bad ? "verdict bad" : "verdict good" }, h("h3", {}, math(derivative(i)), bad ? " is wrong" : " is right"),
        h("div", { class: "operands" }, grid(order.gradients[i], h("span", {}, "this order")), bad ? [h("span", { class: "sign" }, "≠"), grid(right[i], h("span", {}, "newest first"))] : null));
    })),
    h("p", { class: "about" }, "Newest first visits a result only after everything that was computed from it. That is why nothing can come too late."),
  ];
}

// Every leaf, and what it has so far.
function book(count) {
  const state = sums(count);
  const row = (i) => {
    const entry = state.get(i);
    const due = uses[i];
    const spoilt = count > order.visits.length && (order.wrong || []).includes(i);
    const full = entry && entry.shares === due;
    const mark = !entry ? "–" : spoilt ? "wrong" : full && !order.lost ? "complete" : `${entry.shares} of ${due}`;
    const shown = !entry ? "–" : isArray(entry.sum) ? h("span", { class: "shape" }, shapeText(entry.sum.shape)) : number(entry.sum);
    return h("tr", { class: spoilt ? "bad" : full && !order.lost ? "good" : entry ? "part" : "" }, h("th", { scope: "row" }, name(i)), h("td", {}, shown), h("td", {}, mark));
  };
  ledger.replaceChildren(h("h2", {}, "Gradients so far"), h("table", {}, h("tbody", {}, leaves.filter((i) => uses[i]).map(row))));
}

function inWords(count) {
  const visits = order.visits;
  if (count === 0) return `Before the first of ${visits.length} steps.`;
  if (count > visits.length) return order.wrong && order.wrong.length ? `Done. Wrong: ${order.wrong.filter((i) => nodes[i].kind === "leaf").map(name).join(", ")}.` : "Done.";
  const visit = visits[count - 1];
  const gives = visit.shares.map((share) => `${name(edges[share.edge].tail)} gets ${spoken(share.share)} and has ${spoken(share.after)}.`);
  return `Step ${count} of ${visits.length}: ${name(visit.node)}${nodes[visit.node].made ? `, which is ${nodes[visit.node].made}` : ", a leaf"}. ` +
    `Its cotangent is ${spoken(visit.cotangent)}. ${gives.join(" ")}`;
}

// --- the page ---

nodes.forEach((node, i) => heat(boxes[i], "data", node.data));
const says = (at) => (at === 0 ? "start" : at > order.visits.length ? "done" : `step ${at} of ${order.visits.length}`);
const going = player(order.visits.length + 1, "step", says, show);
const natural = Number(svg.getAttribute("width"));
new ResizeObserver(([frame]) => {
  const room = frame.contentRect.width - 16;
  svg.style.width = natural > room && natural < 1.4 * room ? `${room}px` : "";
}).observe(stage.querySelector(".frame"));
boxes.forEach((box, i) => box.addEventListener("click", () => {
  const at = order.visits.findIndex((visit) => visit.node === i);
  if (at >= 0) going.go(at + 1);
}));
const orders = h("select", { "aria-label": "order of the sweep", class: "order", onchange: () => {
  order = told.orders[Number(orders.value)];
  document.body.classList.toggle("misled", order !== told.orders[0]);
  going.go(0);
} }, told.orders.map((each, i) => h("option", { value: i }, each.title)));
const exact = h("input", { type: "checkbox", onchange: () => { settings.exact = exact.checked; going.again(); } });
const fit = h("input", { type: "checkbox", onchange: () => { stage.classList.toggle("fitted", fit.checked); going.again(); } });
document.querySelector(".tools").append(
  h("label", {}, "order ", orders), h("label", {}, exact, " all digits"), h("label", {}, fit, " whole graph"), themeButton());
stage.after(going.controls, h("div", { class: "below" }, card, ledger), status);
const asked = /^#(?:([a-z]+)-)?(\d+)$/.exec(location.hash);
if (asked && asked[1]) {
  orders.value = Math.max(0, told.orders.findIndex((each) => each.key === asked[1]));
  orders.dispatchEvent(new Event("change"));
}
going.go(asked ? Number(asked[2]) : 0);
