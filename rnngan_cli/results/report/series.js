// Generated series beside real series.

function seriesControls() {
  const place = get("series-place").value;
  const here = facts.runs.filter((run) => run.place === place && run.samples?.series.length);
  fill(get("series-loss"), names.filter((name) => here.some((run) => run.loss === name)));
  const of = here.filter((run) => run.loss === get("series-loss").value);
  fill(get("series-seed"), of.map((run) => run.seed).sort((one, other) => one - other));
  const run = of.find((one) => String(one.seed) === get("series-seed").value);
  const grids = run ? Object.keys(run.samples.grids) : [];
  fill(get("series-grid"), grids.length ? ["", ...grids] : [], (value) => value || "not set");
  const grid = run?.samples.grids[get("series-grid").value];
  fill(get("series-value"), grid ? Object.keys(grid) : []);
  const reference = facts.references[place];
  fill(get("series-feature"), reference && !reference.image ? reference.features : []);
  return { run, grid, reference, place };
}

function showSeries() {
  const { run, grid, reference, place } = seriesControls();
  const none = get("series-none");
  none.hidden = Boolean(run && reference?.series.length);
  get("series-pair").hidden = !none.hidden;
  none.textContent = `No series of ${place} are here: no run has finished, or they were left out (see the end of this page).`;
  if (!none.hidden) return () => {};
  const made = grid ? grid[get("series-value").value] : run.samples.series;
  const set = grid ? `, ${get("series-grid").value} = ${get("series-value").value}` : "";
  const caption = `${run.loss}, seed ${run.seed}${set}`;
  get("series-caption").textContent = caption;
  get("series-source").textContent = `real (test series of ${place})`;
  if (reference.image) {
    images(get("series-real"), reference.series, "real");
    images(get("series-made"), made, caption);
    return () => {};
  }
  const feature = Math.max(0, reference.features.indexOf(get("series-feature").value));
  const all = [...reference.series, ...made].flatMap((one) => one[feature]).filter((one) => one !== null);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const room = (high - low || 1) * 0.05;
  const more = { xaxis: { title: { text: "step" } }, yaxis: { range: [low - room, high + room], title: { text: plain(reference.features[feature]) } } };
  const colour = getComputedStyle(root).getPropertyValue("--real").trim();
  return () => {
    draw(get("series-real"), lines(reference.series, feature, colour), more, `${reference.series.length} real series of ${place}`);
    draw(get("series-made"), lines(made, feature, shade(facts.losses[run.loss].colour)), more, `${made.length} series of ${caption}`);
  };
}

function lines(series, feature, colour) {
  return series.map((one, place) => ({ y: one[feature], mode: "lines", line: { color: colour, width: 1.5 }, opacity: 0.8,
    hovertemplate: `series ${place + 1}, step %{x}: %{y:.4g}<extra></extra>` }));
}

function images(place, series, words) {
  // A series is an image whose rows are steps.
  if (place.classList.contains("js-plotly-plot")) Plotly.purge(place);
  const all = series.flat(2);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const grid = document.createElement("div");
  grid.className = "images";
  for (const one of series) {
    const canvas = document.createElement("canvas");
    canvas.width = one.length;
    canvas.height = one[0].length;
    const context = canvas.getContext("2d");
    one.forEach((column, x) => column.forEach((value, y) => {
      const grey = Math.round(255 * (value - low) / (high - low || 1));
      context.fillStyle = `rgb(${grey},${grey},${grey})`;
      context.fillRect(x, y, 1, 1);
    }));
    grid.append(canvas);
  }
  place.setAttribute("role", "img");
  place.setAttribute("aria-label", `${series.length} pictures: ${words}`);
  place.replaceChildren(grid);
}
