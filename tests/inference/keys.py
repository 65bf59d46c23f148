"""A key of a site, for tests that come as a program."""

from dataclasses import dataclass
from functools import cached_property

from accounts.models import Role, Site, User
from inference.models import ApiKey, Scope
from inference.services.keys import api_key_create
from tests.factories import make_site, make_user


@dataclass
class Program:
    """What a program has: a key of `site`, acting as `user`."""

    site: Site
    user: User
    administrator: User
    key: ApiKey
    secret: str

    @cached_property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}"}


def make_program(*scopes: Scope, site: Site | None = None) -> Program:
    site = site or make_site()
    administrator = make_user(Role.SITE_ADMIN, site=site)
    user = make_user(Role.CLINICIAN, site=site)
    key, secret = api_key_create(
        by=administrator, user=user, site=site, name="program", scopes=scopes or tuple(Scope)
    )
    return Program(site, user, administrator, key, secret)
