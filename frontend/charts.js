// Draws charts with ECharts, of which it holds only what is used:
//
//   <calibr-chart label="…" option="…"></calibr-chart>
//
// `option` is what ECharts is to draw, as JSON; `label` says what it comes to.
// Colours may be the style sheet's (`var(--good)`), and what tells how to write
// values may be a template (`{value} s`). What all charts have in common of
// letters, lines and colours is put in here, anew when the theme changes.
//
// A file of its own: app/src/components/ui/chart.rs loads it with the first
// chart that is shown. It runs under a policy without inline styles, so that the
// tooltip is drawn, not written as HTML.
import { BarChart, LineChart } from "echarts/charts";
import { AriaComponent, GridComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

use([AriaComponent, BarChart, GridComponent, LineChart, SVGRenderer, TooltipComponent]);

const stillness = matchMedia("(prefers-reduced-motion: reduce)");
const contrast = matchMedia("(prefers-contrast: more)");

const isToken = (value) => typeof value === "string" && value.startsWith("var(--");

/** What a colour of the style sheet is where `element` stands. */
function resolved(element, color) {
  const before = element.style.color;
  element.style.color = color;
  const found = getComputedStyle(element).color;
  element.style.color = before;
  return found;
}

/** The same value with colours in place of tokens. */
function painted(value, paint) {
  if (isToken(value)) return paint(value);
  if (Array.isArray(value)) return value.map((item) => painted(item, paint));
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, painted(item, paint)]));
  }
  return value;
}

/** How everything looks that an option says nothing of. */
function look(fontFamily) {
  const text = { fontFamily, fontSize: 12 };
  const axis = {
    axisLine: { lineStyle: { color: "var(--line)" } },
    axisTick: { show: false },
    axisLabel: { ...text, color: "var(--quiet)", hideOverlap: true },
    splitLine: { lineStyle: { color: "var(--line)" } },
  };
  return {
    textStyle: text,
    categoryAxis: {
      ...axis,
      // Names that are long leave room for the bars.
      axisLabel: { ...axis.axisLabel, width: 130, overflow: "truncate" },
      splitLine: { show: false },
    },
    valueAxis: { ...axis, axisLine: { show: false } },
    bar: { barMaxWidth: 28 },
    line: { symbol: "circle", symbolSize: 6, showAllSymbol: "auto" },
    tooltip: {
      renderMode: "richText",
      confine: true,
      backgroundColor: "var(--raised)",
      borderColor: "var(--edge)",
      borderWidth: 1,
      textStyle: { ...text, color: "var(--text)" },
      // Behind the bars.
      axisPointer: { z: 0, shadowStyle: { color: "var(--shape)", opacity: 0.6 } },
    },
  };
}

const template = (text) => (value) => (value === "-" || value == null ? "–" : text.replace("{value}", value));

class Chart extends HTMLElement {
  static observedAttributes = ["option", "label"];
  #chart;
  #size = new ResizeObserver(() => this.#chart?.resize());
  #theme = new MutationObserver(() => this.#draw({ anew: true }));
  #preference = () => this.#draw({ anew: true });

  connectedCallback() {
    this.#size.observe(this);
    this.#theme.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    contrast.addEventListener("change", this.#preference);
    this.#draw({});
  }

  disconnectedCallback() {
    this.#size.disconnect();
    this.#theme.disconnect();
    contrast.removeEventListener("change", this.#preference);
    this.#chart?.dispose();
    this.#chart = undefined;
  }

  attributeChangedCallback() {
    if (this.isConnected) this.#draw({});
  }

  #draw({ anew = false }) {
    const json = this.getAttribute("option");
    if (!json) return;
    const paint = (color) => resolved(this, color);
    if (anew) {
      this.#chart?.dispose();
      this.#chart = undefined;
    }
    const isFirst = this.#chart === undefined;
    this.#chart ??= init(this, painted(look(getComputedStyle(this).fontFamily), paint), { renderer: "svg" });
    const option = painted(JSON.parse(json), paint);
    const written = option.tooltip?.valueFormatter;
    if (typeof written === "string") option.tooltip.valueFormatter = template(written);
    option.aria = {
      ...option.aria,
      label: { description: this.getAttribute("label") ?? "" },
      decal: { show: contrast.matches },
    };
    option.animation = !stillness.matches && !anew;
    option.animationDuration = isFirst ? 400 : 200;
    // In place of what was drawn before: series may have gone.
    this.#chart.setOption(option, { notMerge: true });
  }
}

customElements.define("calibr-chart", Chart);
