// Feedback: collected for a moment, sent in batches, and sent again when the network fails. The server counts
// an event id once, so sending twice is safe.

import { sendEvents } from "./api.js";

const WAIT_MS = 800;
const RETRY_MS = 4000;
const BATCH = 200;

let waiting = [];
let timer = 0;

/** Queue an event about a shelf, or about an item on it. */
export function report(kind, decisionId, shelfId, itemId = null) {
  const event = { id: uniqueId(), decision_id: decisionId, kind, shelf_id: shelfId, at: new Date().toISOString() };
  waiting.push(itemId === null ? event : { ...event, item_id: itemId });
  schedule(WAIT_MS);
}

/** Send what is queued now; resolves once the server has it, or false when it could not be sent. */
export async function flush() {
  clearTimeout(timer);
  timer = 0;
  while (waiting.length > 0) {
    const batch = waiting.slice(0, BATCH);
    waiting = waiting.slice(BATCH);
    try {
      await sendEvents(batch);
    } catch (error) {
      const again = error.status === 0 || error.status >= 500;
      if (again) {
        waiting = [...batch, ...waiting];
        schedule(RETRY_MS);
      }
      return false;
    }
  }
  return true;
}

function schedule(delay) {
  if (timer === 0) timer = setTimeout(flush, delay);
}

function uniqueId() {
  if (crypto.randomUUID) return crypto.randomUUID(); // only offered over HTTPS and on localhost
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

addEventListener("pagehide", () => flush());
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") flush();
});
