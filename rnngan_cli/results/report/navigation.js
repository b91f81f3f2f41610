// Filters, colours, buttons and the list of sections; starts the page.

function start() {
  document.querySelectorAll("table.sortable").forEach(sortable);
  const attribute = (name) => unique([...document.querySelectorAll(`[data-${name}]`)].map((one) => one.dataset[name]));
  for (const name of ["dataset", "cell"]) {
    const select = get(`filter-${name}`);
    attribute(name).forEach((value) => select.append(new Option(value, value)));
  }
  ["filter-dataset", "filter-cell", "filter-score"].forEach((id) => get(id).addEventListener("input", filter));
  get("filters").hidden = false;
  filter();

  get("theme").addEventListener("input", () => {
    if (get("theme").value) root.dataset.theme = get("theme").value;
    else delete root.dataset.theme;
    redraw();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  addEventListener("beforeprint", toPaper);
  addEventListener("afterprint", fromPaper);

  for (const button of document.querySelectorAll(".copier")) {
    button.hidden = !navigator.clipboard;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.parentElement.querySelector("code").textContent);
      button.textContent = "Copied";
    });
  }

  if (facts.runs.some((run) => run.history)) {
    fill(get("curve-place"), places.filter((place) => facts.runs.some((run) => run.place === place && run.history)));
    curveControls();
    get("curve-place").addEventListener("input", curveControls);
    chart("curves", showCurves, ["curve-place", "curve-term", "curve-log", "curve-seeds", "curve-far", "curve-smooth", "curve-losses"]);
  } else {
    get("curves").hidden = true;
  }
  fill(get("series-place"), places);
  chart("series", showSeries, ["series-place", "series-loss", "series-seed", "series-grid", "series-value", "series-feature"]);
  const scores = Object.keys(facts.scores);
  if (scores.length) {
    fill(get("spread-place"), places);
    fill(get("spread-score"), scores, (name) => facts.scores[name].title);
    get("spread-score").value = scores.includes(facts.score) ? facts.score : scores[0];
    chart("spread", showSpread, ["spread-place", "spread-score"]);
  } else {
    get("spread").hidden = true;
  }
}

start();
