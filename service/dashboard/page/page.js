// The page shows what the service sends once a second.

import { Matrix, element, icon, showKey } from "./matrix.js";
import { TimeLine } from "./timeline.js";
import { headline, number, pairInWords, precise, time } from "./words.js";

const SILENT_AFTER_MILLISECONDS = 3500;
const ASK_AGAIN_MILLISECONDS = 3000;
const URGENCY_ICONS = { alarm: "stop", warning: "warning", note: "arrow" };

const find = (id) => document.getElementById(id);
const timeLine = new TimeLine({ container: find("timeline"), sentence: find("timeline-says"), moment: find("moment") });
const matrix = new Matrix(find("matrix"), (place) => {
  find("timeline-title").textContent = `${pairInWords(matrix.names, place)}: the last 15 minutes`;
  timeLine.look(place);
});

for (const reading of ["focusin", "pointerdown"]) find("timeline").addEventListener(reading, () => matrix.settle());

let heardAt = null;
let saidAt = null;
let here = null;

showKey(find("key"));
listen();
setInterval(showSilence, 500);

function listen() {
  const source = new EventSource(new URL("events", import.meta.url));
  source.addEventListener("past", (event) => timeLine.remember(JSON.parse(event.data)));
  source.addEventListener("present", (event) => show(JSON.parse(event.data)));
  source.addEventListener("error", () => {
    // After a response that is no stream, such as a 503, the browser does not ask again.
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, ASK_AGAIN_MILLISECONDS);
  });
}

function show(present) {
  heardAt = performance.now();
  saidAt = present.at_milliseconds;
  timeLine.add(present);
  matrix.show(present);
  here = present.here;
  showHeadline(headline(present));
  showWorst();
  setText(find("seen-from"), `Seen from ${here}, by its process ${present.process}.`);
  setText(find("paces-whose"), `Answered by ${here}'s process ${present.process}.`);
  setText(find("waiting-whose"), `Requests to ${here}'s process ${present.process}.`);
  showNotes(present.notes);
  showPaces(present.paces);
  showWaiting(present.regions);
  showSilence();
}

/** When all is well, its present would be a flat line: the page shows the worst of the last 15 minutes. */
function showWorst() {
  const worst = matrix.isWell ? timeLine.worst(matrix.names, here) : null;
  setText(find("worst"), worst === null ? "" : worst.sentence);
  if (worst !== null && worst.place !== null) matrix.suggest(worst.place);
}

function showHeadline(line) {
  setText(find("headline"), line);
  const title = here === null ? `${line} · crosshook` : `${line} · crosshook ${here}`;
  if (document.title !== title) document.title = title;
}

/** Show that the service is not heard: then everything on the page is old. */
function showSilence() {
  const isSilent = heardAt === null ? performance.now() > SILENT_AFTER_MILLISECONDS : performance.now() - heardAt > SILENT_AFTER_MILLISECONDS;
  const silence = find("silence");
  document.documentElement.dataset.silent = String(isSilent);
  if (silence.hidden === isSilent) silence.hidden = !isSilent;
  if (isSilent) {
    const since = saidAt === null ? "It has sent nothing yet." : `It has sent nothing since ${time(saidAt)}. The page shows what was known then.`;
    setText(silence, `${since} The page keeps trying.`);
    setText(find("live"), "no connection");
    showHeadline(here === null ? "This service is not heard" : `This service of ${here} is not heard`);
  } else if (saidAt !== null) {
    setText(find("live"), `live · ${time(saidAt)}`);
  }
}

let shownNotes = "";

/** Only when they change: a screen reader reads each of them once. */
function showNotes(notes) {
  const said = JSON.stringify(notes);
  if (said === shownNotes) return;
  shownNotes = said;
  find("notes").replaceChildren(
    ...notes.map(({ urgency, text }) => {
      const item = element("li", { className: "note" }, icon(URGENCY_ICONS[urgency]), element("span", {}, text));
      item.dataset.urgency = urgency;
      return item;
    }),
  );
}

function showPaces(paces) {
  const rows = paces.map(({ level, per_second: rate, p50_milliseconds: p50, p99_milliseconds: p99, late }) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, element("code", {}, level)),
      ...[rate < 10 ? rate.toFixed(1) : number(Math.round(rate)), ...[p50, p99].map((value) => (value === null ? "–" : precise(value))), number(late)].map(
        (text) => element("td", {}, text),
      ),
    ),
  );
  find("paces").tBodies[0].replaceChildren(...rows);
}

function showWaiting(regions) {
  const most = Math.max(1, ...regions.map((region) => region.waiting));
  find("waiting").replaceChildren(
    ...regions.map(({ name, waiting }) => {
      const bar = element("span", { className: "bar" });
      bar.style.inlineSize = `${(100 * waiting) / most}%`;
      return element("li", {}, element("span", {}, name), element("span", { className: "track" }, bar), element("strong", {}, number(waiting)));
    }),
  );
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
