"use strict";
(() => {
  const facts = JSON.parse(document.getElementById("facts").textContent);
  const get = (id) => document.getElementById(id);
  const root = document.documentElement;
  const names = Object.keys(facts.losses);
  const unique = (values) => [...new Set(values)];
  const places = unique(facts.runs.map((run) => run.place));

  // Text of the data's own, as plotly would take some of it for markup.
  const plain = (text) => String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

  function fill(select, values, words = (value) => value) {
    const before = select.value;
    select.replaceChildren(...values.map((value) => new Option(words(value), value)));
    if (values.map(String).includes(before)) select.value = before;
    select.closest("label").hidden = values.length === 0;
  }

  function number(value) {
    if (value === null || value === undefined) return "-";
    return Math.abs(value) >= 1000 || (value && Math.abs(value) < 0.001) ? value.toPrecision(3) : value.toFixed(3);
  }

  // Looks

  function shade(colour) {
    // A loss's own colour, lighter on a dark page.
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

  // The library of charts, most of this file, is read when the first chart is drawn.
  function needLibrary() {
    if (window.Plotly) return;
    const script = document.createElement("script");
    script.textContent = get("plotly").textContent;
    document.head.append(script);
  }

  function draw(place, traces, more, words) {
    needLibrary();
    place.querySelector(".images")?.remove(); // of a data set shown before
    place.setAttribute("role", "img");
    place.setAttribute("aria-label", words);
    const size = !printing ? { autosize: true } : {
      width: PAPER.width / (place.closest(".pair") ? 2 : 1), height: parseInt(place.style.height, 10) || PAPER.height };
    Plotly.react(place, traces, layout({ ...more, ...size }), CONFIG);
  }

  // A section sets its words and sizes at once, so that nothing moves later, and returns what draws its charts: that waits
  // until they come into sight, and is done again when what they show was changed.
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

  // A page that is printed has all charts, in colours for paper and as wide as paper.
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

  // Sorting: a button in every heading of a table.

  function sortable(table) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, place) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sorter";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") !== "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const key = (row) => row.cells[place].dataset.sort ?? row.cells[place].textContent.trim();
        const rows = [...table.tBodies[0].rows];
        rows.sort((one, other) => {
          const [first, second] = [key(one), key(other)];
          if (first === "" || second === "") return (first === "") - (second === ""); // nothing goes last
          const numbers = [Number(first), Number(second)];
          const order = numbers.some(Number.isNaN) ? first.localeCompare(second) : numbers[0] - numbers[1];
          return up ? order : -order;
        });
        table.tBodies[0].append(...rows);
      });
    });
  }

  // Filters of the tables

  function filter() {
    const [dataset, cell, score] = ["filter-dataset", "filter-cell", "filter-score"].map((id) => get(id).value);
    let hidden = 0;
    for (const one of document.querySelectorAll("[data-dataset]")) {
      one.hidden = (dataset && one.dataset.dataset !== dataset) || (cell && one.dataset.cell !== cell);
      hidden += one.hidden && one.matches(".run");
    }
    for (const one of document.querySelectorAll("[data-score]")) {
      const main = !one.classList.contains("second");
      one.hidden = !(score === "all" || one.dataset.score === score || (score === "main" && main));
    }
    get("filtered").textContent = hidden ? `${hidden} of ${facts.runs.length} runs hidden` : "";
  }

  // Loss curves

  const checked = () => names.filter((name) => get("curve-losses").querySelector(`[value="${CSS.escape(name)}"]`)?.checked);

  function histories(place, loss) {
    return facts.runs.filter((run) => run.place === place && run.loss === loss && run.history);
  }

  function smoothed(values, width) {
    // A mean over so many rows up to each; what is not finite is passed over.
    if (!width) return values;
    return values.map((value, end) => {
      const kept = values.slice(Math.max(0, end - width), end + 1).filter((one) => one !== null);
      return value === null || !kept.length ? null : kept.reduce((sum, one) => sum + one, 0) / kept.length;
    });
  }

  function band(runs, term, width) {
    // By step: the mean, the lowest and the highest over seeds that have come so far.
    const found = new Map();
    for (const run of runs) {
      const values = smoothed(run.history.terms[term] || [], width);
      values.forEach((value, row) => {
        if (value === null) return;
        const step = run.history.step[row];
        if (!found.has(step)) found.set(step, []);
        found.get(step).push(value);
      });
    }
    const steps = [...found.keys()].sort((one, other) => one - other);
    const each = steps.map((step) => found.get(step));
    return {
      steps,
      mean: each.map((values) => values.reduce((sum, one) => sum + one, 0) / values.length),
      low: each.map((values) => Math.min(...values)),
      high: each.map((values) => Math.max(...values)),
    };
  }

  // Limits of an axis that a few far values cannot stretch, as the pictures of `rnngan plot` have them.
  function limits(values) {
    const sorted = values.filter((value) => value !== null).sort((one, other) => one - other);
    if (!sorted.length) return undefined;
    const at = (share) => sorted[Math.round(share * (sorted.length - 1))];
    const span = at(0.95) - at(0.05);
    const low = Math.max(sorted[0], at(0.05) - span);
    const high = Math.min(sorted.at(-1), at(0.95) + span);
    const room = 0.06 * (high - low || 1);
    return [low - room, high + room];
  }

  function showCurves() {
    const [place, term] = [get("curve-place").value, get("curve-term").value];
    const width = Number(get("curve-smooth").value);
    get("curve-smooth-told").textContent = width ? `${width + 1} rows` : "no rows";
    const traces = [];
    const rows = [];
    for (const loss of checked()) {
      const runs = histories(place, loss).filter((run) => run.history.terms[term]);
      if (!runs.length) continue;
      const colour = shade(facts.losses[loss].colour);
      const { steps, mean, low, high } = band(runs, term, width);
      const dash = facts.losses[loss].dash;
      const about = { name: plain(loss), legendgroup: loss, line: { color: colour, width: 2, dash } };
      if (get("curve-seeds").checked) {
        for (const run of runs) {
          traces.push({ ...about, x: run.history.step, y: smoothed(run.history.terms[term], width), mode: "lines",
            line: { color: colour, width: 1, dash },
            hovertemplate: `${plain(loss)}, seed ${run.seed}<br>step %{x}: %{y:.4g}<extra></extra>` });
        }
      } else {
        traces.push({ x: [...steps, ...steps.slice().reverse()], y: [...high, ...low.slice().reverse()], fill: "toself",
          fillcolor: faded(colour, 0.18), line: { width: 0 }, mode: "lines", hoverinfo: "skip", legendgroup: loss });
        traces.push({ ...about, x: steps, y: mean, mode: "lines", customdata: low.map((one, row) => [one, high[row]]),
          hovertemplate: `${plain(loss)}<br>step %{x}: %{y:.4g}, from %{customdata[0]:.4g} to %{customdata[1]:.4g}<extra></extra>` });
      }
      for (const run of runs.filter((one) => one.state === "diverged")) {
        const last = run.history.terms[term].findLastIndex((value) => value !== null);
        traces.push({ x: [run.history.step[last]], y: [run.history.terms[term][last]], mode: "markers",
          marker: { symbol: "x", size: 10, color: colour },
          hovertemplate: `${plain(loss)}, seed ${run.seed} diverged at step ${run.step}<extra></extra>` });
      }
      const end = steps.length - 1;
      rows.push([loss, runs.length, number(mean[end]), number(low[end]), number(high[end]), steps[end] ?? "-"]);
    }
    const every = Math.max(1, ...facts.runs.filter((run) => run.place === place && run.history).map((run) => run.history.every));
    const scale = get("curve-log").checked ? "log" : "linear";
    const values = traces.flatMap((trace) => trace.y);
    const range = get("curve-far").checked || scale === "log" ? undefined : limits(values);
    const cut = range && values.some((value) => value !== null && (value < range[0] || value > range[1]));
    get("curve-title").textContent = `${place}: ${term}.`;
    get("curve-told").textContent = [
      every > 1 ? `One recorded row in ${every} is drawn, the last one always.` : "",
      cut ? "Some values lie outside the axis: tick “far values too” to see them." : "",
    ].join(" ");
    table(get("curve-table"), ["loss", "seeds", "mean", "lowest", "highest", "step"], rows);
    return () => draw(get("curve-chart"), traces,
      { xaxis: { title: { text: "updates of the generator" } }, yaxis: { type: scale, range, title: { text: plain(term) } } },
      `${term} against updates of the generator, ${place}; ${rows.length} losses, their last values are in the table below`);
  }

  function table(place, heads, rows) {
    const made = document.createElement("table");
    const head = made.createTHead().insertRow();
    for (const word of heads) {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.textContent = word;
      head.append(cell);
    }
    const body = made.createTBody();
    for (const row of rows) {
      const line = body.insertRow();
      row.forEach((word) => { line.insertCell().textContent = word; });
    }
    place.replaceChildren(made);
  }

  function curveControls() {
    const place = get("curve-place").value;
    const here = facts.runs.filter((run) => run.place === place && run.history);
    fill(get("curve-term"), unique(here.flatMap((run) => Object.keys(run.history.terms))));
    const box = get("curve-losses");
    const off = [...box.querySelectorAll("input:not(:checked)")].map((one) => one.value);
    box.querySelectorAll("label").forEach((one) => one.remove());
    for (const loss of names.filter((name) => here.some((run) => run.loss === name))) {
      const label = document.createElement("label");
      const input = document.createElement("input");
      const dot = document.createElement("span");
      Object.assign(input, { type: "checkbox", value: loss, checked: !off.includes(loss) });
      dot.className = "dot";
      dot.style.setProperty("--colour", facts.losses[loss].colour);
      dot.style.marginLeft = ".3em";
      label.append(input, dot, loss);
      box.append(label);
    }
  }

  // Series

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
    // A series is a picture: its steps are the rows.
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

  // Scores run by run

  // A loss with its settings below it.
  const label = (loss) => plain(loss).replaceAll(" ", "<br>");

  function showSpread() {
    const [place, score] = [get("spread-place").value, get("spread-score").value];
    const about = facts.scores[score];
    const here = names.filter((name) => facts.runs.some((run) => run.place === place && run.loss === name));
    const traces = here.map((loss) => {
      const runs = facts.runs.filter((run) => run.place === place && run.loss === loss && run.state === "done" && run.scores[score] !== null);
      return { x: runs.map((run) => run.scores[score]), y: runs.map(() => label(loss)), mode: "markers",
        customdata: runs.map((run) => run.seed), marker: { color: shade(facts.losses[loss].colour), size: 9, opacity: 0.75 },
        hovertemplate: `${plain(loss)}, seed %{customdata}: %{x:.4g}<extra></extra>` };
    });
    get("spread-chart").style.height = `${120 + here.length * (here.some((loss) => loss.includes(" ")) ? 56 : 30)}px`;
    get("spread-caption").textContent = `A point is a finished run of ${place}. ${about.title}: ${about.definition}; ${about.better} is better.`;
    return () => draw(get("spread-chart"), traces,
      { yaxis: { type: "category", categoryorder: "array", categoryarray: here.map(label).reverse() } },
      `${about.title} of every run by loss, ${place}`);
  }

  // All of it

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
})();
