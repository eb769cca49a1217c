/* Draws the charts from the JSON beside them. Colours come from the style sheet; no styles inline. */

import { locale } from "./texts.js";
import { said } from "./words.js";

const { echarts } = window;
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const forced = matchMedia("(forced-colors: active)");
const probe = document.createElement("span");
probe.hidden = true;
document.body.append(probe);

function color(token) {
  probe.style.color = `var(--${token})`;
  return getComputedStyle(probe).color;
}

/* Where colours are forced, every text is of one: series keep theirs, as the swatches that name them do. */
function seriesColor(slot) {
  probe.style.forcedColorAdjust = "none";
  const found = color(`series-${slot}`);
  probe.style.forcedColorAdjust = "";
  return found;
}

const short = new Intl.NumberFormat(locale, { notation: "compact", maximumFractionDigits: 1 });
const font = getComputedStyle(document.body).fontFamily;

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function tip(data, index) {
  const box = element("div", "chart-tip");
  box.append(element("h3", "", data.titles[index]));
  for (const series of data.grids.flatMap((grid) => grid.series)) {
    const line = element("div");
    line.append(element("i", `swatch slot-${series.slot}`), element("span", "", series.name),
      element("span", "", `${series.words[index]} ${data.currency}`));
    box.append(line);
  }
  return box;
}

function options(data, width) {
  const grids = data.grids.length;
  const isNarrow = width < 520;
  const axisLabel = { color: color("ink-3"), fontFamily: font, fontSize: 11.5 };
  const lineStyle = { color: color("line") };
  const left = isNarrow ? 44 : 52;
  // What is stacked is told apart by an edge, too.
  const edge = forced.matches ? { borderColor: color("ink"), borderWidth: 1 } : {};
  const places = grids === 1
    ? [{ top: 10, bottom: 28 }]
    : [{ top: 10, bottom: "44%" }, { top: "64%", bottom: 28 }];
  const series = data.grids.flatMap((grid, at) => {
    const last = grid.series.length - 1;
    return grid.series.map((it, index) => ({
      type: "bar", name: it.name, data: it.values, stack: `grid${at}`, xAxisIndex: at, yAxisIndex: at,
      barMaxWidth: 28, barCategoryGap: "36%",
      itemStyle: { color: seriesColor(it.slot), ...edge, borderRadius: index === last ? [3, 3, 0, 0] : 0 },
      emphasis: { disabled: true },
    }));
  });
  return {
    animation: !calm.matches, animationDuration: 150, animationDurationUpdate: 150,
    textStyle: { fontFamily: font },
    grid: places.map((place) => ({ left, right: 6, ...place })),
    xAxis: data.grids.map((_, at) => ({
      type: "category", gridIndex: at, data: data.labels, axisTick: { show: false },
      axisLine: { lineStyle: { color: color("line-strong") } },
      axisLabel: { ...axisLabel, hideOverlap: true, show: at === grids - 1 },
      axisPointer: { type: "shadow", shadowStyle: { color: color("ink-3"), opacity: 0.1 } },
    })),
    yAxis: data.grids.map((_, at) => ({
      type: "value", gridIndex: at, min: 0, splitNumber: grids === 1 ? 5 : at === 0 ? 4 : 2,
      axisLabel: { ...axisLabel, formatter: (value) => short.format(value) },
      splitLine: { lineStyle },
    })),
    axisPointer: { link: [{ xAxisIndex: "all" }] },
    tooltip: {
      trigger: "axis", confine: true, transitionDuration: 0, renderMode: "html",
      backgroundColor: color("surface"), borderColor: color("line-strong"), padding: [10, 12],
      formatter: (points) => tip(data, (Array.isArray(points) ? points[0] : points).dataIndex),
    },
    series,
  };
}

const drawn = [];

function draw(card) {
  const drawing = card.querySelector("[data-drawing]");
  const toggle = card.querySelector("[data-toggle-table]");
  const data = JSON.parse(drawing.querySelector("script").textContent);
  const place = drawing.querySelector(".chart");
  const chart = echarts.init(place, null, { renderer: "canvas" });
  const paint = () => chart.setOption(options(data, place.clientWidth), true);
  paint();
  drawn.push(paint);
  new ResizeObserver(() => { if (place.clientWidth) { chart.resize(); paint(); } }).observe(place);
  toggle.addEventListener("click", () => {
    const showsTable = card.classList.toggle("is-table");
    toggle.setAttribute("aria-expanded", String(showsTable));
    toggle.textContent = showsTable ? said.chart : said.table;
  });
}

function repaint() {
  for (const paint of drawn) paint();
}

// Canvas text does not change its font by itself once the file has arrived.
await Promise.race([document.fonts.load('12px "Inter Variable"'), new Promise((go) => { setTimeout(go, 1500); })]);
if (echarts) for (const card of document.querySelectorAll("[data-chart]")) draw(card);
document.addEventListener("themechange", repaint);
for (const query of [matchMedia("(prefers-color-scheme: dark)"), forced]) query.addEventListener("change", repaint);
