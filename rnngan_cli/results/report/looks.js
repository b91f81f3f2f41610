// Colours, and drawing: charts are drawn when their section comes into view, and all of them for printing.

function shade(colour) {
  // The colour of a loss, lighter on a dark page.
  if (!isDark()) return colour;
  const parts = [1, 3, 5].map((place) => parseInt(colour.slice(place, place + 2), 16));
  return `rgb(${parts.map((part) => Math.round(part + (255 - part) * 0.35)).join(",")})`;
}

const faded = (colour, share) => {
  const parts = colour.startsWith("#")
    ? [1, 3, 5].map((place) => parseInt(colour.slice(place, place + 2), 16))
    : colour.match(/\d+/g).slice(0, 3);
  return `rgba(${parts.join(",")},${share})`;
};

const isDark = () =>
  root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;

function layout(more) {
  const style = getComputedStyle(root);
  const ink = style.getPropertyValue("--ink").trim();
  const line = style.getPropertyValue("--line").trim();
  const axis = { gridcolor: line, zerolinecolor: line, linecolor: line, automargin: true };
  return {
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    font: { color: ink, size: 13, family: getComputedStyle(document.body).fontFamily },
    margin: { l: 60, r: 15, t: 10, b: 45 }, showlegend: false, hovermode: "closest",
    hoverlabel: { bgcolor: style.getPropertyValue("--page").trim(), font: { color: ink } },
    ...more,
    xaxis: { ...axis, ...(more.xaxis || {}) },
    yaxis: { ...axis, ...(more.yaxis || {}) },
  };
}

const CONFIG = { displayModeBar: false, responsive: true };

// The chart library, most of this file, is evaluated when the first chart is drawn.
function needLibrary() {
  if (window.Plotly) return;
  const script = document.createElement("script");
  script.textContent = get("plotly").textContent;
  document.head.append(script);
}

function draw(place, traces, more, words) {
  needLibrary();
  place.querySelector(".images")?.remove(); // images of the data set shown before
  place.setAttribute("role", "img");
  place.setAttribute("aria-label", words);
  const size = !printing ? { autosize: true } : {
    width: PAPER.width / (place.closest(".pair") ? 2 : 1), height: parseInt(place.style.height, 10) || PAPER.height };
  Plotly.react(place, traces, layout({ ...more, ...size }), CONFIG);
}

// A section sets its text and sizes at once, so that nothing moves later, and returns the function that draws its charts.
// That function is called when the charts come into view, and again when their content has changed.
const charts = new Map();
const seen = new Set();
const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting || seen.has(entry.target.id)) continue;
    seen.add(entry.target.id);
    refresh(entry.target.id);
  }
}, { rootMargin: "200px" });

function chart(section, show, controls) {
  charts.set(section, show);
  refresh(section);
  watcher.observe(get(section));
  for (const id of controls) get(id).addEventListener("input", () => refresh(section));
}

function refresh(section) {
  const paint = charts.get(section)();
  if (seen.has(section)) paint();
}

const redraw = () => seen.forEach(refresh);

// A printed page has all charts, in colours for paper and as wide as the paper.
const PAPER = { width: 680, height: 300 };
let printing = null;

function toPaper() {
  printing = { theme: root.dataset.theme };
  root.dataset.theme = "light";
  charts.forEach((_, section) => { seen.add(section); refresh(section); });
}

function fromPaper() {
  if (printing.theme) root.dataset.theme = printing.theme;
  else delete root.dataset.theme;
  printing = null;
  redraw();
}
