// What the service tells once a second goes into the page.

import { Matrix, element, icon, showKey } from "./matrix.js";
import { TimeLine } from "./timeline.js";
import { headline, number, precise, time } from "./words.js";

const SILENT_AFTER_MILLISECONDS = 3500;
const ASK_AGAIN_MILLISECONDS = 3000;
const URGENCY_ICONS = { alarm: "stop", warning: "warning", note: "arrow" };

const find = (id) => document.getElementById(id);
const timeLine = new TimeLine({ container: find("timeline"), sentence: find("timeline-says"), moment: find("moment") });
const matrix = new Matrix(find("matrix"), (place) => {
  const [behind, origin] = [matrix.names[Math.floor(place / matrix.names.length)], matrix.names[place % matrix.names.length]];
  find("timeline-title").textContent = `${behind} behind ${behind === origin ? "its own log" : origin}: the last 15 minutes`;
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
    // After an answer that is no stream, such as a 503, the browser does not ask again by itself.
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, ASK_AGAIN_MILLISECONDS);
  });
}

function show(present) {
  heardAt = performance.now();
  saidAt = present.at_milliseconds;
  matrix.show(present);
  timeLine.add(present);
  here = present.here;
  showHeadline(headline(present));
  setText(find("seen-from"), `As seen from ${here}, told by its process ${present.process}.`);
  setText(find("paces-whose"), `Answered by ${here}'s process ${present.process}.`);
  setText(find("waiting-whose"), `By requests to ${here}'s process ${present.process}.`);
  showNotes(present.notes);
  showPaces(present.paces);
  showWaiting(present.regions);
  showSilence();
}

function showHeadline(line) {
  setText(find("headline"), line);
  const title = here === null ? `${line} · crosshook` : `${line} · crosshook ${here}`;
  if (document.title !== title) document.title = title;
}

/** Say it where the service itself is not heard: then everything here is old. */
function showSilence() {
  const isSilent = heardAt === null ? performance.now() > SILENT_AFTER_MILLISECONDS : performance.now() - heardAt > SILENT_AFTER_MILLISECONDS;
  const silence = find("silence");
  document.documentElement.dataset.silent = String(isSilent);
  if (silence.hidden === isSilent) silence.hidden = !isSilent;
  if (isSilent) {
    const since = saidAt === null ? "Nothing was heard from it yet." : `It has said nothing since ${time(saidAt)}: what you see is from then.`;
    setText(silence, `${since} The page goes on asking.`);
    setText(find("live"), "no connection");
    showHeadline(here === null ? "This service is not heard" : `This service of ${here} is not heard`);
  } else if (saidAt !== null) {
    setText(find("live"), `live · ${time(saidAt)}`);
  }
}

let shownNotes = "";

/** Only when they change: whoever has them read aloud hears each of them once. */
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
