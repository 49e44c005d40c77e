// Calls to the sandbox itself. What fails is thrown as a sentence; `main` shows what nobody caught.

export class ApiError extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

async function call(method, path, body) {
  const options = { method, headers: {} };
  if (body !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new ApiError("The sandbox does not answer. Is it still running?", 0);
  }
  const facts = await answer.json().catch(() => null);
  if (!answer.ok) throw new ApiError(facts?.error ?? `The sandbox answered with status ${answer.status}.`, answer.status);
  return facts;
}

/** A path of encoded parts. */
export function at(strings, ...parts) {
  return String.raw({ raw: strings.raw }, ...parts.map((part) => encodeURIComponent(part)));
}

export const get = (path) => call("GET", path);
export const post = (path, body = {}) => call("POST", path, body);
export const put = (path, body) => call("PUT", path, body);
export const remove = (path) => call("DELETE", path);
