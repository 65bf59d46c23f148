"""A person at a browser, over plain HTTP: logs in, opens pages, sends forms with their CSRF token."""

import json
import re
from collections.abc import Mapping

import httpx

from training.demo.cast import PASSWORD


class Person:
    """One logged-in session. Raises httpx.HTTPStatusError where a page refuses."""

    def __init__(self, base_url: str, username: str) -> None:
        self.http = httpx.Client(base_url=base_url, timeout=60, follow_redirects=True)
        self.http.headers["Accept-Language"] = "en"
        self.get("/login/")
        self.post("/login/", {"username": username, "password": PASSWORD})

    @property
    def cookies(self) -> str:
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.http.cookies.jar)

    def get(self, path: str) -> httpx.Response:
        return self.http.get(path).raise_for_status()

    def post(self, path: str, form: Mapping[str, object], files: list | None = None) -> httpx.Response:
        return self.http.post(path, data=form, files=files, headers=self._csrf(path)).raise_for_status()

    def post_json(self, path: str, body: dict[str, object]) -> dict:
        headers = {**self._csrf(path), "Accept": "application/json"}
        return self.http.post(path, json=body, headers=headers).raise_for_status().json()

    def _csrf(self, path: str) -> dict[str, str]:
        return {
            "X-CSRFToken": self.http.cookies.get("csrftoken") or "",
            "Referer": str(self.http.base_url.join(path)),
        }


def page_data(html: str, element_id: str) -> dict:
    """The object that a page carries in `<script type="application/json" id=…>`."""
    found = re.search(rf'<script id="{element_id}" type="application/json">(.*?)</script>', html, re.S)
    if not found:
        raise LookupError(f"the page carries no {element_id}")
    return json.loads(found.group(1))
