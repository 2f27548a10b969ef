// Every text of the page whose colour stands out from its ground by less than 4.5 to 1 (WCAG AA), with the ratio.
(() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = "#000";
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const part = (value) => (value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = rgb(getComputedStyle(e).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    throw new Error("no ground");
  };
  const ratio = (a, b) => {
    const [brighter, darker] = [light(a), light(b)].sort((x, y) => y - x);
    return (brighter + 0.05) / (darker + 0.05);
  };
  const found = [];
  const texts = "h1, h2, h3, p, .math, .n, .tally, .label, .caption, td, th, li, button, .counter";
  for (const e of document.querySelectorAll(texts)) {
    if (!e.textContent.trim() || e.closest(".unseen, details, .grid")) continue;
    found.push([ratio(rgb(getComputedStyle(e).color), ground(e)), e.className || e.tagName]);
  }
  for (const box of document.querySelectorAll(".node, .bar-chart")) {
    const under = box.querySelector(".box");
    for (const text of box.querySelectorAll("text")) {
      const on = under ? rgb(getComputedStyle(under).fill) : ground(box);
      found.push([ratio(rgb(getComputedStyle(text).fill), on), `box ${text.getAttribute("class")}`]);
    }
  }
  if (found.length < 10) throw new Error("hardly any text");
  return found.filter(([measured]) => measured < 4.5);
})();
