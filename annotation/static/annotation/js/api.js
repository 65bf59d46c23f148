// Talks JSON to the server. Every refusal becomes one ApiError with a sentence for the person.
export class ApiError extends Error {
  constructor(status, body) {
    super(body.message ?? "");
    this.status = status; // 0: the server was not reached
    this.code = body.code ?? "";
    this.body = body;
  }
}

const LONGEST_MS = 20_000; // then nobody is there, whatever the line says

/** Nobody has heard it, or not the right person: the same request can be sent again later. */
export const isPassing = ({ status, code }) =>
  status === 0 || status >= 500 || ["logged_out", "other_person"].includes(code);

// Read at each request: logging in again in another tab changes it.
const csrfToken = () =>
  document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ?? document.body.dataset.csrf ?? "";
// Whose page this is: the server refuses it when somebody else has logged in meanwhile.
const person = () => document.querySelector("[data-person]")?.dataset.person ?? "";

export async function postJson(url, payload = {}, { keepalive = false } = {}) {
  let response;
  try {
    response = await fetch(url, {
      method: "POST",
      credentials: "same-origin",
      keepalive,
      signal: AbortSignal.timeout(LONGEST_MS),
      headers: {
        "Content-Type": "application/json", Accept: "application/json",
        "X-CSRFToken": csrfToken(), "X-Auscult-Person": person(),
      },
      body: JSON.stringify(payload),
    });
    // A session that ended answers with the log-in page, not with JSON.
    if (response.redirected) throw new ApiError(401, { code: "logged_out" });
    const isJson = response.headers.get("Content-Type")?.includes("json");
    const body = isJson ? await response.json() : {};
    if (response.ok && isJson) return body;
    throw new ApiError(response.ok ? 0 : response.status, response.ok ? { code: "unreachable" } : body);
  } catch (error) {
    throw error instanceof ApiError ? error : new ApiError(0, { code: "unreachable" });
  }
}
