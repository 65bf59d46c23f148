// Talks JSON to the server. Every refusal becomes one ApiError with a sentence for the person.
export class ApiError extends Error {
  constructor(status, body) {
    super(body.message ?? "");
    this.status = status; // 0: the server was not reached
    this.code = body.code ?? "";
    this.body = body;
  }
}

// Read at each request: logging in again in another tab changes it.
const csrfToken = () =>
  document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ?? document.body.dataset.csrf ?? "";

export async function postJson(url, payload = {}, { keepalive = false } = {}) {
  let response;
  try {
    response = await fetch(url, {
      method: "POST",
      credentials: "same-origin",
      keepalive,
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": csrfToken() },
      body: JSON.stringify(payload),
    });
  } catch {
    throw new ApiError(0, { code: "unreachable" });
  }
  // A session that ended answers with the log-in page, not with JSON.
  if (response.redirected) throw new ApiError(401, { code: "logged_out" });
  const isJson = response.headers.get("Content-Type")?.includes("json");
  const body = isJson ? await response.json() : {};
  if (!response.ok) throw new ApiError(response.status, body);
  return body;
}
