// Numbers, times and cells in words. Nothing here touches the page.

const NUMBER = new Intl.NumberFormat("en");

export const LEVELS = {
  none: { icon: "check", means: "nothing is missing" },
  moving: { icon: "arrow", means: "under 1 s" },
  behind: { icon: "triangle", means: "1 to 5 s" },
  far: { icon: "warning", means: "over 5 s" },
  unknown: { icon: "question", means: "not known from here" },
  halted: { icon: "stop", means: "halted: an operator must act" },
};

const BEHIND_FROM_MILLISECONDS = 1000;
const FAR_FROM_MILLISECONDS = 5000;
const PAST_SECONDS = 15 * 60 - 5;

/** Milliseconds, then seconds with one decimal, then minutes, then hours: two units at most. */
export function duration(milliseconds) {
  const seconds = milliseconds / 1000;
  if (milliseconds < 999.5) return `${Math.round(milliseconds)} ms`;
  if (seconds < 120) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** The same in one unit, for where there is little room. */
export function brief(milliseconds) {
  const minutes = milliseconds / 60000;
  if (milliseconds < 99_950) return duration(milliseconds);
  if (minutes < 2) return `${Math.round(milliseconds / 1000)} s`;
  return minutes < 120 ? `${Math.floor(minutes)} min` : `${(minutes / 60).toFixed(1)} h`;
}

/** The time of a write. Short ones have a decimal. */
export function precise(milliseconds) {
  return milliseconds < 10 ? `${milliseconds.toFixed(1)} ms` : duration(milliseconds);
}

export function events(count) {
  return `${NUMBER.format(count)} ${count === 1 ? "event" : "events"}`;
}

export function number(value) {
  return NUMBER.format(value);
}

/** 14:03:22 */
export function time(milliseconds) {
  return new Date(milliseconds).toISOString().slice(11, 19);
}

/** No line ends between a number and its unit, or its sign. */
function together(text) {
  return text.replace(/ (ms|s|min|h)\b/g, "\u00a0$1").replace(/([≤≥]) /g, "$1\u00a0");
}

/** What a cell shows: its level, a line for the age and one for the events, and a sentence for screen readers. */
export function cellInWords(cell, behind, origin) {
  const lag = lagInWords(cell, behind, origin);
  const shown = { ...lag, above: together(lag.above), below: together(lag.below) };
  if (!cell.halted) return shown;
  // At the end of a log that is not the right one, the number of missing events is unknown.
  const isEndInDoubt = cell.certainty === "exact" && cell.events === 0;
  const above = isEndInDoubt ? "?" : shown.above;
  const label = isEndInDoubt ? `${behind} behind ${origin}: what is missing is not known.` : shown.label;
  return { above, level: "halted", below: `halted: ${cell.halted}`, label: `${label} Halted there: ${cell.halted}.` };
}

function lagInWords(cell, behind, origin) {
  const pair = behind === origin ? `${behind} behind its own log` : `${behind} behind ${origin}`;
  const since = cell.since_milliseconds === null ? "" : time(cell.since_milliseconds);
  const age = cell.milliseconds === null ? "of an age that is not known" : `${duration(cell.milliseconds)} old`;
  const shownAge = cell.milliseconds === null ? "?" : brief(cell.milliseconds);
  switch (cell.certainty) {
    case "exact":
      return {
        level: levelOf(cell),
        above: shownAge,
        below: events(cell.events),
        label: cell.events ? `${pair}: ${events(cell.events)}, the oldest ${age}.` : `${pair}: nothing is missing.`,
      };
    case "at_most":
      return {
        level: levelOf(cell),
        above: `≤ ${shownAge}`,
        below: `≤ ${events(cell.events)}`,
        label: `${pair}: at most ${events(cell.events)}, the oldest ${age}. ${behind} has not been heard since ${since} and may have applied more.`,
      };
    case "at_least":
      if (cell.events !== null) {
        return {
          level: levelOf(cell),
          above: `≥ ${shownAge}`,
          below: `≥ ${events(cell.events)}`,
          label: `${pair}: at least ${events(cell.events)}, the oldest ${age}. ${origin} has not been heard since ${since} and may have more.`,
        };
      }
      return unknown(`since ${since}`, `${pair}: not known since ${since}, when ${origin} was last heard. Nothing was missing then.`);
    case "last_heard":
      return unknown(
        `since ${since}`,
        `${pair}: not known since ${since}. Then ${cell.events === null ? "nothing was" : `${events(cell.events)} were`} missing.`,
      );
    case "other_log":
      return { level: "halted", above: "≠", below: "another log", label: `${pair}: it has applied events of a log that no longer exists.` };
    default:
      return unknown("never heard", `${pair}: not known. One of them was never heard here.`);
  }
}

/** Whether the cell has an age, and not only what was last heard. */
export function isKnown(cell) {
  return ["exact", "at_most", "at_least"].includes(cell.certainty) && cell.milliseconds !== null;
}

function unknown(below, label) {
  return { level: "unknown", above: "?", below, label };
}

function levelOf(cell) {
  if (cell.events === 0) return "none";
  if (cell.milliseconds === null || cell.milliseconds < BEHIND_FROM_MILLISECONDS) return "moving";
  return cell.milliseconds < FAR_FROM_MILLISECONDS ? "behind" : "far";
}

/** What was missing at one moment of a cell's past. null stands for what was not known. */
export function momentInWords({ milliseconds, events: count }) {
  if (count === null) return { age: "not known", events: "not known", label: "not known from here." };
  const age = milliseconds === null ? "not known" : duration(milliseconds);
  const old = milliseconds === null ? "of an age that is not known" : `${age} old`;
  const label = count ? `${events(count)} not known to be applied, the oldest ${old}.` : "nothing was missing.";
  return { age, events: number(count), label };
}

/** A cell's past in a few sentences: since when it is remembered, the worst, and for how long it was not known. */
export function pastInWords(samples, place) {
  const { at, last } = samples;
  const { events: counts, milliseconds } = samples.columns[place];
  const since = at[last] - at[0] < PAST_SECONDS ? `Remembered since ${time(at[0] * 1000)}. ` : "";
  if (counts.every((count) => count === null)) return `${since}Not known from here at any time.`;
  const [oldest, most] = [milliseconds, counts].map((values) => Math.max(0, ...values));
  const index = oldest ? milliseconds.indexOf(oldest) : counts.indexOf(most);
  const worst = milliseconds[index] === null ? events(most) : duration(milliseconds[index]);
  const seconds = samples.secondsUnknown(place);
  const unknownFor = seconds < 120 ? `${Math.round(seconds)} s` : duration(1000 * seconds);
  const said = `${most ? `Worst: ${worst}, at ${time(at[index] * 1000)}` : "Nothing was missing"}${seconds ? `; not known from here for ${unknownFor} (hatched)` : ""}.`;
  return since + together(said);
}

/** Two regions of the matrix, by the place of their cell. */
export function pairInWords(names, place) {
  const [behind, origin] = [names[Math.floor(place / names.length)], names[place % names.length]];
  return `${behind} behind ${behind === origin ? "its own log" : origin}`;
}

/** The worst of the last 15 minutes of any cell. */
export function worstInWords(worst, samples, names) {
  const past = "Worst of the last 15 minutes";
  if (worst === null) return `${past}: under 1 s.`;
  const pair = pairInWords(names, worst.place);
  if (worst.seconds) return together(`${past}: ${pair}, not known from here for ${duration(1000 * worst.seconds)}.`);
  return together(`${past}: ${pair} by ${duration(worst.milliseconds)}, at ${time(samples.at[worst.index] * 1000)}.`);
}

/** The page in one sentence: what an operator must act on, which regions are not heard, what is worst. */
export function headline(present) {
  const names = present.regions.map((region) => region.name);
  const cells = present.cells.map((cell, place) => ({
    ...cell,
    behind: names[Math.floor(place / names.length)],
    origin: names[place % names.length],
  }));
  const halted = cells.find((cell) => cell.halted && !["last_heard", "never_heard"].includes(cell.certainty));
  if (halted) return `${halted.behind} has halted ${halted.origin}`;
  const astray = cells.find((cell) => cell.certainty === "other_log");
  if (astray) return `${astray.behind} has applied another log of ${astray.origin}`;
  if (["waiting", "draining"].includes(present.condition)) return `${present.here} is not ready`;
  const cutFromNats = present.regions.find((region) => !region.has_own_nats);
  if (cutFromNats) return `${cutFromNats.name} cannot reach its own NATS`;
  const silent = present.regions.filter((region) => region.since_milliseconds !== null).map((region) => region.name);
  const others = names.filter((name) => name !== present.here);
  if (others.length && others.every((name) => silent.includes(name))) return `${present.here} hears no other region`;
  const known = cells.filter(isKnown);
  const worst = known.reduce((most, cell) => (cell.milliseconds > most.milliseconds ? cell : most), { milliseconds: 0 });
  const behind = worst.behind === worst.origin ? "its own log" : worst.origin;
  if (silent.length) {
    const apart = worst.milliseconds >= BEHIND_FROM_MILLISECONDS && silent.includes(worst.behind);
    const whole = `${silent.join(" and ")} ${silent.length === 1 ? "is" : "are"} not heard`;
    return apart ? `${whole}, and up to ${duration(worst.milliseconds)} behind` : whole;
  }
  if (worst.milliseconds >= BEHIND_FROM_MILLISECONDS) return `${worst.behind} is ${duration(worst.milliseconds)} behind ${behind}`;
  return worst.milliseconds > 0 ? "Every region is less than a second behind" : "Every region has applied everything";
}
