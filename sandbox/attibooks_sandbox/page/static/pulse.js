// The page's pulse: asks what is new on the wire, and tells when anything else may have changed.

import { get } from "./api.js";

const BEAT = 700;
const LATE = 3000;
const CHANGES = new Set(["write", "core", "change"]);
const seen = { epoch: null, revision: null, since: 0, hostSince: 0 };

/** Beat for ever: `onBeat(pulse, {changed, fresh})`, `onSilence()` while the sandbox does not answer. */
export async function startPulse(onBeat, onSilence) {
  for (;;) {
    let wait = BEAT;
    if (!document.hidden) {
      try {
        await beat(onBeat);
      } catch (error) {
        onSilence(error);
        wait = LATE;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

async function beat(onBeat) {
  const pulse = await get(`/ui/api/pulse?since=${seen.since}&host_since=${seen.hostSince}`);
  const fresh = pulse.epoch !== seen.epoch;
  const news = [...pulse.calls, ...pulse.host_calls];
  const changed = fresh || pulse.revision !== seen.revision || news.some(isChange);
  const since = next(pulse.calls, seen.since);
  Object.assign(seen, { epoch: pulse.epoch, revision: pulse.revision, since, hostSince: next(pulse.host_calls, seen.hostSince) });
  await onBeat(pulse, { changed, fresh });
}

const isChange = (call) => call.outcome !== "open" && CHANGES.has(call.class);

/** Ask again from the oldest call that still waits for its answer. */
function next(calls, since) {
  const open = calls.filter(({ outcome }) => outcome === "open").map(({ number }) => number);
  if (open.length) return Math.min(...open) - 1;
  return calls.reduce((highest, { number }) => Math.max(highest, number), since);
}
