// The heat map: a grid. Tab reaches one of its cells, and the arrow keys move between them.

import { interestOfUnknown } from "./samples.js";
import { LEVELS, cellInWords, isKnown, time } from "./words.js";

const MANY_REGIONS = 5;

/** How bad a level is. Events that are under way, and cells that are not known, come and go: the chart does not follow them. */
const BADNESS = { none: 0, moving: 0, unknown: 0, behind: 1, far: 2, halted: 3 };

const SVG = "http://www.w3.org/2000/svg";
const ICONS = {
  check: "M3 8.5 6.5 12 13 4.5",
  arrow: "M2.5 8h10M8.5 4l4 4-4 4",
  triangle: "M8 3 14 13H2Z",
  warning: "M8 2 15 14H1ZM8 6.5v3M8 11.7v.1",
  question: "M5.5 6a2.5 2.5 0 1 1 3.6 2.2C8.3 8.7 8 9 8 10M8 12.6v.1",
  stop: "M5.2 1.5h5.6l3.7 3.7v5.6l-3.7 3.7H5.2l-3.7-3.7V5.2ZM5.5 5.5l5 5M10.5 5.5l-5 5",
};

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "icon");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** List the levels with their icons. */
export function showKey(list) {
  list.replaceChildren(
    ...Object.entries(LEVELS).map(([level, { icon: name, means }]) => {
      const swatch = element("span", { className: "swatch" }, icon(name));
      swatch.dataset.level = level;
      return element("li", {}, swatch, ` ${means}`);
    }),
  );
}

export class Matrix {
  /** The page calls `onChosen(place)` with the cell that the chart shows: the worst one, until the reader chooses one. */
  constructor(table, onChosen) {
    this.table = table;
    this.onChosen = onChosen;
    this.names = [];
    this.cells = [];
    this.rows = [];
    this.chosen = null;
    this.isSettled = false;
    table.addEventListener("keydown", (event) => this.#move(event));
  }

  show(present) {
    const names = present.regions.map((region) => region.name);
    if (names.join() !== this.names.join()) this.#build(names);
    present.regions.forEach((region, row) => this.#showRegion(region, row, present.here));
    present.cells.forEach((cell, place) => this.#showCell(cell, place));
    if (!this.isSettled) this.#follow(present);
  }

  /** Keep the chosen cell from now on: the reader reads it. */
  settle() {
    this.isSettled = true;
  }

  #follow(present) {
    const worst = worstOf(present);
    if (this.chosen === null || this.#badness(worst) > this.#badness(this.chosen)) this.choose(worst);
  }

  /** Choose a cell, unless the reader has chosen one. */
  suggest(place) {
    if (!this.isSettled && place !== this.chosen) this.choose(place);
  }

  /** Whether no cell is halted or behind by a second, and every region is heard. */
  get isWell() {
    return this.cells.every((cell) => ["none", "moving"].includes(cell.dataset.level));
  }

  #badness(place) {
    return BADNESS[this.cells[place].dataset.level];
  }

  choose(place) {
    if (this.chosen !== null) this.#mark(this.cells[this.chosen], false);
    this.chosen = place;
    this.#mark(this.cells[place], true);
    this.onChosen(place);
  }

  #mark(cell, isChosen) {
    cell.tabIndex = isChosen ? 0 : -1;
    cell.setAttribute("aria-selected", String(isChosen));
  }

  #build(names) {
    this.names = names;
    this.chosen = null;
    this.isSettled = false;
    const corner = element("td", { className: "corner" }, element("span", {}, "behind ↓"), element("span", {}, "log of →"));
    const head = element("tr", {}, corner, ...names.map((name) => element("th", { scope: "col" }, name)));
    this.rows = names.map((name) => element("th", { scope: "row" }, element("span", {}, name), element("small")));
    this.cells = names.flatMap((_, row) =>
      names.map((_, column) => {
        const place = row * names.length + column;
        const cell = element("td", { tabIndex: -1 }, element("strong"), element("span"));
        cell.setAttribute("role", "gridcell");
        cell.addEventListener("focus", () => {
          this.settle();
          this.choose(place);
          cell.scrollIntoView({ block: "nearest", inline: "nearest" });
        });
        cell.addEventListener("click", () => cell.focus());
        return cell;
      }),
    );
    const body = names.map((_, row) =>
      element("tr", {}, this.rows[row], ...this.cells.slice(row * names.length, (row + 1) * names.length)),
    );
    this.table.style.setProperty("--regions", names.length);
    this.table.closest("main").dataset.many = String(names.length >= MANY_REGIONS);
    this.table.replaceChildren(element("thead", {}, head), element("tbody", {}, ...body));
  }

  #showRegion(region, row, here) {
    const words = [];
    if (region.name === here) words.push("here");
    if (region.state === "joining") words.push("joining");
    if (region.since_milliseconds !== null) words.push(`not heard since ${time(region.since_milliseconds)}`);
    else if (!region.is_current) words.push("rebuilding");
    if (!region.has_own_nats) words.push("without its NATS");
    setText(this.rows[row].querySelector("small"), words.join(", "));
    this.rows[row].dataset.silent = String(region.since_milliseconds !== null);
  }

  #showCell(cell, place) {
    const count = this.names.length;
    const words = cellInWords(cell, this.names[Math.floor(place / count)], this.names[place % count]);
    const shown = this.cells[place];
    if (shown.dataset.level !== words.level) {
      shown.dataset.level = words.level;
      shown.querySelector("svg")?.remove();
      shown.prepend(icon(LEVELS[words.level].icon));
    }
    setText(shown.querySelector("strong"), words.above);
    setText(shown.querySelector("span"), words.below);
    if (shown.getAttribute("aria-label") !== words.label) shown.setAttribute("aria-label", words.label);
  }

  #move(event) {
    const count = this.names.length;
    const place = this.cells.indexOf(event.target);
    if (place < 0) return;
    const [row, column] = [Math.floor(place / count), place % count];
    const to = {
      ArrowUp: [Math.max(0, row - 1), column],
      ArrowDown: [Math.min(count - 1, row + 1), column],
      ArrowLeft: [row, Math.max(0, column - 1)],
      ArrowRight: [row, Math.min(count - 1, column + 1)],
      Home: [row, 0],
      End: [row, count - 1],
    }[event.key];
    if (!to) return;
    event.preventDefault();
    this.cells[to[0] * count + to[1]].focus();
  }
}

/** The worst of the known cells. Without one, a cell that is not known: if possible, what this page's region misses. */
function worstOf(present) {
  const count = present.regions.length;
  const row = present.regions.findIndex((region) => region.name === present.here);
  const worth = (place) => {
    const cell = present.cells[place];
    if (cell.halted || cell.certainty === "other_log") return Infinity;
    return isKnown(cell) ? cell.milliseconds : (1 + interestOfUnknown(place, count, row)) / 4;
  };
  return present.cells.reduce((worst, _, place) => (worth(place) > worth(worst) ? place : worst), count > 1 ? count : 0);
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
