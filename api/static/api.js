// Talking to the server. Every failure is a ProblemError with words for people.

/** What went wrong: `title` and `detail` as the server put it, `status` 0 when it could not be reached. */
export class ProblemError extends Error {
  constructor({ title, detail, status }) {
    super(detail);
    this.title = title;
    this.status = status;
  }
}

/** Compose a page. */
export function composeHome(listenerId, surface, signal) {
  return call("/v1/home", { method: "POST", body: { listener_id: listenerId, surface }, signal });
}

/** The logged record of a decision. */
export function getDecision(decisionId, signal) {
  return call(`/v1/decisions/${encodeURIComponent(decisionId)}`, { signal });
}

/** What the shelves and rules of a decision's page cost and bring. */
export function getExplanation(decisionId, signal) {
  return call(`/v1/decisions/${encodeURIComponent(decisionId)}/explanation`, { signal });
}

/** Listeners whose id or name starts with `search`. */
export function findListeners(search, signal) {
  return call(`/v1/listeners?${new URLSearchParams({ search, limit: "40" })}`, { signal });
}

/** The surfaces that pages can be composed for. */
export function getSurfaces() {
  return call("/v1/surfaces", {});
}

/** Report a batch of events. */
export function sendEvents(events) {
  return call("/v1/events", { method: "POST", body: { events }, keepalive: true });
}

async function call(path, { method = "GET", body, signal, keepalive = false }) {
  const headers = body ? { "content-type": "application/json" } : {};
  const request = { method, headers, body: body && JSON.stringify(body), signal, keepalive };
  let response;
  try {
    response = await fetch(path, request);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    const detail = "The server cannot be reached. Is it still running?";
    throw new ProblemError({ title: "No connection", detail, status: 0 });
  }
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  const { title = "Something went wrong", detail = `The server answered ${response.status}.` } = answer;
  throw new ProblemError({ title, detail, status: response.status });
}
